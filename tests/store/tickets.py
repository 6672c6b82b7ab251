"""Authenticators and tickets in short words, for tests of the store; no secret is opened here."""

from __future__ import annotations

from dataclasses import replace

from security_service.domain.audit import Event, EventKind
from security_service.domain.authenticators import AuthenticatorState, Enrolment, KeptAuthenticator
from security_service.domain.codes import (
    Caller,
    CheckOutcome,
    CheckRequest,
    NewTicket,
    Opened,
    Opening,
    Subject,
    operation_digests,
)
from security_service.domain.step_up import TicketFound, TicketProof
from tests.store.rig import StoreRig

OFFERED = Event(EventKind.AUTHENTICATOR_OFFERED, {"actor": "bank"})
CONFIRMED = Event(EventKind.AUTHENTICATOR_CONFIRMED, {"actor": "bank"})
REMOVED = Event(EventKind.AUTHENTICATOR_REMOVED, {"actor": "bank"})
FROZEN = Event(EventKind.SUBSCRIBER_FROZEN, {"actor": "olga", "reason": "the client called"})
FIRST_STEP = 1_000


def enrolment(rig: StoreRig, whom: Subject) -> Enrolment:
    """Whom it is about, with the record as it is."""
    stored = rig.subscribers.get(whom.tenant.id, whom.number).stored
    return Enrolment(whom.tenant.id, whom.number, stored, rig.token())


def offer(rig: StoreRig, whom: Subject, secret: bytes = b"sealed") -> str:
    """An authenticator that is offered; gives its id."""
    offered = KeptAuthenticator(rig.token(), AuthenticatorState.OFFERED, 0, secret)
    assert isinstance(rig.authenticators.offer(enrolment(rig, whom), offered, OFFERED), int)
    return offered.id


def enrol(rig: StoreRig, whom: Subject, secret: bytes = b"sealed", step: int = FIRST_STEP) -> str:
    """An authenticator in force, confirmed by the code of a step; gives its id."""
    name = offer(rig, whom, secret)
    assert isinstance(rig.authenticators.confirm(enrolment(rig, whom), name, step, CONFIRMED), int)
    return name


def new_ticket(rig: StoreRig, whom: Subject, authenticator: str, life_s: int = 300) -> NewTicket:
    """A ticket to be stored."""
    return NewTicket(rig.token(), operation_digests(rig.ring, whom.operation), authenticator, life_s)


def open_ticket(
    rig: StoreRig, whom: Subject, ticket: NewTicket, caller: Caller | None = None, stored: bytes = b""
) -> Opening:
    """The second script of a call that the gate steps up."""
    request = rig.request(whom, caller or rig.caller(), None, stored)
    return rig.codes.open(replace(request, ticket=ticket))


def step_up(rig: StoreRig, whom: Subject, authenticator: str) -> str:
    """The first two scripts of a call that is stepped up; gives the ticket's id."""
    caller, ticket = rig.caller(), new_ticket(rig, whom, authenticator)
    rig.admit(whom, caller)
    stored = rig.subscribers.get(whom.tenant.id, whom.number).stored
    assert open_ticket(rig, whom, ticket, caller, stored) == Opened()
    return ticket.id


def ask(
    rig: StoreRig,
    whom: Subject,
    caller: Caller | None = None,
    proof: TicketProof | None = None,
    *,
    named: bool = True,
) -> CheckOutcome:
    """One call of the script: the first one, or with a proof the second."""
    return rig.checks.check(
        CheckRequest(
            whom,
            caller or rig.caller(),
            rig.code_digests(whom, "000000"),
            operation_digests(rig.ring, whom.operation),
            pinned=False,
            names_purpose=named,
            proof=proof,
        )
    )


def answer(rig: StoreRig, whom: Subject, step: int | None, caller: Caller | None = None) -> CheckOutcome:
    """A whole check of a code that is the one of `step`, or of none."""
    caller = caller or rig.caller()
    found = ask(rig, whom, caller)
    if not isinstance(found, TicketFound):
        return found
    return ask(rig, whom, caller, TicketProof(found.id, step))
