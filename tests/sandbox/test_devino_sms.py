from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig, make_rig

CREDENTIALS = {"Login": LOGIN, "Password": PASSWORD}
MESSAGE = {"DestinationAddress": NUMBER, "SourceAddress": "BANK", "Data": "test"}


def test_a_session_is_a_quoted_text_with_the_documented_headers(rig: Rig) -> None:
    query = "login=bank&password=a%2Bb%3D%3D13%25!"
    answer = rig.client.get(f"/rest/user/sessionid?{query}")
    assert answer.status_code == 200
    assert re.fullmatch(r'"[0-9A-Z]{36}"', answer.text)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private"


def test_a_wrong_password_is_code_4_with_the_words_of_the_manual(rig: Rig) -> None:
    wrong = {"Login": LOGIN, "Password": "11111"}
    for path in ("/rest/user/sessionid", "/rest/v2/User/Balance"):
        answer = rig.client.get(path, query_string=wrong)
        assert (answer.status_code, answer.get_json()) == (
            401,
            {"Code": 4, "Desc": "Invalid user login or password"},
        )


@pytest.mark.parametrize("path", ["/rest/User/Balance", "/REST/USER/BALANCE", "/rest/user/balance"])
def test_the_balance_is_a_bare_number_at_a_path_in_any_case(rig: Rig, path: str) -> None:
    answer = rig.client.get(path, query_string={"sessionid": rig.session()})
    assert (answer.status_code, answer.text) == (200, "20015.3")


def test_the_balance_needs_no_session_on_the_second_face(rig: Rig) -> None:
    assert rig.client.get("/rest/v2/User/Balance", query_string=CREDENTIALS).text == "20015.3"


def test_a_message_is_sent_with_a_session_and_its_parameters_in_the_query(rig: Rig) -> None:
    query = {"SessionId": rig.session(), **MESSAGE, "Validity": "0"}
    answer = rig.client.post("/rest/Sms/Send", query_string=query)
    ids = answer.get_json()
    assert answer.status_code == 200
    assert len(ids) == 1
    assert re.fullmatch(r"\d{18}", ids[0])
    assert rig.inbox() == ["test"]


def test_a_message_is_sent_with_login_and_password_and_its_parameters_in_the_body(rig: Rig) -> None:
    answer = rig.client.post("/rest/v2/Sms/Send", data={**CREDENTIALS, **MESSAGE})
    assert re.fullmatch(r"GW[0-9A-F]{10}", answer.get_json()[0])
    assert rig.inbox() == ["test"]


def test_a_plus_that_was_not_encoded_still_names_the_number(rig: Rig) -> None:
    assert rig.send(DestinationAddress=f" {NUMBER}").status_code == 200
    assert rig.inbox() == ["hello"]


@pytest.mark.parametrize(
    ("text", "segments"), [("a" * 160, 1), ("a" * 161, 2), ("ж" * 70, 1), ("ж" * 71, 2), ("ж" * 135, 3)]
)
def test_there_is_an_id_for_each_segment_and_one_message_in_the_inbox(
    rig: Rig, text: str, segments: int
) -> None:
    ids = rig.send(Data=text).get_json()
    assert len(set(ids)) == segments
    assert rig.inbox() == [text]
    assert [rig.state(message_id) for message_id in ids * 2] == [-1] * segments + [0] * segments
    query = {"SessionID": rig.session(), **MESSAGE, "Data": text}
    assert len(rig.client.post("/rest/Sms/Send", query_string=query).get_json()) == segments


def test_the_ids_of_many_numbers_come_one_message_after_the_other(rig: Rig) -> None:
    numbers = [NUMBER, "+79260000000"]
    form = {**CREDENTIALS, "DestinationAddresses": numbers, "SourceAddress": "BANK", "Data": "ж" * 71}
    ids = rig.client.post("/rest/v2/Sms/SendBulk", data=form).get_json()
    assert [re.sub(r"SAR-GW01\+(\d+)-[0-9a-f]{8}", r"\1", message_id) for message_id in ids] == [
        f"{NUMBER}-2-1",
        f"{NUMBER}-2-2",
        "79260000000-2-1",
        "79260000000-2-2",
    ]
    assert rig.inbox("79260000000") == ["ж" * 71]


def test_if_one_of_many_numbers_is_wrong_nothing_is_sent(rig: Rig) -> None:
    form = {**MESSAGE, "SessionID": rig.session(), "DestinationAddresses": [NUMBER, "12"]}
    answer = rig.client.post("/rest/Sms/SendBulk", data=form)
    assert (answer.status_code, answer.get_json()["Code"]) == (400, 6)
    assert rig.inbox() == []


def test_a_state_has_the_documented_members_and_dates(rig: Rig) -> None:
    message_id = rig.send().get_json()[0]
    rig.state(message_id)
    query = {**CREDENTIALS, "messageId": message_id}
    answer = rig.client.get("/rest/v2/Sms/State", query_string=query)
    stamp = r'"\/Date(1800000000000)\/"'
    assert answer.text == (
        f'{{"State":0,"CreationDateUtc":{stamp},"SubmittedDateUtc":{stamp},"ReportedDateUtc":{stamp},'
        f'"TimeStampUtc":{stamp},"StateDescription":"Доставлено абоненту","Price":1.5}}'
    )


def test_an_unknown_message_has_the_state_of_the_manuals_example(rig: Rig) -> None:
    query = {"sessionId": rig.session(), "messageId": "579700854169272358"}
    answer = rig.client.get("/rest/Sms/State", query_string=query)
    assert answer.status_code == 200
    assert answer.text == (
        '{"State":255,"CreationDateUtc":null,"SubmittedDateUtc":null,"ReportedDateUtc":null,'
        r'"TimeStampUtc":"\/Date(-62135596800000)\/","StateDescription":"Неизвестный","Price":null}'
    )


def test_a_message_to_a_handset_that_is_off_waits_and_then_expires(rig: Rig) -> None:
    rig.switch("off")
    kept = rig.send(Data="kept", Validity="10").get_json()[0]
    lost = rig.send(Data="lost", Validity="5").get_json()[0]
    assert [rig.state(message_id) for message_id in (kept, lost, kept, lost)] == [-1] * 4
    rig.clock.move(5 * 60)
    assert [rig.state(kept), rig.state(lost)] == [-1, 46]
    rig.switch("on")
    assert [rig.state(kept), rig.state(lost)] == [0, 46]
    assert rig.inbox() == ["kept"]


@pytest.mark.parametrize(("state", "code"), [("unknown", 41), ("barred", 42)])
def test_a_message_to_a_handset_that_cannot_have_it_fails(rig: Rig, state: str, code: int) -> None:
    rig.switch(state)
    message_id = rig.send().get_json()[0]
    assert [rig.state(message_id), rig.state(message_id)] == [-1, code]
    assert rig.inbox() == []


def test_a_deferred_message_is_in_the_queue_until_its_date(rig: Rig) -> None:
    message_id = rig.send(SendDate="2027-01-15T08:10:00").get_json()[0]
    assert (rig.state(message_id), rig.inbox()) == (-2, [])
    rig.clock.move(600)
    assert (rig.state(message_id), rig.state(message_id), rig.inbox()) == (-1, 0, ["hello"])


@pytest.mark.parametrize(
    ("missing", "parameter"),
    [
        ("Data", "data"),
        ("SourceAddress", "sourceAddress"),
        ("DestinationAddress", "destinationAddress"),
        ("Login", "login"),
        ("Password", "password"),
    ],
)
def test_a_parameter_that_is_missing_is_code_1(rig: Rig, missing: str, parameter: str) -> None:
    answer = rig.send(**{missing: ""})
    words = f"{missing} can not be null or empty Parameter name: {parameter}"
    assert (answer.status_code, answer.get_json()) == (400, {"Code": 1, "Desc": words})


def test_a_missing_message_id_has_the_words_of_the_manual(rig: Rig) -> None:
    answer = rig.client.get("/rest/v2/Sms/State", query_string=CREDENTIALS)
    words = "MessageID can not be null or empty Parameter name: messageId"
    assert (answer.status_code, answer.get_json()) == (400, {"Code": 1, "Desc": words})


@pytest.mark.parametrize(
    "members",
    [
        {"Data": "a" * 2001},
        {"Validity": "soon"},
        {"Validity": "-1"},
        {"Validity": "1.5"},
        {"SendDate": "tomorrow"},
    ],
)
def test_an_argument_that_cannot_be_is_code_2(rig: Rig, members: dict[str, str]) -> None:
    answer = rig.send(**members)
    assert (answer.status_code, answer.get_json()["Code"]) == (400, 2)
    assert rig.inbox() == []


def test_2000_characters_are_not_too_many(rig: Rig) -> None:
    assert rig.send(Data="a" * 2000).status_code == 200


def test_more_than_2999_numbers_are_too_many(rig: Rig) -> None:
    form = {**CREDENTIALS, "SourceAddress": "BANK", "Data": "x", "DestinationAddresses": [NUMBER] * 3000}
    answer = rig.client.post("/rest/v2/Sms/SendBulk", data=form)
    assert (answer.status_code, answer.get_json()["Code"]) == (400, 2)


def test_a_session_that_was_never_opened_is_code_3(rig: Rig) -> None:
    query = {"SessionID": "Z5CYSZEKDL1DPICU37WEHQVOYKP0T1GSLHX1"}
    answer = rig.client.get("/rest/User/Balance", query_string=query)
    assert (answer.status_code, answer.get_json()) == (400, {"Code": 3, "Desc": "Invalid session id"})


def test_a_session_ends_after_120_minutes_with_the_words_of_the_manual(rig: Rig) -> None:
    session_id = rig.session()
    rig.clock.move(120 * 60 - 1)
    assert rig.client.get("/rest/User/Balance", query_string={"SessionID": session_id}).status_code == 200
    rig.clock.move(1)
    query = {**MESSAGE, "SessionID": session_id}
    answer = rig.client.post("/rest/Sms/Send", query_string=query)
    assert (answer.status_code, answer.get_json()) == (401, {"Code": 4, "Desc": "SessionID expired"})
    assert rig.inbox() == []


def test_the_life_of_a_session_is_a_setting(data_file: Path) -> None:
    rig = make_rig(data_file, session_seconds=2)
    session_id = rig.session()
    rig.clock.move(2)
    assert rig.client.get("/rest/User/Balance", query_string={"SessionID": session_id}).status_code == 401


def test_without_money_nothing_is_sent(data_file: Path) -> None:
    rig = make_rig(data_file, balance=0.0)
    answer = rig.send()
    assert (answer.status_code, answer.get_json()) == (403, {"Code": 5, "Desc": "Not enough credits"})
    assert rig.inbox() == []


@pytest.mark.parametrize("sender", ["ABCDEFGHIJKL", "1234567890123456", "БАНК"])
def test_a_sender_that_cannot_be_is_code_6_with_the_words_of_the_manual(rig: Rig, sender: str) -> None:
    answer = rig.send(SourceAddress=sender)
    assert (answer.status_code, answer.get_json()) == (400, {"Code": 6, "Desc": "Invalid source address"})


@pytest.mark.parametrize("sender", ["ABCDEFGHIJK", "123456789012345"])
def test_a_sender_may_have_11_letters_or_15_digits(rig: Rig, sender: str) -> None:
    assert rig.send(SourceAddress=sender).status_code == 200


def test_a_number_that_cannot_be_is_code_6(rig: Rig) -> None:
    answer = rig.send(DestinationAddress="12")
    assert (answer.status_code, answer.get_json()) == (
        400,
        {"Code": 6, "Desc": "Invalid destination address"},
    )


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        (1, 400, "Argument cannot be null or empty"),
        (2, 400, "Invalid argument"),
        (3, 400, "Invalid session id"),
        (4, 401, "Unauthorized access"),
        (5, 403, "Not enough credits"),
        (6, 400, "Invalid operation"),
        (7, 403, "Forbidden"),
        (8, 500, "Gateway error"),
        (9, 500, "Internal server error"),
    ],
)
def test_every_row_of_the_table_of_errors_can_be_had_as_a_fault(
    rig: Rig, code: int, status: int, words: str
) -> None:
    rig.fault("sms", "error", code=code)
    answer = rig.send()
    assert (answer.status_code, answer.get_json()) == (status, {"Code": code, "Desc": words})
    assert rig.inbox() == []


def test_a_message_is_sent_by_post_alone(rig: Rig) -> None:
    answer = rig.client.get("/rest/v2/Sms/Send", query_string={**CREDENTIALS, **MESSAGE})
    assert (answer.status_code, rig.inbox()) == (405, [])


def test_errors_are_json_with_quoted_names(rig: Rig) -> None:
    assert json.loads(rig.send(Data="").text)["Code"] == 1
