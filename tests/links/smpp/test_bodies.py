from __future__ import annotations

from collections.abc import Callable

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.secret import Secret
from security_service.links.smpp.bodies import (
    Address,
    BindBody,
    DataBody,
    MessageBody,
    NameBody,
    read_bind,
    read_data,
    read_message,
    read_name,
)
from security_service.links.smpp.pdu import Command, Garbled, Pdu, Tlv

Body = BindBody | DataBody | MessageBody | NameBody
Read = Callable[[bytes], Body | Garbled]

BYTE = st.integers(0, 255)


def texts(longest: int) -> st.SearchStrategy[str]:
    """Texts of the protocol: any byte but zero."""
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=longest)


def plain(longest: int) -> st.SearchStrategy[str]:
    """Texts that the oracle takes too."""
    return st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=longest)


def addresses(of: st.SearchStrategy[str]) -> st.SearchStrategy[Address]:
    return st.builds(Address, BYTE, BYTE, of)


TLVS = st.lists(st.builds(Tlv, st.integers(0x1400, 0x3FFF), st.binary(max_size=40)), max_size=4).map(tuple)
TIMES = st.sampled_from(["", "000000000500000R", "261121120000012+"])


def messages(of: Callable[[int], st.SearchStrategy[str]]) -> st.SearchStrategy[MessageBody]:
    return st.builds(
        MessageBody,
        source=addresses(of(20)),
        destination=addresses(of(20)),
        text=st.binary(max_size=254),
        data_coding=BYTE,
        esm_class=BYTE,
        validity=TIMES,
        registered_delivery=BYTE,
        tlvs=TLVS,
        service_type=of(5),
        protocol_id=BYTE,
        priority=BYTE,
        schedule=TIMES,
        replace_if_present=BYTE,
        default_message=BYTE,
    )


BINDS = st.builds(BindBody, texts(15), texts(8).map(Secret), texts(12), BYTE, addresses(texts(40)))
DATA = st.builds(DataBody, addresses(texts(64)), addresses(texts(64)), BYTE, BYTE, BYTE, TLVS, texts(5))
NAMES = st.builds(NameBody, texts(64), TLVS)
READERS: list[Read] = [read_bind, read_message, read_data, read_name]


@given(BINDS)
def test_a_bind_comes_out_as_it_went_in(body: BindBody) -> None:
    assert read_bind(body.encode()) == body


@given(messages(texts))
def test_a_message_comes_out_as_it_went_in(body: MessageBody) -> None:
    assert read_message(body.encode()) == body


@given(DATA)
def test_data_comes_out_as_it_went_in(body: DataBody) -> None:
    assert read_data(body.encode()) == body


@given(NAMES)
def test_a_response_comes_out_as_it_went_in(body: NameBody) -> None:
    assert read_name(body.encode()) == body


def test_a_response_without_a_body_names_nothing() -> None:
    assert read_name(b"") == NameBody("")


@pytest.mark.parametrize("read", READERS)
@given(data=st.binary(max_size=200))
def test_any_body_is_read_to_what_gives_it_back_or_is_a_fault(read: Read, data: bytes) -> None:
    body = read(data)
    if not isinstance(body, Garbled) and data:
        again = body.encode()
        # A bind may have bytes behind it that nobody asked for; everything else is read to its end.
        assert data.startswith(again) if isinstance(body, BindBody) else data == again


@pytest.mark.parametrize("read", READERS)
@given(body=messages(texts), data=st.data())
def test_a_body_that_is_cut_anywhere_is_a_fault_or_a_shorter_body(
    read: Read, body: MessageBody, data: st.DataObject
) -> None:
    raw = body.encode()
    cut = data.draw(st.integers(0, len(raw) - 1))
    found = read(raw[:cut])
    assert isinstance(found, BindBody | DataBody | MessageBody | NameBody | Garbled)


@given(messages(plain), st.sampled_from([Command.SUBMIT_SM, Command.DELIVER_SM]))
def test_the_oracle_reads_what_is_written_here(body: MessageBody, command: Command) -> None:
    read = smpp34.decode(Pdu(command, 0, 7, body.encode()).encode())
    assert isinstance(read, smpp34.SubmitSm if command == Command.SUBMIT_SM else smpp34.DeliverSm)
    assert read.sequence_number == 7
    assert (read.source_addr_ton, read.source_addr_npi, read.source_addr) == parts(body.source)
    assert (read.dest_addr_ton, read.dest_addr_npi, read.destination_addr) == parts(body.destination)
    assert (read.service_type, read.short_message) == (body.service_type, body.text)
    assert (read.esm_class, read.protocol_id, read.priority_flag) == (
        body.esm_class,
        body.protocol_id,
        body.priority,
    )
    assert (read.schedule_delivery_time, read.validity_period) == (body.schedule, body.validity)
    assert (read.registered_delivery, read.replace_if_present_flag) == (
        body.registered_delivery,
        body.replace_if_present,
    )
    assert (read.data_coding, read.sm_default_msg_id) == (body.data_coding, body.default_message)
    assert [(tlv.tag, tlv.value) for tlv in read.tlvs] == [(tlv.tag, tlv.value) for tlv in body.tlvs]


@given(messages(plain))
def test_what_the_oracle_writes_is_read_here(body: MessageBody) -> None:
    oracle = smpp34.SubmitSm(
        body.source.value,
        body.destination.value,
        body.text,
        service_type=body.service_type,
        source_addr_ton=body.source.ton,
        source_addr_npi=body.source.npi,
        dest_addr_ton=body.destination.ton,
        dest_addr_npi=body.destination.npi,
        esm_class=body.esm_class,
        protocol_id=body.protocol_id,
        priority_flag=body.priority,
        schedule_delivery_time=body.schedule,
        validity_period=body.validity,
        registered_delivery=body.registered_delivery,
        replace_if_present_flag=body.replace_if_present,
        data_coding=body.data_coding,
        sm_default_msg_id=body.default_message,
        tlvs=[smpp34.Tlv(tlv.tag, tlv.value) for tlv in body.tlvs],
        sequence_number=9,
    )
    assert oracle.encode() == Pdu(Command.SUBMIT_SM, 0, 9, body.encode()).encode()
    assert read_message(oracle.encode()[16:]) == body


def parts(address: Address) -> tuple[int, int, str]:
    return address.ton, address.npi, address.value


@pytest.mark.parametrize(
    "body",
    [
        MessageBody(Address(0, 0, "a\0b"), Address(0, 0, "1")),
        MessageBody(Address(0, 0, "Ж"), Address(0, 0, "1")),
        MessageBody(Address(0, 0, "a"), Address(0, 0, "1"), text=bytes(255)),
        MessageBody(Address(0, 0, "a"), Address(0, 0, "1"), data_coding=256),
        NameBody("a\0"),
    ],
)
def test_what_the_protocol_cannot_carry_is_not_written(body: Body) -> None:
    with pytest.raises(ValueError, match=r".+"):
        body.encode()


def test_numbers_texts_and_passwords_are_not_printed() -> None:
    message = MessageBody(Address(1, 1, "79031234567"), Address(1, 1, "79031234568"), b"481516")
    bind = BindBody("bank", Secret("hunter2"))
    printed = f"{message!r} {bind!r} {DataBody(message.source, message.destination)!r}"
    assert [
        secret for secret in ("79031234567", "79031234568", "481516", "hunter2") if secret in printed
    ] == []
