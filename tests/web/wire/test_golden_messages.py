"""Each operation in each format, byte by byte: what clients send, and what they are answered."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from security_service.web.wire.codec import RequestCodec
from security_service.web.wire.messages import (
    Answer,
    AnswerStyle,
    CheckCodeRequest,
    CodeType,
    GenerateCodeRequest,
    MemberCase,
    OperationName,
)
from security_service.web.wire.negotiation import CODECS, CSV, FORM, JSON, JSV, XML

GOLDEN: Final = Path(__file__).parents[2] / "golden" / "wire"
REQUEST_CODECS: Final[tuple[RequestCodec, ...]] = (JSON, XML, JSV, CSV, FORM)
GENERATE, CHECK = OperationName.GENERATE_CODE, OperationName.CHECK_CODE

every_request_format = pytest.mark.parametrize("codec", REQUEST_CODECS, ids=lambda codec: codec.name)
every_answer_format = pytest.mark.parametrize("name", CODECS)


def golden(folder: str, name: str) -> bytes:
    return (GOLDEN / folder / name).read_bytes()


@every_request_format
def test_the_manuals_generate_code_request_is_read(codec: RequestCodec) -> None:
    request = codec.decode_generate(golden("generate_code", f"request.{codec.name}"))
    assert request == GenerateCodeRequest("79169492211", "D92C2B0A1D5C64BBA8DD8BCE43C4BA11")


@every_request_format
def test_a_generate_code_request_with_every_member_is_read(codec: RequestCodec) -> None:
    request = codec.decode_generate(golden("generate_code", f"request_full.{codec.name}"))
    assert request == GenerateCodeRequest(
        destination_number="79169492211",
        imsi_code="250011234567890",
        purpose="payment",
        amount="100.50",
        currency="RUB",
        payee='ООО "Ромашка", {Москва} & К°',
        locale="ru-RU",
        client_reference="app-77",
        limit_keys=("device:1", "10.0.0.7"),
    )


@every_request_format
def test_the_manuals_check_code_request_is_read(codec: RequestCodec) -> None:
    request = codec.decode_check(golden("check_code", f"request.{codec.name}"))
    assert request == CheckCodeRequest("79169492283", "17565")


@every_answer_format
@pytest.mark.parametrize(
    ("operation", "file", "answer"),
    [
        (GENERATE, "answer_sent", Answer(0, "Code Sent")),
        (GENERATE, "answer_refused", Answer(6, "Invalid IMSI Code")),
        (GENERATE, "answer_fault", Answer(104, "Payee is longer than 140 characters.")),
        (CHECK, "answer_valid", Answer(0, "Valid Code")),
        (CHECK, "answer_refused", Answer(5, "Code not Found")),
        (CHECK, "answer_fault", Answer(104, "Code is longer than 16 characters.")),
    ],
)
def test_answers_are_written_as_documented(
    name: str, operation: OperationName, file: str, answer: Answer
) -> None:
    folder = "generate_code" if operation is GENERATE else "check_code"
    assert CODECS[name].encode(answer, operation, AnswerStyle()) == golden(folder, f"{file}.{name}")


@pytest.mark.parametrize(
    ("code_type", "generate", "check"),
    [
        (CodeType.DOCUMENTED, b'"0"', b"0"),
        (CodeType.INTEGER, b"0", b"0"),
        (CodeType.STRING, b'"0"', b'"0"'),
    ],
)
def test_code_type_changes_how_json_writes_the_code(
    code_type: CodeType, generate: bytes, check: bytes
) -> None:
    style = AnswerStyle(code_type=code_type)
    answer = Answer(0, "ok")
    assert JSON.encode(answer, GENERATE, style) == b'{"Code":%b,"Description":"ok"}' % generate
    assert JSON.encode(answer, CHECK, style) == b'{"Code":%b,"Description":"ok"}' % check


def test_camel_case_touches_json_and_jsv_and_leaves_the_others() -> None:
    style = AnswerStyle(member_case=MemberCase.CAMEL)
    answer = Answer(0, "Valid Code")
    assert JSON.encode(answer, CHECK, style) == b'{"code":0,"description":"Valid Code"}'
    assert JSV.encode(answer, CHECK, style) == b"{code:0,description:Valid Code}"
    assert CSV.encode(answer, CHECK, style) == golden("check_code", "answer_valid.csv")
    assert XML.encode(answer, CHECK, style) == golden("check_code", "answer_valid.xml")


def test_the_xml_namespace_is_the_styles_and_is_escaped() -> None:
    style = AnswerStyle(xml_namespace='urn:a&b"c')
    assert b'xmlns="urn:a&amp;b&quot;c"' in XML.encode(Answer(0, "ok"), CHECK, style)


def test_descriptions_with_signs_of_a_format_are_quoted_in_it() -> None:
    answer = Answer(104, 'a "b", <c> & {d}')
    style = AnswerStyle()
    assert JSON.encode(answer, CHECK, style) == rb'{"Code":104,"Description":"a \"b\", <c> & {d}"}'
    assert JSV.encode(answer, CHECK, style) == b'{Code:104,Description:"a ""b"", <c> & {d}"}'
    assert CSV.encode(answer, CHECK, style) == b'Code,Description\r\n104,"a ""b"", <c> & {d}"\r\n'
    assert b'<Description>a "b", &lt;c&gt; &amp; {d}</Description>' in XML.encode(answer, CHECK, style)


def test_requests_do_not_print_what_identifies_a_person() -> None:
    generate = JSON.decode_generate(golden("generate_code", "request_full.json"))
    check = JSON.decode_check(golden("check_code", "request.json"))
    printed = repr(generate) + repr(check)
    for value in ("79169492211", "250011234567890", "100.50", "Ромашка", "app-77", "device:1", "17565"):
        assert value not in printed
    assert "payment" in printed
