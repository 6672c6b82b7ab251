"""Errors of Devino REST: every row of table 17 that this service can come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from security_service.domain.limits import Limits, Window
from security_service.web.devino_rest_answers import REFUSALS
from security_service.web.wire.rest_codec import ERRORS, RestError
from tests.store.rig import StoreRig
from tests.web.devino_rest_rig import BANK, RestBank, error

LONG: Final = "Сообщение на русском языке, которое длиннее семидесяти знаков и идёт двумя частями."
DAY_MS: Final = 86_400_000


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def bank(rig: StoreRig) -> RestBank:
    return RestBank(rig)


@pytest.mark.parametrize(
    ("form", "status", "answer"),
    [
        ({"Data": ""}, 400, error(1, "Data can not be null or empty Parameter name: data")),
        (
            {"DestinationAddress": ""},
            400,
            error(1, "DestinationAddress can not be null or empty Parameter name: destinationAddress"),
        ),
        (
            {"SourceAddress": ""},
            400,
            error(1, "SourceAddress can not be null or empty Parameter name: sourceAddress"),
        ),
        ({"Password": ""}, 400, error(1, "Password can not be null or empty Parameter name: password")),
        ({"DestinationAddress": "not a number"}, 400, error(2, "Invalid destination address")),
        ({"DestinationAddress": "7916111"}, 400, error(2, "Invalid destination address")),
        ({"Data": "a" * 2001}, 400, error(2, "Message is longer than 2000 characters")),
        ({"Data": "д" * 1006}, 400, error(2, "Message is too long")),
        ({"Validity": "soon"}, 400, error(2, "Invalid argument Parameter name: validity")),
        ({"Validity": "-1"}, 400, error(2, "Invalid argument Parameter name: validity")),
        ({"Validity": "10081"}, 400, error(2, "Invalid argument Parameter name: validity")),
        ({"Validity": "٣"}, 400, error(2, "Invalid argument Parameter name: validity")),
        ({"SendDate": "tomorrow"}, 400, error(2, "Invalid argument Parameter name: sendDate")),
        ({"SendDate": "2010-0601T19:14:00"}, 400, error(2, "Invalid argument Parameter name: sendDate")),
        ({"SendDate": "2027-02-30T10:00:00"}, 400, error(2, "Invalid argument Parameter name: sendDate")),
        ({"SendDate": "9999-12-31T10:00:00"}, 400, error(2, "Invalid argument Parameter name: sendDate")),
        ({"SendDate": "2027-03-30T10:00:00"}, 400, error(2, "Invalid argument Parameter name: sendDate")),
        ({"SourceAddress": "SOMEBODY"}, 400, error(6, "Invalid source address")),
        ({"SourceAddress": "twelve chars"}, 400, error(6, "Invalid source address")),
        ({"SourceAddress": "БАНК"}, 400, error(6, "Invalid source address")),
        ({"Password": "wrong"}, 401, error(4, "Invalid user login or password")),
        ({"Login": "nobody"}, 401, error(4, "Invalid user login or password")),
    ],
)
def test_what_a_caller_did_wrong_is_said_with_the_manuals_code_and_nothing_is_sent(
    bank: RestBank, form: dict[str, str], status: int, answer: dict[str, object]
) -> None:
    told = bank.send(**form)
    assert (told.status_code, told.json) == (status, answer)
    assert told.headers["Content-Type"] == "application/json; charset=utf-8"
    assert bank.relay.work() == []


def test_a_session_that_cannot_be_one_and_one_that_is_over_have_codes_of_their_own(bank: RestBank) -> None:
    ask = "/rest/User/Balance"
    missing, odd, over = (
        bank.client.get(ask, query_string=query)
        for query in ({}, {"SessionID": "x"}, {"SessionID": "A" * 36})
    )
    assert (missing.status_code, missing.json["Code"]) == (400, 1)
    assert (odd.status_code, odd.json) == (400, error(3, "Invalid session id"))
    assert (over.status_code, over.json) == (401, error(4, "SessionID expired"))


def test_a_session_is_over_after_120_minutes_and_with_a_new_password(bank: RestBank, rig: StoreRig) -> None:
    first = bank.session()
    rig.advance(119 * 60, match="*account_session*")
    assert bank.client.get("/rest/User/Balance", query_string={"SessionID": first}).status_code == 200
    rig.advance(2 * 60, match="*account_session*")
    assert bank.client.get("/rest/User/Balance", query_string={"SessionID": first}).status_code == 401
    second = bank.session()
    assert bank.keep.change_password("legacy", "cli:op")
    assert bank.client.get("/rest/User/Balance", query_string={"SessionID": second}).status_code == 401


def test_a_number_that_gets_too_many_is_forbidden_until_its_window_has_room(rig: StoreRig) -> None:
    bank = RestBank(rig, replace(BANK, limits=Limits(messages=(Window("messages_minute", 1, 60),))))
    answers = [bank.send() for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 403]
    assert (answers[1].json, answers[1].headers["Retry-After"]) == (error(7, "Forbidden"), "60")


def test_a_full_queue_is_a_gateways_error(bank: RestBank) -> None:
    bank.health.refusal = "the store is full"
    answer = bank.send()
    assert (answer.status_code, answer.json) == (500, error(8, "Message queue full"))


def test_a_store_of_another_installation_promises_nothing(bank: RestBank, rig: StoreRig) -> None:
    for shard in range(64):
        rig.redis.set(f"{{s{shard:03d}}}:installation", "another")
    answer = bank.send()
    assert (answer.status_code, answer.json) == (500, error(9, "Internal server error"))


@pytest.mark.parametrize("path", ["Viber/Send", "viber/SendBulk", "Viber/SendWithResend", "Viber/State"])
@pytest.mark.parametrize("chapter", ["/rest/", "/rest/v2/"])
def test_viber_is_forbidden(bank: RestBank, chapter: str, path: str) -> None:
    answer = bank.post(f"{chapter}{path}", {"SessionID": "A" * 36})
    assert (answer.status_code, answer.json) == (403, error(7, "Viber messages are not sent here"))


@pytest.mark.parametrize(
    "path", ["/rest/Sms/Nothing", "/rest/x", "/rest/v2/User/SessionId", "/rest/v2/v2/Sms/Send"]
)
def test_what_the_manual_does_not_have_is_an_invalid_operation(bank: RestBank, path: str) -> None:
    answer = bank.post(path, {"Login": "legacy", "Password": bank.password})
    assert (answer.status_code, answer.json) == (400, error(6, "Invalid operation"))


def test_the_table_of_errors_is_the_manuals() -> None:
    assert {code.value: status.value for code, (status, _) in ERRORS.items()} == {
        1: 400, 2: 400, 3: 400, 4: 401, 5: 403, 6: 400, 7: 403, 8: 500, 9: 500,
    }  # fmt: skip
    assert {code.value: words for code, (_, words) in ERRORS.items()} == {
        1: "Argument cannot be null or empty",
        2: "Invalid argument",
        3: "Invalid session id",
        4: "Unauthorized access",
        5: "Not enough credits",
        6: "Invalid operation",
        7: "Forbidden",
        8: "Gateway error",
        9: "Internal server error",
    }
    assert {code for code, _ in REFUSALS.values()} <= set(RestError)
