"""Posts events to a URL of the bank's, signed so that the receiver can tell whose they are; decides nothing.

The signature is HMAC-SHA-256 over the time, a full stop and the body, as others sign their webhooks;
while keys change there is one for each key.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from security_service.domain.forwarding import ForwardedEvent
from security_service.domain.forwarding_ports import Delivered, Delivery, NotDelivered, TurnedOff
from security_service.domain.secret import Secret
from security_service.links.http_answer import HttpAnswer
from security_service.links.http_link import HttpLink

TIMESTAMP: Final = "Etalon-Timestamp"
DELIVERY: Final = "Etalon-Delivery"
SIGNATURE: Final = "Etalon-Signature"

_WITHIN_S: Final = 10.0
_MOST_BYTES: Final = 1024 * 1024
_ID_DIGITS: Final = 32
_GONE: Final = 410
_TOO_LARGE: Final = 413


class BodyForm(StrEnum):
    """How a body holds its events: one on a line, or as one array."""

    LINES = "lines"
    ARRAY = "array"


_TYPES: Final = {BodyForm.LINES: "application/x-ndjson", BodyForm.ARRAY: "application/json"}


@dataclass(frozen=True, slots=True)
class WebhookSigner:
    """The keys that bodies are signed with: one, or two while keys change."""

    keys: tuple[Secret, ...]

    def sign(self, timestamp: int, body: bytes) -> str:
        """Give the header's value for a body sent at a time in Unix seconds: `v1=HEX`, or two of them."""
        signed = b"%d.%s" % (timestamp, body)
        return ",".join(
            f"v1={hmac.digest(key.reveal().encode(), signed, 'sha256').hex()}" for key in self.keys
        )


class WebhookLink:
    """Implements ForwardLink; `now` gives Unix milliseconds. For one thread at a time.

    An answer 2xx takes the events, 410 turns the target off, 413 halves the next body until there is
    one event in it. Whatever else is said, or nothing, is not known to have taken any.
    """

    def __init__(
        self,
        link: HttpLink,
        signer: WebhookSigner,
        form: BodyForm,
        now: Callable[[], int],
        *,
        within_s: float = _WITHIN_S,
    ) -> None:
        self._link, self._signer, self._form, self._now = link, signer, form, now
        self._within_s = within_s
        self._most_bytes = _MOST_BYTES

    def deliver(self, events: Sequence[ForwardedEvent]) -> Delivery:
        """Post the first events, as many as a body may hold; the same body has the same id, each time."""
        body, count = self._body(events)
        timestamp = self._now() // 1000
        headers = {
            "Content-Type": _TYPES[self._form],
            TIMESTAMP: str(timestamp),
            DELIVERY: sha256(body).hexdigest()[:_ID_DIGITS],
            SIGNATURE: self._signer.sign(timestamp, body),
        }
        reply = self._link.post("", body, headers, self._within_s)
        if not isinstance(reply, HttpAnswer):
            return NotDelivered(reply.reason.value)
        if 200 <= reply.status < 300:
            self._most_bytes = min(_MOST_BYTES, self._most_bytes * 2)
            return Delivered(count)
        if reply.status == _GONE:
            return TurnedOff(f"http_{_GONE}")
        if reply.status == _TOO_LARGE:
            self._most_bytes = max(1, len(body) // 2)
        return NotDelivered(f"http_{reply.status}")

    def close(self) -> None:
        """Close kept connections."""
        self._link.close()

    def _body(self, events: Sequence[ForwardedEvent]) -> tuple[bytes, int]:
        """Give a body and how many events it holds: one at least, and no more than the bytes allow."""
        items: list[bytes] = []
        size = 0
        for event in events:
            item = f'{{"event":{event.text},"leaf":{event.leaf}}}'.encode("utf-8", "replace")
            size += len(item) + 1
            if items and size > self._most_bytes:
                break
            items.append(item)
        match self._form:
            case BodyForm.LINES:
                return b"".join(item + b"\n" for item in items), len(items)
            case BodyForm.ARRAY:
                return b"[" + b",".join(items) + b"]", len(items)
