from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.secret import Secret
from security_service.links.http_answer import (
    HttpAnswer,
    HttpReply,
    NoReply,
    NoReplyReason,
    NotSent,
    NotSentReason,
)
from security_service.links.smsc import (
    OWN_ID_LIMIT,
    SEND_ERRORS,
    SENDER_ERRORS,
    STATUS_ERRORS,
    SenderCreated,
    SenderName,
    SenderNames,
    SendersRefused,
    SenderState,
    SmscAccountSettings,
    SmscData,
    SmscError,
    SmscLink,
    SmscReply,
    SmscSenders,
    SmscUnread,
    StatusPolls,
    is_signed,
    own_id,
    read_reply,
)
from tests.fakes.clock import HandClock
from tests.links.peer import Answer, Peer, as_json
from tests.links.smsc_service import LOGIN, PASSWORD, SmscService, fault

WITHIN_S = 5.0


@pytest.fixture
def service() -> SmscService:
    return SmscService()


@pytest.fixture
def peer(service: SmscService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def link(peer: Peer, *, api_key: bool = False) -> SmscLink:
    return SmscLink(
        SmscAccountSettings(
            login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/sys", api_key=api_key
        )
    )


def answer(body: bytes | object, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        (answer({"id": 1234, "cnt": 1}), SmscData({"id": "1234", "cnt": "1"})),
        (answer([{"sender": "BANK"}]), SmscData([{"sender": "BANK"}])),
        (answer({"error": "words", "error_code": 9}), SmscError(9)),
        (answer({"error": "words", "error_code": "9", "id": 5}), SmscError(9)),
        (answer({"error": "words"}), SmscUnread(200)),
        (answer(b"ERROR = 1 (words)"), SmscUnread(200)),
        (answer(b"0,-1"), SmscUnread(200)),
        (answer(b""), SmscUnread(200)),
        (answer(b"12"), SmscUnread(200)),
        (answer({"id": 1}, 502), SmscUnread(502)),
        (NotSent(NotSentReason.NO_TIME), NotSent(NotSentReason.NO_TIME)),
        (NoReply(NoReplyReason.TIMEOUT), NoReply(NoReplyReason.TIMEOUT)),
    ],
)
def test_an_answer_is_data_an_error_or_unreadable(reply: HttpReply, read: SmscReply) -> None:
    assert read_reply(reply) == read


@given(st.binary(max_size=200), st.sampled_from([200, 400, 500]))
def test_no_body_makes_reading_raise(body: bytes, status: int) -> None:
    assert isinstance(read_reply(answer(body, status)), SmscData | SmscError | SmscUnread)


def test_the_tables_name_every_error_of_the_documents() -> None:
    assert set(SEND_ERRORS) == set(range(1, 10))
    assert set(STATUS_ERRORS) == {1, 2, 4, 9}
    assert set(SENDER_ERRORS) == {1, 2, 3, 4, 5, 7, 8, 9, 10, 11}


@pytest.mark.parametrize("table", [SEND_ERRORS, STATUS_ERRORS, SENDER_ERRORS])
def test_an_error_of_no_row_is_told_by_its_number(table: dict[int, str]) -> None:
    assert SmscError(2).reason(table) == "login_refused"
    assert SmscError(77).reason(table) == "code_77"


def test_a_call_is_a_post_with_everything_in_the_body(service: SmscService, peer: Peer) -> None:
    assert link(peer).call("senders", {"get": "1"}, WITHIN_S) == SmscData([])
    (asked,) = peer.requests
    assert (asked.method, asked.path, asked.query) == ("POST", "/sys/senders.php", {})
    assert asked.form == {"login": LOGIN, "psw": PASSWORD, "fmt": "3", "charset": "utf-8", "get": "1"}


def test_an_api_key_goes_in_place_of_login_and_password(peer: Peer) -> None:
    assert link(peer, api_key=True).call("senders", {}, WITHIN_S) == SmscData([])
    assert peer.requests[0].form == {"apikey": PASSWORD, "fmt": "3", "charset": "utf-8"}


def test_it_is_called_over_https_alone() -> None:
    settings = SmscAccountSettings(login="a", password=Secret("b"))
    assert settings.base_url == "https://smsc.ru/sys"
    for wrong in ({"base_url": "http://smsc.example/sys"}, {"plain_http": True}):
        with pytest.raises(ValueError, match="https"):
            SmscAccountSettings(login="a", password=Secret("b"), **wrong)


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_an_own_id_is_within_the_range_and_always_the_same(parts: list[str]) -> None:
    assert 1 <= int(own_id(*parts)) <= OWN_ID_LIMIT
    assert own_id(*parts) == own_id(*parts)


def test_own_ids_tell_messages_and_gateways_apart() -> None:
    assert len({own_id("sms", "a"), own_id("sms", "b"), own_id("call", "a"), own_id("call", "b")}) == 4


def test_the_sixth_question_in_a_minute_about_one_message_is_not_asked() -> None:
    clock = HandClock()
    polls = StatusPolls(clock=clock.monotonic)
    assert [polls.admits("1") for _ in range(7)] == [True] * 5 + [False] * 2
    assert polls.admits("2")
    clock.move(59.5)
    assert not polls.admits("1")
    clock.move(0.5)
    assert polls.admits("1")


def test_over_any_minute_there_are_never_more_than_five() -> None:
    clock = HandClock()
    polls = StatusPolls(clock=clock.monotonic)
    asked = []
    for _ in range(300):
        if polls.admits("1"):
            asked.append(clock.monotonic())
        clock.move(1.0)
    assert len(asked) == 25
    assert all(late - early >= 60 for early, late in zip(asked, asked[5:], strict=False))


def signature(algorithm: str, text: str) -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


TOLD = {"id": "17", "phone": "79031234567", "status": "1", "err": "0"}
SIGNED = "17:79031234567:1:s3cret"


@pytest.mark.parametrize(
    ("added", "signed"),
    [
        ({"md5": signature("md5", SIGNED)}, True),
        ({"sha1": signature("sha1", SIGNED)}, True),
        ({"sha1": signature("sha1", SIGNED).upper()}, True),
        ({"md5": signature("md5", SIGNED), "sha1": signature("sha1", SIGNED)}, True),
        ({"md5": signature("md5", SIGNED), "sha1": "0" * 40}, False),
        ({"md5": signature("md5", "17:79031234567:20:s3cret")}, False),
        ({"md5": "é"}, False),
        ({"crc32": "1234"}, False),
        ({"md5": "", "sha1": ""}, False),
        ({}, False),
    ],
)
def test_a_callback_is_believed_by_its_signature_alone(added: dict[str, str], *, signed: bool) -> None:
    assert is_signed({**TOLD, **added}, "s3cret") is signed


def test_without_a_secret_no_callback_is_believed() -> None:
    assert not is_signed({**TOLD, "md5": signature("md5", "17:79031234567:1:")}, "")


def test_sender_names_are_listed_with_their_states(service: SmscService, peer: Peer) -> None:
    service.senders = as_json(
        [
            {"sender": "BANK", "status": 1, "id": 11},
            {"sender": "BANK-2", "status": 0, "id": 12},
            {"sender": "OLD", "status": 2, "id": 13},
            {"sender": "NEW", "status": 9, "id": 14},
        ]
    )
    assert SmscSenders(link(peer)).list(WITHIN_S) == SenderNames(
        (
            SenderName("BANK", "11", SenderState.ADMITTED),
            SenderName("BANK-2", "12", SenderState.AWAITING),
            SenderName("OLD", "13", SenderState.OFF),
            SenderName("NEW", "14", SenderState.UNKNOWN),
        )
    )
    form = peer.requests[0].form
    assert (form["get"], form["all"]) == ("1", "1")


def test_a_sender_name_is_created_with_a_word_on_its_use(service: SmscService, peer: Peer) -> None:
    service.senders = as_json({"sender": 4711})
    assert SmscSenders(link(peer)).create("BANK", "codes", WITHIN_S) == SenderCreated("4711")
    form = peer.requests[0].form
    assert (form["add"], form["sender"], form["cmt"]) == ("1", "BANK", "codes")


@pytest.mark.parametrize(("code", "reason"), SENDER_ERRORS.items())
def test_each_error_of_sender_names_has_its_reason(
    service: SmscService, peer: Peer, code: int, reason: str
) -> None:
    service.senders = fault(code)
    senders = SmscSenders(link(peer))
    assert senders.list(WITHIN_S) == SendersRefused(reason)
    assert senders.create("BANK", "", WITHIN_S) == SendersRefused(reason)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (as_json({"result": "OK"}), "answer_unreadable"),
        (as_json([{"sender": "BANK"}]), "answer_unreadable"),
        (Answer(b"x", 502), "http_502"),
    ],
)
def test_an_answer_that_tells_no_names_is_no_list_and_no_creation(
    service: SmscService, peer: Peer, reply: Answer, reason: str
) -> None:
    service.senders = reply
    senders = SmscSenders(link(peer))
    assert senders.list(WITHIN_S) == SendersRefused(reason)
    assert senders.create("BANK", "", WITHIN_S) == SendersRefused(reason)


def test_a_provider_that_is_not_asked_tells_nothing(peer: Peer) -> None:
    assert SmscSenders(link(peer)).list(0.0) == SendersRefused("no_time")
