"""Whose word on which operator's SIMs may decide, and what it takes to win or lose that; stores nothing.

Design, section 3: trust per (source, MCC-MNC), and the guard against mass changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from security_service.domain.secret import Msisdn

HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S


class TrustWord(StrEnum):
    """What people decided: `stable` is believed, `learn` has to prove itself first, `never` is not heard."""

    STABLE = "stable"
    LEARN = "learn"
    NEVER = "never"


class TrustCause(StrEnum):
    """How an entry of the trust book came about."""

    PERSON = "person"
    LEARNT = "learnt"
    DEMOTED = "demoted"


@dataclass(frozen=True, slots=True)
class TrustEntry:
    """What holds for one (source, MCC-MNC); times are Unix seconds.

    `word` is None where only the easing was set. Until `eased_until` a changed SIM of this operator
    steps up where it would have been denied.
    """

    word: TrustWord | None
    cause: TrustCause
    by: str
    at: int
    eased_until: int = 0


@dataclass(frozen=True, slots=True)
class TrustRules:
    """What the settings say: a word for each source, and operators it is never believed on.

    A source that nobody set up is believed, for its answers come from a configured lookup.
    """

    by_source: Mapping[str, TrustWord] = field(default_factory=dict)
    never: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    def word(self, source: str, mcc_mnc: str) -> TrustWord:
        """Give the word of the settings on a source and an operator (empty where it is not known)."""
        if (source, mcc_mnc) in self.never:
            return TrustWord.NEVER
        return self.by_source.get(source, TrustWord.STABLE)

    def in_force(self, source: str, mcc_mnc: str, entry: TrustEntry | None) -> TrustWord:
        """Give the word that holds: the book's before the settings', but `never` of the settings stays."""
        configured = self.word(source, mcc_mnc)
        if configured is TrustWord.NEVER or entry is None or entry.word is None:
            return configured
        return entry.word


class Sight(StrEnum):
    """How a usable answer compared with the reference.

    `changed` is a new candidate; one that is seen again is `changed_again`.
    """

    FIRST = "first"
    SAME = "same"
    CHANGED = "changed"
    CHANGED_AGAIN = "changed_again"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One usable answer of a source, for statistics: `imsi` and `others` are tokens, not IMSIs.

    `others` are the different ones that this number is known to have shown within the day.
    """

    source: str
    mcc_mnc: str
    number: Msisdn
    imsi: str
    sight: Sight
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """How many answers were held against a reference, and how many of them were a new change."""

    compared: int
    changed: int


@dataclass(frozen=True, slots=True)
class TrustEvidence:
    """What was seen of one (source, MCC-MNC).

    `proved` counts numbers that gave one IMSI twice with an hour between; `scrambled` those that
    showed three in a day; `hour` is the hour under way, `base` the days before it.
    """

    proved: int
    scrambled: int
    hour: Rate
    base: Rate


@dataclass(frozen=True)
class TrustThresholds:
    """What it takes for a source to be believed, to be demoted, and for an operator to be in turmoil."""

    numbers_to_learn: int = field(
        default=50,
        metadata={
            "help": "numbers that must give one IMSI twice before `learn` may deny",
            "least": 1,
            "most": 1000,
        },
    )
    learn_apart_s: int = field(
        default=HOUR_S,
        metadata={"help": "seconds that lie at least between the two", "least": 60, "most": 604_800},
    )
    numbers_to_demote: int = field(
        default=20,
        metadata={
            "help": "numbers with three IMSIs in a day that end the trust in a source",
            "least": 2,
            "most": 1000,
        },
    )
    mass_changes: int = field(
        default=20,
        metadata={
            "help": "changed SIMs of one operator in an hour, under which nothing is a mass change",
            "least": 2,
            "most": 100_000,
        },
    )
    mass_times: float = field(
        default=10.0,
        metadata={
            "help": "how many times an operator's own rate of changes is a mass change",
            "least": 2,
            "most": 1000,
        },
    )

    def has_learnt(self, seen: TrustEvidence) -> bool:
        """True where enough numbers gave one IMSI twice."""
        return seen.proved >= self.numbers_to_learn

    def is_scrambled(self, seen: TrustEvidence) -> bool:
        """True where so many numbers show a new IMSI at every question that the network makes them up."""
        return seen.scrambled >= self.numbers_to_demote

    def is_mass_change(self, seen: TrustEvidence) -> bool:
        """True where the hour's rate of changes lies far above the operator's own.

        An operator without enough of a past is held against `_USUAL_RATE`; so is one whose past
        shows fewer changes than that, for a rate of nothing is exceeded by anything.
        """
        hour, base = seen.hour, seen.base
        if hour.changed < self.mass_changes:
            return False
        usual = base.changed / base.compared if base.compared >= _ENOUGH_PAST else 0.0
        return hour.changed > self.mass_times * max(usual, _USUAL_RATE) * hour.compared


_USUAL_RATE: Final = 0.001
"""Of a thousand answers that are held against a reference, one is a change: a SIM lasts for years."""

_ENOUGH_PAST: Final = 500


class TrustNews(StrEnum):
    """What an answer brought about; the words stand in metrics."""

    LEARNT = "learnt"
    DEMOTED = "demoted"
    MASS_CHANGE = "mass_change"
