"""States of Devino REST: every row of table 18 that a message of ours can come to; what came in; counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from security_service.domain.counts import Counted, Tally
from security_service.domain.incoming import KeptIncoming
from security_service.domain.messages import (
    Failed,
    OutcomeUnknown,
    Receipt,
    ReceiptState,
    Refused,
    SendOutcome,
)
from security_service.domain.relay import MessageState
from security_service.domain.secret import MessageText, Msisdn
from security_service.domain.untaken_ids import Untaken, untaken_id
from tests.store.rig import StoreRig
from tests.web.devino_rest_rig import RestBank, error

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


def test_a_state_is_written_as_the_manual_prints_it(bank: RestBank) -> None:
    (message_id,) = bank.send().json
    taken_ms = bank.store.now_ms
    bank.relay.wait(2)
    bank.relay.work()
    query = {"Login": "legacy", "Password": bank.password, "messageId": message_id}
    answer = bank.client.get("/rest/v2/Sms/State", query_string=query)
    assert answer.text == (
        f'{{"State":-1,"CreationDateUtc":"\\/Date({taken_ms})\\/",'
        f'"SubmittedDateUtc":"\\/Date({taken_ms + 2000})\\/","ReportedDateUtc":null,'
        f'"TimeStampUtc":"\\/Date({taken_ms + 2000})\\/",'
        '"StateDescription":"Отправлено (передано в мобильную сеть)","Price":0}'
    )


@pytest.mark.parametrize(
    "message_id", ["579700854169272358", "SAR-W+84333", "GW0261BBD6B3", "-1", "9" * 40, "²"]
)
def test_a_message_that_is_not_there_is_answered_as_the_manuals_example_is(
    bank: RestBank, message_id: str
) -> None:
    query = {"Login": "legacy", "Password": bank.password, "messageId": message_id}
    assert bank.client.get("/rest/v2/Sms/State", query_string=query).text == (
        '{"State":255,"CreationDateUtc":null,"SubmittedDateUtc":null,"ReportedDateUtc":null,'
        '"TimeStampUtc":"\\/Date(-62135596800000)\\/","StateDescription":"Неизвестный","Price":null}'
    )


def test_a_state_is_asked_for_with_an_id(bank: RestBank) -> None:
    answer = bank.client.get(
        "/rest/v2/Sms/State", query_string={"Login": "legacy", "Password": bank.password}
    )
    assert (answer.status_code, answer.json["Code"]) == (400, 1)


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        (ReceiptState.DELIVERED, 0, "Доставлено абоненту"),
        (ReceiptState.UNDELIVERED, 42, "Отклонено смс-центром"),
        (ReceiptState.EXPIRED, 46, "Просрочено (истек срок жизни сообщения)"),
    ],
)
def test_receipts_have_the_states_of_the_table(
    bank: RestBank, state: ReceiptState, code: int, words: str
) -> None:
    (message_id,) = bank.send().json
    bank.relay.work()
    bank.relay.sms.receipts = {"m1": Receipt(state, "0")}
    bank.relay.wait(3)
    bank.relay.work()
    told = bank.state(message_id)
    assert (told["State"], told["StateDescription"]) == (code, words)
    assert told["ReportedDateUtc"] == told["TimeStampUtc"] == f"/Date({bank.store.now_ms})/"


@pytest.mark.parametrize(
    ("outcome", "code"),
    [(Refused("sms", "bad"), 69), (OutcomeUnknown("sms", "silent"), 99), (Failed("sms", "down"), -2)],
)
def test_what_a_gateway_said_has_the_states_of_the_table(
    bank: RestBank, outcome: SendOutcome, code: int
) -> None:
    bank.relay.sms.outcome = outcome
    (message_id,) = bank.send().json
    bank.relay.work()
    assert bank.state(message_id)["State"] == code


def test_a_message_that_was_withdrawn_is_deleted(bank: RestBank) -> None:
    (message_id,) = bank.send().json
    bank.relay.withdraw.run("bank", message_id, "op", "mistake")
    assert (bank.state(message_id)["State"], bank.state(message_id)["StateDescription"]) == (47, "Удалено")


def test_after_48_hours_nothing_is_told_of_a_message(bank: RestBank) -> None:
    (message_id,) = bank.send().json
    bank.relay.work()
    bank.clock.move(48 * 3600 - 1)
    assert bank.state(message_id)["State"] == -1
    bank.clock.move(2)
    assert bank.state(message_id)["State"] == 255


def test_a_deferred_message_is_told_of_however_long_it_waits(bank: RestBank) -> None:
    (message_id,) = bank.send(SendDate="2027-02-01T00:00:00").json
    bank.clock.move(10 * 86_400)
    assert bank.state(message_id)["State"] == -2


def test_an_id_of_what_was_never_taken_tells_what_is_known_of_it(bank: RestBank) -> None:
    now_ms = bank.clock.unix_ms()
    refused, unknown = (untaken_id(Untaken(now_ms - 1000, is_unknown), 7) for is_unknown in (False, True))
    assert [bank.state(one)["State"] for one in (refused, unknown)] == [48, 99]
    bank.clock.move(48 * 3600)
    assert bank.state(refused)["State"] == 255


def test_every_state_of_a_message_has_a_number(bank: RestBank) -> None:
    (message_id,) = bank.send().json
    seen = {}
    key = next(key for key in bank.store.redis.scan_iter() if f"msg:bank:{message_id}".encode() in key)
    for state in MessageState:
        bank.store.redis.hset(key, "st", state.value)
        seen[state] = bank.state(message_id)["State"]
    assert seen == {
        MessageState.QUEUED: -2,
        MessageState.DEFERRED: -2,
        MessageState.HELD: -2,
        MessageState.SENDING: -2,
        MessageState.SENT: -1,
        MessageState.DELIVERED: 0,
        MessageState.UNDELIVERED: 42,
        MessageState.EXPIRED: 46,
        MessageState.REFUSED: 48,
        MessageState.FAILED: 69,
        MessageState.UNKNOWN: 99,
        MessageState.WITHDRAWN: 47,
    }


# --- incoming messages and statistics ---------------------------------------------------------


def _ask(bank: RestBank, operation: str, **query: str) -> Any:  # noqa: ANN401 - an answer of the client
    caller = {"Login": "legacy", "Password": bank.password}
    return bank.client.get(f"/rest/v2/Sms/{operation}", query_string={**caller, **query})


def test_incoming_messages_are_listed_as_the_manual_prints_them(bank: RestBank) -> None:
    at_ms = bank.store.now_ms - 1000
    bank.incoming.told["bank"] = [
        KeptIncoming(539187174, Msisdn("79260000000"), "79160000000", MessageText("test1"), at_ms)
    ]
    answer = _ask(bank, "In", minDateUTC="2027-01-01T00:00:00", maxDateUTC="2027-01-16T00:00:00")
    assert answer.text == (
        '[{"Data":"test1","SourceAddress":"79260000000","DestinationAddress":"79160000000",'
        f'"ID":539187174,"CreatedDateUtc":"\\/Date({at_ms})\\/"}}]'
    )
    assert _ask(bank, "In", maxDateUTC="2027-01-16T00:00:00").json == answer.json
    assert _ask(bank, "In", minDateUTC="2026-02-01", maxDateUTC="2026-03-01").json == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"minDateUTC": "2027-01-01T00:00:00"}, 500, 9),
        ({"minDateUTC": "2026-01-01T00:00:00", "maxDateUTC": "2027-01-01T00:00:00"}, 400, 2),
        ({"minDateUTC": "2027-01-02T00:00:00", "maxDateUTC": "2027-01-02T00:00:00"}, 400, 2),
        ({"minDateUTC": "yesterday", "maxDateUTC": "2027-01-02T00:00:00"}, 400, 2),
    ],
)
def test_a_period_of_incoming_messages_is_checked(
    bank: RestBank, query: dict[str, str], status: int, code: int
) -> None:
    answer = _ask(bank, "In", **query)
    assert (answer.status_code, answer.json["Code"]) == (status, code)
    assert bank.incoming.asked == []


def test_statistics_add_up_in_the_manuals_words(bank: RestBank) -> None:
    at_ms = bank.store.now_ms - 60_000
    counts = {
        "taken": 100, "refused": 5, "withdrawn": 1, "sent": 80, "failed": 2, "unknown": 1, "expired": 1,
        "delivered": 60, "undelivered": 3, "expired_on_the_way": 4, "never_told": 3,
    }  # fmt: skip
    bank.counts.tell(at_ms, *(Tally(Counted.MESSAGE, name, count=count) for name, count in counts.items()))
    bank.counts.tell(at_ms, Tally(Counted.GENERATE, "sent", count=500))
    bank.counts.tell(at_ms, Tally(Counted.MESSAGE, "taken", count=500), tenant="other")
    answer = _ask(bank, "Statistics", startDateTime="2027-01-15 00:00:00", endDateTime="2027-01-15T23:59:00")
    assert answer.json == {
        "Sent": 10, "Delivered": 60, "Errors": 9, "InProcess": 10, "Expired": 5, "Rejected": 6,
        "Total": 91, "TotalWithErrors": 100, "DeliveryRatio": 60.0,
    }  # fmt: skip


def test_statistics_of_nothing_are_noughts_in_the_manuals_order(bank: RestBank) -> None:
    answer = _ask(bank, "Statistics", startDateTime="2027-01-14T00:00:00", endDateTime="2027-01-14T23:59:00")
    assert answer.text == (
        '{"Sent":0,"Delivered":0,"Errors":0,"InProcess":0,"Expired":0,"Rejected":0,"Total":0,'
        '"TotalWithErrors":0,"DeliveryRatio":0}'
    )


@pytest.mark.parametrize(
    ("since", "until", "answer"),
    [
        (
            "2026-10-01T00:00:00",
            "2027-01-01T00:00:00",
            error(2, "Нельзя указывать диапазон дат более 90 дней."),
        ),
        ("2027-01-02", "2027-01-01", error(2, "endDateTime must not be before startDateTime")),
        ("", "2027-01-01", error(1, "startDateTime can not be null or empty Parameter name: startDateTime")),
        ("2027-01-01", "now", error(2, "Invalid argument Parameter name: endDateTime")),
    ],
)
def test_a_period_of_statistics_is_checked(
    bank: RestBank, since: str, until: str, answer: dict[str, object]
) -> None:
    told = _ask(bank, "Statistics", startDateTime=since, endDateTime=until)
    assert (told.status_code, told.json) == (400, answer)


@pytest.mark.parametrize(("days", "seconds"), [(1, 60), (40, 3600), (80, 86_400)])
def test_statistics_count_in_the_finest_steps_that_are_kept(bank: RestBank, days: int, seconds: int) -> None:
    bank.clock.move((days - 1) * 86_400)
    assert _ask(bank, "Statistics", startDateTime="2027-01-15", endDateTime="2027-01-16").status_code == 200
    assert bank.counts.asked[-1] == (seconds, 86_400 // seconds)
