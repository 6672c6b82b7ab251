"""The Handover, HandoverDesk and ReceiptInbox ports: messages between processes, and receipts that came.

A message is a sealed text under a key of its own, which lives no longer than the message may be taken; a
ticket that says how far it is; an entry in its gateway's stream, which wakes those who take; and a stream
of one entry for the reply. Taking it deletes the text, so nobody can take it a second time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from security_service.domain.errors import StoreUnavailable
from security_service.domain.link_ports import (
    Handed,
    HandedOver,
    HandoverEnd,
    NoReply,
    NotOpened,
    NotTaken,
    Sealer,
)
from security_service.domain.messages import Push, Receipt, ReceiptAnswer, ReceiptState
from security_service.domain.ports import Chance, Clock
from security_service.store.connection import Argument, Reply, Scripts
from security_service.store.frame import raw, whole, words
from security_service.store.keys import gateway_key
from security_service.store.scripts import load

_REPLY_KEPT_MS: Final = 60_000
_STREAM_KEPT_MS: Final = 3_600_000
_RECEIPT_KEPT_MS: Final = 48 * 3_600_000
_LONGEST_BLOCK_S: Final = 1.0


def block_s(timeout_s: float) -> float:
    """Seconds that a call may wait in a store whose client gives up after `timeout_s`."""
    return min(timeout_s / 2, _LONGEST_BLOCK_S)


class StoredHandover:
    """Hands over, waits, and at the end of its time takes back what nobody took."""

    def __init__(
        self, scripts: Scripts, sealer: Sealer, chance: Chance, clock: Clock, longest_block_s: float
    ) -> None:
        self._scripts, self._sealer, self._chance, self._clock = scripts, sealer, chance, clock
        self._block_s = longest_block_s
        self._put, self._withdraw = load("put_handover"), load("withdraw_handover")

    def hand_over(self, gateway: str, request: bytes, within_s: float) -> HandoverEnd:
        """Hand a message over and wait for what becomes of it, within `within_s` seconds in all."""
        if within_s <= 0:
            return NotTaken("no_time")
        ends_at = self._clock.monotonic() + within_s
        name = self._chance.token()
        try:
            if not self._is_put(gateway, name, request, within_s):
                return NotTaken("not_bound")
            return self._wait(gateway, name, ends_at) or self._give_up(gateway, name)
        except StoreUnavailable:
            return NoReply("store_away")

    def _is_put(self, gateway: str, name: str, request: bytes, within_s: float) -> bool:
        within_ms = max(int(within_s * 1000), 1)
        keys = [gateway_key(gateway, what) for what in ("desk", "stream", f"ticket:{name}", f"text:{name}")]
        sealed = self._sealer.seal(request, _about(gateway, name))
        kept_ms = within_ms + _REPLY_KEPT_MS
        return self._scripts.run(self._put, keys, [name, sealed, within_ms, kept_ms, _STREAM_KEPT_MS]) == [1]

    def _wait(self, gateway: str, name: str, ends_at: float) -> HandedOver | None:
        reply = gateway_key(gateway, f"reply:{name}")
        while (left := ends_at - self._clock.monotonic()) > 0:
            found = _entries(_blocking_read(self._scripts, reply, 1, min(left, self._block_s)))
            if found:
                return HandedOver(found[0][1])
        return None

    def _give_up(self, gateway: str, name: str) -> HandoverEnd:
        keys = [gateway_key(gateway, f"{what}:{name}") for what in ("ticket", "text", "reply")]
        ended = self._scripts.run(self._withdraw, keys, [])
        match words(ended[0]):
            case "withdrawn":
                return NotTaken("not_taken")
            case "replied":
                return HandedOver(raw(ended[1]))
            case _:
                return NoReply("no_reply")


class StoredDesk:
    """Takes messages of a gateway and says what became of them."""

    def __init__(self, scripts: Scripts, sealer: Sealer, longest_block_s: float) -> None:
        self._scripts, self._sealer, self._block_s = scripts, sealer, longest_block_s
        self._take, self._reply = load("take_handovers"), load("reply_handovers")

    def open_desk(self, gateway: str, for_s: float) -> None:
        """Say that messages of a gateway are taken for so many seconds; with 0 they no longer are."""
        desk = gateway_key(gateway, "desk")
        if for_s > 0:
            self._scripts.command("SET", desk, "open", "PX", int(for_s * 1000))
        else:
            self._scripts.command("DEL", desk)

    def take(self, gateway: str, count: int, wait_s: float) -> list[Handed]:
        """Take messages, waiting for the first of them; none is ever given out a second time.

        A text that does not open is given as an empty one, so that its caller is told.
        """
        stream = gateway_key(gateway, "stream")
        found = _entries(_blocking_read(self._scripts, stream, count, min(wait_s, self._block_s)))
        if not found:
            return []
        names = [name.decode("utf-8") for _, name in found]
        keys = [gateway_key(gateway, f"{what}:{name}") for name in names for what in ("ticket", "text")]
        taken = self._scripts.run(self._take, [stream, *keys], [entry for entry, _ in found])
        handed: list[Handed] = []
        for name, sealed, left_ms in zip(names, taken[::2], taken[1::2], strict=True):
            if sealed:
                text = self._sealer.open(raw(sealed), _about(gateway, name))
                request = b"" if isinstance(text, NotOpened) else text
                handed.append(Handed(name, request, whole(left_ms) / 1000))
        return handed

    def reply(self, gateway: str, replies: Sequence[tuple[str, bytes]]) -> None:
        """Say what became of messages, by their ids."""
        keys = [gateway_key(gateway, f"{what}:{name}") for name, _ in replies for what in ("ticket", "reply")]
        self._scripts.run(self._reply, keys, [_REPLY_KEPT_MS, *(text for _, text in replies)])


class StoredReceipts:
    """Receipts that came, by the provider's ids, for 48 hours."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._keep = load("keep_receipts")

    def put(self, gateway: str, pushes: Sequence[Push]) -> None:
        """Keep receipts; one that is final is not overwritten by one that is not."""
        arguments: list[Argument] = [_RECEIPT_KEPT_MS]
        for push in pushes:
            receipt = push.receipt
            facts = [receipt.state.value, receipt.provider_code, receipt.reported_at_ms]
            arguments += ["1" if receipt.state.is_final else "0", json.dumps(facts, separators=(",", ":"))]
        keys = [gateway_key(gateway, f"receipt:{push.message_id}") for push in pushes]
        self._scripts.run(self._keep, keys, arguments)

    def get(self, gateway: str, message_id: str) -> ReceiptAnswer:
        """Give the receipt of a message; pending where none came yet."""
        kept = self._scripts.command("GET", gateway_key(gateway, f"receipt:{message_id}"))
        if not isinstance(kept, bytes):
            return Receipt(ReceiptState.PENDING, "none_yet")
        state, provider_code, reported_at_ms = json.loads(kept[1:])
        return Receipt(ReceiptState(state), provider_code, reported_at_ms)


def _blocking_read(scripts: Scripts, stream: str, count: int, wait_s: float) -> Reply:
    """Read the oldest entries of a stream, waiting for the first; 0 ms would be for ever."""
    wait_ms = max(int(wait_s * 1000), 1)
    return scripts.command("XREAD", "COUNT", count, "BLOCK", wait_ms, "STREAMS", stream, "0-0")


def _entries(reply: Reply) -> list[tuple[str, bytes]]:
    """Entries of one stream as their ids and the value of their one field."""
    match reply:
        case [[_, list() as entries]]:
            return [_entry(entry) for entry in entries]
        case _:
            return []


def _entry(entry: Reply) -> tuple[str, bytes]:
    match entry:
        case [bytes() as name, [_, bytes() as value]]:
            return name.decode(), value
        case _:
            raise TypeError("an entry of one field was expected of the store")


def _about(gateway: str, name: str) -> str:
    """What a sealed text is bound to, so that one message's text cannot be put in another's place."""
    return f"{gateway} {name}"
