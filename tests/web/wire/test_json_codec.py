"""JSON's own: numbers, kinds, depth, and what Python reads as JSON though it is none."""

from __future__ import annotations

import pytest

from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.messages import CheckCodeRequest, GenerateCodeRequest
from security_service.web.wire.negotiation import JSON


def _fault(body: bytes) -> WireFault:
    with pytest.raises(WireFault) as caught:
        JSON.decode_check(body)
    return caught.value


def test_numbers_keep_every_digit() -> None:
    body = b'{"DestinationNumber":79169492211,"Amount":100.50,"Currency":643,"LimitKeys":[1,2.0]}'
    request = JSON.decode_generate(body)
    assert request == GenerateCodeRequest(
        destination_number="79169492211", amount="100.50", currency="643", limit_keys=("1", "2.0")
    )
    assert {type(request.destination_number), type(request.amount)} == {str}


@pytest.mark.parametrize(
    ("written", "code", "was_number"),
    [(b"7565", "7565", True), (b'"07565"', "07565", False), (b"0", "0", True), (b"null", "", False)],
)
def test_a_code_tells_whether_it_came_as_a_number(written: bytes, code: str, *, was_number: bool) -> None:
    assert JSON.decode_check(b'{"Code":%b}' % written) == CheckCodeRequest(
        code=code, code_was_number=was_number
    )


def test_a_number_too_long_for_an_integer_is_a_long_text() -> None:
    assert _fault(b'{"Code":%b}' % (b"9" * 60_000)).code is FaultCode.TOO_LONG
    assert _fault(b'{"Code":1e%b}' % (b"9" * 60_000)).code is FaultCode.TOO_LONG


@pytest.mark.parametrize("value", [b"true", b"false", b"{}", b'{"a":1}', b"[]", b'["1"]'])
def test_another_kind_than_text_or_number_is_a_fault(value: bytes) -> None:
    fault = _fault(b'{"Code":%b}' % value)
    assert (fault.code, fault.sentence) == (FaultCode.WRONG_KIND, "Code is neither text nor a number.")


@pytest.mark.parametrize("value", [b"true", b"{}", b'[["a"]]', b"[true]", b'[{"a":1}]'])
def test_limit_keys_are_texts(value: bytes) -> None:
    assert _fault(b'{"LimitKeys":%b}' % value).code is FaultCode.WRONG_KIND


def test_absent_limit_keys_are_none() -> None:
    assert JSON.decode_check(b'{"LimitKeys":null,"Code":"1"}') == CheckCodeRequest(code="1")
    assert JSON.decode_check(b'{"LimitKeys":[null,"a",""]}').limit_keys == ("a",)


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null", b'[["Code","1"]]'])
def test_anything_but_one_object_is_a_wrong_shape(body: bytes) -> None:
    assert _fault(body).code is FaultCode.WRONG_SHAPE


@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b"{} {}", b"{'Code':1}", b'{"Code":01}', b'{"Code":1,}', b"\\"]
)
def test_broken_json_is_unreadable(body: bytes) -> None:
    assert _fault(body).code is FaultCode.UNREADABLE_BODY


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_no_number_in_json_is_unreadable(value: bytes) -> None:
    assert _fault(b'{"Whatever":%b}' % value).code is FaultCode.UNREADABLE_BODY


@pytest.mark.parametrize("value", [rb"\ud800", rb"\udc00x", rb"\u0000", rb"\n", rb"\u202e"])
def test_escapes_do_not_smuggle_forbidden_characters(value: bytes) -> None:
    assert _fault(b'{"Code":"%b"}' % value).code is FaultCode.FORBIDDEN_CHARACTER


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert JSON.decode_generate(rb'{"Payee":"\ud83d\ude00"}').payee == "\U0001f600"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"Code":[', b"[{"])
def test_deep_nesting_is_a_fault_of_its_own(opening: bytes) -> None:
    assert _fault(opening * 6_000).code is FaultCode.TOO_DEEP


def test_sixteen_levels_are_read_and_seventeen_are_not() -> None:
    assert JSON.decode_check(b'{"Code":"1","x":%b%b}' % (b"[" * 15, b"]" * 15)).code == "1"
    assert _fault(b'{"Code":"1","x":%b%b}' % (b"[" * 16, b"]" * 16)).code is FaultCode.TOO_DEEP


def test_brackets_within_texts_are_no_nesting() -> None:
    many = b"[" * 1_000 + rb"\"" + b"{" * 1_000
    assert JSON.decode_check(b'{"x":"%b","Code":"1"}' % many).code == "1"
    wide = b",".join([b"[]"] * 1_000)
    assert JSON.decode_check(b'{"x":[%b],"Code":"1"}' % wide).code == "1"


@pytest.mark.parametrize("piece", [b'"', rb"\"", b'"\\', b"[\\", b'"["', b'{"a'])
def test_hostile_texts_are_refused_in_one_pass(piece: bytes) -> None:
    # A quadratic reader would need minutes for some of these, far beyond the test's time limit.
    body = (b"[" * 17 + piece * 40_000)[: 64 * 1024]
    assert _fault(body).code in {FaultCode.TOO_DEEP, FaultCode.UNREADABLE_BODY}
    tail = (b"{" + b"[]" * 20 + piece * 40_000)[: 64 * 1024]
    assert _fault(tail).code in {FaultCode.TOO_DEEP, FaultCode.UNREADABLE_BODY}
