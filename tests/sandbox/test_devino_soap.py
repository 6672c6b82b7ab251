from __future__ import annotations

import pytest
from lxml import etree
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, START, Rig

NS = "http://ws.devinosms.com"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
V1, V2 = "/ws/SmsService.asmx", "/ws/SmsServicev2.asmx"
ACCOUNT = f"<login>{LOGIN}</login><password>{PASSWORD}</password>"


def post(rig: Rig, address: str, message: str, namespace: str = SOAP12) -> TestResponse:
    """Post a message in the envelope that the manual prints."""
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap12:Envelope xmlns:soap12="{namespace}"><soap12:Body>{message}</soap12:Body></soap12:Envelope>'
    )
    media = "application/soap+xml" if namespace == SOAP12 else "text/xml"
    return rig.client.post(address, data=body.encode(), content_type=f"{media}; charset=utf-8")


def call(rig: Rig, operation: str, inner: str, address: str = V2) -> TestResponse:
    return post(rig, address, f'<{operation} xmlns="{NS}">{inner}</{operation}>')


def texts(answer: TestResponse, name: str) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [found.text or "" for found in etree.fromstring(answer.data).iter(f"{{{NS}}}{name}")]


def words(answer: TestResponse, namespace: str = SOAP12) -> str:
    assert answer.status_code == 500
    found = etree.fromstring(answer.data).find(f".//{{{namespace}}}Text")
    assert found is not None
    return (found.text or "").removeprefix("Server was unable to process request. ---> ")


def message(number: str = NUMBER, **members: str) -> str:
    given = {
        "Data": "Код 4815",
        "DestinationAddresses": f"<string>{number}</string>",
        "SourceAddress": "BANK",
        **members,
    }
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in given.items() if text)
    return f"<message>{inner}</message>"


def send(rig: Rig, number: str = NUMBER, **members: str) -> TestResponse:
    return call(rig, "SendMessage", f"{ACCOUNT}{message(number, **members)}")


def state(rig: Rig, message_id: str) -> TestResponse:
    return call(rig, "GetMessageState", f"{ACCOUNT}<messageID>{message_id}</messageID>")


def test_a_session_opens_with_login_and_password_and_every_other_call_needs_it(rig: Rig) -> None:
    (session,) = texts(call(rig, "GetSessionID", ACCOUNT, V1), "GetSessionIDResult")
    assert len(session) == 36
    account = f"<sessionID>{session}</sessionID>"
    assert texts(call(rig, "GetBalance", account, V1), "GetBalanceResult") == ["20015.3"]
    (message_id,) = texts(call(rig, "SendMessage", f"{account}{message()}", V1), "string")
    assert rig.inbox() == ["Код 4815"]
    asked = call(rig, "GetMessageState", f"{account}<messageID>{message_id}</messageID>", V1)
    assert texts(asked, "State") == ["-1"]
    rig.clock.move(7200)
    assert words(call(rig, "GetBalance", account, V1)) == "SessionID expired"
    assert words(call(rig, "GetBalance", "<sessionID>X</sessionID>", V1)) == "Invalid session id"


def test_the_other_service_takes_login_and_password_in_every_call(rig: Rig) -> None:
    assert texts(call(rig, "GetBalance", ACCOUNT), "GetBalanceResult") == ["20015.3"]
    wrong = "<login>bank</login><password>wrong</password>"
    for operation in ("GetBalance", "SendMessage", "GetMessageState"):
        assert words(call(rig, operation, wrong)) == "Invalid user login or password"
    assert call(rig, "GetSessionID", ACCOUNT).status_code == 400


def test_a_fault_is_as_the_manual_prints_it(rig: Rig) -> None:
    answer = call(rig, "GetSessionID", "<login>bank</login><password>wrong</password>", V1)
    assert (answer.status_code, answer.content_type) == (500, "application/soap+xml; charset=utf-8")
    assert "<soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code>" in answer.text
    assert (
        '<soap:Text xml:lang="en">Server was unable to process request. ---&gt; '
        "Invalid user login or password</soap:Text>"
    ) in answer.text


def test_a_message_arrives_with_an_id_a_segment(rig: Rig) -> None:
    assert len(texts(send(rig, Data="ж" * 71), "string")) == 2
    (arrived,) = rig.handset()["messages"]
    assert (arrived["text"], arrived["sender"]) == ("ж" * 71, "BANK")


def test_a_message_goes_to_many_numbers(rig: Rig) -> None:
    both = "<string>+79161234567</string><string>89260000000</string>"
    assert len(texts(send(rig, DestinationAddresses=both), "string")) == 2
    assert (rig.inbox(), rig.inbox("79260000000")) == (["Код 4815"], ["Код 4815"])


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"Data": ""}, "Data can not be null or empty Parameter name: message"),
        ({"SourceAddress": ""}, "SourceAddress can not be null or empty Parameter name: message"),
        (
            {"DestinationAddresses": ""},
            "DestinationAddresses can not be null or empty Parameter name: message",
        ),
        ({"SourceAddress": "A SENDER TOO LONG"}, "Invalid source address"),
        ({"DestinationAddresses": "<string>BANK</string>"}, "Invalid destination address"),
        ({"Data": "x" * 2001}, "Message text is longer than 2000 characters"),
        ({"DelayUntilUtc": "tomorrow"}, "Invalid argument Parameter name: DelayUntilUtc"),
        ({"Validity": "-1"}, "Invalid argument Parameter name: validity"),
        ({"DestinationAddresses": "<string>79161234567</string>" * 1001}, "Too many destination addresses"),
    ],
)
def test_what_cannot_be_sent_is_a_fault_with_words(rig: Rig, members: dict[str, str], expected: str) -> None:
    assert words(send(rig, **members)) == expected
    assert rig.inbox() == []


def test_a_state_is_told_with_its_times(rig: Rig) -> None:
    (message_id,) = texts(send(rig), "string")
    state(rig, message_id)
    told = state(rig, message_id)
    assert texts(told, "State") == ["0"]
    assert texts(told, "ReportedDateUtc") == ["2027-01-15T08:00:00.000"]
    assert texts(told, "StateDescription") == ["Доставлено абоненту"]
    unknown = state(rig, "17")
    assert (texts(unknown, "State"), texts(unknown, "ReportedDateUtc")) == (["255"], ["0001-01-01T00:00:00"])


def test_a_message_has_the_life_that_it_was_given(rig: Rig) -> None:
    rig.switch("off")
    (message_id,) = texts(send(rig, Validity="2"), "string")
    rig.clock.move(120)
    state(rig, message_id)
    assert texts(state(rig, message_id), "State") == ["46"]


def test_a_message_may_wait_for_its_time(rig: Rig) -> None:
    (message_id,) = texts(send(rig, DelayUntilUtc="2027-01-15T09:00:00"), "string")
    assert texts(state(rig, message_id), "State") == ["-2"]
    rig.clock.move(3600)
    assert rig.clock.now == START + 3600
    assert rig.inbox() == ["Код 4815"]


def test_a_question_without_an_id_is_a_fault(rig: Rig) -> None:
    assert words(state(rig, "")) == "MessageID can not be null or empty Parameter name: messageId"


@pytest.mark.parametrize(("code", "expected"), [(8, "Gateway error"), (9, "Internal server error")])
def test_a_service_at_fault_says_so(rig: Rig, code: int, expected: str) -> None:
    rig.fault("sms", "error", code=code)
    assert words(send(rig)) == expected


def test_the_older_version_is_spoken_too(rig: Rig) -> None:
    answer = post(rig, V2, f'<GetBalance xmlns="{NS}">{ACCOUNT}</GetBalance>', SOAP11)
    assert texts(answer, "GetBalanceResult") == ["20015.3"]
    refused = post(rig, V2, f'<GetBalance xmlns="{NS}"/>', SOAP11)
    assert (refused.status_code, "<faultcode>soap:Server</faultcode>" in refused.text) == (500, True)


@pytest.mark.parametrize("message", ["", '<GetBalance xmlns="urn:x"/>', f'<Erase xmlns="{NS}"/>'])
def test_what_is_no_request_is_the_callers_fault(rig: Rig, message: str) -> None:
    answer = post(rig, V2, message)
    assert (answer.status_code, "soap:Sender" in answer.text) == (400, True)
