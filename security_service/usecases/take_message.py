"""Take a message in the bank's own words into safe keeping; leaves the gate and the sending to its job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from security_service.domain.errors import StoreUnavailable
from security_service.domain.limits import LimitReached
from security_service.domain.link_ports import Sealer
from security_service.domain.ports import Chance, Clock, Health, Meter, WideLimits
from security_service.domain.relay import (
    LONGEST_DEFERMENT_S,
    LONGEST_VALIDITY_S,
    MOST_SEGMENTS,
    SHORTEST_VALIDITY_S,
    NotTaken,
    Refusal,
    Submission,
    Taken,
    TakeRequest,
)
from security_service.domain.relay_ports import RelayedMessages, RelayQueue
from security_service.domain.secret import KeyRing
from security_service.domain.segments import segments
from security_service.domain.tenants import Tenant

_LONGEST_REFERENCE: Final = 200


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Keeps a message sealed and queued; `Taken` means that it is passed through the gate, whatever dies.

    `queue_limit` is how many jobs may be due at once before new messages are refused. Limits over many
    numbers count a message as they count a code, for both may be bought by whoever pumps traffic.
    """

    queue: RelayQueue
    messages: RelayedMessages
    wide_limits: WideLimits
    health: Health
    sealer: Sealer
    chance: Chance
    clock: Clock
    meter: Meter
    keys: KeyRing
    queue_limit: int

    def run(self, given: Submission, request_id: str) -> Taken | NotTaken:
        """Take one message, or say why not. Never raises for what the store does."""
        try:
            outcome = self._run(given, request_id)
        except StoreUnavailable:
            outcome = NotTaken(Refusal.STORE_AWAY)
        self.meter.event("message", "taken" if isinstance(outcome, Taken) else outcome.reason.value)
        return outcome

    def _run(self, given: Submission, request_id: str) -> Taken | NotTaken:
        length = segments(given.text.reveal()).count
        refusal = self._fault(given, length)
        if refusal is not None:
            return NotTaken(refusal)
        if self.health.refuses_new_codes():
            return NotTaken(Refusal.QUEUE_FULL)
        tenant, number = given.tenant, given.number
        wide = tenant.limits.has_wide
        reached = self.wide_limits.take(tenant, number, given.account, ()) if wide else None
        if reached is not None:
            return NotTaken(Refusal.LIMIT, reached.retry_after_s)
        message_id = self.messages.new_id(tenant.id, number, self._share(given))
        text = given.text.reveal().encode("utf-8")
        outcome = self.queue.take(
            TakeRequest(
                id=message_id,
                submission=given,
                sealed=self.sealer.seal(text, sealed_about(tenant.id, number.digits, message_id)),
                segments=length,
                text_digest=self.keys.digest(self.keys.newest, "text", given.text.reveal()).hex(),
                request_id=request_id,
                queue_limit=self.queue_limit,
            )
        )
        if isinstance(outcome, Taken):
            return outcome
        if wide:
            self.wide_limits.give_back(tenant, number, given.account, ())
        if isinstance(outcome, LimitReached):
            return NotTaken(Refusal.LIMIT, outcome.retry_after_s)
        return outcome

    def _share(self, given: Submission) -> float:
        """What a message's id is made of: chance, or the token that is the same when it is brought again."""
        if not given.token:
            return self.chance.share()
        digest = self.keys.digest(min(self.keys.keys), "message", given.tenant.id, given.token)
        return int.from_bytes(digest[:6], "big") / 2**48

    def _fault(self, given: Submission, length: int) -> Refusal | None:
        if not given.text.reveal():
            return Refusal.NO_TEXT
        if length > MOST_SEGMENTS or len(given.reference) > _LONGEST_REFERENCE:
            return Refusal.TOO_LONG
        if given.sender and given.sender not in senders_of(given.tenant):
            return Refusal.SENDER
        validity = given.validity_s
        if validity is not None and not SHORTEST_VALIDITY_S <= validity <= LONGEST_VALIDITY_S:
            return Refusal.TIME
        if given.send_at_s > self.clock.unix_ms() // 1000 + LONGEST_DEFERMENT_S:
            return Refusal.TIME
        return None


def senders_of(tenant: Tenant) -> tuple[str, ...]:
    """Give the senders that a tenant's messages may bear, its usual one first."""
    further = (*tenant.senders, *tenant.reply_numbers)
    return (tenant.sender, *(sender for sender in further if sender != tenant.sender))


def sealed_about(tenant: str, number: str, message_id: str) -> str:
    """What a sealed text is bound to, so that no message's text can be put in another's place."""
    return f"relay {tenant} {number} {message_id}"
