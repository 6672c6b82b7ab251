"""A source of SIM answers in memory: the test writes down what it answers and reads what it was asked."""

from __future__ import annotations

from collections.abc import Callable

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi, Msisdn

Answering = LookupAnswer | Callable[[Msisdn], LookupAnswer]


class FakeLookup:
    """Implements the port `SimLookup`.

    A number has the SIM that `sims` names, or gives what `then` holds for it, which comes first.
    Any other number is unknown. Without time it answers as a real one: unavailable.
    """

    def __init__(self, name: str = "fake", sims: dict[str, str] | None = None) -> None:
        self._name = name
        self.sims = dict(sims or {})
        self.then: dict[str, Answering] = {}
        self.asked: list[Msisdn] = []

    @property
    def name(self) -> str:
        return self._name

    def find(self, number: Msisdn, within_s: float) -> LookupAnswer:
        """Remember the number, unless there is no time, and answer as the test wants."""
        if within_s <= 0:
            return SimNotSeen(self._name, NoData.UNAVAILABLE, "no_time")
        self.asked.append(number)
        answering = self.then.get(number.digits)
        if answering is not None:
            return answering(number) if callable(answering) else answering
        imsi = self.sims.get(number.digits)
        if imsi is None:
            return SimNotSeen(self._name, NoData.UNKNOWN_SUBSCRIBER, "map_1")
        return SimSeen(self._name, Imsi(imsi), Liveness.LIVE, mcc_mnc=imsi[:5], country="RU", roaming=False)

    def fails(self, number: str, no_data: NoData = NoData.UNAVAILABLE, detail: str = "timeout") -> None:
        """Have a number end without an IMSI from now on."""
        self.then[number] = SimNotSeen(self._name, no_data, detail)
