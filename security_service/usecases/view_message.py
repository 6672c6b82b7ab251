"""Tell what became of a relayed message, and withdraw one that has not left; leaves words to the faces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from security_service.domain.audit import Event, EventKind
from security_service.domain.relay import MessageView, NoSuchMessage
from security_service.domain.relay_ports import RelayedMessages


@dataclass(frozen=True, slots=True)
class ViewMessage:
    """Reads one message of a tenant by its id or that of one of its segments."""

    messages: RelayedMessages

    def run(self, tenant: str, message_id: str) -> MessageView | NoSuchMessage:
        """Give what is known of the message; raises StoreUnavailable."""
        return self.messages.view(tenant, message_id)


class Withdrawal(StrEnum):
    """What came of wanting a message back."""

    WITHDRAWN = "withdrawn"
    TOO_LATE = "too_late"
    UNKNOWN = "no_such_message"


@dataclass(frozen=True, slots=True)
class WithdrawMessage:
    """Takes a message back that has not left: queued, deferred or held."""

    messages: RelayedMessages

    def run(self, tenant: str, message_id: str, actor: str, reason: str) -> Withdrawal:
        """Withdraw; raises StoreUnavailable. `actor` and `reason` stand in the audit."""
        view = self.messages.view(tenant, message_id)
        if isinstance(view, NoSuchMessage):
            return Withdrawal.UNKNOWN
        facts = {"actor": actor, "message_id": view.message_id, "reason": reason}
        event = Event(EventKind.MESSAGE_WITHDRAWN, facts)
        if self.messages.withdraw(tenant, view.number, view.message_id, event):
            return Withdrawal.WITHDRAWN
        return Withdrawal.TOO_LATE
