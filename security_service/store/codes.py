"""The Codes port over the scripts: arguments in, outcomes out; decides nothing itself."""

from __future__ import annotations

from security_service.domain.audit import canonical
from security_service.domain.codes import (
    LEASE_GRACE_S,
    UNKNOWN_HOLDS_SLOT_S,
    Admission,
    AdmitRequest,
    Admitted,
    Caller,
    CodeExists,
    KeyReused,
    NewCode,
    NewTicket,
    Opened,
    Opening,
    OpenRequest,
    RecordMoved,
    Replayed,
    SettleRequest,
    StillRunning,
    StoreRefuses,
    Subject,
    window_spec,
)
from security_service.domain.jobs import Job, JobKind
from security_service.domain.limits import LimitReached, Locked
from security_service.domain.step_up import EnrolledAuthenticator
from security_service.domain.tenants import UnknownIs
from security_service.store.connection import Argument, Reply
from security_service.store.frame import (
    StoreFrame,
    digests_text,
    event_arguments,
    journal,
    raw,
    refusal_arguments,
    seconds_up,
    subject_of,
    whole,
    with_record,
    words,
)
from security_service.store.job_bodies import job_arguments, job_body
from security_service.store.records import pack, unpack
from security_service.store.scripts import load


class StoredCodes:
    """GenerateCode over the store; each method is one script and one round trip."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._admit, self._open = load("admit"), load("open")
        self._settle, self._release = load("settle"), load("release")

    def admit(self, request: AdmitRequest) -> Admission:
        """Take the windows and read all that the gate needs (design, section 2)."""
        subject, caller, tenant = request.subject, request.caller, request.subject.tenant
        keys = self._frame.layout.of(subject.tenant.id, subject.number)
        reply = self._frame.scripts.run(
            self._admit,
            [
                keys.of_shard("installation"),
                keys.bucket,
                keys.of_number("guesses"),
                keys.of_number("requests"),
                keys.of_number("sends"),
                keys.slot(subject.operation.purpose),
                keys.idempotency("generate", caller.idempotency),
                keys.of_number("unverified"),
                keys.of_number("refused"),
                *journal(keys),
                keys.authenticator,
            ],
            [
                self._frame.installation,
                self._frame.now(),
                caller.request_id,
                keys.field,
                subject_of(subject),
                keys.shard,
                caller.source,
                window_spec(tenant.limits.requests),
                window_spec(tenant.limits.sends),
                digests_text(request.operation_digests),
                tenant.resend_after_s * 1000,
                caller.body,
                tenant.guesses.known_for * 1000,
                *refusal_arguments("GenerateCode", subject, caller),
                int((tenant.deadline_s + LEASE_GRACE_S) * 1000),
            ],
        )
        return _read_admission(reply)

    def open(self, request: OpenRequest) -> Opening:
        """Write the verdict and, where it is to send, the code as `sending`."""
        subject, caller, code = request.subject, request.caller, request.code
        keys = self._frame.layout.of(subject.tenant.id, subject.number)
        record = b"" if request.subscriber is None else pack(request.subscriber)
        events = with_record(request.events, record) if record else request.events
        reply = self._frame.scripts.run(
            self._open,
            [
                keys.of_shard("installation"),
                keys.bucket,
                keys.slot(subject.operation.purpose),
                keys.of_number("sends"),
                keys.idempotency("generate", caller.idempotency),
                keys.of_number("unverified"),
                keys.notice(request.notice_key),
                *journal(keys),
                keys.sealed(subject.operation.purpose),
                keys.of_number("guesses"),
            ],
            [
                self._frame.installation,
                self._frame.now(),
                caller.request_id,
                keys.field,
                subject_of(subject),
                keys.shard,
                request.stored,
                record,
                *_code_arguments(code or request.ticket, self._frame.epoch()),
                subject.tenant.resend_after_s * 1000,
                caller.body,
                "0" if subject.tenant.unknown_is is UnknownIs.SENT else "5",
                "1" if request.unverified else "",
                *_lease_job(subject, code),
                request.notice.id if request.notice else "",
                job_body(request.notice) if request.notice else "",
                len(events),
                len(request.jobs),
                code.operator if code else "",
                request.decided_by,
                *event_arguments(events),
                *job_arguments(request.jobs),
            ],
        )
        return _read_opening(reply)

    def settle(self, request: SettleRequest) -> None:
        """Write how sending ended."""
        subject, caller, fallback = request.subject, request.caller, request.fallback
        keys = self._frame.layout.of(subject.tenant.id, subject.number)
        self._frame.run_ours(
            self._settle,
            [
                keys.slot(subject.operation.purpose),
                keys.of_number("sends"),
                keys.idempotency("generate", caller.idempotency),
                *journal(keys),
                keys.sealed(subject.operation.purpose),
                keys.of_number("unverified"),
            ],
            keys.of_shard("installation"),
            [
                self._frame.now(),
                caller.request_id,
                subject_of(subject),
                keys.shard,
                request.code_id,
                request.settlement.value,
                "1" if request.keep_unknown else "",
                request.event.kind.value,
                canonical(request.event.facts),
                request.answer,
                "1" if caller.idempotency else "",
                UNKNOWN_HOLDS_SLOT_S * 1000,
                _lease_id(request.code_id),
                len(request.jobs),
                request.gateway,
                fallback.sealed if fallback else "",
                *(job_arguments([fallback.job]) if fallback else ("", "", 0)),
                *job_arguments(request.jobs),
            ],
        )

    def release(self, subject: Subject, caller: Caller) -> None:
        """Give back the places that an admitted call took and will not use."""
        keys = self._frame.layout.of(subject.tenant.id, subject.number)
        self._frame.scripts.run(
            self._release,
            [keys.of_number("sends"), keys.idempotency("generate", caller.idempotency)],
            [caller.request_id],
        )


def _read_admission(reply: list[Reply]) -> Admission:
    match words(reply[0]):
        case "ok":
            stored = raw(reply[2])
            named = words(reply[4])
            app = EnrolledAuthenticator(named, whole(reply[5])) if named else None
            return Admitted(whole(reply[1]), unpack(stored), stored, whole(reply[3]), app)
        case "locked":
            return _locked(reply)
        case "limit":
            return LimitReached(words(reply[1]), seconds_up(reply[2]))
        case "exists":
            return CodeExists(seconds_up(reply[1]))
        case "replayed":
            return Replayed(words(reply[1]))
        case "running":
            return StillRunning(whole(reply[1]) / 1000)
        case "key_reused":
            return KeyReused()
        case "other_store":
            return StoreRefuses("other_store")
        case status:
            raise ValueError(f"admit gave {status}")


def _read_opening(reply: list[Reply]) -> Opening:
    match words(reply[0]):
        case "opened":
            return Opened()
        case "moved":
            stored = raw(reply[1])
            return RecordMoved(unpack(stored), stored)
        case "exists":
            return CodeExists(seconds_up(reply[1]))
        case "running":
            return StillRunning(whole(reply[1]) / 1000)
        case "locked":
            return _locked(reply)
        case "other_store":
            return StoreRefuses("other_store")
        case status:
            raise ValueError(f"open gave {status}")


def _locked(reply: list[Reply]) -> Locked:
    wait = whole(reply[2])
    return Locked(words(reply[1]), None if wait < 0 else seconds_up(wait))


def _code_arguments(code: NewCode | NewTicket | None, epoch: str) -> list[Argument]:
    if code is None:
        return ["", "", "", "", "", 0, 0, "", "", ""]
    newest, operations = code.operations[0], digests_text(code.operations)
    if isinstance(code, NewTicket):
        kv, digest, life = newest.version, newest.digest.hex(), code.life_s * 1000
        return [code.id, 0, "", kv, digest, life, 0, code.authenticator, epoch, operations]
    return [
        code.id,
        code.digest.version,
        code.digest.digest.hex(),
        newest.version,
        newest.digest.hex(),
        code.life_s * 1000,
        int(code.lease_s * 1000),
        code.pin.token() if code.pin else "",
        epoch,
        operations,
    ]


def _lease_id(code_id: str) -> str:
    return f"e{code_id}"


def _lease_job(subject: Subject, code: NewCode | None) -> tuple[str, str]:
    """The job that ends the lease where nobody says how sending ended."""
    if code is None:
        return "", ""
    keep = "1" if subject.tenant.unknown_is is UnknownIs.SENT else ""
    data = (("code", code.id), ("keep", keep), ("purpose", subject.operation.purpose))
    job = Job(_lease_id(code.id), JobKind.LEASE, subject.tenant.id, subject.number, data)
    return job.id, job_body(job)
