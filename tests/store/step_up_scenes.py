"""Authenticators, tickets and freezes, for the test that repeats every call; see `test_lost_replies.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import CheckAccepted, FinaliseRequest
from security_service.domain.imsi import ImsiMember
from tests.store import tickets
from tests.store.rig import NUMBER, PAYMENT, StoreRig, fallback, subject

PIN: Final = ImsiMember(1, "imsi", b"s" * 16)
LOOKED: Final = Event(EventKind.CHECK_FINALISED, {"accepted": True})


def step_up_and_answer(rig: StoreRig) -> object:
    whom = subject(operation=PAYMENT)
    ticket = tickets.step_up(rig, whom, tickets.enrol(rig, whom))
    wrong = tickets.answer(rig, whom, None, rig.caller("a"))
    right = tickets.answer(rig, whom, tickets.FIRST_STEP + 1, rig.caller("a", "key"))
    assert isinstance(right, CheckAccepted)
    return wrong, right.code_id == ticket, tickets.answer(rig, whom, None)


def burn_a_ticket(rig: StoreRig) -> object:
    whom = subject(operation=PAYMENT)
    tickets.step_up(rig, whom, tickets.enrol(rig, whom))
    return [tickets.answer(rig, whom, None) for _ in range(7)]


def step_up_another_operation(rig: StoreRig) -> object:
    tickets.step_up(rig, subject(operation=PAYMENT), tickets.enrol(rig, subject()))
    return tickets.answer(rig, subject(), tickets.FIRST_STEP + 1)


def confirm_wrongly(rig: StoreRig) -> object:
    name = tickets.offer(rig, subject())
    whom = [tickets.enrolment(rig, subject()) for _ in range(6)]
    return [rig.authenticators.confirm(one, name, None, tickets.CONFIRMED) for one in whom]


def remove_and_freeze(rig: StoreRig) -> object:
    """Scripts whose second call does nothing: their answers may differ, the store may not."""
    tickets.enrol(rig, subject())
    rig.authenticators.remove("demo", NUMBER, tickets.REMOVED)
    draft, caller = rig.generate(subject(), None, PIN), rig.caller("a")
    rig.check(subject(), draft.digits, caller, pinned=True)
    late = rig.caller()
    rig.subscribers.freeze("demo", NUMBER, [tickets.FROZEN])
    finalise = FinaliseRequest(subject(), caller, draft.code.id, accepted=True, event=LOOKED)
    opened = rig.open(subject(), late, rig.new_code(subject(), rig.digits()))
    return rig.checks.finalise(finalise), opened


def take_a_text_of_one_frozen(rig: StoreRig) -> object:
    draft = rig.begin(subject())
    rig.settle(draft, fallback=fallback(draft))
    rig.subscribers.freeze("demo", NUMBER, [tickets.FROZEN])
    return rig.waiting_texts.take(fallback(draft).job)


STEP_UP_SCENES: Final[list[Callable[[StoreRig], object]]] = [
    step_up_and_answer,
    burn_a_ticket,
    step_up_another_operation,
    confirm_wrongly,
    remove_and_freeze,
    take_a_text_of_one_frozen,
]
