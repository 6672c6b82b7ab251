"""A case: one mismatch of a SIM that somebody has to judge, and what came of it; keeps none of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.secret import Msisdn

LONGEST_NOTE: Final = 2000

_ID: Final = re.compile(r"(?P<shard>s[0-9]{3})-(?P<seq>[0-9]{1,18})")


class CaseState(StrEnum):
    """Whether somebody still has to judge."""

    OPEN = "open"
    CLOSED = "closed"


class CaseOutcome(StrEnum):
    """What a case turned out to be."""

    CUSTOMER_CONFIRMED = "customer_confirmed"
    FRAUD = "fraud"
    UNKNOWN = "unknown"


class ClosedBy(StrEnum):
    """How a case was closed: by a person's word on it, or by the SIM becoming trusted."""

    PERSON = "person"
    TRUSTED = "trusted"


@dataclass(frozen=True, slots=True)
class Case:
    """One case. Its id names the event that opened it; times are Unix milliseconds, 0 for never.

    `imsi` is the token of the SIM in question. `amount` is the greatest that was asked for while the
    case was open, in minor units of `currency`, None where there was none; `band` is as the policy bands it.
    `operator` is an MCC-MNC. A closed case has an outcome; one that is trusted by now was closed by
    the re-verify or the addition of that SIM.
    """

    id: str
    tenant: str
    number: Msisdn
    opened_ms: int
    reason: str
    imsi: str
    amount: int | None = None
    currency: str = ""
    band: str = ""
    operator: str = ""
    code_id: str = ""
    purpose: str = ""
    assignee: str = ""
    state: CaseState = CaseState.OPEN
    outcome: CaseOutcome | None = None
    closed_ms: int = 0
    closed_by: str = ""
    closed_how: ClosedBy | None = None
    last_note_ms: int = 0

    @property
    def shard(self) -> str:
        """The shard of the event that opened it, which is that of the subscriber."""
        return shard_of(self.id)


@dataclass(frozen=True, slots=True)
class CaseNote:
    """What somebody wrote on a case; `at_ms` is Unix milliseconds."""

    at_ms: int
    actor: str
    note: str


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Which cases: empty members ask for all. `assignee` `-` asks for those that nobody has."""

    tenant: str
    state: CaseState | None = None
    assignee: str = ""
    operator: str = ""
    number: Msisdn | None = None
    cursor: str = ""
    count: int = 50


@dataclass(frozen=True, slots=True)
class CasePage:
    """Open cases first, the greatest amount first among them, then the oldest; closed ones behind.

    `next` is the cursor of the next page, '' at the end.
    """

    cases: tuple[Case, ...]
    next: str


@dataclass(frozen=True, slots=True)
class OperatorAlarms:
    """How the cases of one operator (MCC-MNC, '' where unknown) ended that were closed in a period."""

    operator: str
    customer_confirmed: int
    fraud: int
    unknown: int

    @property
    def closed(self) -> int:
        """All of them."""
        return self.customer_confirmed + self.fraud + self.unknown

    @property
    def false_alarms_percent(self) -> float:
        """The share of false alarms: those where the customer had changed the SIM."""
        return 100 * self.customer_confirmed / self.closed if self.closed else 0.0


def case_id(shard: str, seq: int) -> str:
    """Give the id of the case that an event opened."""
    return f"{shard}-{seq}"


def is_case_id(text: str) -> bool:
    """True for what may be the id of a case."""
    return _ID.fullmatch(text) is not None


def shard_of(case: str) -> str:
    """Give the shard of a case's id."""
    return case.partition("-")[0]
