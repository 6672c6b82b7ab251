"""What accounts submit: alphabets, marks of parts, times, wishes for reports; what is refused and how."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.smpp import status
from security_service.links.smpp.bodies import Address, MessageBody, read_message
from security_service.links.smpp.pdu import Garbled, Tag, Tlv
from security_service.links.smpp.submitted import (
    Marking,
    PartMark,
    ReportWish,
    Submitted,
    Unfit,
    read_submitted,
    read_wish,
    text_of,
)

NOW = 1_700_000_000
DAY = 86_400
UDH = 0x40


def read(text: bytes = b"text", **members: object) -> Submitted | Unfit:
    body = MessageBody(Address(5, 0, "BANK"), Address(1, 1, "79161112211"), text, **members)  # type: ignore[arg-type]  # fields by name
    return read_submitted(body, NOW)


def fit(text: bytes = b"text", **members: object) -> Submitted:
    found = read(text, **members)
    assert isinstance(found, Submitted), found
    return found


def sar(reference: bytes = b"\x01\x02", total: bytes = b"\x03", place: bytes = b"\x02") -> tuple[Tlv, ...]:
    tags = Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM
    return tuple(Tlv(tag, value) for tag, value in zip(tags, (reference, total, place), strict=True))


# --- texts


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        (b"\x00\x1be@", 0, "@€¡"),
        (b"caf\xe9", 3, "café"),
        (b"{cafe}\r\n_@", 1, "{cafe}\r\n_@"),
        ("Код 🙂".encode("utf-16-be"), 8, "Код 🙂"),
        (b"", 0, ""),
    ],
)
def test_a_text_is_read_in_its_alphabet(octets: bytes, coding: int, text: str) -> None:
    assert text_of(octets, coding) == text


@pytest.mark.parametrize(
    ("octets", "coding"),
    [
        (b"caf\xe9", 0),
        (b"\x80", 0),
        (b"caf\xe9", 1),
        (b"\x00", 1),
        (b"\x1be", 1),
        (b"\x04", 8),
        (b"\xd8\x3d", 8),
        (b"\xde\x00\x00a", 8),
        (b"x", 4),
    ],
)
def test_bytes_that_are_no_text_of_their_alphabet_are_not_guessed_at(octets: bytes, coding: int) -> None:
    assert text_of(octets, coding) is None


@pytest.mark.parametrize("coding", [2, 4, 5, 10, 0x10, 0xF0, 0xF5, 0xFF])
def test_alphabets_and_classes_that_would_be_lost_are_refused(coding: int) -> None:
    assert read(data_coding=coding) == Unfit(status.SUBMIT_FAILED)


def test_the_text_may_come_as_payload_but_not_in_both_places() -> None:
    payload = (Tlv(Tag.MESSAGE_PAYLOAD, b"long"),)
    assert fit(b"", tlvs=payload).octets == b"long"
    assert read(b"short", tlvs=payload) == Unfit(status.OPTION_NOT_ALLOWED)
    assert read(b"", tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"x" * 2401),)) == Unfit(status.INVALID_LENGTH)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"esm_class": 0x04}, status.INVALID_ESM_CLASS),
        ({"esm_class": 0x08}, status.INVALID_ESM_CLASS),
        ({"default_message": 1}, status.INVALID_DEFAULT_MESSAGE),
    ],
)
def test_what_is_no_message_is_refused(members: dict[str, int], expected: int) -> None:
    assert read(b"text", **members) == Unfit(expected)


def test_what_changes_nothing_here_is_let_be() -> None:
    assert fit(esm_class=3, priority=2, protocol_id=7, replace_if_present=1, service_type="WAP").octets


# --- parts


def test_a_part_is_known_by_three_parameters() -> None:
    assert fit(tlvs=sar()).part == PartMark(Marking.SAR, 0x0102, 3, 2)


@pytest.mark.parametrize(
    ("tlvs", "expected"),
    [
        (sar()[:2], status.OPTION_MISSING),
        (sar()[1:], status.OPTION_MISSING),
        (sar(reference=b"\1"), status.INVALID_OPTION),
        (sar(place=b"\x04"), status.INVALID_OPTION),
        (sar(place=b"\x00"), status.INVALID_OPTION),
        (sar(total=b"\x00"), status.INVALID_OPTION),
    ],
)
def test_parameters_that_name_no_part_are_refused(tlvs: tuple[Tlv, ...], expected: int) -> None:
    assert read(tlvs=tlvs) == Unfit(expected)


@pytest.mark.parametrize(
    ("header", "mark"),
    [
        (b"\x05\x00\x03\x07\x02\x01", PartMark(Marking.UDH, 7, 2, 1)),
        (b"\x06\x08\x04\x01\x02\x02\x01", PartMark(Marking.UDH_16, 0x0102, 2, 1)),
    ],
)
def test_a_part_is_known_by_either_header(header: bytes, mark: PartMark) -> None:
    found = fit(header + b"text", esm_class=UDH)
    assert (found.part, found.octets) == (mark, b"text")
    in_payload = fit(b"", esm_class=UDH, tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, header + b"text"),))
    assert (in_payload.part, in_payload.octets) == (mark, b"text")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x05",
        b"\x05\x00\x03\x07\x02",
        b"\x05\x00\x04\x07\x02\x01",
        b"\x01\x00",
        b"\x06\x05\x04\x0b\x84\x0b\x84text",
        b"\x03\x24\x01\x01text",
        b"\x05\x00\x03\x07\x02\x03text",
        b"\x05\x00\x03\x07\x02\x00text",
        b"\xff" * 10,
    ],
)
def test_headers_that_cannot_be_read_or_say_more_than_parts_are_refused(octets: bytes) -> None:
    assert read(octets, esm_class=UDH) == Unfit(status.SUBMIT_FAILED)


def test_the_one_part_of_a_text_is_the_text() -> None:
    assert fit(tlvs=sar(total=b"\x01", place=b"\x01")).part is None
    assert fit(b"\x05\x00\x03\x07\x01\x01text", esm_class=UDH).part is None
    assert fit(b"\x00text", esm_class=UDH).octets == b"text"


# --- times


@pytest.mark.parametrize(
    ("schedule", "validity", "times"),
    [
        ("", "", (0, None)),
        ("", "000000000100000R", (0, 60)),
        ("000000010000000R", "", (NOW + 3600, None)),
        ("000000010000000R", "000000020000000R", (NOW + 3600, 3600)),
        ("231114221319000+", "231114231320000+", (0, 3600)),
        ("", "000100000000000R", (0, 7 * DAY)),
    ],
)
def test_times_are_read_as_when_and_how_long(
    schedule: str, validity: str, times: tuple[int, int | None]
) -> None:
    found = fit(schedule=schedule, validity=validity)
    assert (found.send_at_s, found.validity_s) == times


@pytest.mark.parametrize(
    ("schedule", "validity", "expected"),
    [
        ("soon", "", status.INVALID_SCHEDULE),
        ("000200000000000R", "", status.INVALID_SCHEDULE),
        ("", "long", status.INVALID_EXPIRY),
        ("", "000000000059000R", status.INVALID_EXPIRY),
        ("", "231114221320000+", status.INVALID_EXPIRY),
        ("000000020000000R", "000000010000000R", status.INVALID_EXPIRY),
    ],
)
def test_times_that_cannot_be_are_refused(schedule: str, validity: str, expected: int) -> None:
    assert read(schedule=schedule, validity=validity) == Unfit(expected)


# --- reports


@pytest.mark.parametrize(
    ("registered", "tlvs", "wish"),
    [
        (0, (), ReportWish(wanted=False)),
        (0x10, (), ReportWish(wanted=False)),
        (1, (), ReportWish(wanted=True)),
        (0x11, (), ReportWish(wanted=True)),
        (2, (), ReportWish(wanted=True, failures_only=True)),
        (1, (Tlv(Tag.USER_MESSAGE_REFERENCE, b"\x01\x00"),), ReportWish(wanted=True, reference="256")),
        (1, (Tlv(Tag.USER_MESSAGE_REFERENCE, b"\x01"),), ReportWish(wanted=True)),
    ],
)
def test_a_report_is_wanted_as_it_was_registered(
    registered: int, tlvs: tuple[Tlv, ...], wish: ReportWish
) -> None:
    assert fit(registered_delivery=registered, tlvs=tlvs).wish == wish


@given(st.booleans(), st.integers(0, 65_535) | st.none())
def test_a_wish_comes_back_from_the_text_that_goes_with_the_message(
    failures_only: bool,  # noqa: FBT001 - hypothesis gives them by place
    reference: int | None,
) -> None:
    own = "" if reference is None else str(reference)
    wish = ReportWish(wanted=True, failures_only=failures_only, reference=own)
    assert read_wish(wish.as_text()) == wish


@given(st.binary(max_size=300))
def test_whatever_bytes_a_body_has_reading_gives_an_answer(data: bytes) -> None:
    body = read_message(data)
    if isinstance(body, Garbled):
        return
    found = read_submitted(body, NOW)
    assert isinstance(found, Submitted | Unfit)
    if isinstance(found, Submitted):
        assert isinstance(text_of(found.octets, found.data_coding), str | None)
