"""What is done behind the scenes and how often it is tried; leaves queueing to the store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.lookup import NoData
from security_service.domain.secret import Msisdn

MESSAGE_KINDS: Final = frozenset({"fallback", "notice"})
"""Kinds that send a message: done at most once. All others are done at least once."""


class JobKind(StrEnum):
    """What a job does."""

    LOOK = "look"
    REVERIFY = "reverify"
    NOTICE = "notice"
    RECEIPT = "receipt"
    FALLBACK = "fallback"
    LEASE = "lease"
    REFUSALS = "refusals"
    RELAY = "relay"
    RELAY_RECEIPT = "relay_receipt"
    REPORT = "report"
    HAND_ON = "hand_on"
    BAN = "ban"


@dataclass(frozen=True, slots=True)
class Job:
    """One job of one subscriber. `due_in_s` counts from the moment it is written.

    `data` holds short tokens only (a code's id, message ids, a reason): never a text, a code or
    an IMSI in the clear. `attempt` starts at 0; `started` says that an earlier worker began it.
    """

    id: str
    kind: JobKind
    tenant: str
    number: Msisdn
    data: tuple[tuple[str, str], ...] = ()
    due_in_s: float = 0.0
    attempt: int = 0
    started: bool = False

    def get(self, name: str) -> str:
        """One datum, empty where it was not given."""
        return dict(self.data).get(name, "")


_LOOK_PAUSES: Final = (60, 300, 900, 3600, 21_600, 86_400)
_REVERIFY_PAUSES: Final = (15, 30, 60, 120, 240, 300)
_RECEIPT_PAUSES: Final = (2, 3, 5, 10, 20, 40, 80, 160, 320)


def look_pause_s(no_data: NoData, attempt: int, code_life_s: int | None = None) -> int | None:
    """Seconds until the SIM is asked for again, None where it is given up.

    Never for `not_supported`; growing pauses for `absent` and `unavailable`; the others are
    answers that asking again soon does not change (design, section 3). `code_life_s` is given
    where a reference is known: the look then only serves to kill a code, and ends with its life.
    """
    if no_data not in {NoData.ABSENT, NoData.UNAVAILABLE} or attempt >= len(_LOOK_PAUSES):
        return None
    if code_life_s is not None and sum(_LOOK_PAUSES[: attempt + 1]) > code_life_s:
        return None
    return _LOOK_PAUSES[attempt]


def reverify_pause_s(attempt: int) -> int:
    """Seconds until a pending re-verify asks again; it ends by its own expiry."""
    return _REVERIFY_PAUSES[min(attempt, len(_REVERIFY_PAUSES) - 1)]


def receipt_pause_s(attempt: int) -> int | None:
    """Seconds until a receipt is asked for again, None where it is given up."""
    return _RECEIPT_PAUSES[attempt] if attempt < len(_RECEIPT_PAUSES) else None
