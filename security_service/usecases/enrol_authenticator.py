"""Enrol a subscriber's authenticator app: offer, confirm, remove; leaves proving who asks to the bank."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from security_service.domain.audit import EventKind
from security_service.domain.authenticator_ports import Authenticators
from security_service.domain.authenticators import (
    AuthenticatorState,
    Enrolment,
    KeptAuthenticator,
    NotKept,
    WrongConfirmation,
)
from security_service.domain.imsi import SimState
from security_service.domain.jobs import Job, JobKind
from security_service.domain.link_ports import NotOpened, Sealer
from security_service.domain.people_ports import Authenticator
from security_service.domain.ports import Chance, SimCheck, SimFinding, StoredSubscriber, Subscribers
from security_service.domain.secret import Code, Msisdn, Secret
from security_service.domain.step_up import sealed_about
from security_service.usecases.actions import Action, RecordKeepsMoving, lookup_facts

_ATTEMPTS: Final = 4


class EnrolFault(StrEnum):
    """Why nothing was enrolled."""

    NO_VAULT = "no_vault"
    NOT_OPENED = "not_opened"
    SIM_IN_QUESTION = "sim_in_question"
    SIM_UNKNOWN = "sim_unknown"
    FROZEN = "frozen"
    ENROLLED = "enrolled"
    NO_OFFER = "no_offer"


@dataclass(frozen=True, slots=True)
class AuthenticatorOffered:
    """A new secret, which nobody is shown a second time; `ends` is Unix seconds."""

    uri: Secret
    qr_svg: str = field(repr=False)
    ends: int


@dataclass(frozen=True, slots=True)
class AuthenticatorConfirmed:
    """The authenticator is in force since `since` (Unix seconds)."""

    since: int


@dataclass(frozen=True, slots=True)
class WrongFirstCode:
    """The code is not the offered authenticator's; with none left the offer has ended."""

    left: int


@dataclass(frozen=True, slots=True)
class NotEnrolled:
    """Nothing was changed; `no_data` is why no source names the SIM, where that is the fault."""

    fault: EnrolFault
    no_data: str = ""


@dataclass(frozen=True, slots=True)
class AuthenticatorView:
    """How far it has come (None: nothing), since when, and until when an offer may be confirmed."""

    state: AuthenticatorState | None
    since: int = 0


OfferOutcome = AuthenticatorOffered | NotEnrolled | RecordKeepsMoving
ConfirmOutcome = AuthenticatorConfirmed | WrongFirstCode | NotEnrolled | RecordKeepsMoving


@dataclass(frozen=True, slots=True)
class EnrolAuthenticator:
    """Gives a subscriber a way out of a refusal (design, section 3: step_up).

    Who swapped the SIM must not enrol an authenticator of his own: nothing is enrolled while a SIM is in
    question, and where one is trusted the network is asked whether it is still that one.
    """

    subscribers: Subscribers
    authenticators: Authenticators
    sim_check: SimCheck
    app: Authenticator
    sealer: Sealer | None
    chance: Chance

    def view(self, tenant: str, number: Msisdn) -> AuthenticatorView:
        """Tell how far it has come. Raises StoreUnavailable."""
        kept = self.authenticators.get(tenant, number).authenticator
        if kept is None:
            return AuthenticatorView(None)
        return AuthenticatorView(kept.state, kept.since_ms // 1000)

    def offer(self, action: Action) -> OfferOutcome:
        """Draw a secret and give it out once; an earlier offer is void. Raises StoreUnavailable."""
        if self.sealer is None:
            return NotEnrolled(EnrolFault.NO_VAULT)
        tenant, number = action.tenant, action.number
        secret = self.app.new_secret()
        sealed = self.sealer.seal(secret.reveal().encode("ascii"), sealed_about(tenant.id, number))
        offered = KeptAuthenticator(self.chance.token(), AuthenticatorState.OFFERED, 0, sealed)
        event = action.event(EventKind.AUTHENTICATOR_OFFERED, {})
        for _ in range(_ATTEMPTS):
            held = self.subscribers.get(tenant.id, number)
            if held.subscriber.candidate is not None:
                return NotEnrolled(EnrolFault.SIM_IN_QUESTION)
            kept = self.authenticators.offer(_enrolment(action, held), offered, event)
            if isinstance(kept, int):
                uri = self.app.uri(secret, number.masked, tenant.name or tenant.id)
                return AuthenticatorOffered(uri, self.app.qr_svg(uri), kept // 1000)
            if kept is not NotKept.MOVED:
                return NotEnrolled(_FAULTS[kept])
        return RecordKeepsMoving()

    def confirm(self, action: Action, code: Code) -> ConfirmOutcome:
        """Put an offer into force by its first code; the SIM is asked for after that code was right.

        Five wrong codes end the offer. Raises StoreUnavailable.
        """
        tenant, number = action.tenant, action.number
        kept = self.authenticators.get(tenant.id, number)
        offered = kept.authenticator
        if offered is None or offered.state is not AuthenticatorState.OFFERED:
            return NotEnrolled(EnrolFault.NO_OFFER)
        secret = (
            NotOpened() if self.sealer is None
            else self.sealer.open(offered.sealed, sealed_about(tenant.id, number))
        )  # fmt: skip
        if isinstance(secret, NotOpened):
            return NotEnrolled(EnrolFault.NO_VAULT if self.sealer is None else EnrolFault.NOT_OPENED)
        step = self.app.matching_step(Secret(secret.decode("ascii")), code, kept.now_ms // 1000)
        return self._confirm(action, offered.id, step)

    def remove(self, action: Action) -> bool:
        """Forget it, offered or in force; False where there was none. Raises StoreUnavailable."""
        event = action.event(EventKind.AUTHENTICATOR_REMOVED, {})
        return self.authenticators.remove(action.tenant.id, action.number, event)

    def _confirm(self, action: Action, offer_id: str, step: int | None) -> ConfirmOutcome:
        finding: SimFinding | None = None
        for _ in range(_ATTEMPTS):
            held = self.subscribers.get(action.tenant.id, action.number)
            if held.subscriber.candidate is not None:
                return NotEnrolled(EnrolFault.SIM_IN_QUESTION)
            if step is not None and held.subscriber.reference:
                finding = self._look(action, held)
                refusal = self._refusal(action, held, finding)
                if refusal is not None:
                    return refusal
            event = action.event(
                EventKind.AUTHENTICATOR_CONFIRMED,
                {
                    "lookups": lookup_facts(finding.traces if finding else ()),
                    "sim": finding.answer.token() if finding else SimState.NOT_ASKED.value,
                },
            )
            kept = self.authenticators.confirm(_enrolment(action, held), offer_id, step, event)
            if isinstance(kept, int):
                return AuthenticatorConfirmed(kept // 1000)
            if isinstance(kept, WrongConfirmation):
                return WrongFirstCode(kept.left)
            if kept is not NotKept.MOVED:
                return NotEnrolled(_FAULTS[kept])
        return RecordKeepsMoving()

    def _look(self, action: Action, held: StoredSubscriber) -> SimFinding:
        tenant = action.tenant
        return self.sim_check.ask(tenant, action.number, held.subscriber, tenant.lookup_deadline_s)

    def _refusal(
        self, action: Action, held: StoredSubscriber, finding: SimFinding
    ) -> NotEnrolled | RecordKeepsMoving | None:
        """None where the trusted SIM is in the network. A changed one is looked at anew: it opens a case."""
        answer = finding.answer
        if answer.state is SimState.SAME:
            return None
        if answer.state is not SimState.CHANGED:
            return NotEnrolled(EnrolFault.SIM_UNKNOWN, answer.no_data.value if answer.no_data else "")
        tenant, number = action.tenant.id, action.number
        look = Job(f"l{self.chance.token()}", JobKind.LOOK, tenant, number, (("code", ""), ("purpose", "")))
        if not self.subscribers.swap(tenant, number, held.stored, held.subscriber, (), (look,)):
            return RecordKeepsMoving()
        return NotEnrolled(EnrolFault.SIM_IN_QUESTION)


def _enrolment(action: Action, held: StoredSubscriber) -> Enrolment:
    return Enrolment(action.tenant.id, action.number, held.stored, action.request_id)


_FAULTS: Final = {
    NotKept.ACTIVE: EnrolFault.ENROLLED,
    NotKept.NO_OFFER: EnrolFault.NO_OFFER,
    NotKept.FROZEN: EnrolFault.FROZEN,
}
