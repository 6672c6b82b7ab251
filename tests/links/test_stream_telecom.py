from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.secret import Secret
from security_service.links.http_answer import HttpAnswer
from security_service.links.http_link import HttpLink
from security_service.links.session import NoSession, NoSessionReason
from security_service.links.stream_telecom import (
    NAMES,
    StreamSession,
    answer_json,
    error_code,
    is_session_refused,
    read_session_key,
)
from tests.fakes.clock import HandClock
from tests.links.peer import Answer, Peer, Reset
from tests.links.stream_service import LOGIN, PASSWORD, StreamService, fault

WITHIN_S = 5.0
KEY = "967648e7c4bc8895182862a8f0490f5e"


@pytest.fixture
def service() -> StreamService:
    return StreamService()


@pytest.fixture
def peer(service: StreamService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def session(peer: Peer, clock: HandClock) -> StreamSession:
    link = HttpLink(f"{peer.url}/rest")
    return StreamSession(link, LOGIN, Secret(PASSWORD), life_s=3600, clock=clock.monotonic)


def answer(body: bytes | object, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_a_date_is_read_as_the_manual_prints_it_and_as_json_has_it() -> None:
    printed = rb'{"State":0,"ReportedDateUtc":"\Date(1377761466000)\","StateDescription":"Delivered"}'
    for body in (printed, printed.replace(rb"\Date", rb"\/Date").replace(rb")\"", rb')\/"')):
        assert answer_json(answer(body)) == {
            "State": "0",
            "ReportedDateUtc": "/Date(1377761466000)/",
            "StateDescription": "Delivered",
        }


@pytest.mark.parametrize("code", NAMES)
def test_an_error_is_known_by_its_code_and_by_its_name(code: int) -> None:
    assert error_code(answer({"Code": code, "Desc": "words"}, 400)) == code
    assert error_code(answer({"code": str(code)}, 400)) == code
    assert error_code(answer({"Desc": NAMES[code]}, 400)) == code
    assert error_code(answer(NAMES[code], 400)) == code


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (answer("SessionID expired", 400), 3),
        (answer(b"", 401), 4),
        (answer(b"", 400), None),
        (answer("other words", 400), None),
        (answer("Forbidden"), None),
        (answer(["371324579"]), None),
        (answer(b"<html>", 502), None),
    ],
)
def test_what_is_no_error_of_the_table_is_not_read_as_one(reply: HttpAnswer, code: int | None) -> None:
    assert error_code(reply) == code


@pytest.mark.parametrize("code", NAMES)
def test_codes_3_and_4_tell_that_the_session_is_over(code: int) -> None:
    assert is_session_refused(answer({"Code": code}, 400)) is (code in {3, 4})


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer(KEY), Secret(KEY)),
        (answer({"Code": 4}, 401), NoSession(NoSessionReason.REFUSED)),
        (answer(b"", 401), NoSession(NoSessionReason.REFUSED)),
        (answer({"Code": 9}, 500), NoSession(NoSessionReason.UNREACHABLE)),
        (answer(b"oops", 503), NoSession(NoSessionReason.UNREACHABLE)),
        (answer(""), NoSession(NoSessionReason.UNREADABLE)),
        (answer("a b c d e f g"), NoSession(NoSessionReason.UNREADABLE)),
        (answer(KEY, 302), NoSession(NoSessionReason.UNREADABLE)),
        (answer(b"<html>"), NoSession(NoSessionReason.UNREADABLE)),
    ],
)
def test_a_session_key_is_a_text_in_quotes(reply: HttpAnswer, outcome: Secret | NoSession) -> None:
    assert read_session_key(reply) == outcome


def test_login_and_key_go_in_bodies_alone(session: StreamSession, service: StreamService, peer: Peer) -> None:
    session.post("/State/state.php", {"messageId": "1"}, WITHIN_S)
    login, asked = peer.requests
    assert (login.method, login.path, login.query) == ("POST", "/rest/Session/session.php", {})
    assert login.form == {"login": LOGIN, "password": PASSWORD}
    assert asked.form == {"sessionId": service.key, "messageId": "1"}


def test_a_key_is_used_for_its_life_and_then_fetched_anew(
    session: StreamSession, service: StreamService, clock: HandClock
) -> None:
    for seconds in (0.0, 3599.0, 1.0):
        clock.move(seconds)
        assert isinstance(session.post("/Balance/balance.php", {}, WITHIN_S), HttpAnswer)
    assert service.logins == 2


def test_a_call_whose_key_was_refused_is_made_once_more(
    session: StreamSession, service: StreamService, peer: Peer
) -> None:
    session.post("/Balance/balance.php", {}, WITHIN_S)
    service.key = "gone"
    reply = session.post("/Balance/balance.php", {}, WITHIN_S)
    assert isinstance(reply, HttpAnswer)
    assert (reply.status, service.logins, len(peer.requests)) == (200, 2, 5)


def test_without_a_key_nothing_is_asked(session: StreamSession, service: StreamService, peer: Peer) -> None:
    service.login_fault = fault(4, 401)
    assert session.post("/Send/SendSms/", {}, WITHIN_S) == NoSession(NoSessionReason.REFUSED)
    assert len(peer.requests) == 1
    assert session.post("/Send/SendSms/", {}, 0.0) == NoSession(NoSessionReason.REFUSED)


@pytest.mark.parametrize("silence", [Reset(), Answer(b"oops", 503)])
def test_a_login_without_an_answer_is_tried_again_at_the_next_call(
    session: StreamSession, service: StreamService, silence: Answer | Reset
) -> None:
    service.login_fault = silence
    assert session.post("/Balance/balance.php", {}, WITHIN_S) == NoSession(NoSessionReason.UNREACHABLE)
    service.login_fault = None
    assert isinstance(session.post("/Balance/balance.php", {}, WITHIN_S), HttpAnswer)


@given(st.binary(max_size=200), st.sampled_from([200, 400, 401, 500]))
def test_no_body_makes_reading_raise(body: bytes, status: int) -> None:
    assert isinstance(read_session_key(answer(body, status)), Secret | NoSession)
