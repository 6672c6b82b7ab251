"""Wrong guesses are counted over codes, resends and restarts, per number and source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    Admitted,
    CheckAccepted,
    CheckNotFound,
    CheckOutcome,
    FinaliseRequest,
    NotFound,
    Subject,
)
from security_service.domain.imsi import ImsiMember
from security_service.domain.limits import GuessBudget, Locked
from security_service.store.embedded import EmbeddedValkey
from tests.store.rig import DAY_MS, FREE, StoreRig, subject

UNLOCKED = Event(EventKind.SUBSCRIBER_UNLOCKED, {"actor": "anna"})
HOUR = 3600


def make_known(rig: StoreRig, whom: Subject, source: str) -> None:
    draft = rig.generate(whom)
    assert rig.check(whom, draft.digits, rig.caller(source)) == CheckAccepted(draft.code.id)


def reasons(outcomes: list[CheckOutcome]) -> list[str]:
    told = []
    for outcome in outcomes:
        assert isinstance(outcome, CheckNotFound | Locked), outcome
        told.append(str(outcome.reason))
    return told


def fail(rig: StoreRig, whom: Subject, times: int, source: str = "") -> None:
    """So many wrong guesses in a row, over as many codes and locks as it takes."""
    for number in range(times):
        if number % 5 == 0:
            rig.advance(86_400)
            rig.generate(whom)
        assert reasons(rig.guess(whom, 1, source)) == ["wrong"]


@pytest.mark.parametrize("source", ["", "stranger", "known"])
def test_every_source_has_five_guesses_and_then_a_lock(rig: StoreRig, source: str) -> None:
    whom = subject()
    make_known(rig, whom, "known")
    draft = rig.generate(whom)
    outcomes = rig.guess(whom, 5, source)
    assert outcomes == [CheckNotFound(NotFound.WRONG, left) for left in (4, 3, 2, 1, 0)]
    assert rig.check(whom, draft.digits, rig.caller(source)) == Locked("locked", 60)
    assert rig.admit(whom, rig.caller(source)) == Locked("locked", 60)
    locks = [event["outcome"] for event in rig.events(whom) if event["kind"] == "subscriber_locked"]
    share, who = {"": ("-", "none"), "stranger": ("*", "unknown"), "known": ("known", "known")}[source]
    lock = {"failures": 5, "seconds": 60, "share": share, "source": who, "until": rig.now_ms + 60_000}
    assert locks == [lock]


def test_all_unknown_sources_share_five_guesses(rig: StoreRig) -> None:
    whom = subject()
    rig.generate(whom)
    left = [
        outcome.guesses_left
        for number in range(5)
        for outcome in rig.guess(whom, 1, f"stranger {number}")
        if isinstance(outcome, CheckNotFound)
    ]
    assert left == [4, 3, 2, 1, 0]
    assert rig.guess(whom, 1, "one more") == [Locked("locked", 60)]


def test_a_strangers_lock_does_not_lock_a_known_source_nor_those_without_one(rig: StoreRig) -> None:
    whom = subject()
    make_known(rig, whom, "known")
    rig.generate(whom)
    rig.guess(whom, 6, "stranger")
    assert rig.guess(whom, 1, "another stranger") == [Locked("locked", 60)]
    draft = rig.generate(whom, rig.caller("known"))
    assert isinstance(rig.check(whom, draft.digits, rig.caller("known")), CheckAccepted)
    assert isinstance(rig.admit(whom, rig.caller("")), Admitted)
    assert rig.guess(whom, 1, "stranger") == [Locked("locked", 60)]


def test_a_known_source_is_forgotten_after_ninety_days_without_a_success(rig: StoreRig) -> None:
    whom = subject()
    make_known(rig, whom, "known")
    rig.advance(90 * 86_400, ms=-1)
    rig.generate(whom)
    rig.guess(whom, 5, "stranger")
    assert reasons(rig.guess(whom, 1, "known")) == ["burnt"]
    rig.advance(ms=1)
    assert rig.guess(whom, 1, "known") == [Locked("locked", 60)]


def test_a_source_that_becomes_known_again_begins_with_none_of_its_old_guesses(rig: StoreRig) -> None:
    whom = subject()
    make_known(rig, whom, "known")
    rig.generate(whom)
    rig.guess(whom, 4, "known")
    rig.advance(90 * 86_400)
    make_known(rig, whom, "known")
    rig.generate(whom)
    assert rig.guess(whom, 1, "known") == [CheckNotFound(NotFound.WRONG, 4)]


def test_locks_grow_to_a_day_and_stay_there(rig: StoreRig) -> None:
    whom = subject()
    for wait in (60, 300, 900, HOUR, 24 * HOUR, 24 * HOUR):
        rig.generate(whom)
        assert reasons(rig.guess(whom, 6)) == ["wrong"] * 5 + ["locked"]
        rig.advance(wait, ms=-1)
        assert rig.guess(whom, 1) == [Locked("locked", 1)]
        rig.advance(ms=1)
    assert isinstance(rig.admit(whom, rig.caller()), Admitted)


def test_the_fifth_wrong_guess_burns_the_code_whoever_made_them(rig: StoreRig) -> None:
    whom = subject()
    make_known(rig, whom, "known")
    draft = rig.generate(whom)
    rig.guess(whom, 4, "stranger")
    assert rig.state(whom) == "live"
    assert rig.guess(whom, 1, "known") == [CheckNotFound(NotFound.WRONG, 4)]
    assert rig.check(whom, draft.digits, rig.caller("known")) == CheckNotFound(NotFound.BURNT)


def test_a_new_code_resets_nothing(rig: StoreRig) -> None:
    whom = subject(tenant=replace(FREE, resend_after_s=1))
    for left in (4, 3, 2, 1, 0):
        rig.generate(whom)
        assert rig.guess(whom, 1) == [CheckNotFound(NotFound.WRONG, left)]
        rig.advance(1)
    assert rig.admit(whom, rig.caller()) == Locked("locked", 59)


def test_guesses_at_another_purpose_count_for_the_same_number(rig: StoreRig) -> None:
    login = subject()
    pay = replace(login, operation=replace(login.operation, purpose="pay"))
    rig.generate(login)
    rig.generate(pay)
    rig.guess(login, 3)
    assert rig.guess(pay, 2) == [CheckNotFound(NotFound.WRONG, 1), CheckNotFound(NotFound.WRONG, 0)]


def test_a_success_clears_its_own_source_and_the_hundred_and_no_other_source(rig: StoreRig) -> None:
    whom = subject()
    make_known(rig, whom, "known")
    rig.generate(whom)
    rig.guess(whom, 2, "stranger")
    rig.guess(whom, 2, "known")
    assert rig.subscribers.get("demo", whom.number).failures == 4
    rig.advance(300)
    make_known(rig, whom, "known")
    assert rig.subscribers.get("demo", whom.number).failures == 0
    rig.generate(whom)
    assert rig.guess(whom, 1, "known") == [CheckNotFound(NotFound.WRONG, 4)]
    assert rig.guess(whom, 1, "stranger") == [CheckNotFound(NotFound.WRONG, 2)]


def test_ninety_failures_warn_and_a_hundred_disable_until_a_person_unlocks(rig: StoreRig) -> None:
    whom = subject()
    fail(rig, whom, 89)
    assert "lifetime_warning" not in rig.kinds(whom)
    fail(rig, whom, 1)
    assert rig.kinds(whom).count("lifetime_warning") == 1
    fail(rig, whom, 9)
    assert not rig.subscribers.get("demo", whom.number).disabled
    fail(rig, whom, 1)
    assert rig.kinds(whom).count("subscriber_disabled") == 1
    assert rig.redis.pttl(rig.keys(whom).of_number("guesses")) == -1
    rig.advance(500 * 86_400)
    assert rig.guess(whom, 1) == [Locked("disabled", None)]
    assert rig.admit(whom, rig.caller("anyone")) == Locked("disabled", None)
    assert rig.subscribers.get("demo", whom.number).disabled
    assert rig.subscribers.unlock("demo", whom.number, UNLOCKED)
    assert not rig.subscribers.unlock("demo", whom.number, UNLOCKED)
    assert rig.kinds(whom).count("subscriber_unlocked") == 1
    make_known(rig, whom, "known")
    assert rig.kinds(whom).count("lifetime_warning") == 1


def test_a_success_before_the_hundredth_failure_begins_the_count_anew(rig: StoreRig) -> None:
    whom = subject()
    fail(rig, whom, 98)
    rig.advance(86_400)
    make_known(rig, whom, "")
    fail(rig, whom, 98)
    assert not rig.subscribers.get("demo", whom.number).disabled


def test_a_hundred_over_several_sources_disable_all_of_them(rig: StoreRig) -> None:
    whom = subject()
    make_known(rig, whom, "known")
    fail(rig, whom, 60, "stranger")
    fail(rig, whom, 40, "")
    assert rig.guess(whom, 1, "known") == [Locked("disabled", None)]


def test_an_unlock_ends_locks_and_the_ladder_begins_anew(rig: StoreRig) -> None:
    whom = subject()
    fail(rig, whom, 10)
    assert rig.subscribers.get("demo", whom.number).locked_until_ms == rig.now_ms + 300_000
    assert rig.subscribers.unlock("demo", whom.number, UNLOCKED)
    assert rig.subscribers.get("demo", whom.number).locked_until_ms == 0
    fail(rig, whom, 5)
    assert rig.subscribers.get("demo", whom.number).locked_until_ms == rig.now_ms + 60_000


def test_an_unlock_keeps_known_sources_known(rig: StoreRig) -> None:
    whom = subject()
    make_known(rig, whom, "known")
    rig.generate(whom)
    rig.guess(whom, 5, "stranger")
    assert rig.subscribers.unlock("demo", whom.number, UNLOCKED)
    rig.generate(whom)
    rig.guess(whom, 5, "stranger")
    assert reasons(rig.guess(whom, 1, "known")) == ["burnt"]


def test_old_sources_are_swept_where_a_number_has_very_many(rig: StoreRig) -> None:
    whom = subject()
    for number in range(60):
        make_known(rig, whom, f"old {number}")
    rig.advance(91 * 86_400)
    for number in range(60):
        make_known(rig, whom, f"new {number}")
    fields = {name.decode() for name in rig.redis.hkeys(rig.keys(whom).of_number("guesses"))}
    assert fields == {f"k:new {number}" for number in range(60)}


def test_a_tenants_own_budget_is_kept(rig: StoreRig) -> None:
    budget = GuessBudget(guesses=3, lock_seconds=(10,), lifetime_warning=5, lifetime_cap=6)
    whom = subject(tenant=replace(FREE, guesses=budget))
    rig.generate(whom)
    assert reasons(rig.guess(whom, 4)) == ["wrong"] * 3 + ["locked"]
    rig.advance(10)
    rig.generate(whom)
    assert reasons(rig.guess(whom, 4)) == ["wrong"] * 3 + ["disabled"]
    assert rig.kinds(whom).count("lifetime_warning") == 1


def test_a_success_that_ends_after_others_disabled_the_number_leaves_it_disabled_for_good(
    rig: StoreRig,
) -> None:
    whom = subject(tenant=replace(FREE, guesses=GuessBudget(lifetime_warning=4, lifetime_cap=5)))
    caller, draft = rig.caller("known"), rig.generate(whom, None, ImsiMember(1, "imsi", b"s" * 16))
    rig.check(whom, draft.digits, caller, pinned=True)
    rig.generate(whom)
    rig.guess(whom, 5)
    rig.checks.finalise(
        FinaliseRequest(
            whom, caller, draft.code.id, accepted=True, event=Event(EventKind.CHECK_FINALISED, {})
        )
    )
    assert rig.guess(whom, 1) == [Locked("disabled", None)]
    assert rig.redis.pttl(rig.keys(whom).of_number("guesses")) == -1


def test_counted_guesses_are_kept_for_four_hundred_days(rig: StoreRig) -> None:
    whom = subject()
    rig.generate(whom)
    rig.guess(whom, 1)
    left = rig.redis.pttl(rig.keys(whom).of_number("guesses"))
    assert 400 * DAY_MS - 60_000 < left <= 400 * DAY_MS


def test_locks_and_counts_survive_a_power_cut(tmp_path: Path) -> None:
    whom = subject()
    with EmbeddedValkey(tmp_path) as server:
        rig = StoreRig(server.url)
        draft = rig.generate(whom)
        rig.guess(whom, 5)
        before = rig.subscribers.get("demo", whom.number)
        server.kill()
        server.start()
        assert rig.subscribers.get("demo", whom.number) == before
        assert rig.check(whom, draft.digits) == Locked("locked", 60)
        rig.advance(60)
        assert rig.check(whom, draft.digits) == CheckNotFound(NotFound.BURNT)
        rig.close()
