"""An idempotency key replays what may have sent a message, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    Admitted,
    CheckAccepted,
    CheckMatched,
    CheckNotFound,
    CodeExists,
    FinaliseRequest,
    KeyReused,
    NotFound,
    Opened,
    Replayed,
    Settlement,
    StillRunning,
)
from security_service.domain.imsi import ImsiMember
from security_service.domain.limits import Limits, Locked, Window
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import UnknownIs
from tests.store.rig import DAY_MS, FREE, OTHER, StoreRig, subject

LOOKED = Event(EventKind.CHECK_FINALISED, {})


@pytest.mark.parametrize(
    ("settlement", "answer"),
    [(Settlement.ACCEPTED, "0"), (Settlement.UNKNOWN, "0"), (Settlement.UNKNOWN, "5")],
)
def test_an_answer_after_which_a_message_may_have_left_is_replayed(
    rig: StoreRig, settlement: Settlement, answer: str
) -> None:
    whom = subject()
    rig.settle(rig.begin(whom, rig.caller("", "key")), settlement, answer=answer)
    rig.advance(400)
    assert rig.admit(whom, rig.caller("", "key")) == Replayed(answer)
    assert rig.admit(whom, rig.caller("elsewhere", "key")) == Replayed(answer)
    assert rig.kinds(whom).count("gate_decided") == 1


def test_a_replay_is_given_even_where_the_number_is_locked_or_a_window_is_full(rig: StoreRig) -> None:
    limits = Limits(requests=(Window("requests", 1, 60),), checks=(), sends=())
    whom = subject(tenant=replace(FREE, limits=limits))
    rig.generate(whom, rig.caller("", "key"))
    rig.guess(whom, 5)
    assert rig.admit(whom, rig.caller("", "key")) == Replayed("0")
    assert isinstance(rig.admit(whom, rig.caller("", "new key")), Locked)


def test_an_answer_after_which_nothing_left_is_decided_afresh(rig: StoreRig) -> None:
    whom = subject()
    rig.settle(rig.begin(whom, rig.caller("", "key")), Settlement.NOT_SENT, answer="5")
    assert isinstance(rig.admit(whom, rig.caller("", "key")), Admitted)


def test_a_refusal_of_the_gate_is_decided_afresh(rig: StoreRig) -> None:
    whom, caller = subject(), rig.caller("", "key")
    rig.admit(whom, caller)
    assert rig.open(whom, caller, None) == Opened()
    assert isinstance(rig.admit(whom, rig.caller("", "key")), Admitted)


def test_a_code_that_exists_and_a_full_window_are_decided_afresh(rig: StoreRig) -> None:
    limits = Limits(requests=(Window("requests", 2, 60),), checks=(), sends=())
    whom = subject(tenant=replace(FREE, limits=limits))
    rig.generate(whom)
    assert isinstance(rig.admit(whom, rig.caller("", "key")), CodeExists)
    rig.admit(whom, rig.caller("", "key"))
    rig.advance(300)
    assert isinstance(rig.admit(whom, rig.caller("", "key")), Admitted)


def test_another_body_under_the_key_is_told(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.begin(whom, rig.caller("", "key"))
    assert rig.admit(whom, rig.caller("", "key", "another")) == KeyReused()
    rig.settle(draft)
    assert rig.admit(whom, rig.caller("", "key", "another")) == KeyReused()


def test_a_key_is_one_tenants_for_one_number_and_one_operation(rig: StoreRig) -> None:
    draft = rig.generate(subject(), rig.caller("", "key"))
    assert isinstance(rig.admit(subject(OTHER), rig.caller("", "key", "another")), Admitted)
    second = subject(tenant=replace(FREE, id="second"))
    assert isinstance(rig.admit(second, rig.caller("", "key", "another")), Admitted)
    checked = rig.check(subject(), draft.digits, rig.caller("", "key", "another"))
    assert checked == CheckAccepted(draft.code.id)


def test_a_second_call_waits_while_the_first_one_runs(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.begin(whom, rig.caller("", "key"), lease_s=15.0)
    assert rig.admit(whom, rig.caller("", "key")) == StillRunning(15.0)
    rig.advance(ms=14_999)
    assert rig.admit(whom, rig.caller("", "key")) == StillRunning(0.001)
    rig.settle(draft)
    assert rig.admit(whom, rig.caller("", "key")) == Replayed("0")


@pytest.mark.parametrize(("unknown_is", "answer"), [(UnknownIs.SENT, "0"), (UnknownIs.ERROR, "5")])
def test_after_a_lost_lease_the_answer_is_that_of_an_unknown_outcome(
    rig: StoreRig, unknown_is: UnknownIs, answer: str
) -> None:
    whom = subject(tenant=replace(FREE, unknown_is=unknown_is))
    rig.begin(whom, rig.caller("", "key"), lease_s=15.0)
    rig.advance(15)
    assert rig.admit(whom, rig.caller("", "key")) == Replayed(answer)


def test_an_outcome_that_comes_late_replaces_the_answer_of_the_lost_lease(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.begin(whom, rig.caller("", "key"), lease_s=15.0)
    rig.advance(15)
    rig.settle(draft, Settlement.NOT_SENT, answer="5")
    assert isinstance(rig.admit(whom, rig.caller("", "key")), Admitted)


def test_of_two_calls_under_one_key_that_were_both_admitted_one_opens(rig: StoreRig) -> None:
    whom, one, other = subject(), rig.caller("", "key"), rig.caller("", "key")
    rig.admit(whom, one)
    rig.admit(whom, other)
    assert rig.open(whom, one, rig.new_code(whom, rig.digits(), lease_s=15.0)) == Opened()
    assert rig.open(whom, other, rig.new_code(whom, rig.digits())) == StillRunning(15.0)
    assert rig.kinds(whom) == ["gate_decided"]


def test_a_remembered_answer_is_kept_for_a_day(rig: StoreRig) -> None:
    whom, caller = subject(), rig.caller("", "key")
    rig.generate(whom, caller)
    left = rig.redis.pttl(rig.keys(whom).idempotency("generate", "key"))
    assert DAY_MS - 60_000 < left <= DAY_MS


def test_a_right_check_is_remembered_until_the_code_would_have_expired(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.generate(whom)
    rig.advance(100)
    assert rig.check(whom, draft.digits, rig.caller("", "key")) == CheckAccepted(draft.code.id)
    left = rig.redis.pttl(rig.keys(whom).idempotency("check", "key"))
    assert 190_000 < left <= 200_000
    rig.advance(100)
    replayed = CheckAccepted(draft.code.id, replayed=True)
    assert rig.check(whom, draft.digits, rig.caller("", "key")) == replayed
    assert rig.check(whom, draft.digits, rig.caller("", "key", "another")) == KeyReused()
    rig.generate(whom)
    assert rig.check(whom, draft.digits, rig.caller("", "key")) == replayed
    rig.advance(120)
    assert rig.check(whom, draft.digits, rig.caller("", "key")) == CheckNotFound(NotFound.SPENT)


def test_a_wrong_check_is_not_remembered(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.generate(whom)
    assert isinstance(rig.check(whom, "000000", rig.caller("", "key", "wrong")), CheckNotFound)
    assert rig.check(whom, draft.digits, rig.caller("", "key")) == CheckAccepted(draft.code.id)


@pytest.mark.parametrize("accepted", [True, False])
def test_a_pinned_check_is_remembered_once_it_is_finalised_as_accepted(
    rig: StoreRig, *, accepted: bool
) -> None:
    whom, caller = subject(), rig.caller("known", "key")
    pin = ImsiMember(1, "imsi", b"s" * 16, "25001")
    draft = rig.generate(whom, None, pin)
    matched = rig.check(whom, draft.digits, caller, pinned=True)
    assert matched == CheckMatched(draft.code.id, pin)
    again = rig.check(whom, draft.digits, rig.caller("known", "key"), pinned=True)
    assert again == CheckNotFound(NotFound.SPENT)
    rig.checks.finalise(FinaliseRequest(whom, caller, draft.code.id, accepted=accepted, event=LOOKED))
    outcome = rig.check(whom, draft.digits, rig.caller("known", "key"), pinned=True)
    if accepted:
        assert outcome == CheckAccepted(draft.code.id, replayed=True)
    else:
        assert outcome == CheckNotFound(NotFound.DEAD)


@pytest.mark.parametrize(("accepted", "reason"), [(True, NotFound.SPENT), (False, NotFound.DEAD)])
def test_a_pinned_code_stays_spent_where_it_was_accepted_and_is_dead_where_it_was_refused(
    rig: StoreRig, reason: NotFound, *, accepted: bool
) -> None:
    whom, caller = subject(), rig.caller()
    draft = rig.generate(whom, None, ImsiMember(1, "imsi", b"s" * 16))
    rig.check(whom, draft.digits, caller, pinned=True)
    rig.checks.finalise(FinaliseRequest(whom, caller, draft.code.id, accepted=accepted, event=LOOKED))
    assert rig.check(whom, draft.digits) == CheckNotFound(reason)


def test_a_look_that_ends_late_leaves_the_newer_code_alone(rig: StoreRig) -> None:
    whom, caller = subject(), rig.caller()
    draft = rig.generate(whom, None, ImsiMember(1, "imsi", b"s" * 16))
    rig.check(whom, draft.digits, caller, pinned=True)
    newer = rig.generate(whom)
    rig.checks.finalise(FinaliseRequest(whom, caller, draft.code.id, accepted=False, event=LOOKED))
    assert rig.check(whom, newer.digits) == CheckAccepted(newer.code.id)


def test_a_code_without_a_pin_is_matched_without_one(rig: StoreRig) -> None:
    draft = rig.generate(subject())
    assert rig.check(subject(), draft.digits, pinned=True) == CheckMatched(draft.code.id, None)


def test_calls_without_a_key_do_not_know_of_each_other(rig: StoreRig) -> None:
    one, other = subject(Msisdn("79030000001")), subject(Msisdn("79030000002"))
    rig.generate(one)
    rig.generate(other)
    assert isinstance(rig.admit(one, rig.caller()), CodeExists)
    assert rig.redis.keys("*:idem:*") == []


def test_while_the_first_call_is_still_deciding_the_others_wait_and_take_no_places(rig: StoreRig) -> None:
    whom, first = subject(), rig.caller("", "key")
    assert isinstance(rig.admit(whom, first), Admitted)
    taken = rig.places(whom, "sends")
    assert rig.admit(whom, rig.caller("", "key")) == StillRunning(15.0)
    assert rig.places(whom, "sends") == taken
    assert rig.admit(whom, rig.caller("", "key", "other body")) == KeyReused()
    assert isinstance(rig.admit(whom, first), Admitted)


def test_a_first_call_that_was_lost_before_it_stored_a_code_is_as_if_it_had_never_been(rig: StoreRig) -> None:
    whom = subject()
    rig.admit(whom, rig.caller("", "key"))
    rig.advance(15)
    assert isinstance(rig.admit(whom, rig.caller("", "key", "other body")), Admitted)


def test_a_refusal_by_the_gate_lets_a_retry_be_decided_afresh_at_once(rig: StoreRig) -> None:
    whom, first = subject(), rig.caller("", "key")
    rig.admit(whom, first)
    assert rig.open(whom, first, None) == Opened()
    assert isinstance(rig.admit(whom, rig.caller("", "key")), Admitted)


def test_a_call_that_gives_up_gives_its_key_back(rig: StoreRig) -> None:
    whom, first, second = subject(), rig.caller("", "key"), rig.caller("", "key")
    rig.admit(whom, first)
    rig.codes.release(whom, second)
    assert isinstance(rig.admit(whom, second), StillRunning)
    rig.codes.release(whom, first)
    assert isinstance(rig.admit(whom, second), Admitted)
