"""Whose store this is and whether it may be decided on: `store init`, readiness, the guard of memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from security_service.domain.audit import canonical
from security_service.domain.errors import StoreUnavailable
from security_service.domain.ports import Clock
from security_service.store.connection import Reply, Scripts
from security_service.store.frame import words
from security_service.store.keys import (
    MANAGEMENT,
    SHARDS,
    Layout,
    all_shards,
    buckets_for,
    shard_key,
)
from security_service.store.scripts import load

_INSTALLATION: Final = shard_key(MANAGEMENT, "installation")
_GREATEST_SKEW_MS: Final = 2000
_NOT_OURS: Final = (
    "the store is not initialised: run `security-service store init`, or `store rebuild` where it was lost"
)


@dataclass(frozen=True, slots=True)
class Installation:
    """What `store init` fixed: the installation's id and the count of buckets."""

    id: str
    buckets: int


def initialise(
    scripts: Scripts,
    installation_id: str,
    subscribers: int,
    now: str = "",
    seqs: Mapping[str, int] = MappingProxyType({}),
) -> Installation:
    """Make an empty store this installation's; one that is so already is left as it is.

    `subscribers` is how many are expected (a wrong guess costs memory, never correctness). `seqs`
    gives by shard behind which number its events number on, where an archive holds some.
    Raises ValueError where the store, or a shard of it, is another installation's or being rebuilt.
    """
    present = read_installation(scripts)
    if present is not None and present.id != installation_id:
        raise ValueError("the store belongs to another installation")
    if scripts.command("EXISTS", shard_key(MANAGEMENT, "rebuilding")) == 1:
        raise ValueError("the store is being rebuilt: run `security-service store rebuild`, or empty it")
    wanted = present or Installation(installation_id, buckets_for(subscribers))
    facts = canonical({"buckets": wanted.buckets, "installation": wanted.id, "shards": SHARDS})
    script = load("install")
    for shard in all_shards():
        keys = [shard_key(shard, what) for what in ("installation", "events", "seq")]
        reply = scripts.run(script, keys, [now, wanted.id, shard, facts, seqs.get(shard, 0)])
        if words(reply[0]) != wanted.id:
            raise ValueError(f"shard {shard} of the store belongs to another installation")
    if present is None and seqs.get(MANAGEMENT):
        scripts.command("SET", shard_key(MANAGEMENT, "seq"), seqs[MANAGEMENT], "NX")
    scripts.command("HSET", _INSTALLATION, "id", wanted.id, "buckets", wanted.buckets)
    return wanted


def read_installation(scripts: Scripts) -> Installation | None:
    """Read what `store init` fixed; None for a store that was never initialised."""
    reply = scripts.command("HMGET", _INSTALLATION, "id", "buckets")
    if not isinstance(reply, list) or not isinstance(reply[0], bytes) or not isinstance(reply[1], bytes):
        return None
    return Installation(reply[0].decode(), int(reply[1]))


@dataclass(frozen=True, slots=True)
class MemoryMarks:
    """Percent of the store's memory at which it is not ready, and at which no new code is given."""

    not_ready: int = 70
    no_new_codes: int = 85


class StoreHealth:
    """The Health port. What was read is believed for a second."""

    def __init__(
        self, scripts: Scripts, installation_id: str, clock: Clock, marks: MemoryMarks = MemoryMarks()
    ) -> None:
        self._scripts, self._id, self._clock, self._marks = scripts, installation_id, clock, marks
        self._lock = threading.Lock()
        self._read_at = -10.0
        self._percent = 0

    def faults(self) -> list[str]:
        """What keeps the service from being ready, a short sentence each; empty when ready."""
        try:
            return self._faults()
        except StoreUnavailable:
            return ["the store does not answer"]

    def _faults(self) -> list[str]:
        faults = []
        installation = read_installation(self._scripts)
        if installation is None:
            faults.append(_NOT_OURS)
        elif installation.id != self._id:
            faults.append("the store belongs to another installation")
        percent = self._memory_percent()
        if percent >= self._marks.not_ready:
            faults.append(f"the store's memory is {percent} % full")
        skew = self._skew_ms()
        if abs(skew) > _GREATEST_SKEW_MS:
            faults.append(f"this machine's clock is {abs(skew)} ms away from the store's")
        return faults

    def refuses_new_codes(self) -> str:
        """Why GenerateCode must answer 4 now, or ''. Reads the store at most once a second."""
        now = self._clock.monotonic()
        if now - self._read_at >= 1.0 and self._lock.acquire(blocking=False):
            try:
                self._percent = self._memory_percent()
                self._read_at = now
            finally:
                self._lock.release()
        return "store_full" if self._percent >= self._marks.no_new_codes else ""

    def _memory_percent(self) -> int:
        info = _info(self._scripts.command("INFO", "memory"))
        most = int(info.get("maxmemory", "0"))
        return 100 * int(info.get("used_memory", "0")) // most if most else 0

    def _skew_ms(self) -> int:
        reply = self._scripts.command("TIME")
        if not isinstance(reply, list):
            return 0
        seconds, micros = int(words(reply[0])), int(words(reply[1]))
        return seconds * 1000 + micros // 1000 - self._clock.unix_ms()


def _info(reply: Reply) -> dict[str, str]:
    lines = words(reply).splitlines() if isinstance(reply, bytes) else []
    return dict(line.split(":", 1) for line in lines if ":" in line)


class MasterEpoch:
    """The id of the master that codes are bound to where the store is replicated.

    Read at most once a second, so that a fail-over is known within one; it gives another id, under
    which codes of before are dead (design, section 5).
    """

    def __init__(self, scripts: Scripts, clock: Clock) -> None:
        self._scripts, self._clock = scripts, clock
        self._known = ""
        self._until = -1.0

    def __call__(self) -> str:
        """Give the id, at most a second old."""
        now = self._clock.monotonic()
        if now >= self._until:
            info = _info(self._scripts.command("INFO", "replication"))
            self._known = info.get("master_replid", "")
            self._until = now + 1.0
        return self._known


class InstalledLayout:
    """The layout that `store init` fixed, asked for until there is one.

    Nobody guesses it meanwhile: a record sought where it does not lie would be taken for none.
    """

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._installed: Layout | None = None

    def __call__(self) -> Layout:
        """Give the layout in force; raises StoreUnavailable while it is not known yet."""
        if self._installed is None:
            installation = read_installation(self._scripts)
            if installation is None:
                raise StoreUnavailable("other_store")
            self._installed = Layout(installation.buckets)
        return self._installed
