from __future__ import annotations

import pytest
from lxml import etree
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig

SEND, STATUS = "/xmlapi/Send.ashx", "/xmlapi/Statistics.ashx"


def post(
    rig: Rig, path: str, inner: str, account: str = f'login="{LOGIN}" password="{PASSWORD}"'
) -> TestResponse:
    body = f'<?xml version="1.0" encoding="utf-8" ?>\n<package {account}>\n{inner}\n</package>'
    return rig.client.post(path, data=body.encode())


def rows(answer: TestResponse) -> list[tuple[dict[str, str], str]]:
    assert answer.status_code == 200
    found = etree.fromstring(answer.data).iter("msg")
    return [({str(name): str(value) for name, value in row.attrib.items()}, row.text or "") for row in found]


def error(answer: TestResponse) -> str | None:
    return etree.fromstring(answer.data).findtext("error")


def send(rig: Rig, attributes: str = "", text: str = "Код 4815") -> tuple[dict[str, str], str]:
    row = f'<msg recipient="+{NUMBER}" sender="BANK" type="0" {attributes}>{text}</msg>'
    ((given, code),) = rows(post(rig, SEND, f"<message>{row}</message>"))
    return given, code


def state(rig: Rig, attributes: str) -> tuple[dict[str, str], str]:
    ((given, code),) = rows(post(rig, STATUS, f"<status><msg {attributes}/></status>"))
    return given, code


def test_messages_arrive_as_the_example_of_the_manual_sends_them(rig: Rig) -> None:
    inner = (
        '<message><default sender="SMSINFO"/>'
        f'<msg id="1234" recipient="+{NUMBER}" sender="BANK" type="0">one</msg>'
        f'<msg recipient="+{NUMBER}">two</msg></message>'
    )
    first, second = rows(post(rig, SEND, inner))
    assert (first[0]["id"], first[0]["sms_count"], first[1]) == ("1234", "1", "1")
    assert ("id" in second[0], second[0]["sms_id"].isdigit(), second[1]) == (False, True, "1")
    arrived = [(message["text"], message["sender"]) for message in rig.handset()["messages"]]
    assert arrived == [("one", "BANK"), ("two", "SMSINFO")]


def test_a_long_message_is_one_with_a_count(rig: Rig) -> None:
    given, code = send(rig, text="ж" * 71)
    assert (given["sms_count"], code) == ("2", "1")


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        (f'<message><msg recipient="{NUMBER}">x</msg></message>', "202"),
        (f'<message><msg recipient="{NUMBER}" sender="A SENDER TOO LONG">x</msg></message>', "202"),
        ('<message><msg recipient="BANK" sender="BANK">x</msg></message>', "203"),
        (f'<message><msg recipient="{NUMBER}" sender="BANK"/></message>', "204"),
        (f'<message><msg recipient="{NUMBER}" sender="BANK">{"x" * 2001}</msg></message>', "204"),
        (f'<message><msg id="a" recipient="{NUMBER}" sender="BANK">x</msg></message>', "201"),
    ],
)
def test_a_message_that_cannot_be_sent_has_a_code_and_no_id(rig: Rig, inner: str, code: str) -> None:
    ((given, told),) = rows(post(rig, SEND, inner))
    assert (given["sms_id"], told) == ("0", code)
    assert rig.inbox() == []


@pytest.mark.parametrize(
    ("path", "inner", "account", "code"),
    [
        (SEND, "<message><msg>x</msg></message>", 'login="bank" password="wrong"', "202"),
        (SEND, "<message><msg>x</msg></message>", "", "202"),
        (SEND, "<status><msg/></status>", None, "201"),
        (SEND, "<message/>", None, "201"),
        (SEND, "<message>", None, "201"),
        (
            SEND,
            f'<message><msg recipient="{NUMBER}" sender="B" date_end="soon">x</msg></message>',
            None,
            "201",
        ),
        (STATUS, "<status/>", None, "201"),
        (STATUS, "<status>" + '<msg sms_id="1"/>' * 1001 + "</status>", None, "201"),
    ],
)
def test_a_document_that_cannot_be_read_has_a_code(
    rig: Rig, path: str, inner: str, account: str | None, code: str
) -> None:
    answer = post(rig, path, inner) if account is None else post(rig, path, inner, account)
    assert error(answer) == code


def test_a_document_type_is_refused(rig: Rig) -> None:
    body = f'<!DOCTYPE package [<!ENTITY e "x">]><package login="{LOGIN}" password="{PASSWORD}"/>'
    assert error(rig.client.post(SEND, data=body.encode())) == "201"


def test_a_state_is_told_by_either_id_with_the_time_of_its_end(rig: Rig) -> None:
    given, _ = send(rig, 'id="77"')
    assert state(rig, f'sms_id="{given["sms_id"]}"')[1] == "101"
    told, code = state(rig, 'id="77"')
    assert (told["id"], told["sms_id"], code) == ("77", given["sms_id"], "102")
    assert told["date_completed"] == "2027-01-15T11:00:00"
    assert state(rig, 'sms_id="5"') == ({"sms_id": "0"}, "201")


@pytest.mark.parametrize(("handset", "code"), [("unknown", "105"), ("barred", "108")])
def test_a_message_that_the_handset_cannot_have_is_told_so(rig: Rig, handset: str, code: str) -> None:
    rig.switch(handset)
    given, _ = send(rig)
    state(rig, f'sms_id="{given["sms_id"]}"')
    assert state(rig, f'sms_id="{given["sms_id"]}"')[1] == code


@pytest.mark.parametrize("ends", ["2027-01-15T11:02:00+03:00", "2027-01-15T11:02", "2027-01-15T08:02:00Z"])
def test_a_message_is_of_no_use_after_its_end_by_the_clock_of_moscow_or_its_own(rig: Rig, ends: str) -> None:
    rig.switch("off")
    given, _ = send(rig, f'date_end="{ends}"')
    rig.clock.move(119)
    assert state(rig, f'sms_id="{given["sms_id"]}"')[1] == "101"
    rig.clock.move(1)
    assert state(rig, f'sms_id="{given["sms_id"]}"')[1] == "103"


def test_a_message_may_wait_for_its_time(rig: Rig) -> None:
    given, _ = send(rig, 'date_beg="2027-01-15T12:00"')
    assert state(rig, f'sms_id="{given["sms_id"]}"')[1] == "100"
    rig.clock.move(3600)
    assert rig.inbox() == ["Код 4815"]


def test_a_service_at_fault_says_so(rig: Rig) -> None:
    rig.fault("sms", "error")
    assert error(post(rig, SEND, "<message><msg>x</msg></message>")) == "200"
