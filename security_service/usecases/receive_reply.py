"""Take in what a subscriber writes: a refusal stops everything for the number; nothing ever approves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.incoming import LONGEST_TEXT, Incoming, IncomingBook, is_of, is_refusal
from security_service.domain.jobs import Job, JobKind
from security_service.domain.ports import Chance, Meter, Tenants
from security_service.domain.secret import KeyRing
from security_service.domain.tenants import Tenant
from security_service.usecases.actions import Action
from security_service.usecases.freeze import Freeze

ACTOR: Final = "subscriber"
"""Who stands in the audit where a subscriber's own reply stopped everything."""

_CASE: Final[dict[str, Json]] = {
    "amount": None,
    "band": "",
    "code_id": "",
    "currency": "",
    "imsi": "",
    "operator": "",
    "purpose": "",
    "reason": "refused_by_reply",
}


class TenantIds(Protocol):
    """The ids of all tenants; may raise StoreUnavailable."""

    def ids(self) -> list[str]:
        """Give them."""
        ...


class ReplyJournal(Protocol):
    """Writes what a reply brought about into the number's own shard. May raise StoreUnavailable."""

    def tell(self, tenant: str, message: Incoming, events: Sequence[Event], jobs: Sequence[Job]) -> None:
        """Write events and jobs of one incoming message together."""
        ...


@dataclass(frozen=True, slots=True)
class ReceiveReply:
    """One incoming message, however it came: by poll, callback or bind (Devino manual 11, 12.5).

    Kept once by the provider's id, and done with only when all that follows was written: one that broke
    off, by whatever end, is dealt with anew when it is brought again. Freezing twice is freezing once,
    and the handler's job has the message's own name.
    """

    tenants: Tenants
    ids: TenantIds
    book: IncomingBook
    freeze: Freeze
    journal: ReplyJournal
    chance: Chance
    meter: Meter
    keys: KeyRing

    def run(self, message: Incoming) -> None:
        """Take a message in. Raises StoreUnavailable: whoever brought it brings it again."""
        tenant = self._owner(message.to)
        if tenant is None:
            self.meter.event("reply", "nobodys")
            return
        number = self.book.keep(tenant.id, message)
        if not number:
            self.meter.event("reply", "repeated")
            return
        self._act(tenant, message, number)
        self.book.done(tenant.id, message)

    def _act(self, tenant: Tenant, message: Incoming, number: int) -> None:
        refusal = is_refusal(message.text, tenant.refusal_words)
        digest = self.keys.digest(self.keys.newest, "text", message.text.reveal()[:LONGEST_TEXT]).hex()
        facts: dict[str, Json] = {
            "channel": message.channel.value,
            "gateway": message.gateway,
            "refusal": refusal,
            "text": digest,
            "to": message.to[:32],
        }
        events = [Event(EventKind.REPLY_RECEIVED, facts)]
        if refusal:
            action = Action(tenant, message.number, ACTOR, "refused by reply", self.chance.token())
            self.freeze.run(action, (Event(EventKind.CASE_OPENED, _CASE),))
        self.meter.event("reply", "refusal" if refusal else "taken")
        self.journal.tell(tenant.id, message, events, self._handler_job(tenant, message, number))

    def _handler_job(self, tenant: Tenant, message: Incoming, number: int) -> tuple[Job, ...]:
        if not tenant.reply_handler:
            return ()
        data = (("at_ms", str(message.at_ms)), ("incoming", str(number)))
        return (Job(f"i{tenant.id}.{number}", JobKind.HAND_ON, tenant.id, message.number, data),)

    def _owner(self, to: str) -> Tenant | None:
        for name in self.ids.ids():
            tenant = self.tenants.get(name)
            if tenant is not None and is_of(tenant, to):
                return tenant
        return None
