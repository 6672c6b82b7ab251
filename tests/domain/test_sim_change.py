from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.gate import case_of, decide
from security_service.domain.imsi import (
    Grade,
    ImsiMember,
    Reference,
    ReferenceMember,
    SimAnswer,
    SimState,
    compare,
    dated,
    no_data,
    rejudged,
    usable,
)
from security_service.domain.lookup import Liveness, NoData, SimSeen, SwapDated
from security_service.domain.policy import AgeBand, Verdict
from security_service.domain.secret import Imsi
from security_service.domain.sim_change import SimChange, age_band, change_of, first_grade
from security_service.domain.subscriber import NEW_SUBSCRIBER
from tests.domain.gate_facts import (
    DAY,
    HOUR,
    NEW_SIM,
    NOW,
    OLD_SIM,
    PAYMENT,
    facts,
    gives,
    known,
    sealed,
    sees,
)

DATE_ONLY = SwapDated("camara", Liveness.LIVE, NOW - 5 * DAY, NOW - 6 * DAY, 120)


# ------------------------------------------------------------------------------ dates alone


def test_a_date_alone_is_not_supported_with_the_swap_known() -> None:
    answer = usable(DATE_ONLY, trusted=True)
    assert isinstance(answer, SimAnswer)
    assert answer.token() == "no_data:not_supported"
    assert (answer.swapped_at, answer.swapped_from) == (NOW - 5 * DAY, NOW - 6 * DAY)
    assert (answer.source, answer.detail) == ("camara", "date_only")


@pytest.mark.parametrize(
    ("date", "trusted", "detail"),
    [
        (replace(DATE_ONLY, liveness=Liveness.CACHED), True, "liveness_cached"),
        (replace(DATE_ONLY, liveness=Liveness.NOT_STATED), True, "liveness_not_stated"),
        (DATE_ONLY, False, "operator_not_trusted"),
    ],
)
def test_a_date_that_may_not_decide_is_not_kept(
    date: SwapDated,
    trusted: bool,  # noqa: FBT001 - a row of the table
    detail: str,
) -> None:
    answer = usable(date, trusted=trusted)
    assert isinstance(answer, SimAnswer)
    assert (answer.no_data, answer.detail, answer.swapped_at) == (NoData.UNTRUSTED, detail, None)


@pytest.mark.parametrize(
    ("ago", "band"),
    [
        (HOUR, AgeBand.DAY),
        (DAY - 1, AgeBand.DAY),
        (DAY, AgeBand.THREE_DAYS),
        (3 * DAY, AgeBand.TEN_DAYS),
        (10 * DAY, AgeBand.OLDER),
        (-HOUR, AgeBand.DAY),
    ],
)
def test_without_an_imsi_the_age_runs_from_the_swap_date(ago: int, band: AgeBand) -> None:
    date = SwapDated("camara", Liveness.LIVE, NOW - ago)
    for kind in NoData:
        if kind is not NoData.INCOMPARABLE:
            assert age_band(dated(no_data(kind), [date]), NOW) is band


def test_without_a_date_and_without_an_imsi_there_is_no_age() -> None:
    assert age_band(gives(NoData.NOT_SUPPORTED), NOW) is AgeBand.NONE


def test_a_changed_sim_has_no_age_whatever_the_date() -> None:
    answer = dated(sees(NEW_SIM, known()), [DATE_ONLY])
    assert answer.state is SimState.CHANGED
    assert age_band(answer, NOW) is AgeBand.NONE


def test_a_date_alone_leaves_the_shipped_verdicts_as_they_are() -> None:
    young = dated(gives(NoData.NOT_SUPPORTED), [SwapDated("camara", Liveness.LIVE, NOW)])
    assert decide(facts(known(), young)).verdict is Verdict.SEND
    assert decide(facts(known(), young, policy="strict")).verdict is Verdict.STEP_UP
    assert case_of(facts(known(), young)).age == "0-24h"


# ------------------------------------------------------------------- dates beside an IMSI


def test_the_latest_of_several_dates_counts() -> None:
    answer = sees(OLD_SIM, known())
    older, later = replace(DATE_ONLY, latest=NOW - 9 * DAY), replace(DATE_ONLY, latest=NOW - DAY)
    assert dated(answer, [older, later, older]).swapped_at == NOW - DAY
    assert dated(answer, []) == answer


def test_a_date_of_the_imsis_own_source_is_not_made_older() -> None:
    answer = sees(OLD_SIM, known(), swapped_at=NOW - HOUR)
    assert dated(answer, [DATE_ONLY]).swapped_at == NOW - HOUR
    assert dated(answer, [replace(DATE_ONLY, latest=NOW)]).swapped_at == NOW


@pytest.mark.parametrize(
    ("date", "band"),
    [
        # Swapped at some time of the last three days: it may have been this moment.
        (SwapDated("camara", Liveness.LIVE, NOW, NOW - 3 * DAY), AgeBand.DAY),
        (SwapDated("infobip", Liveness.LIVE, NOW - 24 * HOUR, NOW - 48 * HOUR), AgeBand.THREE_DAYS),
        (SwapDated("camara", Liveness.LIVE, NOW - 120 * DAY), AgeBand.OLDER),
    ],
)
def test_of_a_stretch_the_youngest_age_decides(date: SwapDated, band: AgeBand) -> None:
    assert age_band(dated(sees(OLD_SIM, known()), [date]), NOW) is band


def test_a_date_before_the_first_sight_changes_nothing() -> None:
    subscriber = known(first_seen=NOW - HOUR)
    answer = dated(sees(OLD_SIM, subscriber), [SwapDated("camara", Liveness.LIVE, NOW - 50 * DAY)])
    assert age_band(answer, NOW) is AgeBand.DAY


@pytest.mark.parametrize(
    ("swapped_at", "grade"),
    [
        (None, Grade.FIRST_SEEN),
        (NOW - 10 * DAY + 1, Grade.FIRST_SEEN),
        (NOW - 10 * DAY, Grade.DATED),
        (NOW - 400 * DAY, Grade.DATED),
    ],
)
def test_a_first_sight_is_dated_from_ten_days_on(swapped_at: int | None, grade: Grade) -> None:
    answer = sees(OLD_SIM, NEW_SUBSCRIBER)
    dates = [] if swapped_at is None else [SwapDated("camara", Liveness.LIVE, swapped_at)]
    assert first_grade(dated(answer, dates), NOW) is grade
    stored = decide(facts(NEW_SUBSCRIBER, dated(answer, dates))).subscriber
    assert stored is not None
    assert stored.reference.members[0].grade is grade


def test_a_stretch_that_may_reach_into_the_last_ten_days_dates_nothing() -> None:
    wide = SwapDated("camara", Liveness.LIVE, NOW - 9 * DAY, NOW - 400 * DAY)
    assert first_grade(dated(sees(OLD_SIM, NEW_SUBSCRIBER), [wide]), NOW) is Grade.FIRST_SEEN


# --------------------------------------------------------------------- the kind of a change


def _from(*operators: str) -> Reference:
    return Reference(
        tuple(
            ReferenceMember(ImsiMember(1, "imsi", bytes([place]) * 16, operator), 1, 1, Grade.CONFIRMED)
            for place, operator in enumerate(operators)
        )
    )


@pytest.mark.parametrize(
    ("reference", "mcc_mnc", "change"),
    [
        (_from("25001"), "25001", SimChange.SAME_OPERATOR),
        (_from("25001"), "25002", SimChange.PORT),
        (_from("25001"), "40101", SimChange.COUNTRY),
        (_from("25001", "28602"), "25001", SimChange.SAME_OPERATOR),
        (_from("28602", "25001"), "25002", SimChange.PORT),
        (_from(""), "25001", SimChange.UNKNOWN),
        (_from("25001"), "", SimChange.UNKNOWN),
        (Reference(), "25001", SimChange.UNKNOWN),
    ],
)
def test_the_clear_part_tells_a_replacement_from_a_port(
    reference: Reference, mcc_mnc: str, change: SimChange
) -> None:
    assert change_of(reference, mcc_mnc) is change


# ------------------------------------------------------------------- sources that learn


def _learning(imsi: str, reference: Reference) -> SimAnswer:
    seen = SimSeen("new", Imsi(""), Liveness.LIVE, mcc_mnc=imsi[:5])
    return compare(reference, seen, sealed(imsi), learning=True)


def test_a_source_that_learns_may_know_and_remember_but_not_deny() -> None:
    assert _learning(OLD_SIM, Reference()).state is SimState.FIRST_SEEN
    assert _learning(OLD_SIM, known().reference).state is SimState.SAME
    changed = _learning(NEW_SIM, known().reference)
    assert (changed.token(), changed.detail) == ("no_data:untrusted", "operator_still_learning")
    decision = decide(facts(known(), changed))
    assert decision.verdict is Verdict.SEND
    assert decision.subscriber is None


def test_a_record_that_moves_does_not_let_a_learning_source_deny() -> None:
    answer = rejudged(_learning(NEW_SIM, Reference()), known().reference)
    assert answer.token() == "no_data:untrusted"


# ------------------------------------------------------------------- an eased mass change


def _eased(imsi: str) -> SimAnswer:
    return replace(sees(imsi, known()), eased=True)


def test_a_leads_easing_turns_a_denied_change_into_a_step_up_and_never_into_a_send() -> None:
    decision = decide(facts(known(), _eased(NEW_SIM), operation=PAYMENT))
    assert (decision.verdict, decision.reason, decision.rule) == (
        Verdict.STEP_UP,
        "mass_change",
        "changed",
    )
    assert decision.policy_verdict is Verdict.DENY
    assert decision.subscriber is not None
    assert decision.subscriber.reference == known().reference
    assert decision.subscriber.candidate is not None
    cannot = decide(facts(known(), _eased(NEW_SIM), can_step_up=False))
    assert (cannot.verdict, cannot.reason) == (Verdict.DENY, "no_step_up")


def test_an_easing_touches_neither_the_same_sim_nor_what_is_decided_before_the_rules() -> None:
    assert decide(facts(known(), _eased(OLD_SIM))).reason == "sim_same"
    differs = facts(known(), _eased(NEW_SIM), passed_in=sealed(OLD_SIM))
    assert decide(differs).reason == "imsi_differs"
    passed_in = facts(known(), _eased(NEW_SIM), passed_in=sealed(NEW_SIM))
    assert decide(passed_in).verdict is Verdict.DENY
