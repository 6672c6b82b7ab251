from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from security_service.domain.gate import MalformedImsi, case_of, decide, needs_answer
from security_service.domain.imsi import (
    Candidate,
    Grade,
    ImsiForm,
    Reference,
    SimState,
    learnt,
    seal_passed_in,
)
from security_service.domain.lookup import NoData
from security_service.domain.policy import Traffic, Verdict
from security_service.domain.secret import KeyRing
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode, PendingReverify, Subscriber
from tests.domain.gate_facts import (
    DAY,
    HOUR,
    KEYS,
    NEW_SIM,
    NOW,
    OLD_SIM,
    PAYMENT,
    THIRD_SIM,
    facts,
    gives,
    known,
    member,
    overridden,
    sealed,
    sees,
)


def _with_mode(mode: Mode, *, bound_to: str = "", until: int = NOW + DAY) -> Subscriber:
    return replace(known(OLD_SIM), override=overridden(mode, bound_to=bound_to, until=until))


# ------------------------------------------------------------------------------------------- modes


@pytest.mark.parametrize("mode", [Mode.ALWAYS_DENY, Mode.ALWAYS_ALLOW])
def test_an_override_ends_when_its_time_has_come(mode: Mode) -> None:
    last_second = facts(_with_mode(mode, until=NOW + 1))
    over = facts(_with_mode(mode, until=NOW))
    assert (needs_answer(last_second), needs_answer(over)) == (False, True)
    assert decide(last_second).rule == mode.value
    assert decide(replace(over, sim=sees(OLD_SIM, over.subscriber))).rule == "same"


@pytest.mark.parametrize("mode", [Mode.ALWAYS_DENY, Mode.ALWAYS_ALLOW])
def test_a_bound_override_asks_and_holds_for_its_imsi(mode: Mode) -> None:
    asked = facts(_with_mode(mode, bound_to=NEW_SIM))
    assert needs_answer(asked)
    assert decide(replace(asked, sim=sees(NEW_SIM, asked.subscriber))).rule == mode.value


@pytest.mark.parametrize("mode", [Mode.ALWAYS_DENY, Mode.ALWAYS_ALLOW])
def test_a_bound_override_leaves_another_imsi_to_the_rules(mode: Mode) -> None:
    asked = facts(_with_mode(mode, bound_to=NEW_SIM))
    assert decide(replace(asked, sim=sees(OLD_SIM, asked.subscriber))).rule == "same"
    assert decide(replace(asked, sim=sees(THIRD_SIM, asked.subscriber))).rule == "changed"


@pytest.mark.parametrize("mode", [Mode.ALWAYS_DENY, Mode.ALWAYS_ALLOW])
def test_a_bound_override_without_data_leaves_the_number_to_the_rules(mode: Mode) -> None:
    asked = facts(_with_mode(mode, bound_to=NEW_SIM), gives(NoData.UNAVAILABLE))
    assert decide(asked).rule == "unavailable"


def test_a_bound_override_is_asked_for_even_before_a_very_first_message() -> None:
    denied = replace(NEW_SUBSCRIBER, override=overridden(Mode.ALWAYS_DENY, bound_to=NEW_SIM))
    asked = facts(denied, looks_first=False)
    assert needs_answer(asked)
    assert decide(replace(asked, sim=sees(NEW_SIM, denied))).rule == "always_deny"


def test_a_bound_override_still_holds_under_an_older_key() -> None:
    rotated = KeyRing({1: b"k" * 32, 2: b"n" * 32})
    asked = facts(_with_mode(Mode.ALWAYS_ALLOW, bound_to=NEW_SIM))
    sim = replace(sees(NEW_SIM, asked.subscriber), imsi=sealed(NEW_SIM, rotated))
    assert decide(replace(asked, sim=sim)).rule == "always_allow"


def test_an_override_to_check_is_no_permission() -> None:
    asked = facts(_with_mode(Mode.CHECK))
    assert needs_answer(asked)
    assert decide(replace(asked, sim=sees(NEW_SIM, asked.subscriber))).verdict is Verdict.DENY


def test_always_deny_goes_before_an_imsi_passed_in_and_is_not_asked() -> None:
    asked = facts(_with_mode(Mode.ALWAYS_DENY), passed_in=sealed(OLD_SIM))
    assert not needs_answer(asked)
    assert decide(asked).rule == "always_deny"


def test_an_imsi_passed_in_goes_before_always_allow_and_is_asked() -> None:
    asked = facts(_with_mode(Mode.ALWAYS_ALLOW), passed_in=sealed(NEW_SIM))
    assert needs_answer(asked)
    assert decide(replace(asked, sim=sees(OLD_SIM, asked.subscriber))).rule == "imsi_differs"
    equal = replace(asked, passed_in=sealed(OLD_SIM), sim=sees(OLD_SIM, asked.subscriber))
    assert decide(equal).rule == "always_allow"


# -------------------------------------------------------------------------------------- IMSICode

# Of the digits of OLD_SIM, made with coreutils.
DIGESTS = {
    ImsiForm.MD5: "0f441aa48a31e47879b4270367744f2a",
    ImsiForm.SHA1: "42a1592551e264e196dfda626b28d0d46ca030ba",
    ImsiForm.SHA256: "f96fc382068decc6836db7bd3e201eb334c743158fed8798fdd458b56b4d1420",
}


@pytest.mark.parametrize("form", [ImsiForm.MD5, ImsiForm.SHA1, ImsiForm.SHA256])
@pytest.mark.parametrize("written", [str.lower, str.upper, str.title])
def test_an_imsi_code_is_compared_in_its_form_in_any_case(
    form: ImsiForm, written: Callable[[str], str]
) -> None:
    passed_in = seal_passed_in(written(DIGESTS[form]), KEYS, form)
    assert passed_in is not None
    subscriber = known(OLD_SIM)
    asked = facts(subscriber, sees(OLD_SIM, subscriber, form=form), passed_in=passed_in)
    assert decide(asked).rule == "same"
    swapped = replace(asked, sim=sees(NEW_SIM, subscriber, form=form))
    assert decide(swapped).rule == "imsi_differs"


def test_the_imsi_code_of_the_manual_is_an_md5_and_differs() -> None:
    passed_in = seal_passed_in("D92C2B0A1D5C64BBA8DD8BCE43C4BA11", KEYS, ImsiForm.MD5)
    assert passed_in is not None
    subscriber = known(OLD_SIM)
    asked = facts(subscriber, sees(OLD_SIM, subscriber, form=ImsiForm.MD5), passed_in=passed_in)
    assert decide(asked).rule == "imsi_differs"


def test_an_imsi_code_that_no_source_form_can_be_held_against_is_unconfirmed() -> None:
    passed_in = seal_passed_in("D92C2B0A1D5C64BBA8DD8BCE43C4BA11", KEYS, ImsiForm.MD5)
    subscriber = known(OLD_SIM)
    asked = facts(subscriber, sees(OLD_SIM, subscriber), passed_in=passed_in)
    assert decide(asked).rule == "imsi_unconfirmed"


def test_an_equal_imsi_code_without_a_reference_teaches_it() -> None:
    asked = facts(NEW_SUBSCRIBER, sees(OLD_SIM, NEW_SUBSCRIBER), passed_in=sealed(OLD_SIM))
    decision = decide(asked)
    assert decision.rule == "first-seen"
    assert decision.subscriber is not None
    assert decision.subscriber.reference == learnt(sealed(OLD_SIM), NOW, Grade.FIRST_SEEN)


def test_a_differing_imsi_code_without_a_reference_teaches_nothing() -> None:
    asked = facts(NEW_SUBSCRIBER, sees(OLD_SIM, NEW_SUBSCRIBER), passed_in=sealed(NEW_SIM))
    assert (decide(asked).rule, decide(asked).subscriber) == ("imsi_differs", None)


def test_a_caller_who_owns_the_reference_brings_a_retired_sim_back() -> None:
    subscriber = Subscriber(Reference((member(NEW_SIM),), (member(OLD_SIM).imsi,)), messaged=True)
    asked = facts(
        subscriber, sees(OLD_SIM, subscriber), passed_in=sealed(OLD_SIM), caller_owns_reference=True
    )
    decision = decide(asked)
    assert decision.subscriber is not None
    assert [one.imsi for one in decision.subscriber.reference.members] == [sealed(OLD_SIM).newest()]
    assert decision.subscriber.reference.retired == (sealed(NEW_SIM).newest(),)


def test_owning_the_reference_needs_an_imsi_code() -> None:
    subscriber = known(OLD_SIM)
    asked = facts(subscriber, sees(NEW_SIM, subscriber), caller_owns_reference=True)
    assert decide(asked).rule == "changed"


# -------------------------------------------------------------------------------- first contact


def test_send_then_look_lets_only_the_very_first_message_leave_unasked() -> None:
    first = facts(NEW_SUBSCRIBER, looks_first=False)
    assert not needs_answer(first)
    decision = decide(first)
    assert (decision.verdict, decision.reason) == (Verdict.SEND, "first_contact")
    assert decision.relook
    assert not decision.unverified
    assert decision.subscriber == replace(NEW_SUBSCRIBER, messaged=True)
    assert needs_answer(replace(first, subscriber=decision.subscriber))


def test_send_then_look_asks_where_there_is_a_reference_already() -> None:
    never_messaged = replace(known(), messaged=False)
    assert needs_answer(facts(never_messaged, looks_first=False))


def test_send_then_look_asks_where_an_imsi_is_passed_in() -> None:
    assert needs_answer(facts(NEW_SUBSCRIBER, looks_first=False, passed_in=sealed(OLD_SIM)))


def test_look_then_send_asks_before_the_very_first_message() -> None:
    assert needs_answer(facts(NEW_SUBSCRIBER))


def test_a_number_that_should_have_been_asked_for_counts_as_unavailable() -> None:
    decision = decide(facts(known()))
    assert (decision.rule, decision.unverified) == ("unavailable", True)
    assert decide(facts(known(), policy="strict")).verdict is Verdict.DENY


# ---------------------------------------------------------------------- reference and candidate


def test_a_denied_first_sight_teaches_nothing() -> None:
    decision = decide(facts(NEW_SUBSCRIBER, gives(NoData.BARRED)))
    assert decision.subscriber is None


def test_the_same_sim_moves_its_last_sight_only() -> None:
    subscriber = known(OLD_SIM)
    decision = decide(facts(subscriber, sees(OLD_SIM, subscriber)))
    assert decision.subscriber is not None
    (before,), (after,) = subscriber.reference.members, decision.subscriber.reference.members
    assert after == replace(before, last_seen=NOW)


def test_a_flip_within_the_set_is_no_swap() -> None:
    twins = known(OLD_SIM, NEW_SIM)
    for minute, imsi in enumerate((OLD_SIM, NEW_SIM, OLD_SIM)):
        decision = decide(facts(twins, sees(imsi, twins), now=NOW + 60 * minute))
        assert (decision.rule, decision.case_opened) == ("same", False)
        assert decision.subscriber is not None
        twins = decision.subscriber
    assert len(twins.reference.members) == 2


def test_a_return_to_a_retired_sim_is_a_change() -> None:
    subscriber = Subscriber(Reference((member(NEW_SIM),), (member(OLD_SIM).imsi,)), messaged=True)
    assert decide(facts(subscriber, sees(OLD_SIM, subscriber))).rule == "changed"


def test_a_candidate_seen_again_keeps_its_first_sight_and_opens_no_second_case() -> None:
    subscriber = known(OLD_SIM)
    first = decide(facts(subscriber, sees(NEW_SIM, subscriber)))
    assert first.subscriber is not None
    again = decide(facts(first.subscriber, sees(NEW_SIM, first.subscriber), now=NOW + 60))
    assert (again.rule, again.case_opened, again.notice) == ("changed", False, True)
    assert again.subscriber is not None
    assert again.subscriber.candidate == Candidate(sealed(NEW_SIM).newest(), NOW, NOW + 60)


def test_another_candidate_takes_the_place_of_the_first_and_opens_a_case() -> None:
    subscriber = replace(known(OLD_SIM), candidate=Candidate(sealed(NEW_SIM).newest(), NOW - 9, NOW - 9))
    decision = decide(facts(subscriber, sees(THIRD_SIM, subscriber)))
    assert decision.case_opened
    assert decision.subscriber is not None
    assert decision.subscriber.candidate == Candidate(sealed(THIRD_SIM).newest(), NOW, NOW)


def test_a_candidate_is_rewritten_under_the_newest_key() -> None:
    rotated = KeyRing({1: b"k" * 32, 2: b"n" * 32})
    subscriber = replace(known(OLD_SIM), candidate=Candidate(sealed(NEW_SIM).newest(), NOW - 9, NOW - 9))
    sim = replace(sees(NEW_SIM, subscriber), imsi=sealed(NEW_SIM, rotated))
    decision = decide(facts(subscriber, sim))
    assert not decision.case_opened
    assert decision.subscriber is not None
    assert decision.subscriber.candidate == Candidate(sealed(NEW_SIM, rotated).newest(), NOW - 9, NOW)


def test_a_reverify_that_waits_outlives_what_the_gate_learns() -> None:
    pending = PendingReverify("o.petrova", "called back", NOW - 60, NOW + 840)
    waiting = replace(NEW_SUBSCRIBER, pending=pending)
    decision = decide(facts(waiting, sees(OLD_SIM, waiting)))
    assert decision.subscriber is not None
    assert decision.subscriber.pending == pending
    assert decision.subscriber.reference


def test_a_record_that_stays_as_it_is_is_not_stored() -> None:
    assert decide(facts(known(), gives(NoData.UNAVAILABLE))).subscriber is None


# ------------------------------------------------------------------------------------- effects


def test_nobody_is_noticed_of_a_refusal_without_a_reference() -> None:
    differs = facts(NEW_SUBSCRIBER, sees(OLD_SIM, NEW_SUBSCRIBER), passed_in=sealed(NEW_SIM))
    assert not decide(differs).notice
    subscriber = known(OLD_SIM)
    assert decide(replace(differs, subscriber=subscriber, sim=sees(OLD_SIM, subscriber))).notice


def test_a_step_up_where_there_is_none_to_be_had_is_a_deny_that_says_so() -> None:
    decision = decide(facts(known(), gives(NoData.NOT_SUPPORTED), policy="strict", can_step_up=False))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "no_step_up")
    assert (decision.rule, decision.policy_verdict) == ("not-supported", Verdict.STEP_UP)


@pytest.mark.parametrize(
    ("kind", "goes_on"),
    [
        (kind, kind in {NoData.ABSENT, NoData.UNAVAILABLE})
        for kind in NoData
        if kind is not NoData.INCOMPARABLE
    ],
)
def test_a_missing_reference_is_looked_for_by_class(kind: NoData, *, goes_on: bool) -> None:
    assert decide(facts(NEW_SUBSCRIBER, gives(kind))).relook is goes_on
    assert decide(facts(NEW_SUBSCRIBER, gives(kind), policy="strict")).relook is goes_on


def test_a_code_that_left_unverified_is_looked_after_and_a_refusal_is_not() -> None:
    assert decide(facts(known(), gives(NoData.UNAVAILABLE))).relook
    assert not decide(facts(known(), gives(NoData.UNAVAILABLE), policy="strict")).relook


# ---------------------------------------------------------------------------------- vocabulary


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "0-24h"),
        (24 * HOUR - 1, "0-24h"),
        (24 * HOUR, "24-72h"),
        (72 * HOUR - 1, "24-72h"),
        (72 * HOUR, "72h-10d"),
        (10 * DAY - 1, "72h-10d"),
        (10 * DAY, "older"),
    ],
)
def test_the_age_of_a_change_falls_into_its_band(age: int, band: str) -> None:
    by_sight = known(first_seen=NOW - age)
    assert case_of(facts(by_sight, sees(OLD_SIM, by_sight))).age == band
    by_date = known(first_seen=NOW - 99 * DAY)
    assert case_of(facts(by_date, sees(OLD_SIM, by_date, swapped_at=NOW - age))).age == band


def test_an_earlier_swap_date_makes_no_sight_older() -> None:
    subscriber = known(first_seen=NOW - HOUR)
    assert case_of(facts(subscriber, sees(OLD_SIM, subscriber, swapped_at=NOW - 99 * DAY))).age == "0-24h"
    new = facts(NEW_SUBSCRIBER, sees(OLD_SIM, NEW_SUBSCRIBER, swapped_at=NOW - 99 * DAY))
    assert case_of(new).age == "0-24h"


def test_an_age_that_a_person_waived_counts_as_older() -> None:
    trusted = member(OLD_SIM, first_seen=NOW - HOUR, grade=Grade.CONFIRMED, age_waived=True)
    subscriber = Subscriber(Reference((trusted,)))
    assert case_of(facts(subscriber, sees(OLD_SIM, subscriber))).age == "older"


def test_a_change_and_no_data_have_no_age() -> None:
    assert case_of(facts(known(), sees(NEW_SIM, known()))).age == "none"
    assert case_of(facts(known(), gives(NoData.ABSENT))).age == "none"


def test_the_grade_is_that_of_the_sim_seen_or_else_the_best_of_the_set() -> None:
    trusted = (member(OLD_SIM), member(NEW_SIM, grade=Grade.CONFIRMED))
    subscriber = Subscriber(Reference(trusted))
    assert case_of(facts(subscriber, sees(OLD_SIM, subscriber))).grade == "first_seen"
    assert case_of(facts(subscriber, gives(NoData.ABSENT))).grade == "confirmed"
    assert case_of(facts(NEW_SUBSCRIBER, gives(NoData.ABSENT))).grade == "none"


def test_a_case_is_put_in_the_words_of_the_policy() -> None:
    sim = replace(sees(OLD_SIM, known()), roaming=True)
    case = case_of(facts(known(), sim, operation=PAYMENT, traffic=Traffic.RELAYED, unverified_today=3))
    assert (case.traffic, case.sim, case.reference, case.roaming) == ("relayed", "same", "present", "yes")
    assert (case.purpose, case.country, case.operator, case.amount) == ("*", "*", "*", "any")
    assert case.ceiling == "reached"


def test_a_malformed_imsi_code_is_refused_before_a_bound_override_is_asked_for() -> None:
    asked = facts(_with_mode(Mode.ALWAYS_ALLOW, bound_to=OLD_SIM), passed_in=MalformedImsi())
    assert not needs_answer(asked)
    assert decide(asked).rule == "imsi_malformed"


def test_a_sim_answer_knows_its_word() -> None:
    assert gives(NoData.ABSENT).token() == "no_data:absent"
    assert sees(OLD_SIM, known()).token() == SimState.SAME.value
