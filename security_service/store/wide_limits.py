"""The WideLimits, SendTally and NoticeCap ports: windows over many numbers of one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from security_service.domain.codes import window_spec
from security_service.domain.limits import LimitReached, Window
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.store.batches import Batch
from security_service.store.frame import StoreFrame, seconds_up, words
from security_service.store.keys import wide_key
from security_service.store.scripts import load


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

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._add, self._take = load("add_sent"), load("take_unverified")
        self._batch = Batch(self._hand_over, frame.scripts.close)

    def sent(self, tenant: str) -> None:
        """Count a message that left; a smaller hour, after a crash, only lowers the ceiling."""
        self._batch.add(tenant)

    def flush(self) -> None:
        """Hand what was counted to the store now."""
        self._batch.flush()

    def _hand_over(self, counts: Mapping[str, int]) -> None:
        for tenant, count in counts.items():
            self._frame.scripts.run(self._add, [wide_key(tenant, "hour")], [self._frame.now(), count])

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
