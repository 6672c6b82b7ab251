"""What events of guesses add up to, as the store holds it; leaves counting and locking to the store.

The fields are those of the hash of a number's guesses (see `budget.lua`): `n` consecutive failures
over all sources, `f:<share>` those of a share, `l:<share>` its lock's end in Unix milliseconds,
`k:<source>` the last success of a source, `x` disabled until a person unlocks (`1` by the cap, `z`
frozen by a person), `z` the moment of the last freeze.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from security_service.domain.audit import EventKind

FORGOTTEN_AFTER_MS: Final = 400 * 86_400_000
"""How long counted guesses are kept after the last of them; those of a disabled subscriber stay."""

_MOST_KNOWN: Final = 96

Fields = dict[str, str]


def after_event(fields: Mapping[str, str], event: Mapping[str, Any]) -> Fields | None:
    """Give the fields after an event; None where it is none of guesses, or counts nothing.

    Raises nothing for what an event says: a member that is missing or strange counts nothing.
    """
    change = _CHANGES.get(str(event.get("kind")))
    return None if change is None else change(dict(fields), event)


def _checked(fields: Fields, event: Mapping[str, Any]) -> Fields | None:
    outcome = event["outcome"]
    share, failures = outcome.get("share"), outcome.get("share_failures")
    if not isinstance(share, str):
        return None
    if outcome.get("result") == "accepted":
        return _succeeded(fields, share, str(event["facts"].get("source", "")), event)
    if not isinstance(failures, int):
        return None
    fields[f"f:{share}"] = str(failures)
    fields["n"] = str(outcome.get("failures", failures))
    if "locked_until" in outcome:
        fields[f"l:{share}"] = str(outcome["locked_until"])
    return fields


def _finalised(fields: Fields, event: Mapping[str, Any]) -> Fields | None:
    share = event["outcome"].get("share")
    if not isinstance(share, str):
        return None
    return _succeeded(fields, share, str(event["outcome"].get("source", "")), event)


def _succeeded(fields: Fields, share: str, source: str, event: Mapping[str, Any]) -> Fields:
    """A success clears its own share and the hundred, and makes its source known."""
    for gone in ("n", f"f:{share}", f"l:{share}", f"f:{source}", f"l:{source}"):
        fields.pop(gone, None)
    at = event.get("at")
    if source and isinstance(at, int):
        fields[f"k:{source}"] = str(at)
        known = sorted((name for name in fields if name.startswith("k:")), key=lambda one: int(fields[one]))
        for name in known[:-_MOST_KNOWN]:
            del fields[name]
    return fields


def _disabled(fields: Fields, _event: Mapping[str, Any]) -> Fields:
    return {**fields, "x": "1"}


def _frozen(fields: Fields, event: Mapping[str, Any]) -> Fields:
    return {**fields, "x": "z", "z": str(event.get("at", 0))}


def _unlocked(fields: Fields, event: Mapping[str, Any]) -> Fields:
    """A person's word forgets all but which sources are known, what a freeze made dead, and proposals."""
    kept = {name: value for name, value in fields.items() if name.startswith("k:") or name in {"z", "u"}}
    proposal = event["facts"].get("proposal")
    return {**kept, "u": proposal} if isinstance(proposal, str) else kept


_CHANGES: Final[Mapping[str, Callable[[Fields, Mapping[str, Any]], Fields | None]]] = {
    EventKind.CODE_CHECKED: _checked,
    EventKind.CHECK_FINALISED: _finalised,
    EventKind.SUBSCRIBER_DISABLED: _disabled,
    EventKind.SUBSCRIBER_FROZEN: _frozen,
    EventKind.SUBSCRIBER_UNLOCKED: _unlocked,
}
