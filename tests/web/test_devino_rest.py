"""Devino REST as its clients call it: chapters 1 and 2, answers, states, errors, the numbers' time zones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from security_service.domain.relay import MessageView
from security_service.domain.secret import Msisdn
from tests.fakes.sim import NEW_SIM
from tests.store.rig import StoreRig
from tests.web.devino_rest_rig import BANK, SENT, RestBank, error
from tests.web.devino_rest_transcript import transcript

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


# --- sessions and parameters ---------------------------------------------------------------


def test_a_session_is_a_bare_text_of_36_characters_and_opens_every_operation(bank: RestBank) -> None:
    answer = bank.client.get(f"/rest/user/sessionid?login=legacy&password={bank.password}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    session = json.loads(answer.data)
    assert answer.data == f'"{session}"'.encode()
    assert len(session) == 36
    assert bank.client.get(f"/rest/User/Balance?SessionID={session}").json == BANK.balance_told
    sent = bank.post("/rest/Sms/Send", {"SessionID": session, **SENT})
    (message_id,) = sent.json
    state = bank.client.get(f"/rest/Sms/State?sessionId={session}&messageId={message_id}")
    assert state.json["State"] == -2


@pytest.mark.parametrize(
    "path", ["/rest/v2/Sms/Send", "/REST/V2/SMS/SEND", "/Rest/v2/sms/send", "/rest/v2/Sms/Send/"]
)
def test_paths_are_read_in_any_letter_case(bank: RestBank, path: str) -> None:
    assert bank.send(path).status_code == 200


def test_parameters_come_in_the_query_in_a_form_or_in_parts_in_any_case(bank: RestBank) -> None:
    given = {"LOGIN": "legacy", "password": bank.password, **SENT}
    in_query = bank.client.post("/rest/v2/Sms/Send", query_string=given)
    in_parts = bank.client.post("/rest/v2/Sms/Send", data=given, content_type="multipart/form-data")
    mixed = bank.client.post(
        "/rest/v2/Sms/Send",
        query_string={"login": "legacy", "PassWord": bank.password},
        data={name.upper(): value for name, value in SENT.items()},
    )
    untyped = bank.client.post(
        "/rest/v2/Sms/Send", query_string=given, data=b"Validity=5", content_type="text/plain"
    )
    assert [one.status_code for one in (in_query, in_parts, mixed, untyped)] == [200, 200, 200, 200]
    bank.relay.work()
    assert [message.text.reveal() for message, _ in bank.relay.sms.sent] == ["test"] * 4


def test_reading_takes_post_too_so_that_passwords_can_stay_out_of_addresses(bank: RestBank) -> None:
    login = {"Login": "legacy", "Password": bank.password}
    session = bank.post("/rest/User/SessionId", login).json
    assert bank.post("/rest/User/Balance", {"SessionID": session}).json == BANK.balance_told
    assert bank.post("/rest/v2/User/Balance", login).json == BANK.balance_told


def test_nothing_is_sent_by_get(bank: RestBank) -> None:
    query = {"Login": "legacy", "Password": bank.password, **SENT}
    answer = bank.client.get("/rest/v2/Sms/Send", query_string=query)
    assert (answer.status_code, answer.json) == (400, error(6, "Invalid operation"))
    assert bank.relay.work() == []


def test_the_first_of_a_repeated_parameter_counts_as_in_the_manuals_example(bank: RestBank) -> None:
    body = (
        f"Login=legacy&Password={bank.password}&&SourceAddress=TESTSMS&DestinationAddresses=79001234567"
        "&Data=testdata&Validity=10&DestinationAddresses=%2079160000000&data=other&validity=99"
    )
    answer = bank.client.post("/rest/v2/Sms/SendBulk", data=body)
    assert len(answer.json) == 2
    bank.relay.work()
    assert {(sent.text.reveal(), sent.life_s) for sent, _ in bank.relay.sms.sent} == {("testdata", 600)}
    assert {sent.to.digits for sent, _ in bank.relay.sms.sent} == {"79001234567", "79160000000"}


@pytest.mark.parametrize("written", ["79161112211", "+79161112211", "89161112211", "8 (916) 111-22-11"])
def test_numbers_are_read_in_the_forms_of_the_manual(bank: RestBank, written: str) -> None:
    assert bank.send(DestinationAddress=written).status_code == 200
    bank.relay.work()
    assert bank.relay.sms.sent[0][0].to == Msisdn("79161112211")


def test_the_balance_is_what_the_tenant_has_set(rig: StoreRig) -> None:
    bank = RestBank(rig)
    answer = bank.client.get(
        "/rest/v2/User/Balance", query_string={"Login": "legacy", "Password": bank.password}
    )
    assert (answer.status_code, answer.data) == (200, b"1000000")
    assert answer.headers["Cache-Control"] == "private, no-store"


# --- what is sent --------------------------------------------------------------------------


def test_a_text_of_two_segments_has_two_ids_and_either_tells_its_state(bank: RestBank) -> None:
    ids = bank.send(Data=LONG).json
    assert len(ids) == 2
    assert int(ids[1]) == int(ids[0]) + 1
    assert bank.state(ids[0]) == bank.state(ids[1])
    assert bank.state(ids[0])["State"] == -2


def test_many_numbers_get_their_segments_one_after_another(bank: RestBank) -> None:
    numbers = ["79161112211", "79031234567"]
    ids = bank.send("/rest/v2/Sms/SendBulk", DestinationAddresses=numbers, Data=LONG).json
    assert [int(one) % 16 for one in ids] == [0, 1, 0, 1]
    bank.relay.work()
    assert {sent.to.digits for sent, _ in bank.relay.sms.sent} == set(numbers)
    views = [bank.relay.view.run("bank", ids[place]) for place in (0, 2)]
    assert [view.number.digits for view in views if isinstance(view, MessageView)] == numbers


def test_the_table_of_chapter_2_names_the_numbers_in_the_singular(bank: RestBank) -> None:
    assert (
        len(bank.send("/rest/v2/Sms/SendBulk", DestinationAddress=["79161112211", "79031234567"]).json) == 2
    )


def test_one_wrong_number_keeps_all_from_being_sent_to(bank: RestBank) -> None:
    answer = bank.send("/rest/v2/Sms/SendBulk", DestinationAddresses=["79161112211", "12"])
    assert (answer.status_code, answer.json) == (400, error(2, "Invalid destination address"))
    assert bank.relay.work() == []


def test_a_call_takes_2999_numbers_and_not_one_more(rig: StoreRig) -> None:
    bank, path = RestBank(rig, queue_limit=64 * 3000), "/rest/v2/Sms/SendBulk"
    numbers = [f"+7 916 {number:07d}" for number in range(3000)]
    more = bank.send(path, DestinationAddresses=numbers)
    assert more.json == error(2, "Too many destination addresses")
    taken = bank.send(path, DestinationAddresses=numbers[:2999], Data="д" * 70)
    assert len(set(taken.json)) == 2999
    assert rig.redis.dbsize() > 2999
    assert bank.state(taken.json[-1])["State"] == -2


def test_what_finds_no_room_in_the_queue_is_told_number_by_number(rig: StoreRig) -> None:
    bank = RestBank(rig, queue_limit=64)
    numbers = [f"+7 916 {number:07d}" for number in range(200)]
    ids = bank.send("/rest/v2/Sms/SendBulk", DestinationAddresses=numbers).json
    assert len(set(ids)) == 200
    states = [bank.state(one)["State"] for one in ids]
    assert set(states) == {-2, 48}
    while bank.relay.work():
        pass
    assert len(bank.relay.sms.sent) == states.count(-2)


def test_a_number_that_is_refused_among_others_has_an_id_that_says_so(bank: RestBank, rig: StoreRig) -> None:
    bank.relay.trust(NEW_SIM)
    rig.redis.hset(rig.layout.of("bank", Msisdn("79161112211")).of_number("guesses"), "x", "z")
    numbers = ["79161112211", "79031234567"]
    refused, taken = bank.send("/rest/v2/Sms/SendBulk", DestinationAddresses=numbers).json
    assert [bank.state(one)["State"] for one in (refused, taken)] == [48, -2]
    assert bank.state(refused)["CreationDateUtc"] == f"/Date({bank.clock.unix_ms()})/"
    bank.relay.work()
    assert [sent.to.digits for sent, _ in bank.relay.sms.sent] == ["79031234567"]


def test_where_no_number_is_taken_the_call_fails(bank: RestBank, rig: StoreRig) -> None:
    rig.redis.hset(rig.layout.of("bank", Msisdn("79161112211")).of_number("guesses"), "x", "z")
    answer = bank.send("/rest/v2/Sms/SendBulk", DestinationAddresses="79161112211")
    assert (answer.status_code, answer.json) == (403, error(7, "Forbidden"))


# --- time ----------------------------------------------------------------------------------


def _due(bank: RestBank, message_id: str) -> int:
    view = bank.relay.view.run("bank", message_id)
    assert isinstance(view, MessageView)
    return view.due_at_ms


# the rig's clock stands at 2027-01-15T08:00:00Z
@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("2027-01-15T16:00:00", 8),
        ("2027-01-15 16:00:00", 8),
        ("2027-01-15T16:00:00.000", 8),
        ("2027-01-15T16:00", 8),
        ("2027-01-15T16:00:00Z", 8),
        ("2027-01-15T16:00:00%2B03:00", 5),
        ("2011-01-28T16:00:00", 0),
    ],
)
def test_a_deferred_message_leaves_at_its_time_in_gmt(bank: RestBank, written: str, hours: int) -> None:
    (message_id,) = bank.send(SendDate=written.replace("%2B", "+")).json
    assert _due(bank, message_id) == bank.store.now_ms + hours * 3_600_000
    assert bank.state(message_id)["State"] == -2


@pytest.mark.parametrize(
    ("number", "hours"),
    [
        # one zone: Moscow, three hours ahead
        ("74951234567", 5),
        # any of Russia: it is sixteen o'clock in the last of its zones, two hours ahead
        ("79161112211", 6),
        ("12125550123", 13),
    ],
)
def test_by_time_zone_the_clock_of_the_number_decides(bank: RestBank, number: str, hours: int) -> None:
    (message_id,) = bank.send(
        "/rest/v2/Sms/SendByTimeZone", DestinationAddress=number, SendDate="2027-01-15T16:00:00"
    ).json
    assert _due(bank, message_id) == bank.store.now_ms + hours * 3_600_000


def test_many_numbers_each_have_the_clock_of_their_own(bank: RestBank) -> None:
    ids = bank.send(
        "/rest/v2/Sms/SendByTimeZoneToAddresses",
        DestinationAddresses=["74951234567", "12125550123"],
        SendDate="2027-01-15T16:00:00",
    ).json
    assert [(_due(bank, one) - bank.store.now_ms) // 3_600_000 for one in ids] == [5, 13]


def test_by_time_zone_needs_a_date_that_tells_no_zone(bank: RestBank) -> None:
    path = "/rest/v2/Sms/SendByTimeZone"
    missing = bank.send(path)
    assert missing.json == error(1, "SendDate can not be null or empty Parameter name: sendDate")
    told = bank.send(path, SendDate="2027-01-15T16:00:00Z")
    assert told.json == error(2, "Invalid argument Parameter name: sendDate")


def test_a_deferred_message_passes_the_gate_when_it_leaves(bank: RestBank) -> None:
    (message_id,) = bank.send(SendDate="2027-01-15T09:00:00").json
    assert bank.relay.work() == []
    bank.relay.trust(NEW_SIM)
    bank.relay.wait(3600)
    bank.relay.work()
    assert bank.relay.sms.sent == []
    assert (bank.state(message_id)["State"], bank.state(message_id)["StateDescription"]) == (
        48,
        "Отклонено Платформой",
    )


@pytest.mark.parametrize(("minutes", "life_s"), [("0", 86_400), ("", 86_400), ("1", 60), ("10080", 604_800)])
def test_validity_is_in_minutes_and_0_is_a_day(bank: RestBank, minutes: str, life_s: int) -> None:
    assert bank.send(Validity=minutes).status_code == 200
    bank.relay.work()
    assert bank.relay.sms.sent[0][0].life_s == life_s


def test_a_day_goes_over_the_wire_as_the_golden_file_has_it(rig: StoreRig) -> None:
    assert transcript(rig) == (Path(__file__).parents[1] / "golden" / "devino_rest" / "day.txt").read_bytes()
