"""What an account submits, read from submit_sm into the service's words; leaves numbers and limits to others.

Whatever a message would lose by being read here, ports and message classes say, is refused instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from security_service.domain.relay import LONGEST_DEFERMENT_S, LONGEST_VALIDITY_S, SHORTEST_VALIDITY_S
from security_service.links.smpp import status
from security_service.links.smpp.bodies import UDH_INDICATOR, Address, MessageBody
from security_service.links.smpp.pdu import Tag, tlv_value
from security_service.links.smpp.text import decode
from security_service.links.smpp.times import read_time

LONGEST_OCTETS: Final = 2400
"""More than the 15 segments hold that a message may have: 15 times 153 septets, a septet a byte."""

_IA5: Final = 0x01
_UCS2: Final = 0x08
_ASCII: Final = re.compile(rb"[\n\r -~]*")
_CODINGS: Final = frozenset({0x00, _IA5, 0x03, _UCS2})
_KIND_BITS: Final = 0x3C
_REPORT_BITS: Final = 0x03
_FAILURE_ONLY: Final = 0x02
_CONCATENATED_8: Final = 0x00
_CONCATENATED_16: Final = 0x08
_UNREADABLE: Final = "\ufffd"
_FAILURES: Final = "failures"


class Marking(StrEnum):
    """How a part says what it is a part of."""

    SAR = "sar"
    UDH = "udh"
    UDH_16 = "udh16"


@dataclass(frozen=True, slots=True)
class PartMark:
    """A part of a longer text: the number that its parts share, how many they are, and its place from 1."""

    marking: Marking
    reference: int
    total: int
    place: int


@dataclass(frozen=True, slots=True)
class Unfit:
    """What was submitted cannot be taken; `status` says why (SMPP 3.4, 5.1.3)."""

    status: int


@dataclass(frozen=True, slots=True)
class ReportWish:
    """Whether the account wants to hear of the end, and with what: `reference` is its own number or ''."""

    wanted: bool
    failures_only: bool = False
    reference: str = ""

    def as_text(self) -> str:
        """Give it as one text, which goes with the message and comes back with its report."""
        return " ".join(word for word in (self.reference, _FAILURES * self.failures_only) if word)


def read_wish(text: str) -> ReportWish:
    """Read what `ReportWish.as_text` gave, of a message whose report was wanted."""
    words = text.split()
    reference = next((word for word in words if word.isdecimal()), "")
    return ReportWish(wanted=True, failures_only=_FAILURES in words, reference=reference)


@dataclass(frozen=True, slots=True)
class Submitted:
    """One submit_sm. `part` is None for a whole text; times are None and 0 where none is given.

    `validity_s` counts from the time the message is to leave, `send_at_s` is Unix seconds.
    """

    source: Address
    destination: Address
    octets: bytes = field(repr=False)
    data_coding: int
    part: PartMark | None
    validity_s: int | None
    send_at_s: int
    wish: ReportWish


def read_submitted(body: MessageBody, now_s: int) -> Submitted | Unfit:
    """Read the body of a submit_sm at `now_s` (Unix seconds)."""
    if body.esm_class & _KIND_BITS:
        return Unfit(status.INVALID_ESM_CLASS)
    if body.default_message:
        return Unfit(status.INVALID_DEFAULT_MESSAGE)
    if body.data_coding not in _CODINGS:
        return Unfit(status.SUBMIT_FAILED)
    payload = tlv_value(body.tlvs, Tag.MESSAGE_PAYLOAD)
    if payload is not None and body.text:
        return Unfit(status.OPTION_NOT_ALLOWED)
    octets = body.text if payload is None else payload
    if len(octets) > LONGEST_OCTETS:
        return Unfit(status.INVALID_LENGTH)
    parted = _parted(body, octets)
    if isinstance(parted, Unfit):
        return parted
    times = _times(body, now_s)
    if isinstance(times, Unfit):
        return times
    return Submitted(
        source=body.source,
        destination=body.destination,
        octets=parted[1],
        data_coding=body.data_coding,
        part=parted[0],
        validity_s=times[0],
        send_at_s=times[1],
        wish=_wish(body),
    )


def text_of(octets: bytes, data_coding: int) -> str | None:
    """Read a whole text; None where its bytes are no text of that coding: nothing is guessed."""
    if data_coding == _UCS2:
        try:
            return octets.decode("utf-16-be")
        except UnicodeDecodeError:
            return None
    if data_coding == _IA5 and not _ASCII.fullmatch(octets):
        # Some clients write GSM-7 under this number: what is no ASCII either is refused, not garbled.
        return None
    text = decode(octets, data_coding)
    return None if text is None or _UNREADABLE in text else text


# --- parts


def _parted(body: MessageBody, octets: bytes) -> tuple[PartMark | None, bytes] | Unfit:
    """Give what a text is a part of, and the text without its user data header."""
    if not body.esm_class & UDH_INDICATOR:
        mark = _sar(body)
        return mark if isinstance(mark, Unfit) else (mark, octets)
    end = octets[0] + 1 if octets else 1
    if end > len(octets):
        return Unfit(status.SUBMIT_FAILED)
    udh = _udh(octets[1:end])
    return udh if isinstance(udh, Unfit) else (udh, octets[end:])


def _sar(body: MessageBody) -> PartMark | Unfit | None:
    """Read the three parameters of a part, all of which it must have (SMPP 3.4, 5.3.2.22 to 5.3.2.24)."""
    tags = ((Tag.SAR_MSG_REF_NUM, 2), (Tag.SAR_TOTAL_SEGMENTS, 1), (Tag.SAR_SEGMENT_SEQNUM, 1))
    values = [tlv_value(body.tlvs, tag) for tag, _ in tags]
    if all(value is None for value in values):
        return None
    if any(value is None for value in values):
        return Unfit(status.OPTION_MISSING)
    numbers = []
    for value, (_, width) in zip(values, tags, strict=True):
        if value is None or len(value) != width:
            return Unfit(status.INVALID_OPTION)
        numbers.append(int.from_bytes(value, "big"))
    return _marked(Marking.SAR, numbers, status.INVALID_OPTION)


def _udh(header: bytes) -> PartMark | Unfit | None:
    """Read a user data header (3GPP TS 23.040, 9.2.3.24): concatenation only, all else is no plain text."""
    mark: PartMark | Unfit | None = None
    at = 0
    while at < len(header):
        if len(header) - at < 2:
            return Unfit(status.SUBMIT_FAILED)
        kind, length = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + length]
        at += 2 + length
        if kind == _CONCATENATED_8 and length == 3 and len(value) == 3:
            mark = _marked(Marking.UDH, list(value), status.SUBMIT_FAILED)
        elif kind == _CONCATENATED_16 and length == 4 and len(value) == 4:
            numbers = [int.from_bytes(value[:2], "big"), value[2], value[3]]
            mark = _marked(Marking.UDH_16, numbers, status.SUBMIT_FAILED)
        else:
            return Unfit(status.SUBMIT_FAILED)
        if isinstance(mark, Unfit):
            return mark
    return mark


def _marked(marking: Marking, numbers: list[int], otherwise: int) -> PartMark | Unfit | None:
    reference, total, place = numbers
    if not 1 <= place <= total:
        return Unfit(otherwise)
    return PartMark(marking, reference, total, place) if total > 1 else None


# --- times and reports


def _times(body: MessageBody, now_s: int) -> tuple[int | None, int] | Unfit:
    """Give validity and time to leave. A time to leave that is past is now, a long validity is cut."""
    send_at_s = read_time(body.schedule, now_s) if body.schedule else 0
    if send_at_s is None or send_at_s > now_s + LONGEST_DEFERMENT_S:
        return Unfit(status.INVALID_SCHEDULE)
    if send_at_s <= now_s:
        send_at_s = 0
    if not body.validity:
        return None, send_at_s
    ends_at_s = read_time(body.validity, now_s)
    if ends_at_s is None:
        return Unfit(status.INVALID_EXPIRY)
    validity_s = ends_at_s - (send_at_s or now_s)
    if validity_s < SHORTEST_VALIDITY_S:
        return Unfit(status.INVALID_EXPIRY)
    return min(validity_s, LONGEST_VALIDITY_S), send_at_s


def _wish(body: MessageBody) -> ReportWish:
    """Read registered_delivery (SMPP 3.4, 5.2.17) and the account's own number for the message."""
    wanted = body.registered_delivery & _REPORT_BITS
    if not wanted:
        return ReportWish(wanted=False)
    own = tlv_value(body.tlvs, Tag.USER_MESSAGE_REFERENCE)
    reference = str(int.from_bytes(own, "big")) if own is not None and len(own) == 2 else ""
    return ReportWish(wanted=True, failures_only=wanted == _FAILURE_ONLY, reference=reference)
