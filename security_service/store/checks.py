"""The Checks port over the scripts: arguments in, outcomes out; decides nothing itself."""

from __future__ import annotations

from security_service.domain.audit import canonical
from security_service.domain.codes import (
    CheckAccepted,
    CheckExpired,
    CheckMatched,
    CheckNotFound,
    CheckOutcome,
    CheckRequest,
    FinaliseRequest,
    KeyReused,
    NotFound,
    SentBy,
    StoreRefuses,
    window_spec,
)
from security_service.domain.imsi import ImsiMember
from security_service.domain.limits import LimitReached, Locked
from security_service.domain.step_up import TicketFound, TicketProof
from security_service.store.connection import Argument, Reply
from security_service.store.frame import (
    StoreFrame,
    digests_text,
    journal,
    raw,
    refusal_arguments,
    seconds_up,
    subject_of,
    whole,
    words,
)
from security_service.store.scripts import load


class StoredChecks:
    """CheckCode over the store; each method is one script and one round trip."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._check, self._finalise = load("check"), load("finalise")

    def check(self, request: CheckRequest) -> CheckOutcome:
        """Count, compare, spend, burn or lock."""
        subject, caller, tenant = request.subject, request.caller, request.subject.tenant
        keys, guesses = (
            self._frame.layout.of(subject.tenant.id, subject.number),
            request.subject.tenant.guesses,
        )
        reply = self._frame.scripts.run(
            self._check,
            [
                keys.of_shard("installation"),
                keys.slot(subject.operation.purpose),
                keys.of_number("guesses"),
                keys.of_number("checks"),
                keys.idempotency("check", caller.idempotency),
                keys.of_number("refused"),
                *journal(keys),
                keys.sealed(subject.operation.purpose),
                keys.authenticator,
            ],
            [
                self._frame.installation,
                self._frame.now(),
                caller.request_id,
                subject_of(subject),
                keys.shard,
                caller.source,
                window_spec(tenant.limits.checks),
                digests_text(request.digests),
                digests_text(request.operation_digests),
                "1" if request.pinned else "",
                caller.body,
                guesses.known_for * 1000,
                guesses.guesses,
                ",".join(str(seconds * 1000) for seconds in guesses.lock_seconds),
                guesses.lifetime_cap,
                guesses.lifetime_warning,
                guesses.forgotten_after * 1000,
                self._frame.epoch(),
                *refusal_arguments("CheckCode", subject, caller),
                "1" if request.names_purpose else "",
                *_proof_arguments(request.proof),
            ],
        )
        return _read_check(reply)

    def finalise(self, request: FinaliseRequest) -> bool:
        """Write how a spent and pinned code was answered; False where a freeze came between."""
        subject, caller, guesses = request.subject, request.caller, request.subject.tenant.guesses
        keys = self._frame.layout.of(subject.tenant.id, subject.number)
        reply = self._frame.run_ours(
            self._finalise,
            [
                keys.slot(subject.operation.purpose),
                keys.of_number("guesses"),
                keys.idempotency("check", caller.idempotency),
                keys.of_shard("events"),
                keys.of_shard("seq"),
            ],
            keys.of_shard("installation"),
            [
                self._frame.now(),
                caller.request_id,
                subject_of(subject),
                keys.shard,
                request.code_id,
                "1" if request.accepted else "",
                caller.source,
                guesses.known_for * 1000,
                guesses.forgotten_after * 1000,
                caller.body,
                canonical(request.event.facts),
            ],
        )
        return reply[0] != 2


def _proof_arguments(proof: TicketProof | None) -> list[Argument]:
    if proof is None:
        return ["", ""]
    return [proof.ticket, "" if proof.step is None else proof.step]


def _read_check(reply: list[Reply]) -> CheckOutcome:
    match words(reply[0]):
        case "accepted":
            is_replay = words(reply[2]) == "1"
            return CheckAccepted(words(reply[1]), is_replay, _read_sent_by(reply), words(reply[6]))
        case "matched":
            pin = _read_pin(words(reply[2]))
            return CheckMatched(words(reply[1]), pin, _read_sent_by(reply), words(reply[6]))
        case "ticket":
            return TicketFound(words(reply[1]), raw(reply[2]), whole(reply[3]))
        case "expired":
            return CheckExpired()
        case "not_found":
            left = whole(reply[2])
            return CheckNotFound(_read_reason(words(reply[1])), None if left < 0 else left)
        case "locked":
            wait = whole(reply[2])
            return Locked(words(reply[1]), None if wait < 0 else seconds_up(wait))
        case "limit":
            return LimitReached(words(reply[1]), seconds_up(reply[2]))
        case "key_reused":
            return KeyReused()
        case "other_store":
            return StoreRefuses("other_store")
        case status:
            raise ValueError(f"check gave {status}")


def _read_reason(reason: str) -> NotFound:
    """A code whose time ran out before a newer one took its slot is superseded; its event says `expired`."""
    return NotFound.SUPERSEDED if reason == "expired" else NotFound(reason)


def _read_sent_by(reply: list[Reply]) -> SentBy | None:
    gateway = words(reply[3])
    return SentBy(gateway, words(reply[4]), whole(reply[5])) if gateway else None


def _read_pin(token: str) -> ImsiMember | None:
    if not token:
        return None
    version, representation, digest = token.split(":")
    return ImsiMember(int(version), representation, bytes.fromhex(digest))
