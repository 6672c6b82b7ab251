"""The ports of relayed messages and of what their accounts are told; no behaviour here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from security_service.domain.audit import Event
from security_service.domain.codes import RecordMoved
from security_service.domain.jobs import Job
from security_service.domain.messages import ReceiptState
from security_service.domain.relay import (
    BeginOutcome,
    EndRequest,
    MessageView,
    NoSuchMessage,
    Overtaken,
    Passed,
    PassRequest,
    Report,
    TakeOutcome,
    TakeRequest,
)
from security_service.domain.secret import Msisdn

# Every method may raise StoreUnavailable.


class RelayQueue(Protocol):
    """A message's way: each method is one change of state and one round trip."""

    def take(self, request: TakeRequest) -> TakeOutcome:
        """Keep a message, with the job that relays it and its event."""
        ...

    def begin(self, job: Job, message_id: str) -> BeginOutcome:
        """Read a message whose time has come, with the record that the gate decides on."""
        ...

    def write_verdict(self, request: PassRequest) -> Passed | RecordMoved | Overtaken:
        """Write what the gate said."""
        ...

    def end(self, request: EndRequest) -> bool:
        """Write how sending ended, or put the message back; False where it was written before."""
        ...


class RelayedMessages(Protocol):
    """Messages by their ids."""

    def new_id(self, tenant: str, number: Msisdn, share: float) -> str:
        """Give an id for a message to a number; `share` is drawn from 0 up to 1. Keeps nothing."""
        ...

    def view(self, tenant: str, message_id: str) -> MessageView | NoSuchMessage:
        """Tell what became of a message."""
        ...

    def withdraw(self, tenant: str, number: Msisdn, message_id: str, event: Event) -> bool:
        """End a message that has not left; False where it has, or has ended."""
        ...


class ReceiptSink(Protocol):
    """Where the receipts of one kind of message are applied."""

    def apply_receipt(self, job: Job, state: ReceiptState, event: Event) -> bool:
        """Apply a final receipt once and end its job; False where it was applied before."""
        ...

    def give_up(self, job: Job, event: Event) -> bool:
        """End the job of a receipt that never came; False where it was ended before."""
        ...


class Reports(Protocol):
    """What accounts are told, kept until they come for it, for days."""

    def put(self, report: Report) -> None:
        """Keep a report; one that is there already stays as it is."""
        ...

    def claim(self, account: str, count: int, lease_s: float) -> Sequence[Report]:
        """Give an account's oldest reports; each comes back after `lease_s` unless it is done."""
        ...

    def done(self, report: Report) -> None:
        """Forget a report that its account has."""
        ...

    def waiting(self, account: str) -> int:
        """Count the reports that an account has yet to come for."""
        ...
