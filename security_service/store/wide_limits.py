"""The WideLimits, SendTally and NoticeCap ports: windows over many numbers of one tenant."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from security_service.domain.codes import window_spec
from security_service.domain.errors import StoreUnavailable
from security_service.domain.limits import LimitReached, Window
from security_service.domain.ports import Clock
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.store.frame import StoreFrame, seconds_up, words
from security_service.store.keys import wide_key
from security_service.store.scripts import load

_FLUSH_S: Final = 1.0


class StoredWideLimits:
    """Takes all wide windows of a call or none of them, in one script."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._take, self._give_back = load("take_wide"), load("give_wide_back")

    def take(self, tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> LimitReached | None:
        """Take a place in all of them or in none."""
        names, windows = _wide(tenant, number, source, keys)
        if not windows:
            return None
        reply = self._frame.scripts.run(self._take, names, [self._frame.now(), window_spec(windows)])
        if reply[0] == 1:
            return None
        return LimitReached(words(reply[1]), seconds_up(reply[2]))

    def give_back(self, tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> None:
        """Give the places back, as best can be: a crash over-counts, never under-counts."""
        names, windows = _wide(tenant, number, source, keys)
        if windows:
            self._frame.scripts.run(self._give_back, names, [self._frame.now(), window_spec(windows)])


def _wide(tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> tuple[list[str], list[Window]]:
    limits = tenant.limits
    prefix = number.digits[: limits.prefix_digits]
    scopes = [("tenant", limits.tenant), (f"prefix:{prefix}", limits.prefix)]
    if source:
        scopes.append((f"source:{source}", limits.source))
    scopes += [(f"key:{key}", limits.keys) for key in keys]
    pairs = [(f"{scope}:{window.name}", window) for scope, windows in scopes for window in windows]
    return [wide_key(tenant.id, name) for name, _ in pairs], [window for _, window in pairs]


class StoredSendTally:
    """The tenant's hour. Messages that left are added once a second, unverified ones at once."""

    def __init__(self, frame: StoreFrame, clock: Clock) -> None:
        self._frame, self._clock = frame, clock
        self._add, self._take = load("add_sent"), load("take_unverified")
        self._lock = threading.Lock()
        self._pending: dict[str, int] = {}
        self._flushed_at = clock.monotonic()

    def sent(self, tenant: str) -> None:
        """Count a message that left; what is in hand for under a second is lost by a crash."""
        with self._lock:
            self._pending[tenant] = self._pending.get(tenant, 0) + 1
            if self._clock.monotonic() - self._flushed_at < _FLUSH_S:
                return
            pending, self._pending = self._pending, {}
            self._flushed_at = self._clock.monotonic()
        for one, count in pending.items():
            self._flush(one, count)

    def _flush(self, tenant: str, count: int) -> None:
        """Where the store is away the counts wait: a smaller hour only lowers the ceiling."""
        try:
            self._frame.scripts.run(self._add, [wide_key(tenant, "hour")], [self._frame.now(), count])
        except StoreUnavailable:
            with self._lock:
                self._pending[tenant] = self._pending.get(tenant, 0) + count

    def take_unverified(self, tenant: str, floor: int, percent: int) -> bool:
        """Count an unverified message; False where the tenant's hour is at its ceiling."""
        reply = self._frame.scripts.run(
            self._take,
            [wide_key(tenant, "hour"), wide_key(tenant, "unverified")],
            [self._frame.now(), floor, percent],
        )
        return reply[0] == 1

    def raises_incident(self, tenant: str, what: str) -> bool:
        """True once an hour for each incident of a tenant."""
        name = wide_key(tenant, f"incident:{what}")
        return self._frame.scripts.command("SET", name, "1", "PX", 3_600_000, "NX") is not None


class StoredNoticeCap:
    """A tenant's notices of a day."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._take = load("take_wide")

    def take(self, tenant: Tenant) -> bool:
        """Count one notice; False where the day's cap is reached."""
        day = replace(Window("notices", 1, 86_400), limit=max(tenant.notices_a_day, 1))
        if tenant.notices_a_day == 0:
            return False
        reply = self._frame.scripts.run(
            self._take, [wide_key(tenant.id, "notices")], [self._frame.now(), window_spec((day,))]
        )
        return reply[0] == 1
