"""Freeze now: nothing goes on for a number, and what was made by then never lives again."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    Admitted,
    CheckAccepted,
    CheckMatched,
    CheckNotFound,
    FinaliseRequest,
    NotFound,
    Opened,
)
from security_service.domain.fallback import NoText
from security_service.domain.imsi import ImsiMember
from security_service.domain.limits import Locked
from security_service.domain.operation import Operation
from security_service.domain.step_up import TicketFound, TicketProof
from tests.store.rig import FREE, StoreRig, fallback, subject
from tests.store.tickets import (
    FIRST_STEP,
    FROZEN,
    answer,
    ask,
    enrol,
    new_ticket,
    open_ticket,
    step_up,
)

WHOM: Final = subject()
LOCKED: Final = Locked("frozen", None)
DEAD: Final = CheckNotFound(NotFound.FROZEN)
UNLOCKED: Final = Event(EventKind.SUBSCRIBER_UNLOCKED, {})
LOOKED: Final = Event(EventKind.CHECK_FINALISED, {"accepted": True})
PIN: Final = ImsiMember(1, "imsi", b"s" * 16)


def freeze(rig: StoreRig) -> bool:
    return rig.subscribers.freeze("demo", WHOM.number, [FROZEN])


def unlock(rig: StoreRig) -> None:
    assert rig.subscribers.unlock("demo", WHOM.number, UNLOCKED)


def test_both_operations_are_locked_until_a_person_unlocks(rig: StoreRig) -> None:
    draft = rig.generate(WHOM)
    assert freeze(rig)
    rig.advance(30 * 86_400)
    assert rig.admit(WHOM, rig.caller()) == LOCKED
    assert rig.check(WHOM, draft.digits) == LOCKED
    seen = rig.subscribers.get("demo", WHOM.number)
    assert (seen.disabled, seen.frozen) == (True, True)
    unlock(rig)
    seen = rig.subscribers.get("demo", WHOM.number)
    assert (seen.disabled, seen.frozen) == (False, False)
    assert isinstance(rig.admit(WHOM, rig.caller()), Admitted)


def test_a_code_of_before_is_dead_even_after_an_unlock_and_one_of_after_is_not(rig: StoreRig) -> None:
    draft = rig.generate(WHOM)
    freeze(rig)
    unlock(rig)
    assert rig.check(WHOM, draft.digits) == DEAD
    assert rig.state(WHOM) == "dead"
    assert rig.check(WHOM, draft.digits) == CheckNotFound(NotFound.DEAD)
    rig.advance(ms=1)
    later = rig.generate(WHOM)
    assert isinstance(rig.check(WHOM, later.digits), CheckAccepted)


def test_codes_of_every_purpose_are_dead_and_a_wrong_guess_at_them_is_not_counted(rig: StoreRig) -> None:
    purposes = [subject(operation=Operation(purpose)) for purpose in ("a", "b", "c")]
    drafts = [rig.generate(whom) for whom in purposes]
    freeze(rig)
    unlock(rig)
    assert rig.check(purposes[0], "000000") == DEAD
    assert [rig.check(whom, draft.digits) for whom, draft in zip(purposes[1:], drafts[1:], strict=True)] == [
        DEAD,
        DEAD,
    ]
    assert rig.subscribers.get("demo", WHOM.number).failures == 0


def test_a_ticket_of_before_is_dead_even_after_an_unlock(rig: StoreRig) -> None:
    name, caller = enrol(rig, WHOM), rig.caller()
    ticket = step_up(rig, WHOM, name)
    assert isinstance(ask(rig, WHOM, caller), TicketFound)
    freeze(rig)
    proof = TicketProof(ticket, FIRST_STEP + 1)
    assert ask(rig, WHOM, caller, proof) == LOCKED
    unlock(rig)
    assert ask(rig, WHOM, caller, proof) == DEAD
    rig.advance(ms=1)
    step_up(rig, WHOM, name)
    assert isinstance(answer(rig, WHOM, FIRST_STEP + 1), CheckAccepted)


@pytest.mark.parametrize("unlocks", [False, True])
def test_a_code_that_was_admitted_before_the_freeze_comes_to_nothing(rig: StoreRig, *, unlocks: bool) -> None:
    """The SIM is being looked at while a person freezes: the message must not leave after that."""
    caller, steps = rig.caller(key="k"), rig.caller()
    rig.admit(WHOM, caller)
    freeze(rig)
    code = rig.new_code(WHOM, "123456")
    assert rig.open(WHOM, caller, code) == LOCKED
    assert rig.open(WHOM, caller, code) == LOCKED
    assert open_ticket(rig, WHOM, new_ticket(rig, WHOM, "any"), steps) == LOCKED
    assert rig.state(WHOM) == ""
    killed = [event["outcome"] for event in rig.events(WHOM) if event["kind"] == "code_killed"]
    assert killed[0] == {"code_id": code.id, "reason": "frozen"}
    if unlocks:
        unlock(rig)
        assert isinstance(rig.admit(WHOM, replace(caller, request_id=rig.token())), Admitted)


def test_a_refusal_that_was_admitted_before_the_freeze_is_still_told(rig: StoreRig) -> None:
    caller = rig.caller()
    rig.admit(WHOM, caller)
    freeze(rig)
    assert rig.open(WHOM, caller, None) == Opened()


def test_a_code_that_waits_for_another_channel_is_not_sent(rig: StoreRig) -> None:
    draft = rig.begin(WHOM)
    rig.settle(draft, fallback=fallback(draft))
    freeze(rig)
    unlock(rig)
    assert rig.waiting_texts.take(fallback(draft).job) is NoText.FROZEN
    assert rig.waiting_texts.take(fallback(draft).job) is NoText.FROZEN
    assert rig.sealed(WHOM) is None


@pytest.mark.parametrize("unlocks", [False, True])
def test_a_code_whose_sim_is_looked_at_while_it_is_frozen_is_not_accepted(
    rig: StoreRig, *, unlocks: bool
) -> None:
    caller = rig.caller("a", "k")
    draft = rig.generate(WHOM, None, PIN)
    assert isinstance(rig.check(WHOM, draft.digits, caller, pinned=True), CheckMatched)
    freeze(rig)
    if unlocks:
        unlock(rig)
    request = FinaliseRequest(WHOM, caller, draft.code.id, accepted=True, event=LOOKED)
    assert rig.checks.finalise(request) is False
    assert rig.checks.finalise(request) is False
    assert rig.state(WHOM) == "dead"
    again = rig.check(WHOM, draft.digits, replace(caller, request_id=rig.token()), pinned=True)
    assert again == (CheckNotFound(NotFound.DEAD) if unlocks else LOCKED)


def test_a_second_freeze_changes_nothing_and_one_after_an_unlock_does(rig: StoreRig) -> None:
    assert [freeze(rig), freeze(rig)] == [True, False]
    unlock(rig)
    rig.advance(1)
    draft = rig.generate(WHOM)
    assert freeze(rig)
    unlock(rig)
    assert rig.check(WHOM, draft.digits) == DEAD
    assert rig.kinds(WHOM).count("subscriber_frozen") == 2


def test_one_disabled_by_the_cap_can_be_frozen_and_disabled_again_once_unlocked(
    rig: StoreRig,
) -> None:
    tenant = replace(FREE, guesses=replace(FREE.guesses, lifetime_warning=1, lifetime_cap=2))
    whom = replace(WHOM, tenant=tenant)
    rig.generate(whom)
    rig.guess(whom, 2)
    assert rig.admit(whom, rig.caller()) == Locked("disabled", None)
    assert freeze(rig)
    assert rig.admit(whom, rig.caller()) == LOCKED
    unlock(rig)
    rig.advance(ms=1)
    rig.generate(whom)
    rig.guess(whom, 2)
    assert rig.admit(whom, rig.caller()) == Locked("disabled", None)
    seen = rig.subscribers.get("demo", WHOM.number)
    assert (seen.disabled, seen.frozen) == (True, False)


def test_the_moment_of_a_freeze_stays_where_a_known_source_succeeded(rig: StoreRig) -> None:
    """Cleaning up after a success forgets neither a freeze nor its moment."""
    old = rig.generate(WHOM)
    freeze(rig)
    guesses = rig.keys(WHOM).of_number("guesses")
    assert rig.redis.pttl(guesses) == -1
    unlock(rig)
    rig.advance(ms=1)
    other = subject(operation=Operation("other"))
    for place in range(100):
        draft = rig.generate(other)
        assert isinstance(rig.check(other, draft.digits, rig.caller(f"s{place}")), CheckAccepted)
    assert rig.check(WHOM, old.digits) == DEAD


def test_no_authenticator_is_enrolled_for_a_frozen_subscriber(rig: StoreRig) -> None:
    freeze(rig)
    with pytest.raises(AssertionError):
        enrol(rig, WHOM)
    assert rig.authenticators.get("demo", WHOM.number).authenticator is None


def test_a_dead_code_does_not_hold_the_slot_once_unlocked(rig: StoreRig) -> None:
    old = rig.generate(WHOM)
    freeze(rig)
    unlock(rig)
    rig.advance(ms=1)
    draft = rig.generate(WHOM)
    assert rig.check(WHOM, old.digits) == CheckNotFound(NotFound.DEAD)
    assert isinstance(rig.check(WHOM, draft.digits), CheckAccepted)
    assert "code_superseded" not in rig.kinds(WHOM)
