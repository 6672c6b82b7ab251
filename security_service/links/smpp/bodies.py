"""Bodies of the PDUs of SMPP 3.4 that a message needs, both to bytes and from them; leaves framing to `pdu`.

Texts of the protocol (ids, addresses, times) are read byte by character, so that none is lost or changed.
What is read can always be written again; what is written ends where the protocol says, or is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from security_service.domain.secret import Secret
from security_service.links.smpp.pdu import Fault, Garbled, Tlv, encode_tlvs, read_tlvs

VERSION: Final = 0x34
LONGEST_SHORT_MESSAGE: Final = 254
UDH_INDICATOR: Final = 0x40
"""Bit of esm_class: the text begins with a user data header (SMPP 3.4, 5.2.12)."""

_ENCODING: Final = "latin-1"


@dataclass(frozen=True, slots=True)
class Address:
    """A number or a name with its kinds (SMPP 3.4, 5.2.5 to 5.2.9); prints without its value."""

    ton: int
    npi: int
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BindBody:
    """Body of the three bind commands (SMPP 3.4, 4.1)."""

    system_id: str
    password: Secret
    system_type: str = ""
    version: int = VERSION
    addresses: Address = Address(0, 0, "")

    def encode(self) -> bytes:
        """Give the bytes; raises ValueError for a text that the protocol cannot carry."""
        texts = (self.system_id, self.password.reveal(), self.system_type)
        numbers = bytes((self.version, self.addresses.ton, self.addresses.npi))
        return b"".join(map(_text, texts)) + numbers + _text(self.addresses.value)


@dataclass(frozen=True, slots=True)
class MessageBody:
    """Body of submit_sm and deliver_sm (SMPP 3.4, 4.4.1 and 4.6.1)."""

    source: Address
    destination: Address
    text: bytes = field(default=b"", repr=False)
    data_coding: int = 0
    esm_class: int = 0
    validity: str = ""
    registered_delivery: int = 0
    tlvs: tuple[Tlv, ...] = ()
    service_type: str = ""
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    replace_if_present: int = 0
    default_message: int = 0

    def encode(self) -> bytes:
        """Give the bytes; raises ValueError for what the protocol cannot carry."""
        if len(self.text) > LONGEST_SHORT_MESSAGE:
            raise ValueError("a short message holds 254 bytes at most")
        return b"".join(
            (
                _text(self.service_type),
                _address(self.source),
                _address(self.destination),
                bytes((self.esm_class, self.protocol_id, self.priority)),
                _text(self.schedule),
                _text(self.validity),
                bytes((self.registered_delivery, self.replace_if_present)),
                bytes((self.data_coding, self.default_message, len(self.text))),
                self.text,
                encode_tlvs(self.tlvs),
            )
        )


@dataclass(frozen=True, slots=True)
class DataBody:
    """Body of data_sm (SMPP 3.4, 4.7.1)."""

    source: Address
    destination: Address
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: tuple[Tlv, ...] = ()
    service_type: str = ""

    def encode(self) -> bytes:
        """Give the bytes; raises ValueError for what the protocol cannot carry."""
        numbers = bytes((self.esm_class, self.registered_delivery, self.data_coding))
        addresses = _address(self.source) + _address(self.destination)
        return _text(self.service_type) + addresses + numbers + encode_tlvs(self.tlvs)


@dataclass(frozen=True, slots=True)
class NameBody:
    """Body of responses that begin with one text: the centre's name or a message's id."""

    name: str
    tlvs: tuple[Tlv, ...] = ()

    def encode(self) -> bytes:
        """Give the bytes; raises ValueError for a text that the protocol cannot carry."""
        return _text(self.name) + encode_tlvs(self.tlvs)


@dataclass(frozen=True, slots=True)
class QueryBody:
    """Body of query_sm (SMPP 3.4, 4.8.1)."""

    message_id: str
    source: Address

    def encode(self) -> bytes:
        """Give the bytes; raises ValueError for a text that the protocol cannot carry."""
        return _text(self.message_id) + _address(self.source)


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """Body of query_sm_resp (SMPP 3.4, 4.8.2); `final_date` is '' while the state is not final."""

    message_id: str
    final_date: str
    state: int
    error: int

    def encode(self) -> bytes:
        """Give the bytes; raises ValueError for what the protocol cannot carry."""
        return _text(self.message_id) + _text(self.final_date) + bytes((self.state, self.error))


@dataclass(frozen=True, slots=True)
class CancelBody:
    """Body of cancel_sm (SMPP 3.4, 4.9.1)."""

    message_id: str
    source: Address
    destination: Address
    service_type: str = ""

    def encode(self) -> bytes:
        """Give the bytes; raises ValueError for a text that the protocol cannot carry."""
        texts = _text(self.service_type) + _text(self.message_id)
        return texts + _address(self.source) + _address(self.destination)


def read_bind(body: bytes) -> BindBody | Garbled:
    """Read the body of a bind command."""
    reader = _Reader(body)
    system_id, password, system_type = reader.text(), Secret(reader.text()), reader.text()
    version = reader.number()
    read = BindBody(system_id, password, system_type, version, reader.address())
    return reader.fault or read


def read_message(body: bytes) -> MessageBody | Garbled:
    """Read the body of submit_sm or deliver_sm."""
    reader = _Reader(body)
    service_type, source, destination = reader.text(), reader.address(), reader.address()
    esm_class, protocol_id, priority = reader.number(), reader.number(), reader.number()
    schedule, validity = reader.text(), reader.text()
    registered_delivery, replace_if_present = reader.number(), reader.number()
    data_coding, default_message = reader.number(), reader.number()
    text = reader.take(reader.number())
    tlvs = reader.tlvs()
    return reader.fault or MessageBody(
        source,
        destination,
        text,
        data_coding,
        esm_class,
        validity,
        registered_delivery,
        tlvs,
        service_type,
        protocol_id,
        priority,
        schedule,
        replace_if_present,
        default_message,
    )


def read_data(body: bytes) -> DataBody | Garbled:
    """Read the body of data_sm."""
    reader = _Reader(body)
    service_type, source, destination = reader.text(), reader.address(), reader.address()
    esm_class, registered_delivery, data_coding = reader.number(), reader.number(), reader.number()
    read = DataBody(
        source, destination, esm_class, registered_delivery, data_coding, reader.tlvs(), service_type
    )
    return reader.fault or read


def read_query(body: bytes) -> QueryBody | Garbled:
    """Read the body of query_sm."""
    reader = _Reader(body)
    read = QueryBody(reader.text(), reader.address())
    return reader.fault or read


def read_cancel(body: bytes) -> CancelBody | Garbled:
    """Read the body of cancel_sm."""
    reader = _Reader(body)
    service_type, message_id = reader.text(), reader.text()
    read = CancelBody(message_id, reader.address(), reader.address(), service_type)
    return reader.fault or read


def read_name(body: bytes) -> NameBody | Garbled:
    """Read the body of a response that begins with one text; no body at all is an empty text.

    A response that says no may come without a body (SMPP 3.4, 4.4.2).
    """
    if not body:
        return NameBody("")
    reader = _Reader(body)
    read = NameBody(reader.text(), reader.tlvs())
    return reader.fault or read


class _Reader:
    """Reads a body from its beginning; the first fault stays, and what is read after it is empty."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0
        self.fault: Garbled | None = None

    def text(self) -> str:
        end = self._body.find(0, self._at)
        if end < 0:
            return self._broken(Fault.NO_END_OF_TEXT).decode(_ENCODING)
        read = self._body[self._at : end].decode(_ENCODING)
        self._at = end + 1
        return read

    def number(self) -> int:
        byte = self.take(1)
        return byte[0] if byte else 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._body):
            return self._broken(Fault.CUT_SHORT)
        read = self._body[self._at : end]
        self._at = end
        return read

    def address(self) -> Address:
        return Address(self.number(), self.number(), self.text())

    def tlvs(self) -> tuple[Tlv, ...]:
        read = read_tlvs(self._body[self._at :])
        self._at = len(self._body)
        if isinstance(read, Garbled):
            self._broken(read.fault)
            return ()
        return read

    def _broken(self, fault: Fault) -> bytes:
        self.fault = self.fault or Garbled(fault)
        self._at = len(self._body)
        return b""


def _text(value: str) -> bytes:
    """A text with the zero that ends it; raises ValueError where it holds one, or is none of bytes."""
    encoded = value.encode(_ENCODING)
    if 0 in encoded:
        raise ValueError("a text of the protocol cannot hold a zero")
    return encoded + b"\0"


def _address(address: Address) -> bytes:
    return bytes((address.ton, address.npi)) + _text(address.value)
