"""What the events of a tenant count for: how much of what happened, step by step; keeps none of it.

Nothing here fails for what an event says: an event that tells less than is asked for counts for less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Final

from security_service.domain.audit import EventKind

_LONGEST: Final = 64
_GREATEST: Final = 2**40


class Step(IntEnum):
    """Over how many seconds one count goes; it begins at a whole number of them in UTC."""

    MINUTE = 60
    QUARTER = 900
    HOUR = 3600
    DAY = 86_400

    @property
    def ms(self) -> int:
        """The same in milliseconds."""
        return self.value * 1000

    def begin(self, at_ms: int) -> int:
        """Give the first millisecond of the step that a moment lies in."""
        return at_ms // self.ms * self.ms


class Counted(StrEnum):
    """What is counted; the words say what `name` and `label` of a count are.

    `generate`: what a request for a code came to, and why. `verdict`: what the gate said, and why.
    `sim`: MCC-MNC of the operator, and what its answer came to; a new SIM is `changed`, one that was seen
    before and not yet judged `changed_again`. `gateway`: its name and how a hand-over ended. `lookup`: the
    source and its answer, with the milliseconds of all of them. `check`: what a code that was typed in came
    to, and why. `limit`: the window that was full; there is no label. `message`: what a message in the bank's
    own words came to; there is no label.
    """

    GENERATE = "generate"
    VERDICT = "verdict"
    SIM = "sim"
    GATEWAY = "gateway"
    LOOKUP = "lookup"
    CHECK = "check"
    LIMIT = "limit"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Tally:
    """That something happened `count` times; `total_ms` is how long all of it took, where it is measured."""

    what: Counted
    name: str
    label: str = ""
    count: int = 1
    total_ms: int = 0


@dataclass(frozen=True, slots=True)
class CountRow:
    """One count of a step that begins at `at_ms` (Unix milliseconds)."""

    at_ms: int
    what: Counted
    name: str
    label: str
    count: int
    total_ms: int


def tallies_of(event: Mapping[str, Any]) -> list[Tally]:
    """Give what an event counts for, from its parsed canonical text."""
    facts = event["facts"]
    found: list[Tally] = []
    told = _KINDS.get(event["kind"])
    if told is not None:
        found += told(facts, event["outcome"])
    found += _tried(facts.get("tried"))
    found += _asked(facts.get("lookups"))
    return found


# --- kinds: facts of the writer, what the script found --------------------------------------------

_Facts = Mapping[str, Any]


def _decided(facts: _Facts, _outcome: _Facts) -> list[Tally]:
    verdict, reason = _word(facts.get("verdict")), _word(facts.get("reason"))
    found = [Tally(Counted.VERDICT, verdict, reason)]
    if verdict != "send" and facts.get("traffic") == "code":
        found.append(Tally(Counted.GENERATE, verdict, reason))
    if verdict in _REFUSALS and facts.get("traffic") in _RELAYED:
        found.append(Tally(Counted.MESSAGE, "refused"))
    sim = facts.get("sim")
    if isinstance(sim, Mapping):
        found += _answered(facts, sim)
    return found


def _answered(facts: _Facts, sim: _Facts) -> list[Tally]:
    """What an operator answered. That a SIM is new is told by its case, wherever it was found out."""
    answer, operator = _word(sim.get("answer")), _word(sim.get("mcc_mnc"))
    if answer in {"", "not_asked"}:
        return []
    if answer != "changed":
        return [Tally(Counted.SIM, operator, answer.removeprefix("no_data:"))]
    if facts.get("reason") == "caller_owns_reference":
        return [Tally(Counted.SIM, operator, "changed")]
    if facts.get("candidate") == sim.get("imsi"):
        return [Tally(Counted.SIM, operator, "changed_again")]
    return []


def _case(facts: _Facts, _outcome: _Facts) -> list[Tally]:
    return [Tally(Counted.SIM, _word(facts.get("operator")), "changed")]


def _sent(_facts: _Facts, _outcome: _Facts) -> list[Tally]:
    return [Tally(Counted.GENERATE, "sent")]


def _not_sent(facts: _Facts, _outcome: _Facts) -> list[Tally]:
    return [Tally(Counted.GENERATE, "not_sent", _word(facts.get("reason")))]


def _unknown(facts: _Facts, _outcome: _Facts) -> list[Tally]:
    return [Tally(Counted.GENERATE, "unknown", _word(facts.get("reason")))]


def _lease_lost(_facts: _Facts, _outcome: _Facts) -> list[Tally]:
    return [Tally(Counted.GENERATE, "unknown", "lease_lost")]


def _exists(_facts: _Facts, _outcome: _Facts) -> list[Tally]:
    return [Tally(Counted.GENERATE, "exists")]


def _checked(_facts: _Facts, outcome: _Facts) -> list[Tally]:
    result = _word(outcome.get("result"))
    # what matched is only pinned: its end is told by the event that finalises it
    return [] if result == "matched" else [Tally(Counted.CHECK, result, _word(outcome.get("reason")))]


def _finalised(facts: _Facts, outcome: _Facts) -> list[Tally]:
    reason = _word(outcome.get("reason")) or _word(facts.get("reason"))
    is_right = facts.get("accepted") is True and reason == "valid"
    return [Tally(Counted.CHECK, "accepted" if is_right else "not_found", reason)]


def _full(_facts: _Facts, outcome: _Facts) -> list[Tally]:
    return [Tally(Counted.LIMIT, _word(outcome.get("window")))]


def _refused(_facts: _Facts, outcome: _Facts) -> list[Tally]:
    count = _number(outcome.get("refused"))
    return [Tally(Counted.LIMIT, _word(outcome.get("window")), count=count)] if count else []


def _taken(_facts: _Facts, _outcome: _Facts) -> list[Tally]:
    return [Tally(Counted.MESSAGE, "taken")]


def _withdrawn(_facts: _Facts, _outcome: _Facts) -> list[Tally]:
    return [Tally(Counted.MESSAGE, "withdrawn")]


def _message_ended(_facts: _Facts, outcome: _Facts) -> list[Tally]:
    state = _word(outcome.get("state"))
    return [Tally(Counted.MESSAGE, state)] if state in _ENDS_OF_SENDING else []


def _received(facts: _Facts, _outcome: _Facts) -> list[Tally]:
    name = _RECEIPTS.get(_word(facts.get("state")), "")
    return [Tally(Counted.MESSAGE, name)] if name and _word(facts.get("message_id")) else []


_REFUSALS: Final = frozenset({"deny", "step_up"})
_RELAYED: Final = frozenset({"relayed", "deferred"})
# what is queued again has not ended
_ENDS_OF_SENDING: Final = frozenset({"sent", "failed", "unknown", "expired"})
_RECEIPTS: Final = {
    "delivered": "delivered",
    "undelivered": "undelivered",
    "expired": "expired_on_the_way",
    "unknown": "never_told",
}

_KINDS: Final[Mapping[str, Callable[[_Facts, _Facts], list[Tally]]]] = {
    EventKind.GATE_DECIDED: _decided,
    EventKind.CASE_OPENED: _case,
    EventKind.CODE_SENT: _sent,
    EventKind.SEND_REFUSED: _not_sent,
    EventKind.SEND_UNKNOWN: _unknown,
    EventKind.LEASE_LOST: _lease_lost,
    EventKind.CODE_EXISTS: _exists,
    EventKind.CODE_CHECKED: _checked,
    EventKind.CHECK_FINALISED: _finalised,
    EventKind.LIMIT_REACHED: _full,
    EventKind.LIMIT_COUNTED: _refused,
    EventKind.MESSAGE_TAKEN: _taken,
    EventKind.MESSAGE_WITHDRAWN: _withdrawn,
    EventKind.MESSAGE_SENT: _message_ended,
    EventKind.MESSAGE_FAILED: _message_ended,
    EventKind.MESSAGE_UNKNOWN: _message_ended,
    EventKind.MESSAGE_EXPIRED: _message_ended,
    EventKind.RECEIPT: _received,
}


def _tried(tried: object) -> list[Tally]:
    """Give what came of each hand-over to a gateway, without the provider's own reasons."""
    told = [one for one in tried if isinstance(one, Mapping)] if isinstance(tried, list) else []
    return [
        Tally(Counted.GATEWAY, _word(one.get("gateway")), _word(one.get("outcome")).partition(":")[0])
        for one in told
    ]


def _asked(lookups: object) -> list[Tally]:
    told = [one for one in lookups if isinstance(one, Mapping)] if isinstance(lookups, list) else []
    return [
        Tally(
            Counted.LOOKUP,
            _word(one.get("source")),
            _word(one.get("outcome")),
            total_ms=_number(one.get("milliseconds")),
        )
        for one in told
    ]


def _word(value: object) -> str:
    return value.replace("\x00", "")[:_LONGEST] if isinstance(value, str) else ""


def _number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _GREATEST:
        return value
    return 0
