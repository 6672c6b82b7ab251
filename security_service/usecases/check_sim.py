"""Ask whose SIM a number has now and hold it against the reference; leaves the verdict to the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from security_service.domain.imsi import (
    SimAnswer,
    compare,
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
from security_service.domain.secret import Imsi, KeyRing, Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import Tenant
from security_service.usecases.landing import FreshAnswers, landed_text, read_landed

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
class Trust:
    """What people decided of each (source, MCC-MNC): whether its answers may decide."""

    distrusted: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    distrusted_sources: frozenset[str] = field(default_factory=frozenset)

    def holds(self, source: str, mcc_mnc: str) -> bool:
        """True where the source's word on this operator's SIMs may decide."""
        return source not in self.distrusted_sources and (source, mcc_mnc) not in self.distrusted


@dataclass(frozen=True, slots=True)
class CheckSim:
    """The SimCheck port over configured sources: ordered, raced, one flight a number."""

    lookups: Mapping[str, SimLookup]
    race: Race
    flights: Flights
    keys: KeyRing
    trust: Trust
    clock: Clock
    meter: Meter

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
                return _judge(read_landed(landed), subscriber)
            return SimFinding(no_data(NoData.UNAVAILABLE, detail="flight_lost"))
        landing = ""
        try:
            fresh = self._fly(tenant, number, sources, ends - self.clock.monotonic())
            landing = landed_text(fresh)
        finally:
            # whoever waits is told even where a source broke: an empty landing is no answer
            self.flights.land(tenant.id, number, flight, landing)
        return _judge(fresh, subscriber)

    def _sources(self, tenant: Tenant) -> list[SimLookup]:
        """The tenant's own sources; a name that is no longer configured is not made up for."""
        if not tenant.lookups:
            return list(self.lookups.values())
        return [self.lookups[name] for name in tenant.lookups if name in self.lookups]

    def _fly(
        self, tenant: Tenant, number: Msisdn, sources: Sequence[SimLookup], within_s: float
    ) -> FreshAnswers:
        traces: list[LookupTrace] = []

        def attempt(source: SimLookup, seconds: float) -> LookupAnswer:
            began = self.clock.monotonic()
            answer = source.find(number, seconds)
            took = self.clock.monotonic() - began
            traces.append(LookupTrace(source.name, outcome_token(answer), round(took * 1000)))
            self.meter.lookup(source.name, outcome_token(answer), took)
            return answer

        answers = self.race.first(
            [(source.name, partial(attempt, source)) for source in sources],
            within_s,
            lambda answer: isinstance(self._usable(answer), SimSeen),
        )
        judged = [self._usable(answer) for answer in answers]
        seen = [answer for answer in judged if isinstance(answer, SimSeen)]
        sealed = tuple(
            (_facts(one), seal(one.imsi, one.representation, one.mcc_mnc, self.keys, tenant.imsi_form))
            for one in seen
        )
        if sealed:
            return FreshAnswers(sealed, None, tuple(traces))
        missing = [answer for answer in judged if isinstance(answer, SimAnswer)]
        heaviest = max(missing, key=_weight, default=no_data(NoData.UNAVAILABLE, detail="no_answer"))
        return FreshAnswers((), heaviest, tuple(traces))

    def _usable(self, answer: LookupAnswer) -> SimSeen | SimAnswer:
        mcc_mnc = answer.operator if isinstance(answer, Reachable) else answer.mcc_mnc
        return usable(answer, trusted=self.trust.holds(answer.source, mcc_mnc))


def outcome_token(answer: LookupAnswer) -> str:
    """Give the token of a source's answer for metrics and the audit."""
    match answer:
        case SimSeen():
            return "seen"
        case SimNotSeen():
            return answer.no_data.value
        case Reachable():
            return "reachable"


def _weight(answer: SimAnswer) -> int:
    return _WEIGHT[answer.no_data or NoData.NOT_SUPPORTED]


def _facts(seen: SimSeen) -> SimSeen:
    """The answer without its IMSI, which goes no further than its seal."""
    return SimSeen(
        seen.source,
        Imsi(""),
        seen.liveness,
        seen.representation,
        seen.mcc_mnc,
        seen.msc,
        seen.country,
        seen.roaming,
        seen.swapped_at,
    )


def _judge(fresh: FreshAnswers, subscriber: Subscriber) -> SimFinding:
    """With two answers in hand `changed` beats `same`; with no reference they must agree."""
    if fresh.missing is not None:
        return SimFinding(fresh.missing, fresh.traces)
    answers = [compare(subscriber.reference, seen, sealed) for seen, sealed in fresh.seen]
    if not subscriber.reference and len({sealed.newest() for _, sealed in fresh.seen}) > 1:
        disagreement = no_data(NoData.UNTRUSTED, source=answers[0].source, detail="sources_disagree")
        return SimFinding(disagreement, fresh.traces)
    order = {"changed": 0, "same": 1, "first_seen": 2, "no_data": 3}
    return SimFinding(min(answers, key=lambda answer: order[answer.state.value]), fresh.traces)
