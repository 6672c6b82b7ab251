"""Ask whose SIM a number has now and hold it against the reference; leaves the verdict to the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

from security_service.domain.ban_ports import Bans
from security_service.domain.imsi import (
    SealedImsi,
    SimAnswer,
    compare,
    dated,
    no_data,
    seal,
    usable,
)
from security_service.domain.lookup import (
    LookupAnswer,
    NoData,
    Reachable,
    SimNotSeen,
    SimSeen,
    SwapDated,
)
from security_service.domain.ports import (
    Clock,
    Flights,
    LookupTrace,
    Meter,
    Race,
    SimFinding,
    SimLookup,
)
from security_service.domain.route_ports import Pace
from security_service.domain.secret import Imsi, KeyRing, Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import Tenant
from security_service.domain.trust import TrustWord
from security_service.domain.trust_ports import TrustBook
from security_service.usecases.landing import FreshAnswers, landed_text, read_landed
from security_service.usecases.sightings import sighting_of

_WEIGHT: Mapping[NoData, int] = {
    NoData.UNKNOWN_SUBSCRIBER: 6,
    NoData.BARRED: 5,
    NoData.ABSENT: 4,
    NoData.UNTRUSTED: 3,
    NoData.UNAVAILABLE: 2,
    NoData.INCOMPARABLE: 1,
    NoData.NOT_SUPPORTED: 0,
}
"""Which of several classes speaks for a number that no source gave an IMSI for."""


@dataclass(frozen=True, slots=True)
class CheckSim:
    """The SimCheck port over configured sources: ordered, raced, one flight a number.

    `date_sources` names those that never give an IMSI but date the last swap. They are asked where
    a date tells something new: at a number's first sight, and where no IMSI is to be had.
    """

    lookups: Mapping[str, SimLookup]
    date_sources: frozenset[str]
    race: Race
    flights: Flights
    keys: KeyRing
    trust: TrustBook
    pace: Pace
    clock: Clock
    meter: Meter
    bans: Bans

    def ask(self, tenant: Tenant, number: Msisdn, subscriber: Subscriber, within_s: float) -> SimFinding:
        """Give the SIM answer of a number for a tenant within `within_s` seconds in all.

        Two questions for one number in flight are one: who comes second waits for the first's
        answer. Raises StoreUnavailable.
        """
        sources = self._sources(tenant)
        if not sources:
            return SimFinding(no_data(NoData.UNAVAILABLE, detail="no_source_configured"))
        ends = self.clock.monotonic() + within_s
        flight = self.flights.join(tenant.id, number, within_s)
        if not flight.is_mine:
            landed = self.flights.wait(tenant.id, number, flight, within_s)
            if landed:
                return self._judge(read_landed(landed), tenant, subscriber)
            return SimFinding(no_data(NoData.UNAVAILABLE, detail="flight_lost"))
        fresh = _Flight(self, tenant, number, ends).fly(sources, is_first=not subscriber.reference)
        self.flights.land(tenant.id, number, flight, landed_text(fresh))
        self._observe(fresh, number, subscriber)
        return self._judge(fresh, tenant, subscriber)

    def name_sim(self, tenant: Tenant, number: Msisdn, within_s: float) -> SimSeen | SimAnswer:
        """Give the SIM that a number has now, or why none is to be had, without holding it against anything.

        Only the first source that decides is believed. For who may know the IMSI itself (manual 19.2).
        """
        flight = _Flight(self, tenant, number, self.clock.monotonic() + within_s)
        judged = [self.usable(answer) for answer in flight.name(self._sources(tenant))]
        seen = [one for one in judged if isinstance(one, SimSeen)]
        believed = [one for one in seen if self._is_stable(one)] or seen
        return believed[-1] if believed else _heaviest(judged)

    def usable(self, answer: LookupAnswer) -> SimSeen | SimAnswer:
        """Give the IMSI that an answer brings, or why it brings none, as far as its source is trusted."""
        mcc_mnc = answer.operator if isinstance(answer, Reachable) else answer.mcc_mnc
        return usable(answer, trusted=self.trust.word(answer.source, mcc_mnc) is not TrustWord.NEVER)

    def decides(self, answer: LookupAnswer) -> bool:
        """True for an IMSI after which no other source needs to be asked: one that may deny too."""
        seen = self.usable(answer)
        return isinstance(seen, SimSeen) and self._is_stable(seen)

    def _is_stable(self, seen: SimSeen) -> bool:
        return self.trust.word(seen.source, seen.mcc_mnc) is TrustWord.STABLE

    def _sources(self, tenant: Tenant) -> list[SimLookup]:
        """The tenant's own sources; a name that is no longer configured is not made up for."""
        if not tenant.lookups:
            return list(self.lookups.values())
        return [self.lookups[name] for name in tenant.lookups if name in self.lookups]

    def _judge(self, fresh: FreshAnswers, tenant: Tenant, subscriber: Subscriber) -> SimFinding:
        """With two answers in hand `changed` beats `same`; with no reference they must agree.

        An IMSI that the tenant banned is banned whatever else the answer comes to.
        """
        if fresh.missing is not None:
            return SimFinding(dated(fresh.missing, fresh.dates), fresh.traces)
        # What a source says that is still learning counts only where no other one spoke.
        believed = [one for one in fresh.seen if self._is_stable(one[0])] or list(fresh.seen)
        banned = any(self.bans.is_banned(tenant.id, sealed) for _, sealed in believed)
        if not subscriber.reference and _disagree([sealed for _, sealed in believed]):
            disagreement = no_data(NoData.UNTRUSTED, source=believed[0][0].source, detail="sources_disagree")
            return SimFinding(replace(disagreement, banned=banned), fresh.traces)
        answers = [self._compared(seen, sealed, subscriber) for seen, sealed in believed]
        order = {"changed": 0, "same": 1, "first_seen": 2, "no_data": 3}
        answer = min(answers, key=lambda answer: order[answer.state.value])
        return SimFinding(replace(dated(answer, fresh.dates), banned=banned), fresh.traces)

    def _compared(self, seen: SimSeen, sealed: SealedImsi, subscriber: Subscriber) -> SimAnswer:
        return compare(
            subscriber.reference,
            seen,
            sealed,
            learning=not self._is_stable(seen),
            eased=self.trust.eases(seen.source, seen.mcc_mnc),
        )

    def _observe(self, fresh: FreshAnswers, number: Msisdn, subscriber: Subscriber) -> None:
        """Let the trust book learn from what was seen; what it came to is for the operators."""
        now = self.clock.unix_ms() // 1000
        for seen, sealed in fresh.seen:
            answer = compare(subscriber.reference, seen, sealed)
            sighting = sighting_of(
                seen, sealed, answer, number, subscriber, now, is_stable=self._is_stable(seen)
            )
            if sighting is not None:
                for news in self.trust.observe(sighting):
                    self.meter.event("trust", news.value)


@dataclass(frozen=True, slots=True)
class _Flight:
    """One number's questions to the sources, within one deadline (a monotonic second)."""

    check: CheckSim
    tenant: Tenant
    number: Msisdn
    ends: float

    def fly(self, sources: Sequence[SimLookup], *, is_first: bool) -> FreshAnswers:
        """Ask the sources of IMSIs in their order, then those of dates where a date is of use."""
        traces: list[LookupTrace] = []
        dating = [source for source in sources if source.name in self.check.date_sources]
        naming = [source for source in sources if source.name not in self.check.date_sources]
        answers = self._ask(naming, traces, self.check.decides)
        judged = [self.check.usable(answer) for answer in answers]
        seen = [one for one in judged if isinstance(one, SimSeen)]
        has_date = any(one.swapped_at is not None for one in seen)
        dates: list[LookupAnswer] = []
        if not seen or (is_first and not has_date):
            dates = self._ask(dating, traces, self._is_date)
        sealed = tuple(
            (
                replace(one, imsi=Imsi("")),
                seal(one.imsi, one.representation, one.mcc_mnc, self.check.keys, self.tenant.imsi_form),
            )
            for one in seen
        )
        return FreshAnswers(
            sealed,
            None if sealed else _heaviest([*judged, *(self.check.usable(date) for date in dates)]),
            tuple(one for one in (*answers, *dates) if isinstance(one, SwapDated) and self._is_date(one)),
            tuple(traces),
        )

    def name(self, sources: Sequence[SimLookup]) -> list[LookupAnswer]:
        """Ask the sources of IMSIs in their order."""
        naming = [source for source in sources if source.name not in self.check.date_sources]
        return self._ask(naming, [], self.check.decides)

    def _ask(
        self,
        sources: Sequence[SimLookup],
        traces: list[LookupTrace],
        decides: Callable[[LookupAnswer], bool],
    ) -> list[LookupAnswer]:
        left = self.ends - self.check.clock.monotonic()
        if not sources or left <= 0:
            return []
        attempts = [(source.name, partial(self._attempt, source, traces)) for source in sources]
        return self.check.race.first(attempts, left, decides)

    def _attempt(self, source: SimLookup, traces: list[LookupTrace], within_s: float) -> LookupAnswer:
        began = self.check.clock.monotonic()
        answer = self._find(source, within_s)
        took = self.check.clock.monotonic() - began
        traces.append(LookupTrace(source.name, outcome_token(answer), round(took * 1000)))
        self.check.meter.lookup(source.name, outcome_token(answer), took)
        return answer

    def _find(self, source: SimLookup, within_s: float) -> LookupAnswer:
        """Ask once the source's own pace allows it; without a place in time it counts as away."""
        began = self.check.clock.monotonic()
        if not self.check.pace.take(f"lookup:{source.name}", within_s):
            return SimNotSeen(source.name, NoData.UNAVAILABLE, "pace_of_the_provider")
        return source.find(self.number, within_s - (self.check.clock.monotonic() - began))

    def _is_date(self, answer: LookupAnswer) -> bool:
        judged = self.check.usable(answer)
        return isinstance(judged, SimAnswer) and judged.swapped_at is not None


def outcome_token(answer: LookupAnswer) -> str:
    """Give the token of a source's answer for metrics and the audit."""
    match answer:
        case SimSeen():
            return "seen"
        case SimNotSeen():
            return answer.no_data.value
        case Reachable():
            return "reachable"
        case SwapDated():
            return "dated"
        case _:
            assert_never(answer)


def _heaviest(judged: Sequence[SimSeen | SimAnswer]) -> SimAnswer:
    missing = [answer for answer in judged if isinstance(answer, SimAnswer)]
    return max(missing, key=_weight, default=no_data(NoData.UNAVAILABLE, detail="no_answer"))


def _weight(answer: SimAnswer) -> int:
    return _WEIGHT[answer.no_data or NoData.NOT_SUPPORTED]


def _disagree(sealed: Sequence[SealedImsi]) -> bool:
    """Tell whether two sources name different SIMs; only those of one representation can."""
    newest = {one.newest() for one in sealed}
    return len(newest) > len({member.representation for member in newest})
