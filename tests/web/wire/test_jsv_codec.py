"""JSV's own: quotes, white space that counts, lists, depth."""

from __future__ import annotations

import pytest

from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.messages import CheckCodeRequest, GenerateCodeRequest
from security_service.web.wire.negotiation import JSV


def _fault(body: bytes) -> WireFault:
    with pytest.raises(WireFault) as caught:
        JSV.decode_generate(body)
    return caught.value


def test_white_space_counts_within_the_braces_and_not_around_them() -> None:
    assert JSV.decode_generate(b" {Payee: a b ,IMSICode:1}\r\n") == GenerateCodeRequest(
        imsi_code="1", payee=" a b "
    )


def test_quotes_hold_signs_and_doubled_quotes() -> None:
    body = b'{"Payee":"a, ""b"" {c} [d]",LimitKeys:["x",y]}'
    assert JSV.decode_generate(body) == GenerateCodeRequest(payee='a, "b" {c} [d]', limit_keys=("x", "y"))


def test_a_colon_in_a_value_needs_no_quotes() -> None:
    assert JSV.decode_generate(b"{Payee:https://shop.test}").payee == "https://shop.test"


@pytest.mark.parametrize("body", [b"{}", b"{Payee:}", b'{Payee:""}', b"{LimitKeys:[]}", b"{LimitKeys:[,]}"])
def test_empty_values_are_absent(body: bytes) -> None:
    assert JSV.decode_generate(body) == GenerateCodeRequest()


def test_a_code_is_always_text() -> None:
    assert JSV.decode_check(b"{Code:0123}") == CheckCodeRequest(code="0123", code_was_number=False)


def test_nested_values_of_strange_members_are_ignored() -> None:
    body = b"{Extra:{A:[1,{B:2}],C:{}},DestinationNumber:1}"
    assert JSV.decode_generate(body) == GenerateCodeRequest("1")


@pytest.mark.parametrize("value", [b"{A:1}", b"[1]", b"{}", b"[]"])
def test_nested_values_of_text_members_are_a_fault(value: bytes) -> None:
    assert _fault(b"{Payee:%b}" % value).code is FaultCode.WRONG_KIND


@pytest.mark.parametrize("value", [b"{A:1}", b"[[a]]", b"[{A:1}]"])
def test_limit_keys_are_texts(value: bytes) -> None:
    assert _fault(b"{LimitKeys:%b}" % value).code is FaultCode.WRONG_KIND


@pytest.mark.parametrize("body", [b"", b"[]", b"DestinationNumber:1", b'"{}"'])
def test_anything_but_one_object_is_a_wrong_shape(body: bytes) -> None:
    assert _fault(body).code is FaultCode.WRONG_SHAPE


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{A}",
        b"{A:1",
        b"{A:1,}",
        b"{A:1}}",
        b"{}{}",
        b'{A:"1}',
        b'{A:"1"2}',
        b'{A:1"2"}',
        b"{A:[1}",
        b"{A:1]}",
    ],
)
def test_broken_jsv_is_unreadable(body: bytes) -> None:
    assert _fault(body).code is FaultCode.UNREADABLE_BODY


@pytest.mark.parametrize("opening", [b"{a:", b"{a:[", b"[{a:"])
def test_deep_nesting_is_a_fault_of_its_own(opening: bytes) -> None:
    assert _fault(b"{a:" + opening * 9_000).code is FaultCode.TOO_DEEP


def test_sixteen_levels_are_read_and_seventeen_are_not() -> None:
    assert JSV.decode_generate(b"{a:%b%b}" % (b"[" * 15, b"]" * 15)) == GenerateCodeRequest()
    assert _fault(b"{a:%b%b}" % (b"[" * 16, b"]" * 16)).code is FaultCode.TOO_DEEP


@pytest.mark.parametrize("piece", [b'""', b'"', b",", b"a:", b'"a",'])
def test_hostile_texts_are_refused_in_one_pass(piece: bytes) -> None:
    assert _fault(b'{a:"' + piece * 12_000).code is FaultCode.UNREADABLE_BODY
