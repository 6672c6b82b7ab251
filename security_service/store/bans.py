"""The Bans and BanBook ports: banned IMSIs by their digests, among what is managed."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from typing import Final

from security_service.domain.audit import Event, canonical
from security_service.domain.bans import Ban
from security_service.domain.imsi import SealedImsi
from security_service.domain.ports import Clock
from security_service.domain.secret import Msisdn
from security_service.store.connection import Reply
from security_service.store.frame import MANAGED, StoreFrame, subject_text
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load

_FRESH_S: Final = 1.0
_BANNED: Final = "b"


class StoredBans:
    """What was read is believed for a second, so that a ban is in force everywhere within one.

    All of it is read anew only where something changed: by the count of changes, and by how many
    entries there are, for a rebuilt store begins to count anew.
    """

    def __init__(self, frame: StoreFrame, clock: Clock) -> None:
        self._frame, self._clock = frame, clock
        self._script = load("ban_imsi")
        self._lock = threading.Lock()
        self._until = float("-inf")
        self._state: tuple[Reply, Reply] = (None, None)
        self._banned: frozenset[str] = frozenset()

    def is_banned(self, tenant: str, imsi: SealedImsi) -> bool:
        """Tell whether a tenant banned this IMSI, under any key version at hand. Raises StoreUnavailable."""
        banned = self._fresh()
        return bool(banned) and any(f"{tenant}:{member.token()}" in banned for member in imsi.members)

    def put(self, ban: Ban, event: Event) -> bool:
        """Ban an IMSI; False, and nothing written, where it is banned or this case's ban was lifted."""
        return self._write("ban", ban, event)

    def lift(self, ban: Ban, event: Event) -> bool:
        """Lift a ban; False, and nothing written, where it was lifted before."""
        return self._write("lift", ban, event)

    def every(self, tenant: str) -> Sequence[Ban]:
        """Give a tenant's bans, newest first."""
        bans = []
        for field, value in self._entries().items():
            owner, _, imsi = field.partition(":")
            mark, case, at_ms, rest = value.split(" ", 3)
            if owner == tenant and mark == _BANNED:
                number, by = json.loads(rest)
                bans.append(Ban(tenant, imsi, Msisdn(number), case, by, int(at_ms)))
        return sorted(bans, key=lambda ban: ban.at_ms, reverse=True)

    def _write(self, action: str, ban: Ban, event: Event) -> bool:
        rest = json.dumps([ban.number.digits, ban.by], ensure_ascii=False, separators=(",", ":"))
        reply = self._frame.run_ours(
            self._script,
            [_BANS, shard_key(MANAGEMENT, "ban_changes"), *_journal()],
            MANAGED,
            [
                self._frame.now(),
                subject_text(ban.tenant, ban.number),
                MANAGEMENT,
                f"{ban.tenant}:{ban.imsi}",
                action,
                ban.case,
                rest,
                canonical({**event.facts, "case": ban.case, "entry": rest, "imsi": ban.imsi}),
            ],
        )
        with self._lock:
            self._until = float("-inf")
        return reply[0] == 1

    def _fresh(self) -> frozenset[str]:
        now = self._clock.monotonic()
        if self._until > now:
            return self._banned
        scripts = self._frame.scripts
        state = (
            scripts.command("GET", shard_key(MANAGEMENT, "ban_changes")),
            scripts.command("HLEN", _BANS),
        )
        banned = self._banned
        if state != self._state:
            entries = self._entries()
            banned = frozenset(field for field, value in entries.items() if value.startswith(_BANNED))
        with self._lock:
            self._until, self._state, self._banned = now + _FRESH_S, state, banned
        return banned

    def _entries(self) -> dict[str, str]:
        reply = self._frame.scripts.command("HGETALL", _BANS)
        flat = [one.decode() for one in reply if isinstance(one, bytes)] if isinstance(reply, list) else []
        return dict(zip(flat[::2], flat[1::2], strict=True))


_BANS: Final = shard_key(MANAGEMENT, "bans")


def _journal() -> list[str]:
    return [shard_key(MANAGEMENT, what) for what in ("events", "seq")]
