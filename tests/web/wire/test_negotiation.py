"""Which format a body is read in and which an answer goes out in."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.web.wire.codec import RequestCodec
from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.negotiation import (
    CODECS,
    CSV,
    FORM,
    JSON,
    JSV,
    XML,
    Asked,
    answer_codec,
    request_codec,
)

FORM_TYPE: Final = "application/x-www-form-urlencoded"


def _fault(asked: Asked, body: bytes) -> WireFault:
    with pytest.raises(WireFault) as caught:
        request_codec(asked, body)
    return caught.value


@pytest.mark.parametrize(
    ("content_type", "codec"),
    [
        ("application/json", JSON),
        ("application/json; charset=utf-8", JSON),
        ("TEXT/JSON", JSON),
        ("application/xml", XML),
        ("text/xml;charset=UTF-8", XML),
        ("application/jsv", JSV),
        ("text/jsv", JSV),
        ("text/csv", CSV),
        (FORM_TYPE, FORM),
    ],
)
def test_the_content_type_tells_the_requests_format(content_type: str, codec: RequestCodec) -> None:
    assert request_codec(Asked(content_type=content_type), b"Code=1") is codec


@pytest.mark.parametrize("name", CODECS)
def test_path_query_and_suffix_tell_it_where_there_is_no_content_type(name: str) -> None:
    assert request_codec(Asked(path_format=name), b"") is CODECS[name]
    assert request_codec(Asked(query_format=name.upper()), b"") is CODECS[name]
    assert request_codec(Asked(suffix=name), b"") is CODECS[name]
    assert request_codec(Asked(path_format=name, query_format="xml"), b"") is CODECS[name]


def test_a_content_type_that_names_a_format_is_believed_over_the_path() -> None:
    asked = Asked(query_format="xml", content_type="application/json")
    assert request_codec(asked, b"{}") is JSON
    assert answer_codec(asked) is XML


@pytest.mark.parametrize(
    "content_type", ["text/plain", "image/png", "multipart/form-data; boundary=x", "json"]
)
@pytest.mark.parametrize("path_format", [None, "json"])
def test_a_strange_content_type_is_a_fault(content_type: str, path_format: str | None) -> None:
    asked = Asked(path_format=path_format, content_type=content_type)
    fault = _fault(asked, b"{}")
    assert (fault.code, fault.http_status) == (FaultCode.WRONG_CONTENT_TYPE, 400)
    assert answer_codec(asked) is JSON


def test_an_empty_content_type_says_nothing() -> None:
    assert request_codec(Asked(content_type=" ;charset=utf-8"), b"{}") is JSON
    assert request_codec(Asked(path_format="xml", content_type=""), b"{}") is XML


@pytest.mark.parametrize("body", [b'{"Code":1}', b" \r\n{}", b"\xef\xbb\xbf{}"])
def test_a_body_that_looks_like_json_needs_no_label(body: bytes) -> None:
    assert request_codec(Asked(), body) is JSON


@pytest.mark.parametrize("body", [b"", b"<GenerateCode/>", b"Code=1", b"[]"])
def test_any_other_body_does(body: bytes) -> None:
    assert _fault(Asked(), body).code is FaultCode.WRONG_CONTENT_TYPE


@pytest.mark.parametrize(
    ("path_format", "body", "codec"),
    [
        (None, b'{"DestinationNumber":"79031234567"}', JSON),
        ("xml", b'{"DestinationNumber":"79031234567"}', JSON),
        ("jsv", b"{DestinationNumber:79031234567}", JSV),
        (None, b"<GenerateCode/>", XML),
        ("csv", b"Code\n1\n", CSV),
        ("csv", b"Code=1", FORM),
        ("json", b"Code=1&DestinationNumber=79031234567\n", FORM),
    ],
)
def test_what_curl_labels_a_form_is_read_as_what_it_is(
    path_format: str | None, body: bytes, codec: RequestCodec
) -> None:
    assert request_codec(Asked(path_format=path_format, content_type=FORM_TYPE), body) is codec


@pytest.mark.parametrize(
    "asked", [Asked(path_format="html"), Asked(query_format="protobuf"), Asked("json", "soap", "json")]
)
def test_an_unknown_format_is_a_fault_that_is_answered_nevertheless(asked: Asked) -> None:
    assert _fault(asked, b"{}").code is FaultCode.UNKNOWN_FORMAT
    assert answer_codec(asked) is JSON


@pytest.mark.parametrize("name", CODECS)
def test_path_query_and_suffix_win_over_accept(name: str) -> None:
    accept = "application/xml" if name != "xml" else "application/json"
    assert answer_codec(Asked(path_format=name, accept=accept)) is CODECS[name]
    assert answer_codec(Asked(query_format=name.title(), accept=accept)) is CODECS[name]
    assert answer_codec(Asked(suffix=name, accept=accept)) is CODECS[name]


@pytest.mark.parametrize(
    ("accept", "content_type", "codec"),
    [
        (None, None, JSON),
        ("", None, JSON),
        (None, "text/xml", XML),
        (None, FORM_TYPE, JSON),
        (None, "image/png", JSON),
        ("*/*", "application/jsv", JSV),
        ("*/*;q=0.8", "text/csv", CSV),
        ("application/*", "text/csv", JSON),
        ("application/*", "application/xml", XML),
        ("text/*", "application/xml", CSV),
        ("text/csv", "application/json", CSV),
        ("Application/XML ; q=0.5 , text/csv;q=0.4", None, XML),
        ("text/csv, application/json", None, CSV),
        ("text/csv;q=0.1, application/json;q=0.2", None, JSON),
        ("*/*, application/jsv", None, JSV),
        ("application/json;q=0, */*", "application/json", XML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json", XML),
        ("application/json, text/javascript, */*; q=0.01", "text/xml", JSON),
        ("image/png", "text/xml", XML),
        ("image/png, */*;q=0", "text/xml", XML),
        ("text/csv;q=high, application/jsv", None, JSV),
        ("text/csv;q=2", "text/xml", XML),
        (";;,,;q=", None, JSON),
    ],
)
def test_accept_is_weighed(accept: str | None, content_type: str | None, codec: RequestCodec) -> None:
    assert answer_codec(Asked(accept=accept, content_type=content_type)) is codec


def test_a_long_accept_header_is_read_only_in_part() -> None:
    assert answer_codec(Asked(accept="image/png," * 20_000 + "text/csv")) is JSON


_header = (
    st.none()
    | st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            ["text/csv", "*/*", "application/*", ";q=0.5", ";q=x", ",", "/", " ", "application/xml"]
        )
    ).map("".join)
)


@given(_header, _header, _header)
def test_any_headers_give_an_answers_format(
    query: str | None, content_type: str | None, accept: str | None
) -> None:
    asked = Asked(query_format=query, content_type=content_type, accept=accept)
    assert answer_codec(asked) in CODECS.values()
