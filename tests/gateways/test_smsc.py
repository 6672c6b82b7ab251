from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    Push,
    Receipt,
    ReceiptState,
    Refused,
    SendOutcome,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.domain.senders import (
    ListedSender,
    ListedSenders,
    SendersNotTold,
    SenderStanding,
)
from security_service.gateways.smsc import (
    ENDS,
    STATES,
    SmscGateway,
    SmscSettings,
    batch_receipts,
    receipt_of,
    send_form,
    send_outcome,
)
from security_service.links.http_answer import NoReply, NoReplyReason, NotSent, NotSentReason
from security_service.links.smsc import SEND_ERRORS, SmscData, SmscError, SmscReply, SmscUnread, own_id
from tests.links.peer import Answer, Peer, as_json
from tests.links.smsc_service import LOGIN, PASSWORD, SmscService, fault

WITHIN_S = 5.0
PHONE = "79031234567"
SECRET = "s3cret"
FORM = "application/x-www-form-urlencoded"


def a_message(text: str = "Код 481516", sender: str = "ETALON", life_s: int = 299) -> Message:
    return Message(Msisdn(PHONE), MessageText(text), sender, life_s, "ref-1")


def settings(url: str = "https://smsc.example", /, **values: object) -> SmscSettings:
    given = {"login": LOGIN, "password": Secret(PASSWORD), "base_url": f"{url}/sys", **values}
    return SmscSettings(**given)  # type: ignore[arg-type]  # values of several types


@pytest.fixture
def service() -> SmscService:
    return SmscService()


@pytest.fixture
def peer(service: SmscService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def test_a_message_goes_out_with_every_parameter_in_the_body(peer: Peer) -> None:
    number = own_id("smsc", "ref-1")
    outcome = SmscGateway("smsc", settings(peer.url)).send(a_message(), WITHIN_S)
    assert outcome == Accepted("smsc", (f"{number}-{PHONE}",))
    (send,) = peer.requests
    assert (send.method, send.path, send.query) == ("POST", "/sys/send.php", {})
    assert send.form == {
        "login": LOGIN,
        "psw": PASSWORD,
        "fmt": "3",
        "charset": "utf-8",
        "phones": f"+{PHONE}",
        "mes": "Код 481516",
        "sender": "ETALON",
        "id": number,
        "valid": "00:04",
    }


def test_a_call_says_the_code_digit_by_digit_and_shows_the_configured_number(peer: Peer) -> None:
    gateway = SmscGateway("call", settings(peer.url, call=True, voice="w2", sender="74951234567"))
    assert gateway.channel is Channel.VOICE
    assert isinstance(gateway.send(a_message(), WITHIN_S), Accepted)
    form = peer.requests[0].form
    assert (form["call"], form["voice"], form["sender"]) == ("1", "w2", "74951234567")
    assert form["mes"] == "Код 4, 8, 1, 5, 1, 6"


def test_a_call_without_a_number_of_its_own_leaves_it_to_the_provider() -> None:
    form = send_form("call", a_message(), settings(call=True, spell_digits=False))
    assert isinstance(form, dict)
    assert (form.get("sender"), form["mes"]) == (None, "Код 481516")


def test_a_code_has_one_id_at_each_attempt_and_another_by_another_gateway() -> None:
    forms = [send_form(name, a_message(), settings()) for name in ("sms", "sms", "call")]
    ids = [form["id"] for form in forms if isinstance(form, dict)]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


@pytest.mark.parametrize(
    ("life_s", "valid"),
    [
        (0, "00:01"),
        (59, "00:01"),
        (119, "00:01"),
        (300, "00:05"),
        (3660, "01:01"),
        (86400, "24:00"),
        (10**6, "24:00"),
    ],
)
def test_validity_is_hours_and_minutes_within_the_providers_range(life_s: int, valid: str) -> None:
    form = send_form("s", a_message(life_s=life_s), settings())
    assert isinstance(form, dict)
    assert form["valid"] == valid


def test_the_configured_sender_stands_in_for_none_and_none_is_the_accounts_own() -> None:
    forms = [send_form("s", a_message(sender=""), settings(sender=sender)) for sender in ("BANK", "")]
    assert [form.get("sender") for form in forms if isinstance(form, dict)] == ["BANK", None]


@pytest.mark.parametrize("text", ["", "я" * 1001])
def test_a_text_that_the_provider_does_not_take_goes_to_another_gateway(text: str) -> None:
    assert send_form("s", a_message(text), settings()) == Failed("s", "text_not_possible")
    assert isinstance(send_form("s", a_message("я" * 1000), settings()), dict)


ERROR_ROWS: list[tuple[int, SendOutcome]] = [
    (1, Failed("s", "parameters_wrong")),
    (2, Failed("s", "login_refused")),
    (3, Failed("s", "no_funds")),
    (4, Failed("s", "address_blocked")),
    (5, Failed("s", "date_wrong")),
    (6, Failed("s", "forbidden")),
    (7, Refused("s", "number_wrong")),
    (8, Failed("s", "not_deliverable")),
    (9, Failed("s", "flood")),
]


@pytest.mark.parametrize(("code", "outcome"), ERROR_ROWS)
def test_each_error_ends_a_send_in_its_own_way(code: int, outcome: SendOutcome) -> None:
    assert send_outcome("s", SmscError(code), PHONE) == outcome


def test_every_row_of_the_table_of_errors_is_tested() -> None:
    assert {code for code, _ in ERROR_ROWS} == set(ENDS) == set(SEND_ERRORS)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (SmscData({"id": "1234", "cnt": "1"}), Accepted("s", (f"1234-{PHONE}",))),
        (SmscData({"cnt": "1"}), OutcomeUnknown("s", "answer_unreadable")),
        (SmscData({"id": "x"}), OutcomeUnknown("s", "answer_unreadable")),
        (SmscData([]), OutcomeUnknown("s", "answer_unreadable")),
        (SmscError(77), OutcomeUnknown("s", "code_77")),
        (SmscUnread(200), OutcomeUnknown("s", "answer_unreadable")),
        (SmscUnread(502), OutcomeUnknown("s", "http_502")),
        (SmscUnread(403), Failed("s", "http_403")),
        (NotSent(NotSentReason.CONNECT_FAILED), Failed("s", "connect_failed")),
        (NoReply(NoReplyReason.TIMEOUT), OutcomeUnknown("s", "timeout")),
    ],
)
def test_only_what_surely_did_not_leave_lets_the_next_gateway_try(
    reply: SmscReply, outcome: SendOutcome
) -> None:
    assert send_outcome("s", reply, PHONE) == outcome


STATE_ROWS = [
    (-3, ReceiptState.UNKNOWN),
    (-2, ReceiptState.PENDING),
    (-1, ReceiptState.PENDING),
    (0, ReceiptState.PENDING),
    (1, ReceiptState.DELIVERED),
    (2, ReceiptState.DELIVERED),
    (3, ReceiptState.EXPIRED),
    (20, ReceiptState.UNDELIVERED),
    (22, ReceiptState.UNDELIVERED),
    (23, ReceiptState.UNDELIVERED),
    (24, ReceiptState.UNDELIVERED),
    (25, ReceiptState.UNDELIVERED),
]


@pytest.mark.parametrize(("code", "state"), STATE_ROWS)
def test_each_state_of_the_table_has_its_meaning(code: int, state: ReceiptState) -> None:
    assert receipt_of({"status": str(code), "err": "0"}, "last_timestamp") == Receipt(state, str(code))


def test_every_row_of_the_table_of_states_is_tested() -> None:
    assert {code for code, _ in STATE_ROWS} == set(STATES)


@pytest.mark.parametrize(
    ("told", "receipt"),
    [
        ({"status": "4711"}, Receipt(ReceiptState.UNKNOWN, "4711")),
        ({"status": "20", "err": "219"}, Receipt(ReceiptState.UNDELIVERED, "20_219")),
        (
            {"status": "1", "last_timestamp": "1577550022"},
            Receipt(ReceiptState.DELIVERED, "1", 1577550022000),
        ),
        ({"status": "-1", "last_timestamp": "0"}, Receipt(ReceiptState.PENDING, "-1")),
        ({"status": "x"}, NoReceipt("answer_unreadable")),
        ({}, NoReceipt("answer_unreadable")),
    ],
)
def test_a_receipt_tells_state_error_and_time(told: dict[str, object], receipt: Receipt | NoReceipt) -> None:
    assert receipt_of(told, "last_timestamp") == receipt


def test_a_message_is_asked_for_by_its_number_and_its_id(service: SmscService, peer: Peer) -> None:
    service.states = as_json({"status": 1, "last_date": "", "last_timestamp": 1577550022, "err": 0})
    gateway = SmscGateway("smsc", settings(peer.url))
    assert gateway.receipt(f"17-{PHONE}", WITHIN_S) == Receipt(ReceiptState.DELIVERED, "1", 1577550022000)
    (asked,) = peer.requests
    assert (asked.method, asked.path) == ("POST", "/sys/status.php")
    assert (asked.form["phone"], asked.form["id"], asked.form["all"]) == (PHONE, "17", "0")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (fault(1), "parameters_wrong"),
        (fault(2), "login_refused"),
        (fault(4), "address_blocked"),
        (fault(9), "flood"),
        (fault(77), "code_77"),
        (Answer(b"x", 502), "http_502"),
    ],
)
def test_without_a_state_there_is_no_receipt(
    service: SmscService, peer: Peer, reply: Answer, reason: str
) -> None:
    service.states = reply
    gateway = SmscGateway("smsc", settings(peer.url))
    assert gateway.receipt(f"17-{PHONE}", WITHIN_S) == NoReceipt(reason)
    assert gateway.receipts([f"18-{PHONE}"], WITHIN_S) == {f"18-{PHONE}": NoReceipt(reason)}
    assert gateway.receipt(f"19-{PHONE}", 0.0) == NoReceipt("no_time")


def test_nobody_asks_about_a_message_more_than_five_times_a_minute(peer: Peer) -> None:
    gateway = SmscGateway("smsc", settings(peer.url))
    for _ in range(3):
        gateway.receipt(f"17-{PHONE}", WITHIN_S)
        gateway.receipts([f"17-{PHONE}"], WITHIN_S)
    assert gateway.receipt(f"17-{PHONE}", WITHIN_S) == NoReceipt("asked_too_often")
    assert gateway.receipts([f"17-{PHONE}"], WITHIN_S) == {f"17-{PHONE}": NoReceipt("asked_too_often")}
    assert len(peer.requests) == 5


def test_several_messages_are_asked_for_in_requests_of_the_set_size(service: SmscService, peer: Peer) -> None:
    service.states = as_json(
        [
            {"status": 1, "err": 0, "id": 2, "phone": PHONE},
            {"status": 20, "err": 13, "id": 1, "phone": f"+{PHONE}"},
            {"status": 1, "err": 0, "id": 4, "phone": PHONE},
        ]
    )
    asked = [f"{number}-{PHONE}" for number in (1, 2, 3)]
    receipts = SmscGateway("smsc", settings(peer.url, status_batch=2)).receipts(asked, WITHIN_S)
    assert receipts == {
        asked[0]: Receipt(ReceiptState.UNDELIVERED, "20_13"),
        asked[1]: Receipt(ReceiptState.DELIVERED, "1"),
        asked[2]: NoReceipt("not_told"),
    }
    forms = [request.form for request in peer.requests]
    assert [(form["id"], form["phone"]) for form in forms] == [
        ("1,2,", f"{PHONE},{PHONE},"),
        ("3,", f"{PHONE},"),
    ]


def test_states_without_ids_come_in_the_order_asked_if_there_are_as_many() -> None:
    rows = [{"status": "1"}, {"status": "0"}]
    assert batch_receipts(["a", "b"], rows) == {
        "a": Receipt(ReceiptState.DELIVERED, "1"),
        "b": Receipt(ReceiptState.PENDING, "0"),
    }
    nothing = dict.fromkeys(["a", "b"], NoReceipt("not_told"))
    assert batch_receipts(["a", "b"], rows[:1]) == batch_receipts(["a", "b"], {"status": "1"}) == nothing


def signed(secret: str = SECRET, **told: str) -> dict[str, str]:
    text = f"{told['id']}:{told['phone']}:{told['status']}:{secret}"
    return {**told, "sha1": hashlib.sha1(text.encode()).hexdigest()}  # noqa: S324  # the provider's choice


def test_the_provider_tells_which_senders_may_be_used(service: SmscService, peer: Peer) -> None:
    service.senders = as_json(
        [{"sender": "BANK", "status": 1, "id": 11}, {"sender": "SHOP", "status": 0, "id": 12}]
    )
    gateway = SmscGateway("smsc", settings(peer.url))
    assert gateway.senders(WITHIN_S) == ListedSenders(
        (
            ListedSender("BANK", SenderStanding.ADMITTED),
            ListedSender("SHOP", SenderStanding.AWAITING),
        )
    )
    service.senders = fault(2)
    assert isinstance(gateway.senders(WITHIN_S), SendersNotTold)


@pytest.fixture
def believer() -> SmscGateway:
    return SmscGateway("smsc", settings(callback_secret=Secret(SECRET)))


def test_a_signed_callback_is_a_receipt_whatever_its_form(believer: SmscGateway) -> None:
    told = signed(id="17", phone=f"+{PHONE}", status="1", err="0", ts="1577550022", time="28.12.2019")
    push = Push(f"17-{PHONE}", Receipt(ReceiptState.DELIVERED, "1", 1577550022000))
    assert believer.read_push(FORM, urlencode(told).encode(), {"charset": "utf-8"}) == (push,)
    assert believer.read_push("application/json", json.dumps(told).encode(), {}) == (push,)
    assert believer.read_push("application/json; charset=utf-8", json.dumps([told] * 2).encode(), {}) == (
        push,
        push,
    )
    assert believer.read_push("", b"", told) == (push,)


def test_a_callback_that_nobody_signed_is_no_receipt(believer: SmscGateway) -> None:
    told = signed(id="17", phone=PHONE, status="1")
    forged = [
        {**told, "status": "20"},
        {**told, "id": "18"},
        {**told, "sha1": ""},
        signed("other", id="17", phone=PHONE, status="1"),
    ]
    for one in forged:
        assert believer.read_push(FORM, urlencode(one).encode(), {}) == ()
    assert SmscGateway("smsc", settings()).read_push(FORM, urlencode(told).encode(), {}) == ()


def test_an_incoming_message_is_no_receipt(believer: SmscGateway) -> None:
    assert believer.read_push(FORM, b"phone=79031234567&mes=%CF%F0%E8%E2%E5%F2&to=79990001122", {}) == ()


@given(st.sampled_from([FORM, "application/json", "text/xml", ""]), st.binary(max_size=200))
def test_no_callback_makes_reading_raise(content_type: str, body: bytes) -> None:
    gateway = SmscGateway("smsc", settings(callback_secret=Secret(SECRET)))
    assert gateway.read_push(content_type, body, {}) == ()


def test_every_setting_has_help_and_the_secrets_are_marked() -> None:
    described = fields(SmscSettings)
    assert [field.name for field in described if not field.metadata["help"]] == []
    assert [field.name for field in described if field.metadata.get("secret")] == [
        "password",
        "callback_secret",
    ]
    assert SmscGateway("smsc", settings()).channel is Channel.SMS
