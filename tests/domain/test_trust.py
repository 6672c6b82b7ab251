from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.trust import (
    Rate,
    TrustCause,
    TrustEntry,
    TrustEvidence,
    TrustRules,
    TrustThresholds,
    TrustWord,
)

THRESHOLDS = TrustThresholds()
QUIET = Rate(0, 0)
RULES = TrustRules({"new": TrustWord.LEARN, "bad": TrustWord.NEVER}, frozenset({("good", "25020")}))


def entry(word: TrustWord | None) -> TrustEntry:
    return TrustEntry(word, TrustCause.PERSON, "olga", 1)


def evidence(*, proved: int = 0, scrambled: int = 0, hour: Rate = QUIET, base: Rate = QUIET) -> TrustEvidence:
    return TrustEvidence(proved, scrambled, hour, base)


@pytest.mark.parametrize(
    ("source", "mcc_mnc", "book", "word"),
    [
        ("good", "25001", None, TrustWord.STABLE),
        ("good", "", None, TrustWord.STABLE),
        ("good", "25020", None, TrustWord.NEVER),
        ("new", "25001", None, TrustWord.LEARN),
        ("bad", "25001", None, TrustWord.NEVER),
        ("good", "25001", entry(TrustWord.NEVER), TrustWord.NEVER),
        ("good", "25001", entry(TrustWord.LEARN), TrustWord.LEARN),
        ("new", "25001", entry(TrustWord.STABLE), TrustWord.STABLE),
        # An easing alone says nothing about trust.
        ("new", "25001", entry(None), TrustWord.LEARN),
        # What the settings forbid no entry of the book allows.
        ("bad", "25001", entry(TrustWord.STABLE), TrustWord.NEVER),
        ("good", "25020", entry(TrustWord.STABLE), TrustWord.NEVER),
    ],
)
def test_the_book_comes_before_the_settings_but_never_stays_never(
    source: str, mcc_mnc: str, book: TrustEntry | None, word: TrustWord
) -> None:
    assert RULES.in_force(source, mcc_mnc, book) is word


def test_fifty_numbers_prove_a_source_and_one_fewer_does_not() -> None:
    assert not THRESHOLDS.has_learnt(evidence(proved=49))
    assert THRESHOLDS.has_learnt(evidence(proved=50))


def test_twenty_numbers_with_three_imsis_in_a_day_end_the_trust() -> None:
    assert not THRESHOLDS.is_scrambled(evidence(scrambled=19))
    assert THRESHOLDS.is_scrambled(evidence(scrambled=20))


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_single_changes_never_end_the_trust_however_many(compared: int, changed: int) -> None:
    assert not THRESHOLDS.is_scrambled(evidence(hour=Rate(compared + changed, changed)))


@pytest.mark.parametrize(
    ("hour", "base", "is_mass"),
    [
        # Twenty of a hundred change in an hour, one of a thousand before.
        (Rate(100, 20), Rate(10_000, 10), True),
        (Rate(100, 19), Rate(10_000, 10), False),
        # An operator whose SIMs change often: two of a hundred, ten times that is the line.
        (Rate(100, 20), Rate(10_000, 200), False),
        (Rate(100, 21), Rate(10_000, 200), True),
        # A large hour with as few changes as ever.
        (Rate(30_000, 30), Rate(100_000, 100), False),
        # Hardly a past, and one without a change: the usual rate is taken.
        (Rate(100, 20), Rate(499, 100), True),
        (Rate(100, 20), Rate(500, 100), False),
        (Rate(1_000, 20), Rate(100_000, 0), True),
        (Rate(2_000, 20), Rate(100_000, 0), False),
        (QUIET, QUIET, False),
    ],
)
def test_a_mass_change_is_held_against_the_operators_own_rate(
    hour: Rate,
    base: Rate,
    is_mass: bool,  # noqa: FBT001 - a row of the table
) -> None:
    assert THRESHOLDS.is_mass_change(evidence(hour=hour, base=base)) is is_mass
