"""The ports of routing: what is known of gateways' health, and their pace; no behaviour here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from security_service.domain.arrivals import Move, Pair, PairState, Tally


class Breakers(Protocol):
    """Which gateways answer at present, as this process sees it."""

    def is_open(self, gateway: str) -> bool:
        """Tell whether a gateway is not to be asked at present; takes no place."""
        ...

    def admits(self, gateway: str) -> bool:
        """Tell whether a message may be handed over now; each one admitted ends in `record`."""
        ...

    def record(self, gateway: str, *, failed: bool) -> None:
        """Take in how handing over ended."""
        ...


class Pace(Protocol):
    """The providers' own limits on requests a second, shared by all processes."""

    def take(self, gateway: str, within_s: float) -> bool:
        """Wait for a place within `within_s` seconds; False where there is none in time."""
        ...


class Arrivals(Protocol):
    """What codes that are entered tell of gateways; counting never waits for the store."""

    def state(self, gateway: str, operator: str) -> PairState:
        """Give where a pair stands, at most a second old; raises StoreUnavailable."""
        ...

    def sent(self, gateway: str, operator: str) -> None:
        """Count a code that a gateway accepted."""
        ...

    def entered(self, gateway: str, operator: str, sent_at_ms: int) -> None:
        """Count a code that its subscriber entered, with the store's time of its sending."""
        ...

    def flush(self) -> None:
        """Hand what was counted to the store, at most once a second; what is lost is only counted less."""
        ...


class ArrivalBook(Protocol):
    """The cohorts and pairs in the store, for the one who judges them; may raise StoreUnavailable."""

    def ripe(self) -> Mapping[tuple[str, str], Tally]:
        """Take the cohorts that have ripened since the last call, by gateway and operator."""
        ...

    def pairs(self) -> Mapping[tuple[str, str], Pair]:
        """Read all pairs."""
        ...

    def save(self, gateway: str, operator: str, pair: Pair, move: Move | None) -> None:
        """Write a pair, and the event of its move where there is one."""
        ...
