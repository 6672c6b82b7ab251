"""Ask a gateway what became of a message; leaves what that means to the store's script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from security_service.domain.audit import Event, EventKind
from security_service.domain.jobs import Job, receipt_pause_s
from security_service.domain.link_ports import ReceiptInbox
from security_service.domain.messages import NoReceipt, Receipt, ReceiptAnswer, ReceiptState
from security_service.domain.ports import Clock, Gateway, Jobs, Meter
from security_service.domain.relay_ports import ReceiptSink

RECEIPT_WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class PollReceipt:
    """Asks for every segment of a message; the worst of their states is the message's.

    Done at least once: the script that applies a final receipt ends the job, so that it is
    applied once. `brings` names the gateways whose providers bring receipts by themselves.
    """

    gateways: Mapping[str, Gateway]
    sink: ReceiptSink
    jobs: Jobs
    inbox: ReceiptInbox
    brings: frozenset[str]
    clock: Clock
    meter: Meter

    def attempt(self, job: Job) -> None:
        """Do one RECEIPT or RELAY_RECEIPT job: `gateway`, `messages` (ids between spaces) are in its data.

        `code` or `message` there says whose they are.

        Raises StoreUnavailable; the job then comes back when its lease ends.
        """
        gateway = self.gateways.get(job.get("gateway"))
        messages = job.get("messages").split()
        if gateway is None:
            self._give_up(job, "gateway_gone")
        elif not messages:
            self._give_up(job, "no_message_ids")
        else:
            self._apply(job, self._ask(gateway, messages))

    def _ask(self, gateway: Gateway, messages: list[str]) -> Receipt:
        """Give the message's receipt: the first final negative one of a segment decides."""
        ends = self.clock.monotonic() + RECEIPT_WITHIN_S
        provider_code, reported_at_ms = "", None
        delivered = 0
        for message in messages:
            left = ends - self.clock.monotonic()
            if left <= 0:
                break
            answer = self._receipt(gateway, message, left)
            match answer:
                case Receipt(state=state):
                    provider_code, reported_at_ms = answer.provider_code, answer.reported_at_ms
                    if state.is_negative:
                        return answer
                    delivered += state is ReceiptState.DELIVERED
                case NoReceipt():
                    self.meter.event("receipt_unanswered", gateway.name)
                case _:
                    assert_never(answer)
        state = ReceiptState.DELIVERED if delivered == len(messages) else ReceiptState.PENDING
        return Receipt(state, provider_code, reported_at_ms)

    def _receipt(self, gateway: Gateway, message: str, within_s: float) -> ReceiptAnswer:
        """What the provider brought, where it brings receipts; else it is asked."""
        if gateway.name in self.brings:
            brought = self.inbox.get(gateway.name, message)
            if isinstance(brought, Receipt) and brought.state.is_final:
                return brought
        return gateway.receipt(message, within_s)

    def _apply(self, job: Job, receipt: Receipt) -> None:
        if receipt.state.is_final:
            if self.sink.apply_receipt(job, receipt.state, _event(job, receipt, "")):
                self.meter.event("receipt", receipt.state.value)
            return
        pause = receipt_pause_s(job.attempt)
        if pause is None:
            self._give_up(job, "given_up", receipt.provider_code)
        else:
            self.jobs.retry(job, float(pause), ())

    def _give_up(self, job: Job, reason: str, provider_code: str = "") -> None:
        receipt = Receipt(ReceiptState.UNKNOWN, provider_code)
        if self.sink.give_up(job, _event(job, receipt, reason)):
            self.meter.event("receipt", reason)


def _event(job: Job, receipt: Receipt, reason: str) -> Event:
    return Event(
        EventKind.RECEIPT,
        {
            "code_id": job.get("code"),
            "gateway": job.get("gateway"),
            "message_id": job.get("message"),
            "messages": len(job.get("messages").split()),
            "provider_code": receipt.provider_code,
            "reason": reason,
            "reported_at_ms": receipt.reported_at_ms,
            "state": receipt.state.value,
        },
    )
