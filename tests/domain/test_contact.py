"""Whether a number may be called: what speaks against it always wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from security_service.domain.contact import Safety, contact_advice
from security_service.domain.imsi import Candidate, Grade, compare, learnt, no_data
from security_service.domain.lookup import Liveness, NoData, SimSeen
from security_service.domain.secret import Imsi
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode, Override, Subscriber
from tests.fakes.sim import NEW_SIM, OLD_SIM, sealed

NOW: Final = 1_800_000_000
DAY: Final = 86_400
LONG_KNOWN: Final = learnt(sealed(OLD_SIM), NOW - 90 * DAY, Grade.CONFIRMED)
SETTLED: Final = Subscriber(
    replace(LONG_KNOWN, members=(replace(LONG_KNOWN.members[0], last_seen=NOW - 60),)), messaged=True
)
SWAPPED: Final = replace(SETTLED, candidate=Candidate(sealed(NEW_SIM).newest(), NOW, NOW))
DENIED: Final = replace(SETTLED, override=Override(Mode.ALWAYS_DENY, "lead", "stolen", NOW, NOW + DAY))
SEEN: Final = SimSeen("s", Imsi(""), Liveness.LIVE, mcc_mnc="25001")


def test_a_sim_that_was_seen_of_late_and_is_long_known_is_safe() -> None:
    advice = contact_advice(SETTLED, NOW)
    assert (advice.safety, advice.reasons, advice.seen_at) == (Safety.SAFE, ("sim_unchanged",), NOW - 60)


@pytest.mark.parametrize(
    ("subscriber", "frozen", "reason"),
    [(SWAPPED, False, "sim_changed"), (DENIED, False, "always_deny"), (SETTLED, True, "frozen")],
)
def test_what_is_known_against_a_number_makes_it_unsafe(
    subscriber: Subscriber,
    frozen: bool,  # noqa: FBT001 - a parameter of the table
    reason: str,
) -> None:
    advice = contact_advice(subscriber, NOW, frozen=frozen)
    assert (advice.safety, advice.reasons) == (Safety.UNSAFE, (reason,))


def test_a_fresh_look_that_finds_another_sim_makes_it_unsafe() -> None:
    changed = compare(SETTLED.reference, SEEN, sealed(NEW_SIM))
    assert contact_advice(SETTLED, NOW, changed).reasons == ("sim_changed",)
    banned = replace(compare(SETTLED.reference, SEEN, sealed(OLD_SIM)), banned=True)
    assert contact_advice(SETTLED, NOW, banned).reasons == ("sim_banned",)


def test_a_fresh_look_that_finds_the_trusted_sim_settles_an_old_candidate() -> None:
    same = compare(SWAPPED.reference, SEEN, sealed(OLD_SIM))
    advice = contact_advice(SWAPPED, NOW, same)
    assert (advice.safety, advice.seen_at) == (Safety.SAFE, NOW)


@pytest.mark.parametrize("missing", list(NoData))
def test_no_answer_is_never_safe(missing: NoData) -> None:
    assert contact_advice(SETTLED, NOW, no_data(missing)).safety is not Safety.SAFE


def test_what_is_not_known_is_said_to_be_so() -> None:
    assert contact_advice(NEW_SUBSCRIBER, NOW).reasons == ("no_reference",)
    assert contact_advice(SETTLED, NOW + 2 * DAY).reasons == ("not_seen_today",)
    young = replace(SETTLED, reference=learnt(sealed(OLD_SIM), NOW - DAY, Grade.FIRST_SEEN))
    assert "sim_is_new" in contact_advice(young, NOW).reasons
