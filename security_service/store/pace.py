"""The Pace port: providers' limits on requests a second, shared by all processes through the store."""

from __future__ import annotations

from collections.abc import Mapping

from security_service.domain.errors import StoreUnavailable
from security_service.domain.ports import Clock
from security_service.store.connection import Argument
from security_service.store.frame import StoreFrame, whole
from security_service.store.scripts import load


class StoredPace:
    """A token bucket a gateway; `per_second` maps a gateway to its limit, others have none."""

    def __init__(self, frame: StoreFrame, clock: Clock, per_second: Mapping[str, float]) -> None:
        self._frame, self._clock, self._per_second = frame, clock, per_second
        self._take = load("take_pace")

    def take(self, gateway: str, within_s: float) -> bool:
        """Wait for a place within `within_s` seconds; False where there is none in time.

        Where the store is away there is a place: the provider's own limit still stands.
        """
        per_second = self._per_second.get(gateway, 0.0)
        if per_second <= 0:
            return True
        arguments: list[Argument] = [self._frame.now(), str(per_second), int(within_s * 1000)]
        try:
            reply = self._frame.scripts.run(self._take, [f"{{g:{gateway}}}:pace"], arguments)
        except StoreUnavailable:
            return True
        wait_ms = whole(reply[0])
        if wait_ms < 0:
            return False
        if wait_ms:
            self._clock.pause(wait_ms / 1000)
        return True
