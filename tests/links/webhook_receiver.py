"""A receiver of the signed webhook as a bank would write it, with what it took."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from typing import Any

from tests.links.peer import Answer, Reply, Request, Script

KEY = "a key of 24 characters or more"
OLDEST_S = 300


def is_signed(headers: Any, body: bytes, key: str, now_s: int) -> bool:  # noqa: ANN401 - headers of any server
    """Tell whether a body was signed with a key, not long ago: what docs/how-to/forward-events.md shows."""
    timestamp = headers["etalon-timestamp"]
    if abs(now_s - int(timestamp)) > OLDEST_S:
        return False
    wanted = hmac.new(key.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    signatures = headers["etalon-signature"].split(",")
    return any(hmac.compare_digest(one.strip(), f"v1={wanted}") for one in signatures)


class WebhookReceiver:
    """A script for `Peer` that takes what is signed, each delivery once; `answer` goes before that."""

    def __init__(self, now_s: Callable[[], int], key: str = KEY) -> None:
        self._now_s, self._key = now_s, key
        self._changed = threading.Condition()
        self.taken: list[dict[str, Any]] = []
        self.deliveries: list[str] = []
        self.forged = 0
        self.answer: Script | None = None

    def __call__(self, request: Request) -> Reply:
        before = self.answer(request) if self.answer is not None else Answer(status=204)
        if not isinstance(before, Answer) or before.status >= 300:
            return before
        with self._changed:
            if not is_signed(request.headers, request.body, self._key, self._now_s()):
                self.forged += 1
                return Answer(status=401)
            delivery = request.headers["etalon-delivery"]
            if delivery not in self.deliveries:
                self.taken += read_events(request)
                self.deliveries.append(delivery)
            self._changed.notify_all()
        return before

    @property
    def leaves(self) -> list[int]:
        return [one["leaf"] for one in self.taken]

    def wait_for_leaf(self, leaf: int) -> None:
        """Wait until an event is here that has this place in the log."""
        with self._changed:
            assert self._changed.wait_for(lambda: leaf in self.leaves, 60.0), self.leaves[-3:]


def read_events(request: Request) -> list[dict[str, Any]]:
    """Give the events of a body by its content type."""
    if request.headers["content-type"] == "application/json":
        read: list[dict[str, Any]] = json.loads(request.body)
        return read
    assert request.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in request.body.decode().split("\n")[:-1]]
