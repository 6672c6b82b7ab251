"""What differs between two documents of a tenant, setting by setting, in words; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from security_service.web.console.words import Words

_DEEPER: Final = frozenset({"limits", "guesses", "templates", "templates.texts", "notices"})
"""Tables whose members are compared one by one."""


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs: its dotted key, the key whose word names it, what was and what is.

    `is_list`: each line is one thing of a list.
    """

    key: str
    named: str
    before: str
    after: str
    is_list: bool = False

    @property
    def gone(self) -> str:
        """What was and is no more; all of it where only the order differs."""
        return self._without(self.before, self.after)

    @property
    def come(self) -> str:
        """What is and was not."""
        return self._without(self.after, self.before)

    def _without(self, one: str, other: str) -> str:
        lines, others = one.split("\n"), other.split("\n")
        if not self.is_list or sorted(lines) == sorted(others):
            return one
        return "\n".join(line for line in lines if line not in others)


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any], words: Words) -> list[Change]:
    """Give every setting that differs, in the order of the document."""
    was, now = dict(_leaves(before)), dict(_leaves(after))
    return [
        Change(
            key,
            _named(key),
            told(was.get(key), words),
            told(now.get(key), words),
            isinstance(now.get(key), list),
        )
        for key in dict.fromkeys((*was, *now))
        if was.get(key) != now.get(key)
    ]


def told(value: object, words: Words) -> str:
    """Write a value as people read it; empty where there is none."""
    match value:
        case None:
            return ""
        case bool():
            return words("tenants.yes" if value else "tenants.no")
        case Mapping():
            return _table(value, words)
        case list():
            return ("\n" if _is_long(value) else ", ").join(told(one, words) for one in value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _table(value: Mapping[str, Any], words: Words) -> str:
    """Write a window, a route or a text."""
    if "limit" in value:
        key = "tenants.window_recorded" if value["record_only"] else "tenants.window"
        return words(key, name=value["name"], limit=value["limit"], seconds=value["seconds"])
    if "legs" in value:
        legs = ", ".join(f"{leg['gateway']}×{leg['weight']}" for leg in value["legs"])
        given = [told(many, words) for name, many in value.items() if name != "legs" and many]
        return f"{'; '.join(given) or '*'} → {legs}"
    return str(value.get("text", ""))


def _is_long(value: list[object]) -> bool:
    return any(isinstance(one, Mapping) for one in value)


def _leaves(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in document.items():
        key = f"{prefix}{name}"
        is_purpose = prefix == "templates.texts."
        if isinstance(value, Mapping) and (key in _DEEPER or is_purpose):
            yield from _leaves(value, f"{key}.")
        else:
            yield key, value


def _named(key: str) -> str:
    """Give the key whose word names a setting: texts by purpose and locale go under their table's."""
    for table in ("templates.texts", "notices"):
        if key.startswith(f"{table}."):
            return table
    return key
