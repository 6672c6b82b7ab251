from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.secret import Secret
from security_service.links.aso import ERRORS, AsoDone, AsoError, AsoLink, AsoReply, AsoUnread, read_reply
from security_service.links.http_answer import (
    HttpAnswer,
    HttpReply,
    NoReply,
    NoReplyReason,
    NotSent,
    NotSentReason,
)
from security_service.links.http_link import HttpLink
from tests.links.aso_service import LOGIN, PASSWORD, AsoService
from tests.links.peer import Peer


def answer(body: bytes | object, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        (answer(b""), AsoDone(None)),
        (answer(b"\r\n", 201), AsoDone(None)),
        (answer(b"", 202), AsoDone(None)),
        (answer(b"", 204), AsoDone(None)),
        (answer({"messages": []}), AsoDone({"messages": []})),
        (answer({"error_code": "405", "error_description": "words"}, 400), AsoError(405)),
        (answer({"error_code": 405}, 400), AsoError(405)),
        (answer({"error_code": "100"}, 500), AsoError(100)),
        (answer(b"", 400), AsoUnread(400)),
        (answer(b"", 401), AsoUnread(401)),
        (answer(b"<html>", 502), AsoUnread(502)),
        (answer(b"<html>"), AsoUnread(200)),
        (NotSent(NotSentReason.NO_TIME), NotSent(NotSentReason.NO_TIME)),
        (NoReply(NoReplyReason.TIMEOUT), NoReply(NoReplyReason.TIMEOUT)),
    ],
)
def test_an_answer_is_done_an_error_or_unreadable(reply: HttpReply, read: AsoReply) -> None:
    assert read_reply(reply) == read


def test_every_code_of_the_table_has_a_token_of_its_own_and_others_their_number() -> None:
    printed = "100 101 102 103 104 105 202 204 205 206 301 302 303 304 305 306"
    channels = "401 402 403 404 405 406 407 408 410 411"
    assert {str(code) for code in ERRORS} == set(f"{printed} {channels}".split())
    assert len({AsoError(code).reason for code in ERRORS}) == len(ERRORS)
    assert AsoError(409).reason == "code_409"


def test_a_call_is_json_in_utf_8_under_basic_authentication() -> None:
    service = AsoService()
    with Peer(service) as peer:
        link = AsoLink(HttpLink(f"{peer.url}/re-broker-api"), LOGIN, Secret(PASSWORD))
        assert link.call("send", {"text": "Код"}, 5.0) == AsoDone(None)
        wrong = AsoLink(HttpLink(f"{peer.url}/re-broker-api"), LOGIN, Secret("wrong"))
        assert wrong.call("send", {}, 5.0) == AsoUnread(401)
    sent = peer.requests[0]
    assert (sent.method, sent.path, sent.query) == ("POST", "/re-broker-api/send", {})
    assert sent.headers["content-type"] == "application/json; charset=UTF-8"
    assert sent.body == '{"text": "Код"}'.encode()
    assert PASSWORD not in repr(vars(link))


@given(st.binary(max_size=200), st.sampled_from([200, 400, 500]))
def test_no_body_makes_reading_raise(body: bytes, status: int) -> None:
    assert isinstance(read_reply(answer(body, status)), AsoDone | AsoError | AsoUnread)
