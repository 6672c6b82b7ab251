from __future__ import annotations

import gc
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from security_service.links.http_answer import (
    HttpAnswer,
    HttpReply,
    NoReply,
    NoReplyReason,
    NotSent,
    NotSentReason,
)
from security_service.links.http_connection import HEAD_LIMIT
from security_service.links.http_link import HttpLink, checked_base_url, is_loopback
from security_service.links.http_open import Address
from tests.links.peer import Answer, Drip, Peer, Raw, Reply, Request, Reset, Silence, as_json

WITHIN_S = 5.0
SOON_S = 0.2
LATE_S = 0.3
FORM = {"Login": "bank", "Password": "s3cret&=", "Data": "Код 1234"}


def always(reply: Reply) -> Peer:
    return Peer(lambda _: reply)


def body_of(reply: HttpReply) -> bytes:
    assert isinstance(reply, HttpAnswer)
    return reply.body


def test_a_get_bears_its_parameters_in_the_query_under_the_base_path() -> None:
    with always(as_json([])) as peer:
        HttpLink(f"{peer.url}/rest/v2/").get("/Sms/State", {"messageId": "SAR-W+84333"}, WITHIN_S)
    (request,) = peer.requests
    assert (request.method, request.path, request.body) == ("GET", "/rest/v2/Sms/State", b"")
    assert request.query == {"messageId": "SAR-W+84333"}
    assert request.headers["host"] == f"127.0.0.1:{peer.port}"


def test_a_post_bears_its_parameters_in_the_body_and_none_in_the_url() -> None:
    with always(as_json([])) as peer:
        HttpLink(peer.url).post_form("/Sms/Send", FORM, WITHIN_S)
    (request,) = peer.requests
    assert (request.method, request.path, request.query) == ("POST", "/Sms/Send", {})
    assert request.form == FORM


def test_an_empty_path_is_the_base_url_to_the_letter() -> None:
    with always(as_json([])) as peer:
        HttpLink(f"{peer.url}/soap/").post("", b"<a/>", {"Content-Type": "text/xml"}, WITHIN_S)
        HttpLink(peer.url).post("", b"<a/>", {"Content-Type": "text/xml"}, WITHIN_S)
    assert [request.path for request in peer.requests] == ["/soap/", "/"]


@pytest.mark.parametrize("value", ["a\r\nX-Other: 1", "a\nb", "a\rb"])
def test_a_header_with_a_line_break_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        HttpLink("http://127.0.0.1:1").post("/", b"", {"SOAPAction": value}, WITHIN_S)


def test_an_answer_gives_status_headers_in_lower_case_and_body_whatever_the_status() -> None:
    with always(Answer(b"no", 403, {"X-Reason": "Limit"})) as peer:
        reply = HttpLink(peer.url).get("/", {}, WITHIN_S)
    assert isinstance(reply, HttpAnswer)
    assert (reply.status, reply.body, reply.headers["x-reason"]) == (403, b"no", "Limit")


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nabcde"


@pytest.mark.parametrize("data", [CHUNKED, INTERIM, UNTIL_CLOSE])
def test_each_framing_of_http_is_read(data: bytes) -> None:
    with always(Raw(data)) as peer:
        assert body_of(HttpLink(peer.url).get("/", {}, WITHIN_S)) == b"abcde"


def test_a_connection_is_used_again() -> None:
    with always(as_json([])) as peer:
        link = HttpLink(peer.url)
        for _ in range(3):
            link.post_form("/", FORM, WITHIN_S)
    assert [request.connection for request in peer.requests] == [1, 1, 1]


@pytest.mark.parametrize(
    "first",
    [
        Answer(b"1", close=True),
        Raw(Answer(b"1", headers={"Connection": "close"}).raw),
        Raw(Answer(b"1").raw + b"HTTP/1.1 200 OK\r\n", close=False),
        Raw(Answer(b"1").raw + b"\x00 noise", close=False),
        Raw(UNTIL_CLOSE),
    ],
    ids=["closed without a word", "close announced", "a second answer", "noise after it", "no length"],
)
def test_a_connection_that_cannot_be_trusted_is_not_used_again(first: Answer | Raw) -> None:
    def script(request: Request) -> Reply:
        return as_json([]) if request.connection > 1 else first

    with Peer(script) as peer:
        link = HttpLink(peer.url)
        assert isinstance(link.post_form("/", FORM, WITHIN_S), HttpAnswer)
        if first.close:
            assert peer.hung_up.wait(WITHIN_S)
        assert body_of(link.post_form("/", FORM, WITHIN_S)) == b"[]"
        assert len(peer.requests) == 2


def test_an_idle_connection_is_not_used_after_its_time() -> None:
    with always(as_json([])) as peer:
        link = HttpLink(peer.url, max_idle_s=0.0)
        link.get("/", {}, WITHIN_S)
        link.get("/", {}, WITHIN_S)
    assert [request.connection for request in peer.requests] == [1, 2]


def test_a_closed_link_opens_anew() -> None:
    with always(as_json([])) as peer:
        link = HttpLink(peer.url)
        link.get("/", {}, WITHIN_S)
        link.close()
        link.get("/", {}, WITHIN_S)
    assert [request.connection for request in peer.requests] == [1, 2]


def test_calls_at_once_get_their_own_answers() -> None:
    with Peer(lambda request: Answer(request.query["n"].encode())) as peer:
        link = HttpLink(peer.url)
        with ThreadPoolExecutor(16) as pool:
            bodies = list(pool.map(lambda n: body_of(link.get("/", {"n": str(n)}, WITHIN_S)), range(300)))
        assert bodies == [str(n).encode() for n in range(300)]
        assert peer.connections <= 16


def dies_on_reuse(request: Request) -> Reply:
    return as_json([]) if request.connection > 1 or request.path == "/first" else Reset()


def test_a_get_is_repeated_once_when_a_kept_connection_dies() -> None:
    with Peer(dies_on_reuse) as peer:
        link = HttpLink(peer.url)
        link.get("/first", {}, WITHIN_S)
        assert body_of(link.get("/second", {}, WITHIN_S)) == b"[]"
    assert [request.connection for request in peer.requests] == [1, 1, 2]


def test_a_post_is_never_sent_twice_when_a_kept_connection_dies() -> None:
    with Peer(dies_on_reuse) as peer:
        link = HttpLink(peer.url)
        link.get("/first", {}, WITHIN_S)
        assert link.post_form("/second", FORM, WITHIN_S) == NoReply(NoReplyReason.CONNECTION_LOST)
    assert [request.connection for request in peer.requests] == [1, 1]


def test_a_get_on_a_new_connection_is_not_repeated() -> None:
    with always(Reset()) as peer:
        assert HttpLink(peer.url).get("/", {}, WITHIN_S) == NoReply(NoReplyReason.CONNECTION_LOST)
    assert len(peer.requests) == 1


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reset(), NoReplyReason.CONNECTION_LOST),
        (Raw(b""), NoReplyReason.CONNECTION_LOST),
        (Raw(HEAD + b"abc"), NoReplyReason.CONNECTION_LOST),
        (Raw(b"HTTP/1.1 20"), NoReplyReason.CONNECTION_LOST),
        (Raw(b"220 smtp ready\r\n"), NoReplyReason.BROKEN_ANSWER),
        (
            Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
            NoReplyReason.BROKEN_ANSWER,
        ),
        (
            Raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
            NoReplyReason.BROKEN_ANSWER,
        ),
        (Answer(b"x", headers={"Content-Encoding": "gzip"}), NoReplyReason.BROKEN_ANSWER),
        (Answer(b"x" * 2001), NoReplyReason.TOO_LARGE),
        (Raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (HEAD_LIMIT + 4000)), NoReplyReason.TOO_LARGE),
        (Answer(status=301, headers={"Location": "https://example.com/"}), NoReplyReason.REDIRECTED),
        (Answer(status=307, headers={"Location": "/other"}), NoReplyReason.REDIRECTED),
    ],
)
def test_a_request_without_a_usable_answer_may_have_been_carried_out(
    reply: Reply, reason: NoReplyReason
) -> None:
    with always(reply) as peer:
        link = HttpLink(peer.url, body_limit=2000)
        assert link.post_form("/", FORM, WITHIN_S) == NoReply(reason)
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Silence(),
        Drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 100),
        Drip(HEAD + b"abc"),
        Drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100),
        Raw(HEAD + b"abc", close=False),
    ],
    ids=["silent", "drips headers", "drips the body", "drips chunks", "stops in the middle"],
)
def test_the_deadline_holds_for_the_whole_call(reply: Reply) -> None:
    with always(reply) as peer:
        started = time.monotonic()
        assert HttpLink(peer.url).post_form("/", FORM, SOON_S) == NoReply(NoReplyReason.TIMEOUT)
        assert SOON_S <= time.monotonic() - started < SOON_S + LATE_S


def test_a_connection_given_up_at_the_deadline_is_not_used_again() -> None:
    def script(request: Request) -> Reply:
        return Silence() if request.connection == 1 else Answer(b"mine")

    with Peer(script) as peer:
        link = HttpLink(peer.url)
        link.get("/", {}, SOON_S)
        assert body_of(link.get("/", {}, WITHIN_S)) == b"mine"


def test_without_time_nothing_is_sent() -> None:
    with always(as_json([])) as peer:
        link = HttpLink(peer.url)
        assert link.post_form("/", FORM, 0.0) == NotSent(NotSentReason.NO_TIME)
        link.get("/", {}, WITHIN_S)
        assert link.post_form("/", FORM, -1.0) == NotSent(NotSentReason.NO_TIME)
    assert [request.method for request in peer.requests] == ["GET"]


def test_a_refused_connection_surely_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert HttpLink(f"http://127.0.0.1:{port}").post_form("/", FORM, WITHIN_S) == NotSent(
        NotSentReason.CONNECT_FAILED
    )


def test_a_name_without_address_surely_sent_nothing() -> None:
    def unknown(host: str) -> tuple[Address, ...]:
        raise socket.gaierror(host)

    link = HttpLink("http://provider.example", plain_http=True, resolve=unknown)
    assert link.get("/", {}, WITHIN_S) == NotSent(NotSentReason.NAME_UNKNOWN)


def test_a_hanging_resolver_does_not_hold_the_call() -> None:
    release = threading.Event()

    def hang(host: str) -> tuple[Address, ...]:
        release.wait()
        return ()

    link = HttpLink("http://provider.example", plain_http=True, resolve=hang)
    started = time.monotonic()
    assert link.get("/", {}, SOON_S) == NotSent(NotSentReason.CONNECT_TIMEOUT)
    assert time.monotonic() - started < SOON_S + LATE_S
    release.set()


def test_the_next_address_of_a_name_is_tried_when_one_refuses() -> None:
    asked: list[str] = []

    def resolve(host: str) -> tuple[Address, ...]:
        asked.append(host)
        return (socket.AF_INET, "127.0.0.2"), (socket.AF_INET, "127.0.0.1")

    with always(as_json([])) as peer:
        link = HttpLink(
            f"http://provider.example:{peer.port}", plain_http=True, resolve=resolve, max_idle_s=0.0
        )
        for _ in range(2):
            assert isinstance(link.get("/", {}, WITHIN_S), HttpAnswer)
        assert peer.requests[0].headers["host"] == f"provider.example:{peer.port}"
    assert asked == ["provider.example"], "what was resolved a moment ago is remembered"


def test_connecting_has_a_limit_of_its_own_within_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        # One waiting connection fills the backlog; those after it are left without an answer.
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)  # noqa: FBT003  # the socket module's own way
            one.connect_ex(("127.0.0.1", port))
        started = time.monotonic()
        link = HttpLink(f"http://127.0.0.1:{port}", connect_s=SOON_S)
        assert link.post_form("/", FORM, WITHIN_S) == NotSent(NotSentReason.CONNECT_TIMEOUT)
        assert time.monotonic() - started < SOON_S + LATE_S
        for one in waiting:
            one.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://127.0.0.1", "absolute http or https"),
        ("/rest", "absolute http or https"),
        ("https://пример.рф", "in ASCII"),
        ("https://login:password@provider.example", "must not hold a login"),
        ("https://provider.example/?key=1", "query"),
        ("https://provider.example/#a", "query"),
        ("https://provider.example/a b", "white space"),
        ("https://provider.example:0/", "port 0"),
        ("http://provider.example/", "must be https"),
        ("http://10.0.0.1/", "must be https"),
    ],
)
def test_a_base_url_that_cannot_be_right_or_safe_is_refused_without_being_repeated(
    url: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        HttpLink(url)
    assert "password@" not in str(caught.value)


def test_plain_http_is_for_loopback_or_by_a_setting() -> None:
    assert checked_base_url("http://[::1]:8080/x", plain_http=False).port == 8080
    assert checked_base_url("http://provider.example", plain_http=True).hostname == "provider.example"
    assert [is_loopback(host) for host in ("localhost", "127.9.9.9", "::1")] == [True, True, True]
    assert [is_loopback(host) for host in ("10.0.0.1", "localhost.example")] == [False, False]


def test_no_log_line_and_no_printed_value_holds_what_was_sent_or_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with always(Answer(b"top secret", headers={"Set-Cookie": "s3cret"})) as peer:
        link = HttpLink(peer.url)
        printed = f"{link} {link.post_form('/', FORM, WITHIN_S)} {link.get('/', FORM, WITHIN_S)}"
    assert "ecret" not in printed + caplog.text


def test_a_link_that_is_dropped_leaves_no_socket_open() -> None:
    with always(as_json([])) as peer:
        link = HttpLink(peer.url)
        link.get("/", {}, WITHIN_S)
        link.close()
        del link
        gc.collect()
