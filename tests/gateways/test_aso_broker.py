from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    OutcomeUnknown,
    SendOutcome,
    Urgency,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.aso_broker import (
    AsoBrokerGateway,
    AsoBrokerSettings,
    AsoChannel,
    channel_lives,
    send_document,
    send_outcome,
)
from security_service.links.aso import ERRORS, AsoDone, AsoError, AsoReply, AsoUnread
from security_service.links.http_answer import NoReply, NoReplyReason, NotSent, NotSentReason
from tests.links.aso_service import LOGIN, PASSWORD, AsoService, fault
from tests.links.peer import Peer

WITHIN_S = 5.0
SMS, CALL = AsoChannel.SMS, AsoChannel.CALL


def a_message(
    text: str = "Код 481516", life_s: int = 299, urgency: Urgency = Urgency.CODE, sender: str = "ETALON"
) -> Message:
    return Message(Msisdn("79031234567"), MessageText(text), sender, life_s, "ref-1", urgency)


def settings(url: str = "https://broker.example", /, **values: object) -> AsoBrokerSettings:
    given = {"login": LOGIN, "password": Secret(PASSWORD), "base_url": f"{url}/re-broker-api", **values}
    return AsoBrokerSettings(**given)  # type: ignore[arg-type]  # values of several types


def sent(message: Message, **values: object) -> dict[str, object]:
    document = send_document("aso", message, settings(**values))
    assert isinstance(document, dict)
    (one,) = document["messages"] if isinstance(document["messages"], list) else [{}]
    assert isinstance(one, dict)
    return one


@pytest.fixture
def service() -> AsoService:
    return AsoService()


@pytest.fixture
def peer(service: AsoService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def test_a_code_goes_out_by_sms_and_then_by_a_call_in_one_request(peer: Peer) -> None:
    gateway = AsoBrokerGateway("aso", settings(peer.url, channels=(SMS, CALL), call_sender="74951234567"))
    assert gateway.send(a_message(), WITHIN_S) == Accepted("aso", ("ref-1-aso",))
    (request,) = peer.requests
    assert (request.method, request.path) == ("POST", "/re-broker-api/send")
    assert json.loads(request.body) == {
        "messages": [
            {
                "recipient": "79031234567",
                "message-id": "ref-1-aso",
                "priority": "realtime",
                "sms": {"originator": "ETALON", "ttl": "60", "content": {"text": "Код 481516"}},
                "call": {
                    "originator": "74951234567",
                    "ttl": "239",
                    "content": {"text": "Код 4, 8, 1, 5, 1, 6"},
                },
            }
        ]
    }


@pytest.mark.parametrize(
    ("channels", "names", "channel"),
    [
        ((SMS,), ["sms"], Channel.SMS),
        ((CALL,), ["call"], Channel.VOICE),
        ((SMS, CALL), ["sms", "call"], Channel.SMS),
        ((CALL, SMS), ["call", "sms"], Channel.VOICE),
    ],
)
def test_the_settings_name_the_channels_and_their_order(
    channels: tuple[AsoChannel, ...], names: list[str], channel: Channel
) -> None:
    assert [name for name in sent(a_message(), channels=channels) if name in {"sms", "call"}] == names
    assert AsoBrokerGateway("aso", settings(channels=channels)).channel is channel


@pytest.mark.parametrize(
    ("life_s", "count", "lives"),
    [
        (300, 1, (300,)),
        (300, 2, (60, 240)),
        (100, 2, (50, 50)),
        (3, 2, (1, 2)),
        (1, 2, (1, 1)),
        (0, 1, (1,)),
        (-5, 2, (1, 1)),
    ],
)
def test_the_channels_share_the_messages_life(life_s: int, count: int, lives: tuple[int, ...]) -> None:
    assert channel_lives(life_s, count, 60) == lives


@given(st.integers(2, 10**6), st.integers(1, 600))
def test_no_channel_is_without_time_and_together_they_have_the_messages(life_s: int, next_s: int) -> None:
    lives = channel_lives(life_s, 2, next_s)
    assert sum(lives) == life_s
    assert min(lives) >= 1


def test_with_a_template_the_text_is_its_variable_and_each_channel_still_has_its_time() -> None:
    one = sent(a_message(), template="111", template_variable="CODE", channels=(SMS, CALL))
    assert (one["template-id"], one["variables"]) == ("111", {"CODE": "Код 481516"})
    assert (one["sms"], one["call"]) == ({"originator": "ETALON", "ttl": "60"}, {"ttl": "239"})


def test_a_template_of_calls_alone_gets_the_text_as_it_is_said() -> None:
    one = sent(a_message(), template="111", channels=(CALL,))
    assert one["variables"] == {"TEXT": "Код 4, 8, 1, 5, 1, 6"}


def test_a_code_goes_out_at_once_and_a_notice_may_wait_for_the_recipients_morning() -> None:
    hours = {"notice_from": "09:00", "notice_until": "21:30"}
    assert "timing" not in sent(a_message(), **hours)
    notice = sent(a_message(urgency=Urgency.NOTICE), **hours)
    assert notice["timing"] == {
        "localtime": "0",
        "allowed-starttime": "09:00",
        "allowed-endtime": "21:30",
    }
    assert notice["priority"] == "normal"
    assert "timing" not in sent(a_message(urgency=Urgency.NOTICE))


def test_priorities_may_be_given_by_number() -> None:
    assert sent(a_message(), code_priority="8")["priority"] == "8"


def test_a_call_that_nobody_answers_may_be_repeated() -> None:
    call = sent(a_message(), channels=(CALL,), call_retries=2, call_retry_s=15)["call"]
    assert isinstance(call, dict)
    assert (call["retry-attempts"], call["retry-timeout"]) == ("2", "15000")


def test_without_a_sender_the_broker_chooses() -> None:
    one = sent(a_message(sender=""), channels=(SMS, CALL))
    assert "originator" not in str(one)
    assert sent(a_message(sender=""), sender="BANK")["sms"] == {
        "originator": "BANK",
        "ttl": "299",
        "content": {"text": "Код 481516"},
    }


def test_a_text_longer_than_a_call_can_say_goes_to_another_gateway() -> None:
    failed = Failed("aso", "text_not_possible")
    assert send_document("aso", a_message("я" * 1001), settings(channels=(SMS, CALL))) == failed
    assert send_document("aso", a_message(""), settings()) == failed
    assert isinstance(send_document("aso", a_message("я" * 1000), settings(channels=(CALL,))), dict)
    assert isinstance(send_document("aso", a_message("я" * 1001), settings()), dict)


ERROR_ROWS: list[tuple[int, SendOutcome]] = [
    (100, OutcomeUnknown("a", "internal_error")),
    (101, Failed("a", "syntax_error")),
    (102, Failed("a", "account_locked")),
    (103, Failed("a", "channel_missing")),
    (104, Failed("a", "priority_wrong")),
    (105, Failed("a", "too_many_ids")),
    (202, Failed("a", "recipient_missing")),
    (204, Failed("a", "email_missing")),
    (205, Failed("a", "message_id_missing")),
    (206, Failed("a", "variables_wrong")),
    (301, Failed("a", "localtime_wrong")),
    (302, Failed("a", "start_datetime_wrong")),
    (303, Failed("a", "end_datetime_wrong")),
    (304, Failed("a", "allowed_starttime_wrong")),
    (305, Failed("a", "allowed_endtime_wrong")),
    (306, Failed("a", "send_evenly_wrong")),
    (401, Failed("a", "originator_missing")),
    (402, Failed("a", "application_missing")),
    (403, Failed("a", "ttl_missing")),
    (404, Failed("a", "content_missing")),
    (405, Failed("a", "content_malformed")),
    (406, Failed("a", "content_not_possible")),
    (407, Failed("a", "ttl_wrong")),
    (408, Failed("a", "files_too_large")),
    (410, Failed("a", "retry_attempts_wrong")),
    (411, Failed("a", "retry_timeout_wrong")),
]


@pytest.mark.parametrize(("code", "outcome"), ERROR_ROWS)
def test_each_error_ends_a_send_in_its_own_way(code: int, outcome: SendOutcome) -> None:
    assert send_outcome("a", AsoError(code), "1") == outcome


def test_every_row_of_the_table_of_errors_is_tested() -> None:
    assert {code for code, _ in ERROR_ROWS} == set(ERRORS)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (AsoDone(None), Accepted("a", ("1",))),
        (AsoDone({}), OutcomeUnknown("a", "answer_unreadable")),
        (AsoDone([]), OutcomeUnknown("a", "answer_unreadable")),
        (AsoError(409), OutcomeUnknown("a", "code_409")),
        (AsoUnread(200), OutcomeUnknown("a", "answer_unreadable")),
        (AsoUnread(500), OutcomeUnknown("a", "http_500")),
        (AsoUnread(401), Failed("a", "http_401")),
        (AsoUnread(400), Failed("a", "http_400")),
        (NotSent(NotSentReason.TLS_FAILED), Failed("a", "tls_failed")),
        (NoReply(NoReplyReason.CONNECTION_LOST), OutcomeUnknown("a", "connection_lost")),
    ],
)
def test_only_what_surely_did_not_leave_lets_the_next_gateway_try(
    reply: AsoReply, outcome: SendOutcome
) -> None:
    assert send_outcome("a", reply, "1") == outcome


def test_a_locked_account_lets_the_next_gateway_try(service: AsoService, peer: Peer) -> None:
    service.sent = fault(102)
    gateway = AsoBrokerGateway("aso", settings(peer.url))
    assert gateway.send(a_message(), WITHIN_S) == Failed("aso", "account_locked")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"channels": ()}, "channels"),
        ({"channels": (SMS, SMS)}, "channels"),
        ({"next_channel_s": 0}, "next_channel_s"),
        ({"code_priority": "urgent"}, "priority"),
        ({"notice_priority": ""}, "priority"),
        ({"notice_from": "9:00"}, "hh:mm"),
        ({"notice_until": "24:00"}, "hh:mm"),
        ({"login": ""}, "must not be empty"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(values: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        settings(**values)


def test_the_plain_http_address_of_the_document_is_refused() -> None:
    with pytest.raises(ValueError, match="https"):
        settings("http://stream.ibatelecom.example:8083")


def test_every_setting_has_help_and_the_password_is_marked_secret() -> None:
    described = fields(AsoBrokerSettings)
    assert [field.name for field in described if not field.metadata["help"]] == []
    assert [field.name for field in described if field.metadata.get("secret")] == ["password"]
