"""What holds in every format: round trips, equality across formats, limits, no surprise for any bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.web.wire.codec import MAX_BODY_BYTES, RequestCodec, check_body_size
from security_service.web.wire.faults import FAULT_SENTENCES, FaultCode, WireFault
from security_service.web.wire.members import CHECK_CODE_MEMBERS, GENERATE_CODE_MEMBERS, Member
from security_service.web.wire.messages import CheckCodeRequest, GenerateCodeRequest
from security_service.web.wire.negotiation import CSV, FORM, JSON, JSV, XML
from tests.web.wire.request_writers import WRITERS, Members

CODECS: Final[tuple[RequestCodec, ...]] = (JSON, XML, JSV, CSV, FORM)
TEXT_MEMBERS: Final = tuple(m for m in GENERATE_CODE_MEMBERS if m.name != "LimitKeys")

every_format = pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)

# What may stand in a member: no controls, no surrogates, no separators of lines, no turning of direction.
_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff"
_characters = st.characters(
    exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters=_TURNS
) | st.sampled_from('[]{},":&<>=;%+ \\')
_key = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters=_TURNS + '[]{},"'),
    min_size=1,
    max_size=64,
)


def _value(member: Member) -> st.SearchStrategy[str | list[str]]:
    if member.name == "LimitKeys":
        return st.lists(_key, min_size=1, max_size=8, unique=True)
    if member.name == "Purpose":
        return st.from_regex(r"[A-Za-z0-9_.-]{1,32}", fullmatch=True)
    return st.text(_characters, min_size=1, max_size=member.limit)


def _requests(members: tuple[Member, ...]) -> st.SearchStrategy[dict[str, str | list[str]]]:
    return st.fixed_dictionaries({}, optional={member.name: _value(member) for member in members}).filter(
        bool
    )


def _attributes(members: tuple[Member, ...], request: Members) -> dict[str, str | tuple[str, ...]]:
    attribute = {member.name: member.attribute for member in members}
    return {attribute[k]: v if isinstance(v, str) else tuple(v) for k, v in request.items()}


def _fault(decode: Callable[[bytes], object], body: bytes) -> WireFault:
    with pytest.raises(WireFault) as caught:
        decode(body)
    return caught.value


@given(_requests(GENERATE_CODE_MEMBERS))
def test_a_generate_code_request_is_the_same_in_all_formats(members: dict[str, str | list[str]]) -> None:
    wanted = _attributes(GENERATE_CODE_MEMBERS, members)
    for codec in CODECS:
        request = codec.decode_generate(WRITERS[codec.name](members, "GenerateCode"))
        assert {name: getattr(request, name) for name in wanted} == wanted
        assert request == JSON.decode_generate(WRITERS["json"](members, "GenerateCode"))


@given(_requests(CHECK_CODE_MEMBERS))
def test_a_check_code_request_is_the_same_in_all_formats(members: dict[str, str | list[str]]) -> None:
    wanted = _attributes(CHECK_CODE_MEMBERS, members)
    for codec in CODECS:
        request = codec.decode_check(WRITERS[codec.name](members, "CheckCode"))
        assert {name: getattr(request, name) for name in wanted} == wanted
        assert request == JSON.decode_check(WRITERS["json"](members, "CheckCode"))


_tokens = (
    st.sampled_from(
        [
            b"{",
            b"}",
            b"[",
            b"]",
            b'"',
            b'""',
            b":",
            b",",
            b"<",
            b"</",
            b"/>",
            b">",
            b"=",
            b"&",
            b"%",
            b"%ff",
            b"\r\n",
        ]
    )
    | st.sampled_from(
        [
            b"DestinationNumber",
            b"Code",
            b"LimitKeys",
            b"<GenerateCode>",
            b"</GenerateCode>",
            b"<CheckCode>",
            b"\\",
        ]
    )
    | st.sampled_from(
        [
            b"\\u0000",
            b"\\ud800",
            b"NaN",
            b"null",
            b"true",
            b"1e5",
            b"&#0;",
            b"<![CDATA[",
            b"]]>",
            b"\xff",
            b"\0",
        ]
    )
)


def _outcome(decode: Callable[[bytes], object], body: bytes) -> object:
    try:
        return decode(body)
    except WireFault as fault:
        return fault


@given(st.binary(max_size=200) | st.lists(_tokens, max_size=30).map(b"".join))
def test_any_bytes_give_a_request_or_a_fault(body: bytes) -> None:
    for codec in CODECS:
        assert isinstance(_outcome(codec.decode_generate, body), GenerateCodeRequest | WireFault)
        assert isinstance(_outcome(codec.decode_check, body), CheckCodeRequest | WireFault)


@every_format
def test_names_are_read_in_any_case_and_strange_ones_ignored(codec: RequestCodec) -> None:
    members = {"dESTINATIONnUMBER": "79031234567", "imsicode": "25001", "Whatever": "x", "Number": "1"}
    request = codec.decode_generate(WRITERS[codec.name](members, "gENERATEcODE"))
    assert request == GenerateCodeRequest("79031234567", "25001")


@every_format
def test_a_name_with_letters_that_only_look_alike_is_a_strange_one(codec: RequestCodec) -> None:
    members = {
        "DestinationNumber": "79031234567",
        "Limit\u212aeys": "a",
    }  # the Kelvin sign is k in lower case
    assert codec.decode_generate(WRITERS[codec.name](members, "GenerateCode")).limit_keys == ()


@every_format
def test_a_member_given_twice_is_a_fault_in_any_case_of_its_name(codec: RequestCodec) -> None:
    fault = _fault(codec.decode_check, WRITERS[codec.name]({"Code": "1", "code": "2"}, "CheckCode"))
    assert fault.code is FaultCode.MEMBER_TWICE
    assert fault.sentence == "Code is given more than once."


@every_format
def test_missing_members_are_left_to_the_use_case(codec: RequestCodec) -> None:
    assert codec.decode_check(WRITERS[codec.name]({"Purpose": "login"}, "CheckCode")) == CheckCodeRequest(
        purpose="login"
    )


@every_format
def test_empty_members_are_absent(codec: RequestCodec) -> None:
    members: Members = {"DestinationNumber": "", "IMSICode": "", "LimitKeys": "", "Payee": "x"}
    request = codec.decode_generate(WRITERS[codec.name](members, "GenerateCode"))
    assert request == GenerateCodeRequest(payee="x")


@every_format
@pytest.mark.parametrize("member", TEXT_MEMBERS, ids=lambda member: member.name)
def test_a_member_may_fill_its_length_and_no_more(codec: RequestCodec, member: Member) -> None:
    write = WRITERS[codec.name]
    full = "9" * member.limit
    request = codec.decode_generate(write({member.name: full}, "GenerateCode"))
    assert getattr(request, member.attribute) == full
    fault = _fault(codec.decode_generate, write({member.name: full + "9"}, "GenerateCode"))
    assert fault.code is FaultCode.TOO_LONG
    assert fault.sentence == f"{member.name} is longer than {member.limit} characters."
    assert fault.http_status == 400


@every_format
def test_a_code_may_have_sixteen_characters(codec: RequestCodec) -> None:
    write = WRITERS[codec.name]
    assert codec.decode_check(write({"Code": "1" * 16}, "CheckCode")).code == "1" * 16
    assert _fault(codec.decode_check, write({"Code": "1" * 17}, "CheckCode")).code is FaultCode.TOO_LONG


@every_format
def test_eight_limit_keys_of_sixty_four_are_the_most(codec: RequestCodec) -> None:
    write = WRITERS[codec.name]
    keys = [f"{n}" * 64 for n in range(8)]
    request = codec.decode_generate(write({"LimitKeys": keys}, "GenerateCode"))
    assert request.limit_keys == tuple(keys)
    nine = _fault(codec.decode_generate, write({"LimitKeys": [*keys, "x"]}, "GenerateCode"))
    long = _fault(codec.decode_generate, write({"LimitKeys": ["x" * 65]}, "GenerateCode"))
    assert (nine.code, nine.sentence) == (FaultCode.TOO_LONG, "LimitKeys holds more than 8 keys.")
    assert (long.code, long.sentence) == (FaultCode.TOO_LONG, "LimitKeys is longer than 64 characters.")


@every_format
@pytest.mark.parametrize("text", ["a,b", "a, b,,a", "[a,b]"])
def test_limit_keys_may_be_one_text_with_commas(codec: RequestCodec, text: str) -> None:
    body = WRITERS[codec.name]({"LimitKeys": text}, "GenerateCode")
    assert codec.decode_generate(body).limit_keys == ("a", "b")


@every_format
def test_a_limit_key_with_a_sign_that_lists_need_is_a_fault(codec: RequestCodec) -> None:
    body = WRITERS[codec.name]({"LimitKeys": "a,{b}"}, "GenerateCode")
    assert _fault(codec.decode_generate, body).code is FaultCode.FORBIDDEN_CHARACTER


@every_format
@pytest.mark.parametrize("character", ["\n", "\t", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"])
def test_control_characters_in_a_member_are_a_fault(codec: RequestCodec, character: str) -> None:
    body = WRITERS[codec.name]({"Payee": f"Shop{character}5"}, "GenerateCode")
    fault = _fault(codec.decode_generate, body)
    assert fault.code is FaultCode.FORBIDDEN_CHARACTER
    assert "Payee" in fault.sentence


@every_format
@pytest.mark.parametrize("purpose", ["log in", "login/2", "вход", "a\u00a0b"])
def test_a_purpose_is_made_of_few_signs(codec: RequestCodec, purpose: str) -> None:
    fault = _fault(codec.decode_check, WRITERS[codec.name]({"Purpose": purpose}, "CheckCode"))
    assert (fault.code, fault.sentence) == (
        FaultCode.FORBIDDEN_CHARACTER,
        "Purpose holds a character that is not allowed.",
    )


@every_format
def test_a_byte_order_mark_is_tolerated(codec: RequestCodec) -> None:
    body = b"\xef\xbb\xbf" + WRITERS[codec.name](
        {"DestinationNumber": "79031234567", "Code": "1"}, "CheckCode"
    )
    assert codec.decode_check(body) == CheckCodeRequest("79031234567", "1")


@every_format
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251"])
def test_other_encodings_are_a_fault(codec: RequestCodec, encoding: str) -> None:
    text = WRITERS[codec.name]({"Payee": "x"}, "GenerateCode").decode().replace("x", "я")
    fault = _fault(codec.decode_generate, text.encode(encoding))
    assert fault.code is FaultCode.NOT_UTF8


@every_format
def test_a_zero_byte_is_a_fault(codec: RequestCodec) -> None:
    body = WRITERS[codec.name]({"DestinationNumber": "7903X1234567"}, "CheckCode").replace(b"X", b"\0")
    assert _fault(codec.decode_check, body).code is FaultCode.FORBIDDEN_CHARACTER


@every_format
def test_a_body_over_64_kib_is_a_fault_of_its_own_status(codec: RequestCodec) -> None:
    fault = _fault(codec.decode_check, b"x" * (MAX_BODY_BYTES + 1))
    assert (fault.code, fault.http_status) == (FaultCode.BODY_TOO_LARGE, 413)


def test_the_size_of_a_body_can_be_asked_before_it_is_read() -> None:
    check_body_size(64 * 1024)
    with pytest.raises(WireFault) as caught:
        check_body_size(64 * 1024 + 1)
    assert caught.value.code is FaultCode.BODY_TOO_LARGE


_SECRET = "250019876543210"
_FAULTY: Mapping[str, bytes] = {
    "json": b'{"IMSICode":"250019876543210" "x"}',
    "xml": b"<GenerateCode><IMSICode>250019876543210</X250019876543210></GenerateCode>",
    "jsv": b'{IMSICode:"250019876543210"250019876543210}',
    "csv": b'IMSICode\n"250019876543210"250019876543210\n',
    "form": b"IMSICode=250019876543210&250019876543210",
}


@every_format
def test_a_fault_never_echoes_a_value(codec: RequestCodec) -> None:
    fault = _fault(codec.decode_generate, _FAULTY[codec.name])
    assert fault.code is FaultCode.UNREADABLE_BODY
    assert _SECRET not in str(fault)
    assert fault.__cause__ is None
    assert fault.__suppress_context__ or fault.__context__ is None
    long = _fault(codec.decode_generate, WRITERS[codec.name]({"IMSICode": _SECRET * 9}, "GenerateCode"))
    assert _SECRET not in str(long)


def test_every_fault_has_a_number_above_the_documented_and_a_sentence() -> None:
    assert set(FAULT_SENTENCES) == set(FaultCode)
    assert min(FaultCode) == 100
    assert all(WireFault(code).sentence.endswith(".") for code in FaultCode)
    assert {code for code in FaultCode if WireFault(code).http_status == 413} == {FaultCode.BODY_TOO_LARGE}
