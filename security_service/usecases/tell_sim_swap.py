"""Tell a client of CAMARA whether and when a number's SIM changed; leaves words and errors to the face."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from security_service.domain.audit import Event, EventKind
from security_service.domain.imsi import SimAnswer
from security_service.domain.log_ports import LogJournal
from security_service.domain.lookup import NoData
from security_service.domain.phone import parse_msisdn
from security_service.domain.ports import Chance, Meter, SimCheck, Subscribers, WideLimits
from security_service.domain.secret import Msisdn
from security_service.domain.sim_swap import DAY_S, HOUR_S, Observed, Swapped, observed, swapped_within
from security_service.domain.tenants import Tenant


class SwapUntold(StrEnum):
    """Why nothing is told."""

    NO_SUCH_NUMBER = "no_such_number"
    NEVER_SEEN = "never_seen"
    NOT_SEEN_NOW = "not_seen_now"
    UNAVAILABLE = "unavailable"
    TOO_MANY_REQUESTS = "too_many_requests"


@dataclass(frozen=True, slots=True)
class WatchedForLess:
    """The number is watched for a shorter time than was asked about: so many whole hours."""

    hours: int


@dataclass(frozen=True, slots=True)
class SwapDate:
    """When the SIM changed last (Unix s), None where it did not in the `days` that it is watched."""

    at: int | None
    days: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of a number at `now` (Unix seconds), and what the sources said to it."""

    observed: Observed
    now: int
    sim: SimAnswer


@dataclass(frozen=True, slots=True)
class TellSimSwap:
    """Asks the sources first, so that `now` is covered; learns nothing from them and keeps nothing.

    Every question is an event. Raises StoreUnavailable.
    """

    subscribers: Subscribers
    sim_check: SimCheck
    wide_limits: WideLimits
    journal: LogJournal
    chance: Chance
    meter: Meter

    def check(
        self, tenant: Tenant, client: str, number: str, hours: int
    ) -> bool | WatchedForLess | SwapUntold:
        """Tell whether the SIM changed in the last `hours`; `number` is E.164 with `+`."""
        seen = self._seen(tenant, client, number)
        if isinstance(seen, SwapUntold):
            return seen
        match swapped_within(seen.observed, seen.now, hours):
            case Swapped.YES:
                return True
            case Swapped.NO:
                return False
            case Swapped.NOT_WATCHED_SO_LONG:
                return WatchedForLess((seen.now - seen.observed.since) // HOUR_S)
            case Swapped.NOT_SEEN_NOW:
                return _unseen(seen.sim)

    def date(self, tenant: Tenant, client: str, number: str) -> SwapDate | SwapUntold:
        """Tell when the SIM changed last: the latest moment at which it may have."""
        seen = self._seen(tenant, client, number)
        if isinstance(seen, SwapUntold):
            return seen
        if seen.observed.until < seen.now:
            return _unseen(seen.sim)
        change = seen.observed.change
        return SwapDate(change.latest if change else None, (seen.now - seen.observed.since) // DAY_S)

    def _seen(self, tenant: Tenant, client: str, number: str) -> _Seen | SwapUntold:
        msisdn = parse_msisdn(number, tenant.region)
        if msisdn is None:
            return SwapUntold.NO_SUCH_NUMBER
        if tenant.limits.has_wide:
            reached = self.wide_limits.take(tenant, msisdn, client, ())
            if reached is not None:
                self.meter.event("limit", reached.window)
                return SwapUntold.TOO_MANY_REQUESTS
        stored = self.subscribers.get(tenant.id, msisdn)
        sim = self.sim_check.ask(tenant, msisdn, stored.subscriber, tenant.lookup_deadline_s).answer
        self._tell(tenant, client, msisdn, sim)
        now = stored.now_ms // 1000
        seen = observed(stored.subscriber, now, sim)
        if seen is None:
            return SwapUntold.NO_SUCH_NUMBER if _is_unknown(sim) else SwapUntold.NEVER_SEEN
        return _Seen(seen, now, sim)

    def _tell(self, tenant: Tenant, client: str, number: Msisdn, sim: SimAnswer) -> None:
        facts = {
            "account": client,
            "answer": sim.token(),
            "request_id": self.chance.token(),
            "source": sim.source,
        }
        self.journal.tell(tenant.id, number, Event(EventKind.IMSI_ASKED, facts))
        self.meter.event("sim_swap_asked", sim.token())


def _is_unknown(sim: SimAnswer) -> bool:
    return sim.no_data is NoData.UNKNOWN_SUBSCRIBER


def _unseen(sim: SimAnswer) -> SwapUntold:
    if _is_unknown(sim):
        return SwapUntold.NO_SUCH_NUMBER
    return SwapUntold.UNAVAILABLE if sim.no_data is NoData.UNAVAILABLE else SwapUntold.NOT_SEEN_NOW
