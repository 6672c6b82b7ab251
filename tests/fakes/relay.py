"""The ports of relayed messages in memory, for tests that are not about them."""

from __future__ import annotations

from security_service.domain.audit import Event
from security_service.domain.codes import RecordMoved
from security_service.domain.jobs import Job
from security_service.domain.messages import ReceiptState
from security_service.domain.relay import (
    BeginOutcome,
    EndRequest,
    MessageView,
    NoSuchMessage,
    NotDue,
    Overtaken,
    Passed,
    PassRequest,
    Report,
    Taken,
    TakeRequest,
    message_id_of,
)
from security_service.domain.secret import Msisdn


class IdleRelay:
    """RelayQueue, RelayedMessages and ReceiptSink of a day without messages: nothing is due or known."""

    def __init__(self) -> None:
        self.taken: list[TakeRequest] = []
        self.receipts: list[tuple[str, ReceiptState]] = []

    def take(self, request: TakeRequest) -> Taken:
        self.taken.append(request)
        return Taken(request.id, request.segments)

    def begin(self, job: Job, message_id: str) -> BeginOutcome:
        return NotDue()

    def write_verdict(self, request: PassRequest) -> Passed | RecordMoved | Overtaken:
        return Overtaken()

    def end(self, request: EndRequest) -> bool:
        return False

    def new_id(self, tenant: str, number: Msisdn, share: float) -> str:
        return message_id_of(0, share)

    def view(self, tenant: str, message_id: str) -> MessageView | NoSuchMessage:
        return NoSuchMessage()

    def withdraw(self, tenant: str, number: Msisdn, message_id: str, event: Event) -> bool:
        return False

    def apply_receipt(self, job: Job, state: ReceiptState, event: Event) -> bool:
        self.receipts.append((job.get("message"), state))
        return True

    def give_up(self, job: Job, event: Event) -> bool:
        return self.apply_receipt(job, ReceiptState.UNKNOWN, event)


class MemoryReports:
    """The Reports port in memory; a claimed report stays until it is done."""

    def __init__(self) -> None:
        self.kept: dict[str, Report] = {}

    def put(self, report: Report) -> None:
        self.kept.setdefault(report.id, report)

    def claim(self, account: str, count: int, lease_s: float) -> list[Report]:
        return [report for report in self.kept.values() if report.account == account][:count]

    def done(self, report: Report) -> None:
        self.kept.pop(report.id, None)

    def waiting(self, account: str) -> int:
        return sum(report.account == account for report in self.kept.values())
