"""Tell subscribers of the log's SIM swaps: letters from leaves, letters to sinks, each at least once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from security_service.domain.audit import EventKind
from security_service.domain.forwarding import ForwardedEvent
from security_service.domain.forwarding_ports import Delivered, Delivery
from security_service.domain.link_ports import NotOpened, Sealer
from security_service.domain.oauth_clients import SWAPPED_SCOPE, OAuthClients
from security_service.domain.ports import Clock, Meter
from security_service.domain.secret import Msisdn, Secret
from security_service.domain.swap_subscriptions import (
    EndReason,
    Sink,
    SinkEnd,
    SinkLetter,
    SinkLetters,
    SwapSubscription,
    SwapSubscriptions,
    SwapTelling,
    ends_letter,
    swap_letter,
    token_about,
    tried_again,
)
from security_service.domain.tenant_ports import TenantBook

SWAP_KINDS: Final = (EventKind.CANDIDATE_SEEN.value, EventKind.LATE_CHANGE.value)
"""The events that tell of another SIM than the trusted one."""


@dataclass(frozen=True, slots=True)
class WriteSwapLetters:
    """Implements ForwardLink: a leaf is taken once every letter of it lies in the store.

    So that a sink which is away holds up no other. Raises StoreUnavailable, and the leaf comes again.
    """

    telling: SwapTelling
    store: SwapSubscriptions
    clients: OAuthClients
    clock: Clock

    def deliver(self, events: Sequence[ForwardedEvent]) -> Delivery:
        """Write the letters of events, whose numbers are told in full."""
        for event in events:
            self._write(event)
        return Delivered(len(events))

    def close(self) -> None:
        """Nothing is held."""

    def _write(self, event: ForwardedEvent) -> None:
        subject, facts = event.told.get("subject"), event.told.get("facts")
        if not isinstance(subject, Mapping) or not isinstance(facts, Mapping):
            return
        tenant, number = subject.get("tenant"), subject.get("number")
        # A ban without another SIM is no swap.
        if facts.get("banned") or not isinstance(tenant, str) or not isinstance(number, str):
            return
        now = self.clock.unix_ms()
        for one in self.telling.of_number(tenant, Msisdn(number)):
            if event.at_ms < one.starts_ms:
                continue
            if not self._may_know(one):
                self.store.end(ends_letter(one, EndReason.CLIENT_GONE, now))
                continue
            letter = swap_letter(one, event.leaf, event.at_ms, now)
            last = ends_letter(one, EndReason.MAX_EVENTS, now)
            self.telling.tell(letter, event.leaf, str(facts.get("imsi", "")), last)

    def _may_know(self, one: SwapSubscription) -> bool:
        """A client that was removed, or that lost the scope, learns nothing more."""
        client = self.clients.find(one.client).client
        return client is not None and client.tenant == one.tenant and SWAPPED_SCOPE in client.scopes


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class SendSwapLetters:
    """Ends what has run out and sends what is due, tenant by tenant; `source` is the service's address."""

    tenants: TenantBook
    store: SwapSubscriptions
    telling: SwapTelling
    letters: SinkLetters
    sink: Sink
    sealer: Sealer
    clock: Clock
    meter: Meter
    source: str

    def run(self, is_stopping: Callable[[], bool] = _never) -> None:
        """Do a round. Raises StoreUnavailable."""
        for tenant in self.tenants.ids():
            now = self.clock.unix_ms()
            for one in self.telling.run_out(tenant, now):
                self.store.end(ends_letter(one, one.end_reason, now))
            for letter in self.letters.claim(tenant, now):
                if is_stopping():
                    return
                self._send(letter)

    def _send(self, letter: SinkLetter) -> None:
        one = letter.subscription
        outcome = self.sink.send(one.sink, letter.cloud_event(self.source), self._token(one))
        match outcome:
            case SinkEnd.TAKEN | SinkEnd.GONE:
                self.letters.done(letter)
                self.meter.event("swap_letter", outcome.value)
            case SinkEnd.NOT_TAKEN:
                self._put_off(letter)
            case _:
                assert_never(outcome)

    def _put_off(self, letter: SinkLetter) -> None:
        again = tried_again(letter, self.clock.unix_ms())
        if again is None:
            self.letters.done(letter)
            self.meter.event("swap_letter", "dropped")
        else:
            self.letters.put_off(*again)
            self.meter.event("swap_letter", "put_off")

    def _token(self, one: SwapSubscription) -> Secret | None:
        if not one.sealed_token:
            return None
        opened = self.sealer.open(one.sealed_token, token_about(one.tenant, one.id))
        # Under keys that are gone the sink gets no token, and says itself what it makes of that.
        return None if isinstance(opened, NotOpened) else Secret(opened.decode())
