"""XML's own: namespaces, order, nil, and everything that a document type declaration is good for."""

from __future__ import annotations

from pathlib import Path

import pytest

from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.messages import CheckCodeRequest, GenerateCodeRequest
from security_service.web.wire.negotiation import XML


def _fault(body: bytes) -> WireFault:
    with pytest.raises(WireFault) as caught:
        XML.decode_generate(body)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        b"<GenerateCode><IMSICode>1</IMSICode><DestinationNumber>2</DestinationNumber></GenerateCode>",
        (
            b'<GenerateCode xmlns="urn:a"><DestinationNumber>2</DestinationNumber>'
            b"<IMSICode>1</IMSICode></GenerateCode>"
        ),
        (
            b'<p:generatecode xmlns:p="urn:a" xmlns:q="urn:b"><q:imsiCode>1</q:imsiCode>'
            b"<DESTINATIONNUMBER>2</DESTINATIONNUMBER></p:generatecode>"
        ),
    ],
)
def test_any_namespace_any_order_and_any_case_are_read(body: bytes) -> None:
    assert XML.decode_generate(body) == GenerateCodeRequest("2", "1")


@pytest.mark.parametrize("nil", [b"true", b"1"])
def test_a_nil_member_is_absent(nil: bytes) -> None:
    body = (
        b'<CheckCode xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Code>1</Code>'
        b'<Purpose i:nil="%b" /><LimitKeys i:nil="%b" /></CheckCode>' % (nil, nil)
    )
    assert XML.decode_check(body) == CheckCodeRequest(code="1")


def test_a_member_that_is_not_nil_is_read() -> None:
    body = (
        b'<CheckCode xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
        b'<Code i:nil="false">1</Code></CheckCode>'
    )
    assert XML.decode_check(body).code == "1"


def test_text_is_joined_over_comments_and_cdata() -> None:
    body = b"<GenerateCode><Payee>A<!-- x -->B<?y z?><![CDATA[<C>]]>&amp;&#68;</Payee></GenerateCode>"
    assert XML.decode_generate(body).payee == "AB<C>&D"


@pytest.mark.parametrize("declared", [b"utf-8", b"utf-16", b"windows-1251", b"nonsense"])
def test_the_declared_encoding_does_not_count(declared: bytes) -> None:
    text = "<GenerateCode><Payee>Ромашка</Payee></GenerateCode>"
    body = b'<?xml version="1.0" encoding="%b"?>' % declared + text.encode()
    assert XML.decode_generate(body).payee == "Ромашка"


def test_the_root_bears_the_operations_name() -> None:
    fault = _fault(b"<CheckCode><Code>1</Code></CheckCode>")
    assert (fault.code, fault.sentence) == (
        FaultCode.WRONG_SHAPE,
        "The XML's root element is not GenerateCode.",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE GenerateCode><GenerateCode/>",
        b'<!DOCTYPE GenerateCode SYSTEM "http://127.0.0.1:9/x.dtd"><GenerateCode/>',
        b'<!DOCTYPE x [<!ENTITY a "1">]><GenerateCode><Payee>&a;</Payee></GenerateCode>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><GenerateCode/>',
        b"<!-- x --><?p i?><!DOCTYPE x><GenerateCode/>",
    ],
)
def test_a_document_type_declaration_is_refused(body: bytes) -> None:
    assert _fault(body).code is FaultCode.FORBIDDEN_XML


def test_entity_expansion_is_refused_before_anything_grows() -> None:
    entities = b"".join(b'<!ENTITY e%d "%b">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
    body = b'<!DOCTYPE x [<!ENTITY e0 "lol">%b]><GenerateCode><Payee>&e11;</Payee></GenerateCode>' % entities
    assert _fault(body).code is FaultCode.FORBIDDEN_XML


def test_external_entities_are_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("79990001122")
    uri = (tmp_path / "secret").as_uri().encode()
    body = b'<!DOCTYPE x [<!ENTITY a SYSTEM "%b">]><GenerateCode><Payee>&a;</Payee></GenerateCode>' % uri
    assert _fault(body).code is FaultCode.FORBIDDEN_XML


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{}",
        b"<GenerateCode>",
        b"<GenerateCode/><GenerateCode/>",
        b"<GenerateCode><Payee>&undeclared;</Payee></GenerateCode>",
        b"<GenerateCode><q:Payee>x</q:Payee></GenerateCode>",
        b"<!doctype x><GenerateCode/>",
        b"<GenerateCode><Payee>a & b</Payee></GenerateCode>",
    ],
)
def test_broken_xml_is_unreadable(body: bytes) -> None:
    assert _fault(body).code is FaultCode.UNREADABLE_BODY


@pytest.mark.parametrize("text", [b"\x01", b"&#0;", b"&#1;", b"&#xD800;", b"&#xFFFE;", b"&#13;", b"&#x85;"])
def test_forbidden_characters_are_told_however_they_are_written(text: bytes) -> None:
    body = b"<GenerateCode><Payee>%b</Payee></GenerateCode>" % text
    assert _fault(body).code is FaultCode.FORBIDDEN_CHARACTER


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<Payee><b>x</b></Payee>", FaultCode.WRONG_KIND),
        (b"<Payee>x<b/></Payee>", FaultCode.WRONG_KIND),
        (b"<LimitKeys>x<string>y</string></LimitKeys>", FaultCode.WRONG_KIND),
        (b"<LimitKeys><string><b>y</b></string></LimitKeys>", FaultCode.WRONG_KIND),
        (b"79031234567", FaultCode.WRONG_SHAPE),
        (b"<Payee/>79031234567", FaultCode.WRONG_SHAPE),
    ],
)
def test_elements_and_text_stand_where_they_belong(content: bytes, code: FaultCode) -> None:
    assert _fault(b"<GenerateCode>%b</GenerateCode>" % content).code is code


def test_strange_members_may_hold_anything() -> None:
    body = b"<GenerateCode><Extra>x<b>y</b>z</Extra><DestinationNumber>1</DestinationNumber></GenerateCode>"
    assert XML.decode_generate(body) == GenerateCodeRequest("1")


@pytest.mark.parametrize("levels", [16, 200, 300, 9_000])
def test_deep_nesting_is_a_fault_of_its_own(levels: int) -> None:
    body = b"<GenerateCode>%b%b</GenerateCode>" % (b"<a>" * levels, b"</a>" * levels)
    assert _fault(body).code is FaultCode.TOO_DEEP


def test_sixteen_levels_are_read() -> None:
    body = b"<GenerateCode>%b%b</GenerateCode>" % (b"<a>" * 15, b"</a>" * 15)
    assert XML.decode_generate(body) == GenerateCodeRequest()
