"""Policy documents (TOML) to policies, with every fault named at once; leaves files to the caller."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal, cast

from security_service.domain.gate import FIXED_RULES
from security_service.domain.operation import exponent_of
from security_service.domain.policy import (
    ATTRIBUTES,
    FIXED_VALUES,
    OTHER,
    AmountBands,
    Attribute,
    Ceiling,
    ExpectedCase,
    Policy,
    Rule,
    Verdict,
)

MOST_CHARACTERS: Final = 65_536
MOST_RULES: Final = 200
MOST_CASES: Final = 500
MOST_VALUES: Final = 100
MOST_BANDS: Final = 10

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_VERSION: Final = re.compile(r"[A-Za-z0-9._-]{1,32}")
_REASON: Final = re.compile(r"[a-z_]{1,64}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_OPEN_VALUES: Final[Mapping[Attribute, re.Pattern[str]]] = {
    "purpose": re.compile(r"[A-Za-z0-9_.-]{1,32}"),
    "country": re.compile(r"[A-Z]{2}"),
    "operator": re.compile(r"[0-9]{5,6}"),
}
_GREATEST_LIMIT: Final = Decimal(10) ** 12
_ONE_BAND: Final = "any"

Table = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """One fault: the place (`rule "same"`, `ceiling`, `document`) and a sentence."""

    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class PolicyFaults:
    """All that is wrong with a document, in its order; never empty."""

    faults: tuple[PolicyFault, ...]


def parse_policy(text: str) -> Policy | PolicyFaults:
    """Read a policy document (docs/how-to/write-a-policy.md).

    Unknown members, attributes and values are faults, as is everything that a person can only
    have meant otherwise. Never raises for what a text holds.
    """
    if len(text) > MOST_CHARACTERS:
        return PolicyFaults((PolicyFault("document", f"longer than {MOST_CHARACTERS} characters"),))
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except ValueError as error:
        return PolicyFaults((PolicyFault("document", f"not TOML: {error}"),))
    except RecursionError:
        return PolicyFaults((PolicyFault("document", "nested too deeply"),))
    reader = _Reader()
    policy = reader.policy(document)
    return PolicyFaults(tuple(reader.faults)) if reader.faults else policy


@dataclass(slots=True)
class _Reader:
    """Reads tables member by member and goes on after a fault, so that all are found at once."""

    faults: list[PolicyFault] = field(default_factory=list)
    bands: tuple[str, ...] = (_ONE_BAND,)

    def policy(self, document: Table) -> Policy:
        where = "document"
        known = "name version observe recheck_without_answer caller_owns_reference ceiling amounts rule case"
        self._members(document, known, where)
        amounts = self._amounts(document)
        rules = self._rules(document)
        return Policy(
            name=self._text(document, "name", where, _NAME),
            version=self._text(document, "version", where, _VERSION),
            rules=rules,
            amounts=amounts,
            ceiling=self._ceiling(document),
            observe=self._flag(document, "observe", where),
            recheck_without_answer=cast(
                "Literal['accept', 'refuse']",
                self._choice(document, "recheck_without_answer", where, ("accept", "refuse")),
            ),
            caller_owns_reference=cast(
                "Literal['by_tenant', 'never']",
                self._choice(document, "caller_owns_reference", where, ("by_tenant", "never")),
            ),
            cases=self._cases(document, frozenset(rule.name for rule in rules)),
        )

    # ------------------------------------------------------------------------------------- sections

    def _ceiling(self, document: Table) -> Ceiling:
        where, default = "ceiling", Ceiling()
        table = self._table(document, where)
        self._members(table, "per_number_day tenant_hour_percent tenant_hour_floor", where)
        return Ceiling(
            self._whole(table, "per_number_day", where, (default.per_number_day, 10_000)),
            self._whole(table, "tenant_hour_percent", where, (default.tenant_hour_percent, 100)),
            self._whole(table, "tenant_hour_floor", where, (default.tenant_hour_floor, 1_000_000)),
        )

    def _amounts(self, document: Table) -> AmountBands:
        where = "amounts"
        table = self._table(document, where)
        self._members(table, "bands limits", where)
        bands = self._texts(table.get("bands", [_ONE_BAND]), where, "bands")
        if not 1 <= len(bands) <= MOST_BANDS or len(set(bands)) != len(bands):
            self._fault(where, f"bands must be 1 to {MOST_BANDS} names, each once")
        for band in bands:
            if not _NAME.fullmatch(band) or band == "none":
                self._fault(where, f"{_shown(band)} is no name of a band; `none` stands for no amount")
        self.bands = bands
        limits = self._table(table, "limits", "amounts.limits")
        return AmountBands(
            bands or (_ONE_BAND,),
            {currency: self._limits(currency, given, len(bands)) for currency, given in limits.items()},
        )

    def _limits(self, currency: str, given: object, bands: int) -> tuple[int | None, ...]:
        where = f"amounts.limits.{_shown(currency)}"
        if not _CURRENCY.fullmatch(currency):
            self._fault(where, "a currency is three capital letters of ISO 4217")
        numbers = given if isinstance(given, list) else [given]
        limits = [self._minor(number, currency, where) for number in numbers]
        if len(limits) != bands - 1:
            self._fault(where, f"{bands} bands need {bands - 1} limits: the last band is open")
        elif any(low >= high for low, high in pairwise(limits)):
            self._fault(where, "limits must ascend")
        return (*limits, None)

    def _minor(self, number: object, currency: str, where: str) -> int:
        if isinstance(number, bool) or not isinstance(number, int | Decimal):
            self._fault(where, f"{_shown(number)} is no number")
            return 0
        limit = (
            Decimal(number) if isinstance(number, Decimal) or abs(number) < _GREATEST_LIMIT else Decimal(-1)
        )
        if not limit.is_finite() or not 0 < limit <= _GREATEST_LIMIT:
            self._fault(where, f"a limit lies above 0 and up to {_GREATEST_LIMIT:f}")
            return 0
        minor = limit.scaleb(exponent_of(currency))
        if minor != minor.to_integral_value():
            self._fault(where, f"{limit} has more decimals than its currency")
        return int(minor)

    # ------------------------------------------------------------------------------ rules and cases

    def _rules(self, document: Table) -> tuple[Rule, ...]:
        tables = self._tables(document, "rule", MOST_RULES)
        rules = tuple(self._rule(table, place) for place, table in enumerate(tables, 1))
        names = [rule.name for rule in rules]
        for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
            self._fault(f'rule "{name}"', "another rule has this name")
        if not rules:
            self._fault("document", "there is no [[rule]]")
        elif tables[-1].get("when", {}) != {}:
            self._fault(_place("rule", len(rules), names[-1]), "the last rule must have no conditions")
        return rules

    def _rule(self, table: Table, place: int) -> Rule:
        where = _place("rule", place, table.get("name"))
        self._members(table, "name verdict reason notice when", where)
        name = self._text(table, "name", where, _NAME)
        if name in FIXED_RULES:
            self._fault(where, "the name is taken by what the gate decides before any rule")
        verdict, notice = self._verdict(table, where), self._flag(table, "notice", where)
        if notice and verdict is Verdict.SEND:
            self._fault(where, "a notice tells of a refusal, and this rule sends")
        reason = self._text(table, "reason", where, _REASON)
        return Rule(name, verdict, reason, self._when(table, where), notice)

    def _cases(self, document: Table, rules: frozenset[str]) -> tuple[ExpectedCase, ...]:
        tables = self._tables(document, "case", MOST_CASES)
        return tuple(self._case(table, place, rules) for place, table in enumerate(tables, 1))

    def _case(self, table: Table, place: int, rules: frozenset[str]) -> ExpectedCase:
        where = _place("case", place, None)
        self._members(table, "verdict reason rule when", where)
        rule = self._text(table, "rule", where, _NAME) if "rule" in table else ""
        if rule and rule not in rules:
            self._fault(where, f"there is no rule {_shown(rule)}")
        reason = self._text(table, "reason", where, _REASON) if "reason" in table else ""
        return ExpectedCase(self._when(table, where), self._verdict(table, where), reason, rule)

    def _verdict(self, table: Table, where: str) -> Verdict:
        given = table.get("verdict")
        if given not in tuple(Verdict):
            self._fault(where, f"verdict must be one of {', '.join(Verdict)}")
            return Verdict.DENY
        return Verdict(str(given))

    def _when(self, table: Table, where: str) -> Mapping[Attribute, frozenset[str]]:
        when: dict[Attribute, frozenset[str]] = {}
        for name, given in self._table(table, "when", where).items():
            attribute = next((one for one in ATTRIBUTES if one == name), None)
            if attribute is None:
                known = ", ".join(ATTRIBUTES)
                self._fault(where, f"{_shown(name)} is no attribute; there are {known}")
                continue
            values = self._texts(given, where, f"when.{name}")
            if isinstance(given, list) and not 1 <= len(given) <= MOST_VALUES:
                self._fault(where, f"when.{name} takes 1 to {MOST_VALUES} values")
            for value in values:
                self._value(attribute, value, where)
            when[attribute] = frozenset(values)
        return when

    def _value(self, attribute: Attribute, value: str, where: str) -> None:
        pattern = _OPEN_VALUES.get(attribute)
        if pattern is not None:
            if value != OTHER and not pattern.fullmatch(value):
                self._fault(where, f"{_shown(value)} is no {attribute}; `{OTHER}` stands for all others")
            return
        known = ("none", *self.bands) if attribute == "amount" else FIXED_VALUES[attribute]
        if value not in known:
            self._fault(where, f"{attribute} is never {_shown(value)}; it is one of {', '.join(known)}")

    # -------------------------------------------------------------------------------------- members

    def _fault(self, where: str, sentence: str) -> None:
        self.faults.append(PolicyFault(where, sentence))

    def _members(self, table: Table, known: str, where: str) -> None:
        for member in table:
            if member not in known.split():
                self._fault(where, f"{_shown(member)} is not known here; there are {known}")

    def _table(self, table: Table, member: str, where: str = "") -> Table:
        given = table.get(member, {})
        if isinstance(given, dict):
            return given
        self._fault(where or member, f"{member} must be a table")
        return {}

    def _tables(self, table: Table, member: str, most: int) -> Sequence[Table]:
        given = table.get(member, [])
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            self._fault("document", f"{member} must be written as [[{member}]]")
            return []
        if len(given) > most:
            self._fault("document", f"there are more than {most} [[{member}]]")
        return given[:most]

    def _text(self, table: Table, member: str, where: str, pattern: re.Pattern[str]) -> str:
        given = table.get(member)
        if isinstance(given, str) and pattern.fullmatch(given):
            return given
        wrong = "is missing" if given is None else f"{_shown(given)} is not of the form {pattern.pattern}"
        self._fault(where, f"{member} {wrong}")
        return ""

    def _texts(self, given: object, where: str, member: str) -> tuple[str, ...]:
        values = given if isinstance(given, list) else [given]
        texts = tuple(value for value in values if isinstance(value, str))
        if len(texts) != len(values):
            self._fault(where, f"{member} takes a text or a list of texts")
        return texts

    def _choice(self, table: Table, member: str, where: str, choices: tuple[str, ...]) -> str:
        given = table.get(member, choices[0])
        if given not in choices:
            self._fault(where, f"{member} must be one of {', '.join(choices)}")
            return choices[0]
        return str(given)

    def _flag(self, table: Table, member: str, where: str) -> bool:
        given = table.get(member, False)
        if not isinstance(given, bool):
            self._fault(where, f"{member} must be true or false")
        return given is True

    def _whole(self, table: Table, member: str, where: str, default_and_most: tuple[int, int]) -> int:
        default, most = default_and_most
        given = table.get(member, default)
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= most:
            self._fault(where, f"{member} must be a whole number from 0 to {most}")
            return default
        return given


def _place(kind: str, place: int, name: object) -> str:
    return f'{kind} "{name}"' if isinstance(name, str) and _NAME.fullmatch(name) else f"{kind} {place}"


def _shown(value: object) -> str:
    """A value as it stands in a sentence: short and printable; of others only the kind is told."""
    if isinstance(value, str):
        return f"`{''.join(one if one.isprintable() else '?' for one in value[:40])}`"
    return f"a {type(value).__name__}"
