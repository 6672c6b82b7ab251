"""The ports of incoming messages: sealed texts for a week, their events, and how far gateways were asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from security_service.domain.audit import Event
from security_service.domain.incoming import KEPT_DAYS, Incoming, KeptIncoming
from security_service.domain.jobs import Job
from security_service.domain.link_ports import NotOpened, Sealer
from security_service.domain.secret import MessageText, Msisdn
from security_service.store.frame import StoreFrame, event_arguments, journal, subject_text, whole
from security_service.store.job_bodies import job_arguments
from security_service.store.keys import gateway_key, incoming_key
from security_service.store.scripts import load

_KEPT_MS: Final = KEPT_DAYS * 86_400_000
_NAMES: Final = ("messages", "times", "last")


class StoredIncoming:
    """All of a tenant shares one hash tag; the number that is frozen by a reply lies in its own shard."""

    def __init__(self, frame: StoreFrame, sealer: Sealer) -> None:
        self._frame, self._sealer = frame, sealer
        self._keep = load("keep_incoming")

    def keep(self, tenant: str, message: Incoming) -> int:
        """Keep a message and give its id; 0 where it was dealt with before."""
        clear = json.dumps(
            [message.number.digits, message.to, message.text.reveal(), message.at_ms], ensure_ascii=False
        )
        sealed = self._sealer.seal(clear.encode("utf-8"), _about(tenant))
        reply = self._frame.scripts.run(
            self._keep,
            [*(incoming_key(tenant, what) for what in _NAMES), _mark(tenant, message)],
            [sealed, message.at_ms, message.at_ms - _KEPT_MS, _KEPT_MS],
        )
        return whole(reply[0])

    def done(self, tenant: str, message: Incoming) -> None:
        """Say that a message was dealt with: brought again, it is passed over."""
        self._frame.scripts.command("SET", _mark(tenant, message), "done", "PX", _KEPT_MS)

    def of(self, tenant: str, since_ms: int, until_ms: int, count: int) -> Sequence[KeptIncoming]:
        """Give a tenant's messages of a period, the oldest first."""
        times = incoming_key(tenant, "times")
        found = self._frame.scripts.command("ZRANGEBYSCORE", times, since_ms, until_ms, "LIMIT", 0, count)
        numbers = [one for one in found if isinstance(one, bytes)] if isinstance(found, list) else []
        if not numbers:
            return []
        values = self._frame.scripts.command("HMGET", incoming_key(tenant, "messages"), *numbers)
        sealed = values if isinstance(values, list) else []
        read = [
            self._read(tenant, int(number), value)
            for number, value in zip(numbers, sealed, strict=True)
            if isinstance(value, bytes)
        ]
        return [message for message in read if message is not None]

    def get(self, tenant: str, number: int) -> KeptIncoming | None:
        """Give a message by its id; None where it is no more."""
        value = self._frame.scripts.command("HGET", incoming_key(tenant, "messages"), number)
        return self._read(tenant, number, value) if isinstance(value, bytes) else None

    def _read(self, tenant: str, number: int, sealed: bytes) -> KeptIncoming | None:
        clear = self._sealer.open(sealed, _about(tenant))
        if isinstance(clear, NotOpened):
            return None
        digits, to, text, at_ms = json.loads(clear)
        return KeptIncoming(number, Msisdn(digits), to, MessageText(text), at_ms)


class StoredReplyJournal:
    """The ReplyJournal port: what a reply brought about, in the number's own shard."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._tell = load("tell_number")

    def tell(self, tenant: str, message: Incoming, events: Sequence[Event], jobs: Sequence[Job]) -> None:
        """Write events and jobs of one incoming message together."""
        keys = self._frame.layout.of(tenant, message.number)
        self._frame.run_ours(
            self._tell,
            journal(keys),
            keys.of_shard("installation"),
            [
                self._frame.now(),
                subject_text(tenant, message.number),
                keys.shard,
                len(events),
                len(jobs),
                *event_arguments(events),
                *job_arguments(jobs),
            ],
        )


class StoredReplyCursors:
    """The ReplyCursors port: one key a gateway, kept for a month."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame

    def get(self, gateway: str) -> int:
        """Give Unix milliseconds; 0 where it was never asked."""
        value = self._frame.scripts.command("GET", gateway_key(gateway, "replies_until"))
        return int(value) if isinstance(value, bytes) else 0

    def set(self, gateway: str, until_ms: int) -> None:
        """Remember that all up to `until_ms` was taken in."""
        key = gateway_key(gateway, "replies_until")
        self._frame.scripts.command("SET", key, until_ms, "PX", 31 * 86_400_000)


def _about(tenant: str) -> str:
    return f"incoming {tenant}"


def _mark(tenant: str, message: Incoming) -> str:
    told = sha256(f"{message.gateway} {message.id}".encode()).hexdigest()[:32]
    return incoming_key(tenant, f"seen:{told}")
