from __future__ import annotations

import smpp34
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.smpp.pdu import (
    HEADER_BYTES,
    LONGEST_PDU,
    Command,
    Fault,
    Framer,
    Garbled,
    Pdu,
    Tlv,
    encode_tlvs,
    read_pdus,
    read_tlvs,
)

WORDS = st.integers(0, 2**32 - 1)
PDUS = st.builds(Pdu, WORDS, WORDS, WORDS, st.binary(max_size=200))
TLVS = st.lists(st.builds(Tlv, st.integers(0, 0xFFFF), st.binary(max_size=50)), max_size=6)
# Neither submit_sm nor deliver_sm, which the oracle reads into forms of their own.
OTHER_COMMANDS = WORDS.filter(lambda command: command & 0x7FFFFFFF not in {4, 5})


@given(st.lists(PDUS, max_size=5), st.data())
def test_pdus_come_out_as_they_went_in_however_the_stream_is_cut(
    pdus: list[Pdu], data: st.DataObject
) -> None:
    stream = b"".join(pdu.encode() for pdu in pdus)
    framer, found = Framer(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += framer.feed(stream[:cut])
        stream = stream[cut:]
    assert found == pdus
    assert framer.waiting == 0


@given(st.lists(st.binary(max_size=64), max_size=8))
def test_any_stream_gives_pdus_or_a_fault_and_nothing_after_it(chunks: list[bytes]) -> None:
    framer, found = Framer(), []
    for chunk in chunks:
        found += framer.feed(chunk)
    faults = [one for one in found if isinstance(one, Garbled)]
    assert len(faults) <= 1
    assert not faults or found[-1] is faults[0]


@given(st.integers(0, 2**32 - 1))
def test_a_length_that_no_pdu_has_ends_the_stream(length: int) -> None:
    head = length.to_bytes(4, "big") + bytes(12)
    found = Framer().feed(head)
    if length < HEADER_BYTES:
        assert found == [Garbled(Fault.LENGTH_TOO_SMALL)]
    elif length > LONGEST_PDU:
        assert found == [Garbled(Fault.LENGTH_TOO_GREAT)]
    else:
        assert found == ([Pdu(0, 0, 0)] if length == HEADER_BYTES else [])


def test_a_stream_that_broke_gives_nothing_more() -> None:
    framer = Framer()
    framer.feed(bytes(16))
    assert framer.feed(Pdu(Command.ENQUIRE_LINK, 0, 1).encode()) == []


@given(OTHER_COMMANDS, WORDS, WORDS, st.binary(max_size=100))
def test_headers_are_read_and_written_as_the_oracle_does(
    command: int, status: int, sequence: int, body: bytes
) -> None:
    raw = Pdu(command, status, sequence, body).encode()
    oracle = smpp34.decode(raw)
    assert isinstance(oracle, smpp34.RawPdu)
    assert (oracle.command_id, oracle.command_status, oracle.sequence_number) == (command, status, sequence)
    assert (oracle.body, oracle.command_length) == (body, len(raw))


def test_an_answer_bears_the_command_with_its_highest_bit_and_the_same_number() -> None:
    answer = Pdu(Command.DELIVER_SM, 0, 77, b"x").answer(0, b"\0")
    assert (answer.command, answer.sequence, answer.body) == (0x80000005, 77, b"\0")
    assert answer.is_response
    assert Command.DELIVER_SM.response == 0x80000005


@given(st.lists(PDUS, max_size=4), st.binary(max_size=15))
def test_whole_pdus_are_read_together_and_a_rest_is_a_fault(pdus: list[Pdu], rest: bytes) -> None:
    packed = b"".join(pdu.encode() for pdu in pdus)
    assert read_pdus(packed) == tuple(pdus)
    if rest:
        assert read_pdus(packed + rest) == Garbled(Fault.CUT_SHORT)


@given(TLVS)
def test_optional_parameters_come_out_as_they_went_in(tlvs: list[Tlv]) -> None:
    assert read_tlvs(encode_tlvs(tlvs)) == tuple(tlvs)


@given(st.binary(max_size=64))
def test_any_bytes_are_optional_parameters_or_a_fault(data: bytes) -> None:
    read = read_tlvs(data)
    assert read == Garbled(Fault.TLV_CUT_SHORT) or (
        not isinstance(read, Garbled) and encode_tlvs(read) == data
    )


def test_neither_body_nor_value_is_printed() -> None:
    assert "481516" not in f"{Pdu(4, 0, 1, b'481516')!r} {Tlv(0x424, b'481516')!r}"
