"""The ports of routing in memory: gateways that answer, pairs that arrive, a pace without limits."""

from __future__ import annotations

from security_service.domain.arrivals import PairState
from security_service.domain.errors import StoreUnavailable
from security_service.domain.secret import Code


class MemoryBreakers:
    """The Breakers port: open for the gateways named in `open`."""

    def __init__(self, *open_for: str) -> None:
        self.open = set(open_for)
        self.recorded: list[tuple[str, bool]] = []

    def is_open(self, gateway: str) -> bool:
        return gateway in self.open

    def admits(self, gateway: str) -> bool:
        return gateway not in self.open

    def record(self, gateway: str, *, failed: bool) -> None:
        self.recorded.append((gateway, failed))


class FreePace:
    """The Pace port: no place for the gateways named in `full`."""

    def __init__(self, *full: str) -> None:
        self.full = set(full)

    def take(self, gateway: str, within_s: float) -> bool:
        return gateway not in self.full


class MemoryArrivals:
    """The Arrivals port: states as given, counts kept; with `is_down` the store is away."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, str], PairState] = {}
        self.sends: list[tuple[str, str]] = []
        self.entries: list[tuple[str, str, int]] = []
        self.is_down = False

    def state(self, gateway: str, operator: str) -> PairState:
        if self.is_down:
            raise StoreUnavailable("down")
        return self.states.get((gateway, operator), PairState.ARRIVES)

    def sent(self, gateway: str, operator: str) -> None:
        self.sends.append((gateway, operator))

    def entered(self, gateway: str, operator: str, sent_at_ms: int) -> None:
        self.entries.append((gateway, operator, sent_at_ms))

    def flush(self) -> None:
        pass


class FirstChance:
    """The Chance port: codes and tokens that count up, and `share` as the test wants it."""

    def __init__(self, share: float = 0.0) -> None:
        self.drawn = share
        self._count = 0

    def code(self, length: int) -> Code:
        return Code(self.token()[-length:])

    def token(self) -> str:
        self._count += 1
        return f"{self._count:032d}"

    def share(self) -> float:
        return self.drawn
