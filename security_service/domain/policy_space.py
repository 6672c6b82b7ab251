"""All cases that can come before a policy, as sets of bits; leaves what they mean to policy_check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from itertools import product
from operator import or_
from typing import Final

from security_service.domain.operation import exponent_of
from security_service.domain.policy import (
    ATTRIBUTES,
    FIXED_VALUES,
    OTHER,
    SIM_VALUES,
    AgeBand,
    AmountBands,
    Attribute,
    Policy,
)

MOST_CASES: Final = 200_000
"""Above this a policy is not enumerated: it takes a second or so."""

MOST_GROUPS: Final = 100

_TIED: Final[tuple[Attribute, ...]] = ("sim", "reference", "grade", "age", "roaming")
"""Attributes that depend on each other; all others go with everything."""

_FREED_FIRST: Final[tuple[Attribute, ...]] = (
    "operator", "country", "roaming", "traffic", "purpose", "ceiling", "grade", "age", "amount",
    "reference", "sim",
)  # fmt: skip
"""In this order a group of cases grows, so that what matters least is left out of its text first."""

Amount = tuple[int | None, str]
Cases = int
"""A set of cases: bit n stands for case n of a space."""


@dataclass(frozen=True, slots=True)
class TooManyCases:
    """The space was not enumerated: it has `cases` cases, more than `most`."""

    cases: int
    most: int = MOST_CASES


@dataclass(frozen=True, slots=True)
class Group:
    """Cases that differ in nothing that is named here; `cases` tells how many they are."""

    values: tuple[tuple[Attribute, tuple[str, ...]], ...]
    cases: int

    def __str__(self) -> str:
        return ", ".join(f"{name} = {' | '.join(values)}" for name, values in self.values) or "every case"


@dataclass(frozen=True, slots=True)
class Groups:
    """A set of cases put into few words; `left_out` counts those beyond the greatest number of groups."""

    groups: tuple[Group, ...]
    left_out: int = 0

    def __bool__(self) -> bool:
        return bool(self.groups)


def _ties() -> Iterator[tuple[str, ...]]:
    grades, ages = FIXED_VALUES["grade"][1:], tuple(AgeBand)[1:]
    roamings = FIXED_VALUES["roaming"]
    for sim in SIM_VALUES:
        if sim == "first_seen":
            yield from product([sim], ["none"], ["none"], [AgeBand.DAY.value], roamings)
        elif sim == "same":
            yield from product([sim], ["present"], grades, [age.value for age in ages], roamings)
        elif sim in {"changed", "no_data:incomparable"}:
            yield from product([sim], ["present"], grades, ["none"], roamings)
        else:
            dates = tuple(age.value for age in AgeBand)
            yield from product([sim], ["none"], ["none"], dates, ["unknown"])
            yield from product([sim], ["present"], grades, dates, ["unknown"])


POSSIBLE: Final = tuple(_ties())
"""What sim, reference, grade, age and roaming can be together.

`first_seen` is the answer where there is no reference, and it was seen this very moment;
`same`, `changed` and `incomparable` need a reference to compare with; only with a reference is
there a grade; an age has an IMSI that is trusted or becomes so, and a number without an answer
whose last swap another source dates; without an IMSI nobody knows about roaming.
"""


@dataclass(frozen=True, slots=True)
class Space:
    """Every possible case, told apart by the attributes that the policies name.

    `domains` holds the values of each such attribute, `sets` the cases that have each value.
    `amounts` is there where the policies band amounts differently: one amount for each value.
    """

    domains: Mapping[Attribute, tuple[str, ...]]
    sets: Mapping[Attribute, Mapping[str, Cases]]
    size: int
    amounts: Mapping[str, Amount]

    @property
    def everything(self) -> Cases:
        """All cases."""
        return (1 << self.size) - 1

    def holding(self, policy: Policy, when: Mapping[Attribute, frozenset[str]]) -> Cases:
        """Give the cases that conditions of this policy hold for."""
        cases = self.everything
        for attribute, values in when.items():
            sets = self.sets[attribute]
            cases &= _union(sets[value] for value in sets if self._holds(policy, attribute, value, values))
        return cases

    def _holds(self, policy: Policy, attribute: Attribute, value: str, values: frozenset[str]) -> bool:
        if attribute == "amount" and self.amounts:
            return policy.amounts.band(*self.amounts[value]) in values
        return value in values or (OTHER in values and policy.known(attribute, value) == OTHER)

    def groups(self, cases: Cases) -> Groups:
        """Put a set of cases into few groups: each grows as far as no other case comes in."""
        found: list[Group] = []
        left = cases
        while left and len(found) < MOST_GROUPS:
            seed = left & -left
            chosen = {
                attribute: [value for value in sets if sets[value] & seed]
                for attribute, sets in self.sets.items()
            }
            for attribute in self._in_order():
                others = self._box(chosen, but=attribute)
                sets = self.sets[attribute]
                chosen[attribute] = [value for value in sets if not others & sets[value] & ~cases]
            box = self._box(chosen)
            found.append(Group(self._words(chosen, box), (box & left).bit_count()))
            left &= ~box
        return Groups(tuple(found), left.bit_count())

    def _in_order(self) -> list[Attribute]:
        return [attribute for attribute in _FREED_FIRST if attribute in self.sets]

    def _box(self, chosen: Mapping[Attribute, Sequence[str]], but: Attribute | None = None) -> Cases:
        cases = self.everything
        for attribute, values in chosen.items():
            if attribute != but:
                cases &= _union(self.sets[attribute][value] for value in values)
        return cases

    def _words(
        self, chosen: Mapping[Attribute, Sequence[str]], box: Cases
    ) -> tuple[tuple[Attribute, tuple[str, ...]], ...]:
        """What a group's text names: nothing that is left open, no value that never comes up in it."""
        return tuple(
            (attribute, tuple(value for value in chosen[attribute] if self.sets[attribute][value] & box))
            for attribute in ATTRIBUTES
            if attribute in chosen and len(chosen[attribute]) < len(self.domains[attribute])
        )


def space_of(policies: Sequence[Policy]) -> Space | TooManyCases:
    """Enumerate the possible cases, as far as rules or expected cases of the policies tell them apart."""
    named = {
        attribute: _named(policies, attribute)
        for attribute in ATTRIBUTES
        if any(attribute in when for when in _conditions(policies))
    }
    tied = [attribute for attribute in _TIED if attribute in named]
    places = [_TIED.index(attribute) for attribute in tied]
    rows = list(dict.fromkeys(tuple(row[place] for place in places) for row in POSSIBLE))
    amounts = _amounts(policies) if "amount" in named else {}
    free = {attribute: values for attribute, values in named.items() if attribute not in _TIED}
    if amounts:
        free["amount"] = tuple(amounts)
    size = reduce(lambda total, values: total * len(values), free.values(), len(rows))
    if size > MOST_CASES:
        return TooManyCases(size)
    domains = {attribute: named[attribute] for attribute in tied} | free
    points = ((*row, *rest) for row in rows for rest in product(*free.values()))
    return Space(domains, _sets(domains, points, size), size, amounts)


def _conditions(policies: Sequence[Policy]) -> Iterator[Mapping[Attribute, frozenset[str]]]:
    for policy in policies:
        yield from (rule.when for rule in policy.rules)
        yield from (case.when for case in policy.cases)


def _named(policies: Sequence[Policy], attribute: Attribute) -> tuple[str, ...]:
    if attribute == "amount":
        return ("none", *policies[0].amounts.names)
    if attribute in FIXED_VALUES:
        return FIXED_VALUES[attribute]
    values = {value for when in _conditions(policies) for value in when.get(attribute, ())}
    return (*sorted(values - {OTHER}), OTHER)


def _sets(
    domains: Mapping[Attribute, tuple[str, ...]], points: Iterable[tuple[str, ...]], size: int
) -> Mapping[Attribute, Mapping[str, Cases]]:
    planes = [{value: bytearray(size // 8 + 1) for value in values} for values in domains.values()]
    for number, point in enumerate(points):
        byte, bit = number >> 3, 1 << (number & 7)
        for plane, value in zip(planes, point, strict=True):
            plane[value][byte] |= bit
    return {
        attribute: {value: int.from_bytes(raw, "little") for value, raw in plane.items()}
        for attribute, plane in zip(domains, planes, strict=True)
    }


def _amounts(policies: Sequence[Policy]) -> Mapping[str, Amount]:
    """Where policies band amounts differently: one amount for every stretch that none of them cuts."""
    bands = [policy.amounts for policy in policies]
    if all(one == bands[0] for one in bands):
        return {}
    amounts: dict[str, Amount] = {"none": (None, "")}
    for currency in sorted({currency for one in bands for currency in one.by_currency}):
        limits = _limits(bands, currency)
        for limit in limits:
            amounts[f"up to {_major(limit, currency)} {currency}"] = (limit, currency)
        above = f"above {_major(limits[-1], currency)} {currency}" if limits else f"any {currency}"
        amounts[above] = (limits[-1] + 1 if limits else 1, currency)
    amounts["other currencies"] = (1, OTHER)
    return amounts


def _limits(bands: Sequence[AmountBands], currency: str) -> list[int]:
    found = {limit for one in bands for limit in one.by_currency.get(currency, ())}
    return sorted(limit for limit in found if limit is not None)


def _major(minor: int, currency: str) -> str:
    exponent = exponent_of(currency)
    return f"{Decimal(minor).scaleb(-exponent):.{exponent}f}"


def _union(sets: Iterable[Cases]) -> Cases:
    return reduce(or_, sets, 0)
