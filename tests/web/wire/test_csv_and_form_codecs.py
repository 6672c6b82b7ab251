"""CSV's and forms' own: rows, quotes, line ends, percent signs."""

from __future__ import annotations

import pytest

from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.messages import CheckCodeRequest, GenerateCodeRequest
from security_service.web.wire.negotiation import CSV, FORM


def _csv_fault(body: bytes) -> WireFault:
    with pytest.raises(WireFault) as caught:
        CSV.decode_generate(body)
    return caught.value


def _form_fault(body: bytes) -> WireFault:
    with pytest.raises(WireFault) as caught:
        FORM.decode_generate(body)
    return caught.value


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("tail", [0, 1, 3])
def test_rows_end_as_on_any_system_and_empty_lines_do_not_count(end: bytes, tail: int) -> None:
    body = b"DestinationNumber, IMSICode" + end + b"79031234567,25001" + end * tail
    assert CSV.decode_generate(body) == GenerateCodeRequest("79031234567", "25001")


def test_quoted_cells_hold_commas_and_doubled_quotes() -> None:
    assert CSV.decode_generate(b'Payee\n"a, ""b"""\n').payee == 'a, "b"'


@pytest.mark.parametrize("cell", [b"", b'""'])
def test_empty_cells_are_absent(cell: bytes) -> None:
    assert CSV.decode_check(b"Code,Purpose\n1,%b\n" % cell) == CheckCodeRequest(code="1")


@pytest.mark.parametrize(
    "body",
    [b"", b"\n", b"Code\n", b"Code\n1\n2\n", b"Code,Payee\n1\n", b"Code\n1,2\n", b"{}"],
)
def test_anything_but_two_rows_of_one_length_is_a_wrong_shape(body: bytes) -> None:
    assert _csv_fault(body).code is FaultCode.WRONG_SHAPE


@pytest.mark.parametrize("body", [b'Code\n"1\n', b'Code\n"1"2\n', b'Co"de\n"1"x'])
def test_wrong_quotes_are_unreadable(body: bytes) -> None:
    assert _csv_fault(body).code is FaultCode.UNREADABLE_BODY


def test_a_line_end_within_a_quoted_cell_is_forbidden() -> None:
    assert _csv_fault(b'Payee\n"a\nb"\n').code is FaultCode.FORBIDDEN_CHARACTER


def test_a_form_may_leave_values_empty() -> None:
    assert FORM.decode_check(b"DestinationNumber=&Code=1&Purpose=") == CheckCodeRequest(code="1")


@pytest.mark.parametrize("body", [b"Code", b"Code=1&", b"&".join([b"a=1"] * 65)])
def test_a_broken_form_is_unreadable(body: bytes) -> None:
    assert _form_fault(body).code is FaultCode.UNREADABLE_BODY


def test_percent_signs_do_not_smuggle_forbidden_characters() -> None:
    assert _form_fault(b"Payee=a%00b").code is FaultCode.FORBIDDEN_CHARACTER
    assert _form_fault(b"Payee=a%0Ab").code is FaultCode.FORBIDDEN_CHARACTER
    assert _form_fault(b"Payee=%ff").code is FaultCode.NOT_UTF8
    assert _form_fault(b"Payee=%ED%A0%80").code is FaultCode.NOT_UTF8
