"""A policy: ordered rules over a closed vocabulary, first match decides; leaves effects to the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

OTHER: Final = "*"
"""Stands for every purpose, country or operator that a policy does not name."""


class Verdict(StrEnum):
    """What becomes of a message."""

    SEND = "send"
    STEP_UP = "step_up"
    HOLD = "hold"
    DENY = "deny"


class AgeBand(StrEnum):
    """How long ago the SIM changed, from the first sight of the IMSI or its later swap date."""

    NONE = "none"
    DAY = "0-24h"
    THREE_DAYS = "24-72h"
    TEN_DAYS = "72h-10d"
    OLDER = "older"


class Traffic(StrEnum):
    """What kind of message asks to pass; `hold` is for relayed and deferred ones only."""

    CODE = "code"
    RELAYED = "relayed"
    DEFERRED = "deferred"


Attribute = Literal[
    "traffic", "sim", "reference", "grade", "age", "purpose", "amount", "country", "operator",
    "roaming", "ceiling",
]  # fmt: skip

ATTRIBUTES: Final[tuple[Attribute, ...]] = (
    "traffic", "sim", "reference", "grade", "age", "purpose", "amount", "country", "operator",
    "roaming", "ceiling",
)  # fmt: skip
"""The closed vocabulary. `mode` is not in it: always_deny and always_allow decide before any rule."""

SIM_VALUES: Final = (
    "first_seen", "same", "changed", "no_data:unknown_subscriber", "no_data:absent",
    "no_data:barred", "no_data:not_supported", "no_data:untrusted", "no_data:incomparable",
    "no_data:unavailable",
)  # fmt: skip

FIXED_VALUES: Final[Mapping[Attribute, tuple[str, ...]]] = {
    "traffic": tuple(Traffic),
    "sim": SIM_VALUES,
    "reference": ("none", "present"),
    "grade": ("none", "first_seen", "dated", "confirmed"),
    "age": tuple(AgeBand),
    "roaming": ("no", "unknown", "yes"),
    "ceiling": ("within", "reached"),
}
"""Attributes whose values are known beforehand; purposes, amount bands, countries and operators
take what a policy names, and `*` for the rest."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case as a policy sees it: a value of the vocabulary for every attribute.

    `amount` is `none` or the name of a band of the policy; purpose, country and operator are
    `*` where the policy does not name them.
    """

    traffic: str
    sim: str
    reference: str
    grade: str
    age: str
    purpose: str
    amount: str
    country: str
    operator: str
    roaming: str
    ceiling: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: matches where every attribute it names has one of the values it lists."""

    name: str
    verdict: Verdict
    reason: str
    when: Mapping[Attribute, frozenset[str]] = field(default_factory=dict)
    notice: bool = False

    def matches(self, case: Case) -> bool:
        """Tell whether this rule decides the case."""
        for attribute, values in self.when.items():  # noqa: SIM110 - `all` doubles the time of a decision
            if getattr(case, attribute) not in values:
                return False
        return True


@dataclass(frozen=True, slots=True)
class AmountBands:
    """Named bands of amounts by currency, ascending; `limits` are in minor units, the last is None.

    `by_currency` maps a currency to its bands; a currency without bands of its own is in the
    greatest band, so that an unforeseen currency is judged with the most care.
    """

    names: tuple[str, ...]
    by_currency: Mapping[str, tuple[int | None, ...]]

    def band(self, minor: int | None, currency: str) -> str:
        """Give the band of an amount: `none` without one."""
        if minor is None:
            return "none"
        limits = self.by_currency.get(currency)
        if limits is None:
            return self.names[-1]
        for name, limit in zip(self.names, limits, strict=True):
            if limit is None or minor <= limit:
                return name
        return self.names[-1]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How many unverified sends a policy bears: a number's day, a tenant's hour."""

    per_number_day: int = 3
    tenant_hour_percent: int = 5
    tenant_hour_floor: int = 100


@dataclass(frozen=True, slots=True)
class ExpectedCase:
    """What the author of a policy expects of every possible case with these values.

    An empty `reason` or `rule` expects nothing of it.
    """

    when: Mapping[Attribute, frozenset[str]]
    verdict: Verdict
    reason: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """A version of a policy. `observe` decides as written, always sends, records what it would do.

    `recheck_without_answer` says what a pin at check does without an answer or a pin (design,
    section 2); `caller_owns_reference` whether a tenant's setting of that name is heard at all;
    `cases` are for the checker and decide nothing.
    """

    name: str
    version: str
    rules: tuple[Rule, ...]
    amounts: AmountBands
    ceiling: Ceiling = field(default_factory=Ceiling)
    observe: bool = False
    recheck_without_answer: Literal["accept", "refuse"] = "accept"
    caller_owns_reference: Literal["by_tenant", "never"] = "by_tenant"
    cases: tuple[ExpectedCase, ...] = ()
    _named: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = {
            attribute: frozenset(
                value for rule in self.rules for value in rule.when.get(attribute, frozenset())
            )
            for attribute in ATTRIBUTES
        }
        object.__setattr__(self, "_named", named)

    def decide(self, case: Case) -> Rule:
        """Give the first rule that matches; the last rule matches every case."""
        for rule in self.rules:
            if rule.matches(case):
                return rule
        raise AssertionError("a policy ends with a rule that matches every case")

    def named(self, attribute: Attribute) -> frozenset[str]:
        """The values that the rules of this policy name for an attribute."""
        return self._named[attribute]

    def known(self, attribute: Attribute, value: str) -> str:
        """Give the value itself where a rule names it, else `*`."""
        return value if value in self._named[attribute] else OTHER
