"""Begin, watch, pause and stop a bulk re-verification; the worker goes on with it (`step_bulk`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from security_service.domain.access import Actor, Role
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.phone import parse_msisdn
from security_service.domain.ports import Chance
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import FourEyesDeed, Tenant
from security_service.domain.transfer_ports import BulkRuns
from security_service.domain.transfers import MOST_NUMBERS, BulkRun, BulkSource, BulkState

BULK_LEADS: Final = (Role.LEAD,)
"""Who may begin, pause and stop one, beside admins."""

_MOST_LISTED: Final = 200
_HEADS: Final = frozenset({"number", "msisdn", "phone", "номер"})


@dataclass(frozen=True, slots=True)
class BulkOrder:
    """Who wants whom re-verified, and why. `rate` is numbers a second, 0 for the tenant's most.

    `lines` are the numbers as people write them, for `numbers`; `before_s` (Unix seconds) is for `older`.
    """

    tenant: Tenant
    actor: Actor
    reason: str
    request_id: str
    source: BulkSource
    rate: int = 0
    before_s: int = 0
    lines: Iterable[str] = ()


@dataclass(frozen=True, slots=True)
class BulkBegun:
    """The worker goes on with it. `unreadable` are the places of lines that are no number, from 1."""

    run: BulkRun
    unreadable: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class MayNotBulk:
    """Only a lead does this."""


@dataclass(frozen=True, slots=True)
class RateTooHigh:
    """The rate is not from 1 to the tenant's most."""

    most: int


@dataclass(frozen=True, slots=True)
class NothingToAsk:
    """The list holds no number."""


@dataclass(frozen=True, slots=True)
class TooManyNumbers:
    """The list is longer than one run takes."""

    most: int


@dataclass(frozen=True, slots=True)
class CandidatesNeedSecond:
    """The tenant demands a second person for a re-verify after a change: such are done one by one."""


@dataclass(frozen=True, slots=True)
class UnknownBulk:
    """There is no such run of this tenant, or it is long over."""


@dataclass(frozen=True, slots=True)
class BulkOver:
    """All is asked, it was stopped, or it is so already; nothing was changed."""

    run: BulkRun


BulkRefused = MayNotBulk | RateTooHigh | NothingToAsk | TooManyNumbers | CandidatesNeedSecond
MarkOutcome = BulkRun | BulkOver | UnknownBulk | MayNotBulk


@dataclass(frozen=True, slots=True)
class BulkReverify:
    """What people do about bulk re-verifications. May raise StoreUnavailable."""

    runs: BulkRuns
    chance: Chance

    def begin(self, order: BulkOrder) -> BulkBegun | BulkRefused:
        """Begin one; the first numbers are asked within a second or two."""
        most = order.tenant.bulk_reverify_per_s
        if not order.actor.may(*BULK_LEADS):
            return MayNotBulk()
        if not 0 <= order.rate <= most:
            return RateTooHigh(most)
        waits = FourEyesDeed.REVERIFY_CHANGED in order.tenant.four_eyes
        if order.source is BulkSource.CANDIDATES and waits:
            return CandidatesNeedSecond()
        numbers, unreadable = _numbers(order)
        if order.source is BulkSource.NUMBERS and not numbers:
            return NothingToAsk()
        if len(numbers) + len(unreadable) > MOST_NUMBERS:
            return TooManyNumbers(MOST_NUMBERS)
        run = BulkRun(
            id=self.chance.token(),
            tenant=order.tenant.id,
            actor=order.actor.name,
            reason=order.reason,
            rate=order.rate or most,
            source=order.source,
            before_s=order.before_s,
            total=len(numbers),
        )
        return BulkBegun(self.runs.begin(run, numbers, bulk_event(run, order.actor.name)), unreadable)

    def view(self, tenant: str, run_id: str) -> BulkRun | UnknownBulk:
        """Give one of a tenant's runs."""
        run = self.runs.get(run_id)
        return run if run is not None and run.tenant == tenant else UnknownBulk()

    def every(self, tenant: str) -> Sequence[BulkRun]:
        """Give a tenant's newest runs, newest first."""
        return [run for run in self.runs.every(_MOST_LISTED) if run.tenant == tenant]

    def mark(self, tenant: str, run_id: str, actor: Actor, state: BulkState) -> MarkOutcome:
        """Let a run go on, pause or stop it; what was asked already is answered all the same."""
        if not actor.may(*BULK_LEADS):
            return MayNotBulk()
        run = self.view(tenant, run_id)
        if isinstance(run, UnknownBulk):
            return run
        if state is BulkState.DONE or not self.runs.mark(run, state, bulk_event(run, actor.name, state)):
            return BulkOver(run)
        return self.view(tenant, run_id)


def bulk_event(run: BulkRun, actor: str, state: BulkState = BulkState.RUNNING) -> Event:
    """Give the event of a run that begins, or is marked."""
    facts: dict[str, Json] = {
        "actor": actor,
        "before": run.before_s,
        "bulk": run.id,
        "rate": run.rate,
        "reason": run.reason,
        "source": run.source.value,
        "state": state.value,
        "total": run.total,
    }
    return Event(EventKind.BULK_REVERIFY, facts)


def _numbers(order: BulkOrder) -> tuple[list[Msisdn], list[int]]:
    """Read the list: the first cell of each line, each number once."""
    if order.source is not BulkSource.NUMBERS:
        return [], []
    found: dict[Msisdn, None] = {}
    unreadable = []
    for place, line in enumerate(islice(order.lines, MOST_NUMBERS + 2), 1):
        cell = line.replace(";", ",").partition(",")[0].strip().strip("\ufeff\"'")
        if not cell or (place == 1 and cell.lower() in _HEADS):
            continue
        number = parse_msisdn(cell, order.tenant.region)
        if number is None:
            unreadable.append(place)
        else:
            found[number] = None
    return list(found), unreadable
