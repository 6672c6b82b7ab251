"""The RelayQueue and RelayedMessages ports over their scripts; decides nothing itself."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from security_service.domain.audit import Event, canonical
from security_service.domain.codes import RecordMoved, window_spec
from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import Job, JobKind
from security_service.domain.limits import LimitReached
from security_service.domain.messages import ReceiptState
from security_service.domain.relay import (
    USUAL_VALIDITY_S,
    BeginOutcome,
    Due,
    EndRequest,
    InHand,
    LeaseLost,
    MessageState,
    MessageView,
    NoSuchMessage,
    NotDue,
    NotTaken,
    Overtaken,
    Passed,
    PassRequest,
    Refusal,
    Taken,
    TakeOutcome,
    TakeRequest,
    message_id_of,
    message_of,
    shard_of,
)
from security_service.domain.secret import Msisdn
from security_service.store.connection import Argument, Reply
from security_service.store.frame import (
    StoreFrame,
    event_arguments,
    journal,
    raw,
    seconds_up,
    subject_text,
    whole,
    with_record,
    words,
)
from security_service.store.job_bodies import job_arguments, job_body
from security_service.store.keys import SHARDS, shard_key, shard_name
from security_service.store.records import pack, unpack
from security_service.store.scripts import load

_VIEWED: Final = (
    *("st", "why", "snd", "face", "acc", "ref", "segs", "taken", "due", "exp", "sent", "fin", "gw"),
    "num",
)


def report_job(job: Job, message_id: str) -> Job:
    """Give the job that tells an account of a message's end; there is one a message."""
    return Job(f"p{message_id}", JobKind.REPORT, job.tenant, job.number, (("message", message_id),))


class StoredRelayQueue:
    """Each method is one script and one round trip."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._take, self._begin = load("take_message"), load("begin_message")
        self._pass, self._end = load("pass_message"), load("end_message")

    def take(self, request: TakeRequest) -> TakeOutcome:
        """Keep a message sealed, with the job that relays it and its event."""
        given = request.submission
        keys = self._frame.layout.of(given.tenant.id, given.number)
        job = Job(f"m{request.id}", JobKind.RELAY, given.tenant.id, given.number, (("message", request.id),))
        reply = self._frame.scripts.run(
            self._take,
            [
                keys.of_shard("installation"),
                _message_key(keys.shard, given.tenant.id, request.id),
                *(keys.of_number(what) for what in ("guesses", "messages", "refused")),
                *journal(keys),
            ],
            [
                self._frame.installation,
                self._frame.now(),
                request.request_id,
                subject_text(given.tenant.id, given.number),
                keys.shard,
                window_spec(given.tenant.limits.messages),
                max(request.queue_limit // SHARDS, 1),
                given.send_at_s * 1000,
                (given.validity_s or USUAL_VALIDITY_S) * 1000,
                job.id,
                job_body(job),
                *self._facts(request),
                given.face,
                given.account,
                given.reference,
                given.sender or given.tenant.sender,
                given.purpose,
                "1" if given.wants_report and given.account else "",
                request.segments,
                request.sealed,
                given.number.digits,
            ],
        )
        match words(reply[0]):
            case "taken":
                return Taken(request.id, request.segments)
            case "limit":
                return LimitReached(words(reply[1]), seconds_up(reply[2]))
            case reason:
                return NotTaken(Refusal(reason))

    def _facts(self, request: TakeRequest) -> list[Argument]:
        """Facts of the event, facts of a refusal, and the job that counts further refusals."""
        given = request.submission
        refused = canonical(
            {"account": given.account, "face": given.face, "operation": "relay", "source": ""}
        )
        taken = canonical(
            {
                "account": given.account,
                "face": given.face,
                "message_id": request.id,
                "purpose": given.purpose,
                "reference": given.reference,
                "request_id": request.request_id,
                "segments": request.segments,
                "sender": given.sender or given.tenant.sender,
                "text": request.text_digest,
            }
        )
        job_id = f"q{request.request_id}."
        counted = Job(job_id, JobKind.REFUSALS, given.tenant.id, given.number, (("window", "@window@"),))
        return [taken, refused, job_id, job_body(counted)]

    def begin(self, job: Job, message_id: str) -> BeginOutcome:
        """Read a message whose time has come, with the record that the gate decides on."""
        keys = self._frame.layout.of(job.tenant, job.number)
        reply = self._frame.scripts.run(
            self._begin,
            [
                keys.of_shard("installation"),
                _message_key(keys.shard, job.tenant, message_id),
                keys.bucket,
                keys.of_number("guesses"),
                keys.of_number("unverified"),
            ],
            [self._frame.installation, self._frame.now(), keys.field],
        )
        match words(reply[0]):
            case "due":
                return _read_due(message_id, reply)
            case "in_hand":
                return InHand(whole(reply[1]) / 1000)
            case "lease_lost":
                return LeaseLost()
            case "not_due":
                return NotDue()
            case status:
                raise StoreUnavailable(status)

    def write_verdict(self, request: PassRequest) -> Passed | RecordMoved | Overtaken:
        """Write what the gate said of a message."""
        job, notice = request.job, request.notice
        keys = self._frame.layout.of(job.tenant, job.number)
        told = report_job(job, request.message_id)
        record = b"" if request.subscriber is None else pack(request.subscriber)
        events = with_record(request.events, record) if record else request.events
        reply = self._frame.scripts.run(
            self._pass,
            [
                keys.of_shard("installation"),
                _message_key(keys.shard, job.tenant, request.message_id),
                keys.bucket,
                keys.of_number("unverified"),
                keys.notice(request.notice_key),
                *journal(keys),
            ],
            [
                self._frame.installation,
                self._frame.now(),
                request.message_id,
                subject_text(job.tenant, job.number),
                keys.shard,
                keys.field,
                request.stored,
                record,
                request.state.value,
                request.reason,
                int(request.pause_s * 1000),
                job.id,
                told.id,
                job_body(told),
                notice.id if notice else "",
                job_body(notice) if notice else "",
                "1" if request.unverified else "",
                len(events),
                len(request.jobs),
                *event_arguments(events),
                *job_arguments(request.jobs),
            ],
        )
        match words(reply[0]):
            case "passed":
                return Passed()
            case "moved":
                stored = raw(reply[1])
                return RecordMoved(unpack(stored), stored)
            case "overtaken":
                return Overtaken()
            case status:
                raise StoreUnavailable(status)

    def end(self, request: EndRequest) -> bool:
        """Write how sending ended, or put the message back; False where it was written before."""
        job = request.job
        keys = self._frame.layout.of(job.tenant, job.number)
        told = report_job(job, request.message_id)
        reply = self._frame.scripts.run(
            self._end,
            [
                keys.of_shard("installation"),
                _message_key(keys.shard, job.tenant, request.message_id),
                *journal(keys),
            ],
            [
                self._frame.installation,
                self._frame.now(),
                subject_text(job.tenant, job.number),
                keys.shard,
                job.id,
                request.state.value,
                request.reason,
                request.event.kind.value,
                canonical(request.event.facts),
                request.gateway,
                int(request.pause_s * 1000),
                job_body(job),
                told.id,
                job_body(told),
                len(request.jobs),
                *job_arguments(request.jobs),
            ],
        )
        return reply[0] == 1


class StoredMessages:
    """Messages by their ids; also where the receipts of relayed messages are applied (ReceiptSink)."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._receipt, self._withdraw = load("receive_message_receipt"), load("withdraw_message")

    def new_id(self, tenant: str, number: Msisdn, share: float) -> str:
        """Give an id for a message to a number; `share` is drawn from 0 up to 1. Keeps nothing."""
        return message_id_of(int(self._frame.layout.of(tenant, number).shard[1:]), share)

    def view(self, tenant: str, message_id: str) -> MessageView | NoSuchMessage:
        """Tell what became of a message, by its id or that of a segment."""
        whole_id = message_of(message_id)
        if not whole_id:
            return NoSuchMessage()
        key = _message_key(shard_name(shard_of(whole_id)), tenant, whole_id)
        reply = self._frame.scripts.command("HMGET", key, *_VIEWED)
        values = reply if isinstance(reply, list) else []
        fields = {
            name: value.decode("utf-8")
            for name, value in zip(_VIEWED, values, strict=True)
            if isinstance(value, bytes)
        }
        return _read_view(whole_id, fields) if "st" in fields else NoSuchMessage()

    def withdraw(self, tenant: str, number: Msisdn, message_id: str, event: Event) -> bool:
        """End a message that has not left; False where it has, or has ended."""
        keys = self._frame.layout.of(tenant, number)
        job = Job(f"m{message_id}", JobKind.RELAY, tenant, number)
        told = report_job(job, message_id)
        reply = self._frame.scripts.run(
            self._withdraw,
            [_message_key(keys.shard, tenant, message_id), *journal(keys)],
            [
                self._frame.now(),
                subject_text(tenant, number),
                keys.shard,
                job.id,
                canonical(event.facts),
                told.id,
                job_body(told),
            ],
        )
        return reply[0] == 1

    def apply_receipt(self, job: Job, state: ReceiptState, event: Event) -> bool:
        """Apply a final receipt once and end its job; False where it was applied before."""
        keys, message_id = self._frame.layout.of(job.tenant, job.number), job.get("message")
        told = report_job(job, message_id)
        reply = self._frame.scripts.run(
            self._receipt,
            [_message_key(keys.shard, job.tenant, message_id), *journal(keys)],
            [
                self._frame.now(),
                subject_text(job.tenant, job.number),
                keys.shard,
                job.id,
                state.value,
                canonical(event.facts),
                told.id,
                job_body(told),
            ],
        )
        return reply[0] == 1

    def give_up(self, job: Job, event: Event) -> bool:
        """End the job of a receipt that never came: what became of the message is unknown for good."""
        return self.apply_receipt(job, ReceiptState.UNKNOWN, event)


def _message_key(shard: str, tenant: str, message_id: str) -> str:
    return shard_key(shard, f"msg:{tenant}:{message_id}")


def _read_due(message_id: str, reply: list[Reply]) -> Due:
    stored = raw(reply[2])
    pairs = list(pairwise(reply[5:]))[::2]
    sealed = next((raw(value) for name, value in pairs if raw(name) == b"txt"), b"")
    fields = {words(name): words(value) for name, value in pairs if raw(name) != b"txt"}
    return Due(
        view=_read_view(message_id, fields),
        purpose=fields["pur"],
        sealed=sealed,
        now_ms=whole(reply[1]),
        subscriber=unpack(stored),
        stored=stored,
        unverified_today=whole(reply[3]),
        is_frozen=words(reply[4]) == "1",
    )


def _read_view(message_id: str, fields: dict[str, str]) -> MessageView:
    return MessageView(
        message_id=message_id,
        number=Msisdn(fields["num"]),
        state=MessageState(fields["st"]),
        reason=fields["why"],
        sender=fields["snd"],
        face=fields["face"],
        account=fields["acc"],
        reference=fields["ref"],
        segments=int(fields["segs"]),
        taken_at_ms=int(fields["taken"]),
        due_at_ms=int(fields["due"]),
        expires_at_ms=int(fields["exp"]),
        sent_at_ms=int(fields.get("sent", "0")),
        final_at_ms=int(fields.get("fin", "0")),
        gateway=fields.get("gw", ""),
    )
