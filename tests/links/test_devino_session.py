from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from security_service.domain.secret import Secret
from security_service.links.devino_login import DevinoLogin
from security_service.links.devino_session import SESSION_LIFE_S, DevinoSession
from security_service.links.http_answer import HttpAnswer, NoReply, NoReplyReason
from security_service.links.http_link import HttpLink
from security_service.links.session import NoSession, NoSessionReason
from tests.links.devino_service import LOGIN, PASSWORD, DevinoService, fault
from tests.links.peer import Answer, Peer, Silence

WITHIN_S = 5.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def service() -> DevinoService:
    return DevinoService()


@pytest.fixture
def peer(service: DevinoService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(peer: Peer, clock: Clock) -> DevinoSession:
    return DevinoSession(HttpLink(f"{peer.url}/rest"), LOGIN, Secret(PASSWORD), clock=clock)


def test_one_session_serves_many_calls(session: DevinoSession, service: DevinoService, peer: Peer) -> None:
    for _ in range(3):
        assert isinstance(session.post("/Sms/Send", {"Data": "x"}, WITHIN_S), HttpAnswer)
        assert isinstance(session.get("/Sms/State", {"messageId": "1"}, WITHIN_S), HttpAnswer)
    assert service.logins == 1
    assert {request.form["SessionID"] for request in peer.requests if request.method == "POST"} == {
        service.valid_session
    }


def test_a_session_near_its_end_is_replaced_before_it_is_used(
    session: DevinoSession, service: DevinoService, clock: Clock
) -> None:
    session.post("/Sms/Send", {}, WITHIN_S)
    clock.now += SESSION_LIFE_S
    session.post("/Sms/Send", {}, WITHIN_S)
    assert service.logins == 2
    assert SESSION_LIFE_S < 120 * 60


def test_a_session_that_the_provider_dropped_is_renewed_and_the_call_is_made_once_more(
    session: DevinoSession, service: DevinoService, peer: Peer
) -> None:
    session.post("/Sms/Send", {}, WITHIN_S)
    service.valid_session = "gone"
    assert isinstance(session.post("/Sms/Send", {}, WITHIN_S), HttpAnswer)
    assert [request.path.rsplit("/", 1)[1] for request in peer.requests] == [
        "sessionid",
        "Send",
        "Send",
        "sessionid",
        "Send",
    ]


def test_a_call_that_is_refused_under_a_new_session_too_is_not_made_a_third_time(
    session: DevinoSession, service: DevinoService
) -> None:
    service.sms = fault(4, 401)
    reply = session.post("/Sms/Send", {}, WITHIN_S)
    assert isinstance(reply, HttpAnswer)
    assert (reply.status, service.logins) == (401, 2)


def test_a_call_without_an_answer_is_not_made_again(
    session: DevinoSession, service: DevinoService, peer: Peer
) -> None:
    service.sms = Silence()
    assert session.post("/Sms/Send", {}, 0.2) == NoReply(NoReplyReason.TIMEOUT)
    assert len(peer.requests) == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (fault(4, 401), NoSessionReason.REFUSED),
        (fault(9, 500), NoSessionReason.UNREACHABLE),
        (Answer(b"", close=True, status=503), NoSessionReason.UNREACHABLE),
        (Silence(), NoSessionReason.UNREACHABLE),
        (Answer(b"true"), NoSessionReason.UNREADABLE),
    ],
)
def test_without_a_session_nothing_else_is_asked(
    session: DevinoSession,
    service: DevinoService,
    peer: Peer,
    answer: Answer | Silence,
    reason: NoSessionReason,
) -> None:
    service.login_fault = answer
    assert session.post("/Sms/Send", {"Data": "x"}, 0.2) == NoSession(reason)
    assert [request.path for request in peer.requests] == ["/rest/user/sessionid"]


def test_many_threads_renew_a_dropped_session_together(
    session: DevinoSession, service: DevinoService
) -> None:
    session.post("/Sms/Send", {}, WITHIN_S)
    service.valid_session = "gone"
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: session.post("/Sms/Send", {}, WITHIN_S), range(64)))
    assert all(isinstance(reply, HttpAnswer) and reply.status == 200 for reply in replies)
    assert service.logins == 2


def test_the_face_without_sessions_signs_each_call(peer: Peer) -> None:
    access = DevinoLogin(HttpLink(f"{peer.url}/rest/v2"), LOGIN, Secret(PASSWORD))
    access.post("/Sms/Send", {"Data": "x"}, WITHIN_S)
    access.get("/Sms/State", {"messageId": "1"}, WITHIN_S)
    post, get = peer.requests
    assert post.form == {"Login": LOGIN, "Password": PASSWORD, "Data": "x"}
    assert post.query == {}
    assert get.query == {"Login": LOGIN, "Password": PASSWORD, "messageId": "1"}
