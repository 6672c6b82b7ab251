"""PDUs of SMPP 3.4 as bytes: header, framing, optional parameters; leaves what bodies mean to `bodies`.

Pure and the same for both ends of a session. A body is kept as it came, so that what is only passed on
is passed on unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from struct import Struct
from typing import Final

HEADER_BYTES: Final = 16
LONGEST_PDU: Final = 70_000
"""A message_payload holds 65,535 bytes at most; the rest is room for all else (SMPP 3.4, 5.3.2.32)."""

RESPONSE_BIT: Final = 0x8000_0000
LAST_SEQUENCE: Final = 0x7FFF_FFFF

_HEADER: Final = Struct(">IIII")
_TLV: Final = Struct(">HH")


class Command(IntEnum):
    """Commands by their ids (SMPP 3.4, 5.1.2.1); the response to one has the highest bit set besides."""

    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    QUERY_SM = 0x03
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    REPLACE_SM = 0x07
    CANCEL_SM = 0x08
    BIND_TRANSCEIVER = 0x09
    OUTBIND = 0x0B
    ENQUIRE_LINK = 0x15
    SUBMIT_MULTI = 0x21
    ALERT_NOTIFICATION = 0x102
    DATA_SM = 0x103
    GENERIC_NACK = 0x8000_0000

    @property
    def response(self) -> int:
        """The id of the response to this command."""
        return self.value | RESPONSE_BIT


class Tag(IntEnum):
    """Optional parameters that are read or written here (SMPP 3.4, 5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class Fault(StrEnum):
    """Why bytes are no PDU, or a body is not what its command says."""

    LENGTH_TOO_SMALL = "length_too_small"
    LENGTH_TOO_GREAT = "length_too_great"
    CUT_SHORT = "cut_short"
    NO_END_OF_TEXT = "no_end_of_text"
    TLV_CUT_SHORT = "tlv_cut_short"


@dataclass(frozen=True, slots=True)
class Garbled:
    """Bytes that cannot be read; says nothing of what they hold."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU: the header's fields without the length, and the body as it came.

    `command` and `status` are plain numbers, for the other side may use ones that nobody knows.
    """

    command: int
    status: int
    sequence: int
    body: bytes = field(default=b"", repr=False)

    @property
    def is_response(self) -> bool:
        """True for responses and for generic_nack."""
        return bool(self.command & RESPONSE_BIT)

    def encode(self) -> bytes:
        """Give the bytes; raises struct.error for a number that has no place in 32 bits."""
        return (
            _HEADER.pack(HEADER_BYTES + len(self.body), self.command, self.status, self.sequence) + self.body
        )

    def answer(self, status: int = 0, body: bytes = b"") -> Pdu:
        """Give the response to this request, under the same sequence number."""
        return Pdu(self.command | RESPONSE_BIT, status, self.sequence, body)


class Framer:
    """Cuts a stream of bytes into PDUs. Bytes that are none end it: where the next one begins is lost."""

    def __init__(self, longest: int = LONGEST_PDU) -> None:
        self._longest = longest
        self._buffer = bytearray()
        self._fault: Garbled | None = None

    def feed(self, data: bytes) -> list[Pdu | Garbled]:
        """Give the PDUs that are whole by now; a Garbled is the last thing that ever comes."""
        if self._fault is not None:
            return []
        buffer = self._buffer
        buffer += data
        found: list[Pdu | Garbled] = []
        at = 0
        while len(buffer) - at >= HEADER_BYTES:
            length, command, status, sequence = _HEADER.unpack_from(buffer, at)
            if not HEADER_BYTES <= length <= self._longest:
                fault = Fault.LENGTH_TOO_SMALL if length < HEADER_BYTES else Fault.LENGTH_TOO_GREAT
                self._fault = Garbled(fault)
                found.append(self._fault)
                at = len(buffer)
                break
            if len(buffer) - at < length:
                break
            found.append(Pdu(command, status, sequence, bytes(buffer[at + HEADER_BYTES : at + length])))
            at += length
        del buffer[:at]
        return found

    @property
    def waiting(self) -> int:
        """How many bytes of a PDU that is not whole yet are held."""
        return len(self._buffer)


def read_pdus(data: bytes) -> tuple[Pdu, ...] | Garbled:
    """Read bytes that must hold whole PDUs and nothing else."""
    framer = Framer()
    pdus: list[Pdu] = []
    for found in framer.feed(data):
        if isinstance(found, Garbled):
            return found
        pdus.append(found)
    return Garbled(Fault.CUT_SHORT) if framer.waiting else tuple(pdus)


@dataclass(frozen=True, slots=True)
class Tlv:
    """One optional parameter (SMPP 3.4, 3.2.4)."""

    tag: int
    value: bytes = field(repr=False)


def encode_tlvs(tlvs: Iterable[Tlv]) -> bytes:
    """Give optional parameters as bytes; raises struct.error for a value over 65,535 bytes."""
    return b"".join(_TLV.pack(tlv.tag, len(tlv.value)) + tlv.value for tlv in tlvs)


def read_tlvs(data: bytes) -> tuple[Tlv, ...] | Garbled:
    """Read optional parameters, which must fill the bytes to the end."""
    tlvs: list[Tlv] = []
    at, end = 0, len(data)
    while at < end:
        if end - at < _TLV.size:
            return Garbled(Fault.TLV_CUT_SHORT)
        tag, length = _TLV.unpack_from(data, at)
        at += _TLV.size
        if end - at < length:
            return Garbled(Fault.TLV_CUT_SHORT)
        tlvs.append(Tlv(tag, data[at : at + length]))
        at += length
    return tuple(tlvs)


def tlv_value(tlvs: Iterable[Tlv], tag: Tag) -> bytes | None:
    """Give the value of an optional parameter; the first counts where it stands twice."""
    return next((tlv.value for tlv in tlvs if tlv.tag == tag), None)
