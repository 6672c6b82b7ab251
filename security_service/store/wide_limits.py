"""The WideLimits, SendTally and NoticeCap ports: windows over many numbers of one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from security_service.domain.audit import canonical
from security_service.domain.codes import window_spec
from security_service.domain.jobs import Job, JobKind
from security_service.domain.limits import LimitReached, Window
from security_service.domain.ports import Chance
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.store.batches import Batch
from security_service.store.connection import Argument
from security_service.store.frame import StoreFrame, journal, seconds_up, subject_text, whole
from security_service.store.job_bodies import job_body
from security_service.store.keys import wide_key
from security_service.store.scripts import load


class StoredWideLimits:
    """Takes all wide windows of a call or none of them, in one script.

    The first refusal of a window is an event in the shard of the number that met it, the rest
    are one count at the window's end: a flood over many numbers is told twice, not once each.
    """

    def __init__(self, frame: StoreFrame, chance: Chance) -> None:
        self._frame, self._chance = frame, chance
        self._take, self._give_back = load("take_wide"), load("give_wide_back")
        self._tell = load("tell_limit")

    def take(self, tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> LimitReached | None:
        """Take a place in all of them or in none."""
        scopes, windows = _wide(tenant, number, source, keys)
        if not windows:
            return None
        names = [wide_key(tenant.id, scope) for scope in scopes]
        counts = [wide_key(tenant.id, f"refused:{scope}") for scope in scopes]
        arguments: list[Argument] = [self._frame.now(), window_spec(windows)]
        reply = self._frame.scripts.run(self._take, [*names, *counts], arguments)
        if reply[0] == 1:
            for place in map(whole, reply[1:]):
                self._tell_refusal(tenant, number, source, scopes[place - 1], windows[place - 1], 0)
            return None
        place, wait_ms, refusals = whole(reply[1]) - 1, whole(reply[2]), whole(reply[3])
        if refusals == 1:
            self._tell_refusal(tenant, number, source, scopes[place], windows[place], wait_ms)
        return LimitReached(windows[place].name, seconds_up(wait_ms))

    def give_back(self, tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> None:
        """Give the places back, as best can be: a crash over-counts, never under-counts."""
        scopes, windows = _wide(tenant, number, source, keys)
        if windows:
            names = [wide_key(tenant.id, scope) for scope in scopes]
            self._frame.scripts.run(self._give_back, names, [self._frame.now(), window_spec(windows)])

    def _tell_refusal(
        self, tenant: Tenant, number: Msisdn, source: str, scope: str, window: Window, wait_ms: int
    ) -> None:
        at = self._frame.layout.of(tenant.id, number)
        data = (("wide", wide_key(tenant.id, f"refused:{scope}")), ("window", window.name))
        job = Job(f"w{self._chance.token()}", JobKind.REFUSALS, tenant.id, number, data)
        facts = canonical({"operation": "GenerateCode", "scope": scope.partition(":")[0], "source": source})
        self._frame.run_ours(
            self._tell,
            journal(at),
            at.of_shard("installation"),
            [
                self._frame.now(),
                subject_text(tenant.id, number),
                at.shard,
                facts,
                window.name,
                wait_ms,
                "1" if window.record_only else "",
                job.id,
                job_body(job),
                window.seconds * 1000,
            ],
        )


def _wide(tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> tuple[list[str], list[Window]]:
    """The windows of a call, each with the scope that names its count."""
    limits = tenant.limits
    prefix = number.digits[: limits.prefix_digits]
    scopes = [("tenant", limits.tenant), (f"prefix:{prefix}", limits.prefix)]
    if source:
        scopes.append((f"source:{source}", limits.source))
    scopes += [(f"key:{key}", limits.keys) for key in keys]
    pairs = [(f"{scope}:{window.name}", window) for scope, windows in scopes for window in windows]
    return [name for name, _ in pairs], [window for _, window in pairs]


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
        keys = [wide_key(tenant.id, "notices"), wide_key(tenant.id, "refused:notices")]
        reply = self._frame.scripts.run(self._take, keys, [self._frame.now(), window_spec((day,))])
        return reply[0] == 1
