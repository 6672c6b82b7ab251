"""Every word of the console in both languages; each family of pages brings a module with RU and EN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType, ModuleType
from typing import Final

from security_service.web.console.words import (
    audit,
    cases,
    deeds,
    events,
    faults,
    frame,
    me,
    now,
    people,
    policy,
    policy_trials,
    proposals,
    providers,
    reasons,
    settings,
    sign_in,
    subscriber,
    tenants,
    transfer,
)

FAMILIES: Final[tuple[ModuleType, ...]] = (
    frame,
    sign_in,
    me,
    subscriber,
    deeds,
    events,
    reasons,
    now,
    cases,
    proposals,
    policy,
    policy_trials,
    audit,
    transfer,
    tenants,
    settings,
    faults,
    providers,
    people,
)
"""The modules that are merged; a new family of pages adds its own here."""


class Locale(StrEnum):
    """The languages of the console."""

    RU = "ru"
    EN = "en"


def _merged(parts: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    return MappingProxyType({key: word for part in parts for key, word in part.items()})


DICTIONARIES: Final[Mapping[Locale, Mapping[str, str]]] = MappingProxyType(
    {
        Locale.RU: _merged([family.RU for family in FAMILIES]),
        Locale.EN: _merged([family.EN for family in FAMILIES]),
    }
)


@dataclass(frozen=True, slots=True)
class Words:
    """The dictionary of one language. What goes into a sentence is escaped where it is shown, not here."""

    locale: Locale

    def __call__(self, key: str, /, **facts: object) -> str:
        """Give a sentence with its facts put in; raises KeyError for a key that no family has."""
        return DICTIONARIES[self.locale][key].format_map(facts)

    def sentence(self, key: str, facts: Mapping[str, str]) -> str:
        """Give a sentence with facts of a mapping, which may make up those that it does not have."""
        return DICTIONARIES[self.locale][key].format_map(facts)

    def has(self, key: str) -> bool:
        """Tell whether there is such a word, for keys made of tokens out of events."""
        return key in DICTIONARIES[self.locale]

    def token(self, family: str, token: str) -> str:
        """Give the word of a token such as a reason; the token itself where it has none."""
        key = f"{family}.{token}"
        return self(key) if self.has(key) else token

    def count(self, key: str, number: int, /, **facts: object) -> str:
        """Give a sentence whose forms stand apart by `|`: two in English, three in Russian.

        `{number}` in it is the number.
        """
        forms = DICTIONARIES[self.locale][key].split("|")
        form = forms[_russian_form(number) if self.locale is Locale.RU else int(number != 1)]
        return form.format_map({"number": number, **facts})


def _russian_form(number: int) -> int:
    """One, few, many (CLDR plural rules of Russian for whole numbers)."""
    last, last_two = number % 10, number % 100
    if last == 1 and last_two != 11:
        return 0
    return 1 if 2 <= last <= 4 and not 12 <= last_two <= 14 else 2
