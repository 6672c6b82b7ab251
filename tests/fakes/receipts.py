"""Receipts that providers bring: an inbox in memory, and a provider that brings one a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from security_service.domain.errors import StoreUnavailable
from security_service.domain.incoming import Incoming
from security_service.domain.messages import NoReceipt, Push, Receipt, ReceiptAnswer, ReceiptState
from security_service.domain.secret import MessageText, Msisdn


class MemoryInbox:
    """The ReceiptInbox port; with `is_down` the store is away."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Receipt] = {}
        self.is_down = False

    def put(self, gateway: str, pushes: Sequence[Push]) -> None:
        if self.is_down:
            raise StoreUnavailable("down")
        for push in pushes:
            before = self.kept.get((gateway, push.message_id))
            if before is None or not before.state.is_final or push.receipt.state.is_final:
                self.kept[gateway, push.message_id] = push.receipt

    def get(self, gateway: str, message_id: str) -> ReceiptAnswer:
        if self.is_down:
            raise StoreUnavailable("down")
        return self.kept.get((gateway, message_id), NoReceipt("none_came"))


class LineReader:
    """A provider whose callback is lines of `message id state`."""

    def read_push(self, content_type: str, body: bytes, query: Mapping[str, str]) -> tuple[Push, ...]:
        lines = [line.split(" ") for line in body.decode("utf-8", "replace").splitlines()]
        return tuple(
            Push(line[0], Receipt(ReceiptState(line[1]), line[1]))
            for line in lines
            if len(line) == 2 and line[1] in set(ReceiptState)
        )


class LineReplies:
    """A provider whose callback is lines of `number to text`, and what was taken of them."""

    def __init__(self) -> None:
        self.taken: list[Incoming] = []

    def read_replies(self, content_type: str, body: bytes, query: Mapping[str, str]) -> tuple[Incoming, ...]:
        lines = [line.split(" ", 2) for line in body.decode("utf-8", "replace").splitlines()]
        return tuple(
            Incoming("viber", str(at), Msisdn(line[0]), line[1], MessageText(line[2]), at)
            for at, line in enumerate(lines, 1)
            if len(line) == 3
        )
