"""When an authenticator counts: it must have been there before the SIM could be anybody else's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.imsi import Candidate, Grade, Reference, ReferenceMember, SimAnswer, SimState
from security_service.domain.lookup import NoData
from security_service.domain.secret import Msisdn
from security_service.domain.step_up import (
    EnrolledAuthenticator,
    StepUpMeans,
    means_of,
    sealed_about,
)
from security_service.domain.subscriber import Subscriber
from tests.fakes.sim import NEW_SIM, OLD_SIM, sealed

NOW = 1_700_000_000
DAY = 86_400
CHANGED = SimAnswer(SimState.CHANGED, imsi=sealed(NEW_SIM))
OLD = ReferenceMember(sealed(OLD_SIM).newest(), NOW - 300 * DAY, NOW - DAY, Grade.FIRST_SEEN)
KNOWN = Subscriber(Reference((OLD,)))


def swapped(first_seen: int) -> Subscriber:
    """One whose other SIM was first seen at a second."""
    return replace(KNOWN, candidate=Candidate(sealed(NEW_SIM).newest(), first_seen, NOW))


def means(confirmed_at: int, sim: SimAnswer, subscriber: Subscriber = KNOWN) -> StepUpMeans:
    return means_of(EnrolledAuthenticator("a", confirmed_at * 1000), sim, subscriber, NOW)


def same(first_seen: int, swapped_at: int | None = None, *, waived: bool = False) -> SimAnswer:
    member = replace(OLD, first_seen=first_seen, age_waived=waived)
    return SimAnswer(SimState.SAME, imsi=sealed(OLD_SIM), matched=member, swapped_at=swapped_at)


def test_without_an_authenticator_there_is_nothing_to_step_up_with() -> None:
    assert means_of(None, CHANGED, KNOWN, NOW) is StepUpMeans.NONE


def test_a_thief_who_enrols_after_the_swap_was_seen_cannot_step_up() -> None:
    assert means(NOW - 30, CHANGED, swapped(NOW - 60)) is StepUpMeans.TOO_NEW
    assert means(NOW - 60, CHANGED, swapped(NOW - 60)) is StepUpMeans.TOO_NEW
    assert means(NOW - 61, CHANGED, swapped(NOW - 60)) is StepUpMeans.READY


def test_a_thief_who_enrols_between_the_swap_and_its_first_sight_cannot_step_up() -> None:
    dated = replace(CHANGED, swapped_at=NOW - DAY)
    assert means(NOW - DAY + 5, dated) is StepUpMeans.TOO_NEW
    assert means(NOW - DAY + 5, dated, swapped(NOW - 60)) is StepUpMeans.TOO_NEW
    assert means(NOW - DAY - 1, dated, swapped(NOW - 60)) is StepUpMeans.READY


def test_a_date_that_is_later_than_the_first_sight_makes_nothing_older() -> None:
    assert means(NOW - DAY, replace(CHANGED, swapped_at=NOW - 60), swapped(NOW - 2 * DAY)) is (
        StepUpMeans.TOO_NEW
    )


def test_a_second_swap_does_not_make_an_authenticator_of_the_first_thief_count() -> None:
    again = replace(CHANGED, imsi=sealed("250991112223334"))
    assert means(NOW - DAY, again, swapped(NOW - 2 * DAY)) is StepUpMeans.TOO_NEW


def test_a_change_that_is_seen_right_now_leaves_every_earlier_authenticator() -> None:
    assert means(NOW - 1, CHANGED) is StepUpMeans.READY


@pytest.mark.parametrize("sim", [same(NOW - DAY), same(NOW - 300 * DAY, NOW - DAY)])
def test_a_trusted_sim_that_is_new_needs_an_authenticator_that_is_older(sim: SimAnswer) -> None:
    assert means(NOW - DAY + 1, sim) is StepUpMeans.TOO_NEW
    assert means(NOW - DAY - 1, sim) is StepUpMeans.READY


def test_a_trusted_sim_that_was_swapped_before_it_was_seen_counts_from_the_swap() -> None:
    assert means(NOW - 2 * DAY, same(NOW - DAY, NOW - 3 * DAY)) is StepUpMeans.TOO_NEW


@pytest.mark.parametrize("sim", [same(NOW - 300 * DAY), same(NOW - DAY, waived=True)])
def test_a_trusted_sim_that_has_settled_is_not_in_question(sim: SimAnswer) -> None:
    assert means(NOW - 1, sim) is StepUpMeans.READY


def test_where_no_source_tells_a_sim_only_a_late_swap_or_a_candidate_speaks_against_it() -> None:
    silent = SimAnswer(SimState.NO_DATA, NoData.NOT_SUPPORTED)
    assert means(NOW - 1, silent) is StepUpMeans.READY
    assert means(NOW - 1, replace(silent, swapped_at=NOW - DAY)) is StepUpMeans.TOO_NEW
    assert means(NOW - DAY, replace(silent, swapped_at=NOW - 400 * DAY)) is StepUpMeans.READY
    assert means(NOW - 1, silent, swapped(NOW - DAY)) is StepUpMeans.TOO_NEW


def test_a_sim_that_is_seen_for_the_first_time_is_new_unless_a_source_dates_it() -> None:
    first = SimAnswer(SimState.FIRST_SEEN, imsi=sealed(NEW_SIM))
    nobody = Subscriber()
    assert means(NOW - 1, first, nobody) is StepUpMeans.READY
    assert means(NOW, first, nobody) is StepUpMeans.TOO_NEW
    assert means(NOW - 1, replace(first, swapped_at=NOW - DAY), nobody) is StepUpMeans.TOO_NEW
    assert means(NOW - 1, replace(first, swapped_at=NOW - 90 * DAY), nobody) is StepUpMeans.READY


def test_a_sealed_secret_is_bound_to_tenant_and_number() -> None:
    numbers = [Msisdn("79160000001"), Msisdn("79160000002")]
    assert len({sealed_about(tenant, number) for tenant in ("a", "b") for number in numbers}) == 4
