"""What became of each PDU of a message, and both as bytes between processes; judges nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from security_service.links.smpp.pdu import Command, Garbled, Pdu, read_pdus


class NotSubmittedReason(StrEnum):
    """Why a PDU surely did not leave."""

    NOT_BOUND = "not_bound"
    NO_TIME = "no_time"
    UNREADABLE = "unreadable"


class NoAnswerReason(StrEnum):
    """Why a PDU that was written has no answer."""

    SESSION_LOST = "session_lost"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Answered:
    """The centre answered: its status, and the message's id where it took the message."""

    status: int
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class NotSubmitted:
    """Nothing was written: the PDU surely did not leave."""

    reason: NotSubmittedReason


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """It was written and never answered: the centre may have taken it."""

    reason: NoAnswerReason


Result = Answered | NotSubmitted | NoAnswer


def pack_bodies(bodies: Iterable[bytes]) -> bytes:
    """Give bodies of submit_sm as whole PDUs, one after the other; sequence numbers come later."""
    return b"".join(Pdu(Command.SUBMIT_SM, 0, 0, body).encode() for body in bodies)


def unpack_bodies(packed: bytes) -> tuple[bytes, ...]:
    """Read what `pack_bodies` gave; empty for anything else."""
    read = read_pdus(packed)
    if isinstance(read, Garbled) or any(pdu.command != Command.SUBMIT_SM for pdu in read):
        return ()
    return tuple(pdu.body for pdu in read)


def pack_results(results: Sequence[Result]) -> bytes:
    """Give results as JSON."""
    return json.dumps([_packed(result) for result in results], separators=(",", ":")).encode()


def unpack_results(packed: bytes) -> tuple[Result, ...]:
    """Read what `pack_results` gave; empty for anything else."""
    try:
        return tuple(_unpacked(*one) for one in json.loads(packed))
    except (ValueError, TypeError):  # not JSON, or JSON of another make
        return ()


def _packed(result: Result) -> list[str | int]:
    match result:
        case Answered(status, message_id):
            return ["answered", status, message_id]
        case NotSubmitted(reason):
            return ["not_submitted", reason.value, ""]
        case NoAnswer(no_answer):
            return ["no_answer", no_answer.value, ""]
        case _:
            assert_never(result)


def _unpacked(kind: str, value: str | int, message_id: str) -> Result:
    match kind:
        case "answered":
            return Answered(int(value), str(message_id))
        case "not_submitted":
            return NotSubmitted(NotSubmittedReason(str(value)))
        case _:
            return NoAnswer(NoAnswerReason(str(value)))
