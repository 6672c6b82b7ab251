"""Take in receipts and replies that a provider brings by itself; leaves applying them to other use cases."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from security_service.domain.incoming import Incoming
from security_service.domain.link_ports import ReceiptInbox
from security_service.domain.messages import Push
from security_service.domain.ports import Meter
from security_service.domain.secret import KeyRing


@runtime_checkable
class PushReader(Protocol):
    """A gateway whose provider brings receipts by itself."""

    def read_push(self, content_type: str, body: bytes, query: Mapping[str, str]) -> tuple[Push, ...]:
        """Read the receipts of one call; empty where it tells none. Never raises."""
        ...


@runtime_checkable
class ReplyReader(Protocol):
    """A gateway whose provider brings what subscribers write."""

    def read_replies(self, content_type: str, body: bytes, query: Mapping[str, str]) -> tuple[Incoming, ...]:
        """Read the messages of one call; empty where it brings none. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class PushTaken:
    """The call was taken in; it told of so many messages, and brought so many replies."""

    receipts: int
    replies: int = 0


@dataclass(frozen=True, slots=True)
class UnknownCallback:
    """No gateway takes receipts or replies under this name and token."""


PushResult = PushTaken | UnknownCallback


def callback_token(keys: KeyRing, version: int, gateway: str) -> str:
    """Give the token in a gateway's callback address: 32 hex digits that nobody outside can make up."""
    return keys.digest(version, "callback", gateway).hex()


@dataclass(frozen=True, slots=True)
class ReceivePush:
    """Receipts may come in any order, more than once, and before the send call returned.

    They are kept by message id; the job that asks for a code's receipts finds them there, so
    that each is applied once, however it came.
    """

    readers: Mapping[str, PushReader]
    reply_readers: Mapping[str, ReplyReader]
    take_reply: Callable[[Incoming], None]
    inbox: ReceiptInbox
    keys: KeyRing
    meter: Meter

    def run(
        self, gateway: str, token: str, content_type: str, body: bytes, query: Mapping[str, str]
    ) -> PushResult:
        """Take one call in. Raises StoreUnavailable: the provider then brings it again."""
        reader, replies = self.readers.get(gateway), self.reply_readers.get(gateway)
        if not self._is_known(gateway, token) or (reader is None and replies is None):
            return UnknownCallback()
        pushes = reader.read_push(content_type, body, query) if reader else ()
        if pushes:
            self.inbox.put(gateway, pushes)
        brought = replies.read_replies(content_type, body, query) if replies else ()
        for message in brought:
            self.take_reply(message)
        self.meter.event("callback", gateway)
        return PushTaken(len(pushes), len(brought))

    def _is_known(self, gateway: str, token: str) -> bool:
        """Every version's token is compared, in constant time, for names that nobody has too."""
        given = token.encode("utf-8", "replace")
        matches = [
            hmac.compare_digest(callback_token(self.keys, version, gateway).encode("ascii"), given)
            for version in self.keys.versions()
        ]
        return any(matches)
