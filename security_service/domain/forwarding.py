"""What of an event leaves the house, and how grave it is; leaves writing it to the formats beside this.

Numbers leave masked, and what identifies a SIM not at all, unless a target is to have them in full.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final

from security_service.domain.audit import EventKind
from security_service.domain.secret import Msisdn

TEST_KIND: Final = "forward_test"
"""The kind of the made-up event that tries a target; no event of the log has it."""


class Numbers(StrEnum):
    """How a target gets numbers: with their middle masked, or as they are, the tokens of IMSIs with them."""

    MASKED = "masked"
    FULL = "full"


class Severity(IntEnum):
    """How grave an event is, by the numbers of RFC 5424, 6.2.1: the smaller, the graver."""

    CRITICAL = 2
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6


_CRITICAL: Final = frozenset({EventKind.INCIDENT, EventKind.STORE_INITIALISED, EventKind.STORE_REBUILT})
_WARNING: Final = frozenset(
    {
        EventKind.CANDIDATE_SEEN, EventKind.CASE_OPENED, EventKind.LATE_CHANGE, EventKind.REVERIFY_CONFLICT,
        EventKind.SUBSCRIBER_LOCKED, EventKind.SUBSCRIBER_DISABLED, EventKind.LIFETIME_WARNING,
        EventKind.LEASE_LOST, EventKind.TRUST_DEMOTED, EventKind.GATEWAY_AWAY, EventKind.IMSI_BANNED,
        EventKind.SIGN_IN_REFUSED, EventKind.ACCOUNT_REFUSED, EventKind.LIMIT_REACHED,
    }
)  # fmt: skip
# What people and systems change or take out: whoever watches for abuse of rights begins here.
_NOTICE: Final = frozenset(
    {
        EventKind.SUBSCRIBER_UNLOCKED, EventKind.SUBSCRIBER_FROZEN, EventKind.REVERIFY_ASKED,
        EventKind.REVERIFIED, EventKind.SIM_ADDED, EventKind.MODE_SET, EventKind.TRUST_SET,
        EventKind.TRUST_EASED, EventKind.GATEWAY_BACK, EventKind.TENANT_SAVED, EventKind.KEY_ISSUED,
        EventKind.KEY_REVOKED, EventKind.SUBSCRIBERS_IMPORTED, EventKind.SUBSCRIBERS_EXPORTED,
        EventKind.BULK_REVERIFY, EventKind.AUTHENTICATOR_OFFERED, EventKind.AUTHENTICATOR_CONFIRMED,
        EventKind.AUTHENTICATOR_REMOVED, EventKind.CASE_CLOSED, EventKind.IMSI_UNBANNED, EventKind.PROPOSED,
        EventKind.PROPOSAL_APPROVED, EventKind.PROPOSAL_REJECTED, EventKind.PROPOSAL_CARRIED_OUT,
        EventKind.PERSON_SAVED, EventKind.PERSON_REMOVED, EventKind.SIGNED_IN, EventKind.POLICY_PUBLISHED,
        EventKind.POLICY_SHADOWED, EventKind.ACCOUNT_SAVED, EventKind.ACCOUNT_REMOVED,
        EventKind.CLIENT_SAVED, EventKind.CLIENT_REMOVED,
        EventKind.AUDIT_EXPORTED, EventKind.EVIDENCE_MADE, EventKind.EVENTS_PRUNED,
    }
)  # fmt: skip

# A digest of an IMSI as events hold it: key version, representation, HMAC in hex.
_TOKEN: Final = re.compile(r"[0-9]{1,3}:[^\s\"]{1,80}:[0-9a-f]{32}")
# 10 to 19 digits as people write numbers, which a reason or a note may hold.
_DIGITS: Final = re.compile(r"(?<![0-9A-Za-z])\+?[0-9](?:[ ()\-]{0,2}[0-9]){9,18}(?![0-9A-Za-z])")
_NOT_DIGITS: Final = re.compile(r"[^0-9]")
_NATIONAL: Final = 10
_PACKED: Final = frozenset({"record"})
_NAMES_OF_IDS: Final = ("_id", "_ids", "policy", "rule")


@dataclass(frozen=True, slots=True)
class ForwardedEvent:
    """An event on its way out: its leaf in the log (-1: it is in none), its text, and what of it is told.

    `text` is the log's canonical text, byte by byte, where numbers are told in full.
    """

    leaf: int
    text: str = field(repr=False)
    told: Mapping[str, Any] = field(repr=False)

    @property
    def kind(self) -> str:
        """The event's kind."""
        return str(self.told.get("kind", ""))

    @property
    def at_ms(self) -> int:
        """When it happened in Unix milliseconds; -1 where it does not say."""
        at = self.told.get("at")
        return at if isinstance(at, int) and not isinstance(at, bool) else -1


def severity_of(kind: str) -> Severity:
    """Tell how grave events of a kind are; of a kind that nobody knows, informational."""
    if kind in _CRITICAL:
        return Severity.CRITICAL
    if kind in _WARNING:
        return Severity.WARNING
    return Severity.NOTICE if kind in _NOTICE else Severity.INFORMATIONAL


def forwarded(leaf: int, text: str, numbers: Numbers) -> ForwardedEvent:
    """Give of an event, by its canonical text, what a target may have."""
    event: dict[str, Any] = json.loads(text)
    if numbers is Numbers.FULL:
        return ForwardedEvent(leaf, text, event)
    told = masked(event)
    return ForwardedEvent(leaf, json_of(told), told)


def masked(event: Mapping[str, Any]) -> dict[str, Any]:
    """Give an event whose numbers are masked and that holds no token of an IMSI and no packed record."""
    subject = event.get("subject")
    number = subject.get("number") if isinstance(subject, Mapping) else None
    national = number[-_NATIONAL:] if isinstance(number, str) and len(number) >= _NATIONAL else ""
    return {name: _masked(value, name, national) for name, value in event.items() if name not in _PACKED}


def json_of(value: object) -> str:
    """Give JSON on one line, which no reader of lines cuts: besides ASCII it holds letters and the like."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _masked(value: object, name: str, national: str) -> object:
    match value:
        case str():
            return _masked_text(value, name, national)
        case list():
            return [_masked(one, name, national) for one in value if not _is_token(one)]
        case dict():
            return {
                _masked_text(key, "", national): _masked(one, key, national)
                for key, one in value.items()
                if key not in _PACKED and not _is_token(one)
            }
        case int() if name == "number":
            return Msisdn(str(value)).masked
        case _:
            return value


def _is_token(value: object) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _masked_text(text: str, name: str, national: str) -> str:
    if name == "number":
        return Msisdn(text).masked
    text = _TOKEN.sub("***", text)
    if not name.endswith(_NAMES_OF_IDS):
        text = _DIGITS.sub(lambda found: Msisdn(_NOT_DIGITS.sub("", found[0])).masked, text)
    return text.replace(national, f"***{national[-4:]}") if national else text
