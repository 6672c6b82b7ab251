"""A subscriber's record as packed bytes: about 35 for one IMSI; leaves compare-and-set to the scripts.

A record is a version byte, a flags byte and sections of tag (1), length (2) and value. The script
compares whole records byte by byte, so packing the same subscriber twice gives the same bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Final

from security_service.domain.imsi import (
    IMSI_DIGITS,
    Candidate,
    Grade,
    ImsiMember,
    Reference,
    ReferenceMember,
)
from security_service.domain.secret import DIGEST_BYTES
from security_service.domain.subscriber import (
    NEW_SUBSCRIBER,
    Mode,
    Override,
    PendingReverify,
    Subscriber,
)

_VERSION: Final = 1
_MESSAGED: Final = 1
_MEMBER, _RETIRED, _CANDIDATE, _OVERRIDE, _PENDING, _CARRIED_OUT = range(1, 7)
_AGE_WAIVED: Final = 0x80


def pack(subscriber: Subscriber) -> bytes:
    """Give the bytes of a record; a subscriber that was never written packs to none."""
    if subscriber == NEW_SUBSCRIBER:
        return b""
    parts = [bytes((_VERSION, _MESSAGED if subscriber.messaged else 0))]
    for member in subscriber.reference.members:
        grade = member.grade | (_AGE_WAIVED if member.age_waived else 0)
        times = struct.pack(">BII", grade, member.first_seen, member.last_seen)
        parts.append(_section(_MEMBER, times + _pack_imsi(member.imsi)))
    parts += [_section(_RETIRED, _pack_imsi(member)) for member in subscriber.reference.retired]
    if subscriber.candidate is not None:
        seen = struct.pack(">II", subscriber.candidate.first_seen, subscriber.candidate.last_seen)
        parts.append(_section(_CANDIDATE, seen + _pack_imsi(subscriber.candidate.imsi)))
    if subscriber.override is not None:
        parts.append(_section(_OVERRIDE, _pack_override(subscriber.override)))
    if subscriber.pending is not None:
        parts.append(_section(_PENDING, _pack_pending(subscriber.pending)))
    parts += [_section(_CARRIED_OUT, proposal.encode("ascii")) for proposal in subscriber.carried_out]
    return b"".join(parts)


def unpack(record: bytes) -> Subscriber:
    """Read a record; raises ValueError where it is of a later version or broken."""
    if not record:
        return NEW_SUBSCRIBER
    if record[0] != _VERSION:
        raise ValueError(f"record of version {record[0]}")
    try:
        return _unpack(record)
    except (struct.error, IndexError, TypeError) as error:
        raise ValueError("record is broken") from error


def _unpack(record: bytes) -> Subscriber:
    members: list[ReferenceMember] = []
    retired: list[ImsiMember] = []
    candidate: Candidate | None = None
    override: Override | None = None
    pending: PendingReverify | None = None
    carried_out: list[str] = []
    for tag, value in _sections(record):
        if tag == _MEMBER:
            grade, first, last = struct.unpack_from(">BII", value)
            waived = bool(grade & _AGE_WAIVED)
            imsi = _unpack_imsi(value[9:])
            members.append(ReferenceMember(imsi, first, last, Grade(grade & ~_AGE_WAIVED), waived))
        elif tag == _RETIRED:
            retired.append(_unpack_imsi(value))
        elif tag == _CANDIDATE:
            first, last = struct.unpack_from(">II", value)
            candidate = Candidate(_unpack_imsi(value[8:]), first, last)
        elif tag == _OVERRIDE:
            override = _unpack_override(value)
        elif tag == _PENDING:
            pending = _unpack_pending(value)
        elif tag == _CARRIED_OUT:
            carried_out.append(value.decode("ascii"))
        else:
            raise ValueError(f"record has an unknown section {tag}")
    reference = Reference(tuple(members), tuple(retired))
    messaged = bool(record[1] & _MESSAGED)
    return Subscriber(reference, candidate, override, pending, messaged, tuple(carried_out))


def _section(tag: int, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(value)) + value


def _sections(record: bytes) -> Iterator[tuple[int, bytes]]:
    at = 2
    while at < len(record):
        tag, length = struct.unpack_from(">BH", record, at)
        value = record[at + 3 : at + 3 + length]
        if len(value) != length:
            raise ValueError("record is cut off")
        yield tag, value
        at += 3 + length


def _pack_imsi(imsi: ImsiMember) -> bytes:
    """Key version, operator (digits behind a 1, so that leading zeros stay), digest, representation."""
    operator = int(f"1{imsi.mcc_mnc}") if imsi.mcc_mnc else 0
    name = b"" if imsi.representation == IMSI_DIGITS else imsi.representation.encode("ascii")
    return struct.pack(">B", imsi.key_version) + operator.to_bytes(3, "big") + imsi.digest + name


def _unpack_imsi(value: bytes) -> ImsiMember:
    operator = int.from_bytes(value[1:4], "big")
    digest, name = value[4 : 4 + DIGEST_BYTES], value[4 + DIGEST_BYTES :]
    representation = name.decode("ascii") or IMSI_DIGITS
    return ImsiMember(value[0], representation, digest, str(operator)[1:] if operator else "")


def _pack_override(override: Override) -> bytes:
    evidence = _pack_imsi(override.evidence).hex() if override.evidence else ""
    return json.dumps(
        [
            override.mode.value,
            override.actor,
            override.reason,
            override.since,
            override.until,
            evidence,
            override.bound,
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode("utf-8")


def _unpack_override(value: bytes) -> Override:
    mode, actor, reason, since, until, evidence, bound = json.loads(value)
    imsi = _unpack_imsi(bytes.fromhex(evidence)) if evidence else None
    return Override(Mode(mode), actor, reason, since, until, imsi, bound)


def _pack_pending(pending: PendingReverify) -> bytes:
    expected = _pack_imsi(pending.expected).hex() if pending.expected else ""
    return json.dumps(
        [
            pending.actor,
            pending.reason,
            pending.asked_at,
            pending.until,
            expected,
            pending.age_waived,
            pending.approved_by,
            pending.proposal,
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode("utf-8")


def _unpack_pending(value: bytes) -> PendingReverify:
    actor, reason, asked_at, until, expected, waived, approved_by, proposal = json.loads(value)
    imsi = _unpack_imsi(bytes.fromhex(expected)) if expected else None
    return PendingReverify(actor, reason, asked_at, until, imsi, waived, approved_by, proposal)
