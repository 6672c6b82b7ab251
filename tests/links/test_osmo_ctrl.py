from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.http_answer import NoReply, NoReplyReason, NotSent, NotSentReason
from security_service.links.osmo_ctrl import CtrlError, CtrlLink, CtrlReply, CtrlValue, frame
from tests.links import ctrl_service
from tests.links.ctrl_service import CtrlHlr

WITHIN_S = 5.0
SOON_S = 0.2
LATE_S = 0.3
VARIABLE = "subscriber.by-msisdn-79031234567.info"


@pytest.fixture
def hlr() -> Iterator[CtrlHlr]:
    with CtrlHlr() as serving:
        serving.put("250990123456789", "79031234567")
        yield serving


@pytest.fixture
def link(hlr: CtrlHlr) -> Iterator[CtrlLink]:
    one = CtrlLink("127.0.0.1", hlr.port)
    yield one
    one.close()


def says(*frames: bytes) -> ctrl_service.Respond:
    return lambda number, variable: [one.replace(b"#", number.encode()) for one in frames]


def test_a_frame_is_the_one_of_the_protocol() -> None:
    assert frame("GET 7 subscriber.by-msisdn-79169492211.info") == (
        b"\x00\x2c\xee\x00GET 7 subscriber.by-msisdn-79169492211.info"
    )


@pytest.mark.parametrize("said", ["GET 1 a\nSET 2 b c", "GET 1 \x00", "GET 1 ж"])
def test_what_would_be_a_second_command_is_never_framed(said: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        frame(said)


def test_a_value_comes_whole(hlr: CtrlHlr, link: CtrlLink) -> None:
    value = link.get(VARIABLE, WITHIN_S)
    assert isinstance(value, CtrlValue)
    assert value.text == hlr.sims["79031234567"].info()


def test_an_error_keeps_its_words(link: CtrlLink) -> None:
    assert link.get("subscriber.by-msisdn-1.info", WITHIN_S) == CtrlError("No such subscriber.")


def test_one_connection_serves_many_questions(hlr: CtrlHlr, link: CtrlLink) -> None:
    for _ in range(5):
        assert isinstance(link.get(VARIABLE, WITHIN_S), CtrlValue)
    assert hlr.connections == 1


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced(hlr: CtrlHlr, link: CtrlLink) -> None:
    link.get(VARIABLE, WITHIN_S)
    hlr.hang_up()
    assert isinstance(link.get(VARIABLE, WITHIN_S), CtrlValue)
    assert hlr.connections == 2


def test_a_connection_that_lay_idle_too_long_is_not_used_again(hlr: CtrlHlr) -> None:
    link = CtrlLink("127.0.0.1", hlr.port, max_idle_s=0.0)
    for _ in range(2):
        assert isinstance(link.get(VARIABLE, WITHIN_S), CtrlValue)
    assert hlr.connections == 2


@pytest.mark.parametrize(
    "before",
    [
        ctrl_service.frame("TRAP 0 subscriber.created 250990123456789"),
        ctrl_service.frame("GET_REPLY 999999 other 1"),
        ctrl_service.frame("ERROR err Command parser error"),
        ctrl_service.frame("not for us", protocol=0xFE),
        ctrl_service.frame("not for us", extension=0x05),
        ctrl_service.frame("SET_REPLY # v OK"),
    ],
)
def test_what_is_no_answer_to_the_question_is_passed_over(
    hlr: CtrlHlr, link: CtrlLink, before: bytes
) -> None:
    hlr.respond = says(before, before, ctrl_service.frame("GET_REPLY # v 42"))
    assert link.get("v", WITHIN_S) == CtrlValue("42")


@given(st.lists(st.integers(1, 40), max_size=8))
def test_frames_are_found_however_they_are_cut(cuts: list[int]) -> None:
    raw = ctrl_service.frame("TRAP 0 a b") + ctrl_service.frame("GET_REPLY 1 v 42")
    pieces, rest = [], raw
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    with CtrlHlr() as hlr:
        hlr.respond = lambda number, variable: [piece for piece in [*pieces, rest] if piece]
        link = CtrlLink("127.0.0.1", hlr.port)
        assert link.get("v", WITHIN_S) == CtrlValue("42")
        link.close()


def _answered(hlr: CtrlHlr, *frames: bytes) -> CtrlReply:
    hlr.respond = says(*frames)
    link = CtrlLink("127.0.0.1", hlr.port)
    started = time.monotonic()
    reply = link.get("v", SOON_S)
    assert time.monotonic() - started < SOON_S + LATE_S
    link.close()
    return reply


@pytest.mark.parametrize(
    "frames",
    [
        (),
        (ctrl_service.frame("TRAP 0 a b"),),
        (ctrl_service.frame("GET_REPLY # v 42")[:-1],),
        (ctrl_service.frame("SET_REPLY # v 42"),),
    ],
    ids=["silence", "traps", "half", "another verb"],
)
def test_a_question_without_an_answer_ends_with_its_time(hlr: CtrlHlr, frames: tuple[bytes, ...]) -> None:
    assert _answered(hlr, *frames) == NoReply(NoReplyReason.TIMEOUT)


@pytest.mark.parametrize("raw", [b"\x00\x00\xee", b"\xff\xff\xee\x00", b"HTTP/1.1 400 Bad Request\r\n"])
def test_what_is_no_frame_ends_the_connection(hlr: CtrlHlr, raw: bytes) -> None:
    assert _answered(hlr, raw) == NoReply(NoReplyReason.BROKEN_ANSWER)


def test_a_connection_that_breaks_off_leaves_no_answer(hlr: CtrlHlr) -> None:
    hlr.before = lambda _: hlr.hang_up()
    assert _answered(hlr) == NoReply(NoReplyReason.CONNECTION_LOST)


@pytest.mark.parametrize("within_s", [0.0, -1.0])
def test_without_time_nothing_is_asked(hlr: CtrlHlr, link: CtrlLink, within_s: float) -> None:
    assert link.get(VARIABLE, within_s) == NotSent(NotSentReason.NO_TIME)
    assert hlr.connections == 0


def test_a_port_where_nobody_listens_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert CtrlLink("127.0.0.1", port).get("v", WITHIN_S) == NotSent(NotSentReason.CONNECT_FAILED)
