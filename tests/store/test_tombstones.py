"""Codes that are answered with 5: the audit tells them apart for a day, the wire does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    CheckAccepted,
    CheckExpired,
    CheckNotFound,
    CodeExists,
    NotFound,
    Settlement,
    Subject,
)
from security_service.domain.operation import Operation
from security_service.domain.secret import KeyRing
from tests.store.rig import FREE, PAYMENT, RING, Draft, StoreRig, messaged, subject

RESEND = replace(FREE, resend_after_s=1)


def end(rig: StoreRig, whom: Subject, how: str) -> Draft:
    """Bring a code to the end that the audit calls `how`."""
    match how:
        case "withdrawn":
            return rig.settle(rig.begin(whom), Settlement.NOT_SENT)
        case "expired":
            draft = rig.generate(whom)
            rig.advance(300)
            return draft
        case _:
            pass
    draft = rig.generate(whom)
    match how:
        case "spent":
            assert rig.check(whom, draft.digits) == CheckAccepted(draft.code.id)
        case "burnt":
            rig.guess(whom, 5)
            rig.advance(60)
        case "dead":
            event = Event(EventKind.LATE_CHANGE, {})
            assert rig.subscribers.swap(
                "demo", whom.number, b"", messaged(), [event], kill_code=f"default:{draft.code.id}"
            )
        case "superseded":
            rig.advance(1)
        case _:
            raise AssertionError(how)
    return draft


ENDS = ["spent", "burnt", "withdrawn", "dead", "superseded", "expired"]


@pytest.mark.parametrize("how", ["spent", "burnt", "withdrawn", "dead"])
def test_the_newest_code_of_a_slot_tells_how_it_ended_for_a_day(rig: StoreRig, how: str) -> None:
    whom = subject()
    draft = end(rig, whom, how)
    rig.advance(60)
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound(how))
    rig.advance(86_000)
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound(how))
    assert rig.reasons(whom)[-2:] == [how, how]


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("newest", ["live", "spent", "expired"])
def test_a_code_before_the_newest_one_still_tells_how_it_ended_and_is_not_counted(
    rig: StoreRig, how: str, newest: str
) -> None:
    whom = subject(tenant=RESEND)
    first = end(rig, whom, how)
    failures = rig.subscribers.get("demo", whom.number).failures
    second = rig.generate(whom)
    if newest == "spent":
        assert rig.check(whom, second.digits) == CheckAccepted(second.code.id)
        failures = 0
    if newest == "expired":
        rig.advance(300)
    told = NotFound.SUPERSEDED if how == "expired" else NotFound(how)
    assert rig.check(whom, first.digits) == CheckNotFound(told)
    assert rig.reasons(whom)[-1] == how
    assert rig.subscribers.get("demo", whom.number).failures == failures
    if newest == "live":
        assert rig.check(whom, second.digits) == CheckAccepted(second.code.id)


def test_four_finished_codes_are_told_apart_and_a_fifth_is_a_wrong_guess(rig: StoreRig) -> None:
    whom = subject(tenant=RESEND)
    drafts = [end(rig, whom, "superseded") for _ in range(6)]
    outcomes = [rig.check(whom, draft.digits) for draft in drafts]
    assert outcomes[0] == CheckNotFound(NotFound.WRONG, 4)
    assert outcomes[1:5] == [CheckNotFound(NotFound.SUPERSEDED)] * 4
    assert outcomes[5] == CheckAccepted(drafts[5].code.id)


def test_a_number_that_never_had_a_code_tells_so_and_counts_nothing(rig: StoreRig) -> None:
    whom = subject()
    assert rig.check(whom, "123456") == CheckNotFound(NotFound.NONE)
    assert rig.reasons(whom) == ["no_code"]
    assert rig.subscribers.get("demo", whom.number).failures == 0


def test_an_expired_code_is_answered_6_where_right_and_5_where_wrong_and_neither_is_counted(
    rig: StoreRig,
) -> None:
    whom = subject()
    draft = rig.generate(whom)
    rig.advance(ms=299_999)
    assert rig.guess(whom, 1) == [CheckNotFound(NotFound.WRONG, 4)]
    rig.advance(ms=1)
    assert rig.check(whom, draft.digits) == CheckExpired()
    assert rig.guess(whom, 1) == [CheckNotFound(NotFound.EXPIRED_WRONG)]
    assert rig.reasons(whom) == ["wrong", "expired", "expired_wrong"]
    assert rig.subscribers.get("demo", whom.number).failures == 1


def test_a_code_is_good_to_its_last_millisecond(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.generate(whom)
    rig.advance(ms=299_999)
    assert rig.check(whom, draft.digits) == CheckAccepted(draft.code.id)


DIFFERENT = [
    replace(PAYMENT, minor=150_001),
    replace(PAYMENT, currency="USD"),
    replace(PAYMENT, payee="OOO Vasilek"),
    replace(PAYMENT, minor=None, currency=""),
    replace(PAYMENT, payee=""),
    Operation(),
]


@pytest.mark.parametrize("given", DIFFERENT)
def test_a_right_code_for_a_different_operation_kills_the_code_and_is_counted_once(
    rig: StoreRig, given: Operation
) -> None:
    whom = subject(operation=PAYMENT)
    draft = rig.generate(whom)
    differs = subject(operation=given)
    assert rig.check(differs, draft.digits) == CheckNotFound(NotFound.OPERATION_DIFFERS, 4)
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound.DEAD)
    assert rig.check(differs, draft.digits) == CheckNotFound(NotFound.DEAD)
    assert rig.subscribers.get("demo", whom.number).failures == 1


def test_an_operation_given_at_check_only_kills_the_code_too(rig: StoreRig) -> None:
    draft = rig.generate(subject())
    paying = subject(operation=PAYMENT)
    assert rig.check(paying, draft.digits) == CheckNotFound(NotFound.OPERATION_DIFFERS, 4)


@pytest.mark.parametrize("wanted", DIFFERENT)
def test_a_different_operation_supersedes_the_live_code(rig: StoreRig, wanted: Operation) -> None:
    first = rig.generate(subject(operation=PAYMENT))
    second = rig.generate(subject(operation=wanted))
    assert [event["outcome"] for event in rig.events(subject()) if event["kind"] == "code_superseded"] == [
        {"by": second.code.id, "code_id": first.code.id}
    ]
    assert rig.check(subject(operation=PAYMENT), first.digits) == CheckNotFound(NotFound.SUPERSEDED)
    assert rig.check(subject(operation=wanted), second.digits) == CheckAccepted(second.code.id)


def test_the_same_operation_is_told_that_a_code_exists_until_it_ends(rig: StoreRig) -> None:
    whom = subject(operation=PAYMENT)
    rig.generate(whom)
    rig.advance(100)
    assert rig.admit(whom, rig.caller()) == CodeExists(200)
    rig.advance(ms=199_999)
    assert rig.admit(whom, rig.caller()) == CodeExists(1)
    rig.advance(ms=1)
    rig.generate(whom)


def test_two_purposes_have_a_slot_each(rig: StoreRig) -> None:
    login, pay = subject(operation=Operation("login")), subject(operation=Operation("pay"))
    one, other = rig.generate(login), rig.generate(pay)
    assert rig.check(pay, one.digits) == CheckNotFound(NotFound.WRONG, 4)
    assert rig.check(login, one.digits) == CheckAccepted(one.code.id)
    assert rig.check(pay, other.digits) == CheckAccepted(other.code.id)


def test_a_newer_code_may_follow_after_the_pause_for_resending_and_not_before(rig: StoreRig) -> None:
    whom = subject(tenant=replace(FREE, resend_after_s=30))
    first = rig.generate(whom)
    rig.advance(ms=29_999)
    assert isinstance(rig.admit(whom, rig.caller()), CodeExists)
    rig.advance(ms=1)
    second = rig.generate(whom)
    assert rig.check(whom, first.digits) == CheckNotFound(NotFound.SUPERSEDED)
    assert rig.check(whom, second.digits) == CheckAccepted(second.code.id)


ONE, TWO, THREE = b"1" * 32, b"2" * 32, b"3" * 32


def test_a_code_lives_through_one_rotation_of_keys_and_is_gone_after_the_second(rig: StoreRig) -> None:
    assert rig.ring == RING
    drafts = [rig.generate(subject(operation=Operation(purpose))) for purpose in ("a", "b")]
    rig.ring = KeyRing({1: ONE, 2: TWO})
    assert rig.check(drafts[0].subject, drafts[0].digits) == CheckAccepted(drafts[0].code.id)
    rig.ring = KeyRing({2: TWO, 3: THREE})
    assert rig.check(drafts[1].subject, drafts[1].digits) == CheckNotFound(NotFound.KEY_GONE)
    rig.ring = KeyRing({1: ONE, 2: TWO, 3: THREE})
    assert rig.check(drafts[1].subject, drafts[1].digits) == CheckNotFound(NotFound.KEY_GONE)
    assert rig.subscribers.get("demo", drafts[1].subject.number).failures == 0


def test_the_operation_is_compared_through_a_rotation_too(rig: StoreRig) -> None:
    whom = subject(operation=PAYMENT)
    draft = rig.generate(whom)
    rig.ring = KeyRing({1: ONE, 2: TWO})
    assert rig.admit(whom, rig.caller()) == CodeExists(300)
    differs = subject(operation=replace(PAYMENT, minor=1))
    assert rig.check(differs, draft.digits) == CheckNotFound(NotFound.OPERATION_DIFFERS, 4)


def test_a_code_of_before_a_failover_is_dead(rig: StoreRig) -> None:
    whom = subject()
    rig.master = "a" * 40
    draft, kept = rig.generate(whom), rig.generate(subject(operation=Operation("kept")))
    rig.master = "b" * 40
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound.FAILED_OVER)
    rig.master = "a" * 40
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound.DEAD)
    assert rig.check(kept.subject, kept.digits) == CheckAccepted(kept.code.id)
    assert rig.subscribers.get("demo", whom.number).failures == 0
