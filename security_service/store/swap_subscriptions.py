"""The SwapSubscriptions, SwapTelling and SinkLetters ports: all of a tenant under one hash tag."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from typing import Final

from security_service.domain.secret import Msisdn
from security_service.domain.swap_subscriptions import (
    KEPT_MS,
    MOST_OF_A_TENANT,
    EndReason,
    SinkLetter,
    SwapSubscription,
)
from security_service.store.connection import Argument, Reply
from security_service.store.frame import StoreFrame, words
from security_service.store.keys import subscription_key
from security_service.store.scripts import load

_LEASE_MS: Final = 60_000
_AT_ONCE: Final = 5
_ENDED_AT_ONCE: Final = 100


class StoredSwapSubscriptions:
    """Documents and marks by id, the ends, a set of ids a number, and the letters that wait.

    A mark is how many events are left, the last leaf that was looked at, the SIM that was told last.
    """

    def __init__(self, frame: StoreFrame, most: int = MOST_OF_A_TENANT) -> None:
        self._frame, self._most = frame, most
        self._put, self._tell = load("put_subscription"), load("tell_swap")
        self._end, self._put_off = load("end_subscription"), load("put_letter_off")
        self._claim, self._done = load("claim_jobs"), load("end_report")

    def put(self, subscription: SwapSubscription) -> bool:
        """Keep a new one; False where its tenant has as many as it may have."""
        kept_ms = subscription.ends_ms - subscription.starts_ms + KEPT_MS
        arguments: list[Argument] = [
            subscription.id,
            _document(subscription),
            subscription.most_events,
            subscription.ends_ms,
            kept_ms,
            self._most,
        ]
        return self._frame.scripts.run(self._put, _keys(subscription)[:4], arguments) == [1]

    def find(self, tenant: str, subscription_id: str) -> SwapSubscription | None:
        """Give one of a tenant's."""
        told = self._frame.scripts.command("HGET", subscription_key(tenant, "documents"), subscription_id)
        return _read(told) if isinstance(told, bytes) else None

    def all_of(self, tenant: str) -> Sequence[SwapSubscription]:
        """Give all of a tenant's, by age."""
        told = self._frame.scripts.command("HVALS", subscription_key(tenant, "documents"))
        found = [_read(one) for one in told] if isinstance(told, list) else []
        return sorted(found, key=lambda one: (one.starts_ms, one.id))

    def end(self, letter: SinkLetter) -> bool:
        """End the letter's subscription and queue the letter at once; False where it had ended."""
        one = letter.subscription
        arguments: list[Argument] = [one.id, letter.id, _body(letter), letter.first_ms, KEPT_MS]
        return self._frame.scripts.run(self._end, _keys(one), arguments) == [1]

    def of_number(self, tenant: str, number: Msisdn) -> Sequence[SwapSubscription]:
        """Give the live subscriptions of a tenant's number."""
        ids = self._frame.scripts.command("SMEMBERS", subscription_key(tenant, f"of:{number.digits}"))
        return self._named(tenant, ids)

    def tell(self, letter: SinkLetter, leaf: int, sim: str, last: SinkLetter) -> None:
        """Queue a letter once for a leaf and once for a SIM, count it; with `last` where it was the last."""
        self._frame.scripts.run(
            self._tell,
            _keys(letter.subscription),
            [
                letter.subscription.id,
                leaf,
                sim,
                letter.id,
                _body(letter),
                last.id,
                _body(last),
                letter.first_ms,
                KEPT_MS,
            ],
        )

    def run_out(self, tenant: str, now_ms: int) -> Sequence[SwapSubscription]:
        """Give some that end by now."""
        ids = self._frame.scripts.command(
            "ZRANGEBYSCORE", subscription_key(tenant, "ends"), "-inf", now_ms, "LIMIT", 0, _ENDED_AT_ONCE
        )
        return self._named(tenant, ids)

    def claim(self, tenant: str, now_ms: int) -> Sequence[SinkLetter]:
        """Give some that are due; each comes back after a minute unless it is done or put off."""
        reply = self._frame.scripts.run(self._claim, _queue(tenant), [now_ms, _AT_ONCE, _LEASE_MS])
        return [_letter(words(name), words(body)) for name, body in zip(reply[::2], reply[1::2], strict=True)]

    def done(self, letter: SinkLetter) -> None:
        """Forget a letter."""
        self._frame.scripts.run(self._done, _queue(letter.subscription.tenant), [letter.id])

    def put_off(self, letter: SinkLetter, due_ms: int) -> None:
        """Have a letter wait until then."""
        arguments: list[Argument] = [letter.id, _body(letter), due_ms]
        self._frame.scripts.run(self._put_off, _queue(letter.subscription.tenant), arguments)

    def _named(self, tenant: str, ids: Reply) -> Sequence[SwapSubscription]:
        names: Iterable[Reply] = ids if isinstance(ids, list) else ()
        found = (self.find(tenant, words(name)) for name in names)
        return [one for one in found if one is not None]


def _keys(one: SwapSubscription) -> list[str]:
    names = ("documents", "marks", "ends", f"of:{one.number.digits}")
    return [*(subscription_key(one.tenant, name) for name in names), *_queue(one.tenant)]


def _queue(tenant: str) -> list[str]:
    return [subscription_key(tenant, name) for name in ("due", "letters")]


def _document(one: SwapSubscription) -> str:
    return json.dumps(
        [
            one.id,
            one.tenant,
            one.client,
            one.number.digits,
            one.sink,
            one.starts_ms,
            one.ends_ms,
            one.end_reason.value,
            one.asked_end_ms,
            one.most_events,
            b64encode(one.sealed_token).decode("ascii"),
        ]
    )


def _read(text: Reply) -> SwapSubscription:
    name, tenant, client, number, sink, starts, ends, reason, asked, most, sealed = json.loads(words(text))
    return SwapSubscription(
        name,
        tenant,
        client,
        Msisdn(number),
        sink,
        starts,
        ends,
        EndReason(reason),
        asked,
        most,
        b64decode(sealed),
    )


def _body(letter: SinkLetter) -> str:
    """The text that the queue holds: an array, so that no script takes it for a message."""
    document = _document(letter.subscription)
    return json.dumps([document, letter.at_ms, letter.first_ms, letter.reason, letter.attempts])


def _letter(name: str, body: str) -> SinkLetter:
    document, at_ms, first_ms, reason, attempts = json.loads(body)
    return SinkLetter(name, _read(document.encode()), at_ms, first_ms, reason, attempts)
