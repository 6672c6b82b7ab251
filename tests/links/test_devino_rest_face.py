from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from security_service.domain.messages import (
    Accepted,
    Balance,
    Failed,
    Message,
    NoBalance,
    NoReceipt,
    OutcomeUnknown,
    Receipt,
    ReceiptState,
    Refused,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.links.devino import balance_answer
from security_service.links.devino_access import DevinoReply
from security_service.links.devino_rest_face import (
    STATES,
    DevinoRestFaceSettings,
    Sends,
    resends,
    viber_form,
    viber_outcome,
    viber_receipt,
)
from security_service.links.http_answer import HttpAnswer, NoReply, NoReplyReason, NotSent, NotSentReason
from security_service.links.session import NoSession, NoSessionReason

MESSAGE = Message(Msisdn("79031234567"), MessageText("Код 1234"), "ETALON", 300, "ref-1")
SETTINGS = DevinoRestFaceSettings(
    login="a", password=Secret("b"), base_url="https://provider.example", sends=Sends.VIBER_THEN_SMS
)
PENDING, DELIVERED = ReceiptState.PENDING, ReceiptState.DELIVERED
UNDELIVERED, EXPIRED, UNKNOWN = ReceiptState.UNDELIVERED, ReceiptState.EXPIRED, ReceiptState.UNKNOWN
STATE_ROWS = {
    "0": PENDING,
    "1": PENDING,
    "2": DELIVERED,
    "3": DELIVERED,
    "4": UNDELIVERED,
    "5": UNDELIVERED,
    "6": UNKNOWN,
    "7": EXPIRED,
    "8": DELIVERED,
}
WORD_ROWS = {
    "error-address-format": Refused("it", "error_address_format"),
    "error-address-not-specified": Failed("it", "error_address_not_specified"),
    "error-address-unknown": Failed("it", "error_address_unknown"),
    "error-content-not-specified": Failed("it", "error_content_not_specified"),
    "error-subject-format": Failed("it", "error_subject_format"),
    "error-subject-not-specified": Failed("it", "error_subject_not_specified"),
    "error-subject-unknown": Failed("it", "error_subject_unknown"),
    "error-system": OutcomeUnknown("it", "error_system"),
    "error-validity-period-seconds-format": Failed("it", "error_validity_period_seconds_format"),
}


def answer(body: str, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, {}, body.encode())


@pytest.mark.parametrize(("words", "outcome"), WORD_ROWS.items())
@pytest.mark.parametrize("form", ['{{"Code":1,"Desc":"{}"}}', '{{\nCode: 1\nDesc: "{}"\n}}'])
def test_the_words_of_an_error_say_more_than_its_code(words: str, outcome: object, form: str) -> None:
    assert viber_outcome("it", answer(form.format(words), 400)) == outcome


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer('["GW0261BBD6B3"]'), Accepted("it", ("GW0261BBD6B3",))),
        (answer('{"Code":5,"Desc":"Not enough credits"}', 403), Failed("it", "no_credits")),
        (answer('{"Code":9,"Desc":"Internal server error"}', 500), OutcomeUnknown("it", "internal_error")),
        (answer('{"Code":1,"Desc":"error-new"}', 400), Failed("it", "argument_missing")),
        (answer("", 502), OutcomeUnknown("it", "http_502")),
        (NotSent(NotSentReason.CONNECT_FAILED), Failed("it", "connect_failed")),
        (NoSession(NoSessionReason.REFUSED), Failed("it", "session_refused")),
        (NoReply(NoReplyReason.TIMEOUT), OutcomeUnknown("it", "timeout")),
    ],
)
def test_other_answers_are_read_as_those_to_sms(reply: DevinoReply, outcome: object) -> None:
    assert viber_outcome("it", reply) == outcome


@pytest.mark.parametrize(("code", "state"), STATE_ROWS.items())
def test_each_state_is_a_receipt(code: str, state: ReceiptState) -> None:
    told = answer(f'{{"State":{code},"ReportedDateUtc":"/Date(1377761466000)/","ResentSms":[]}}')
    assert viber_receipt(told, resend=False) == Receipt(state, code, 1377761466000)


def test_every_row_of_the_table_is_tested() -> None:
    assert dict(STATES) == STATE_ROWS


@pytest.mark.parametrize(
    ("members", "receipt"),
    [
        ('"State":4', Receipt(PENDING, "4")),
        ('"State":7,"ResentSms":null', Receipt(PENDING, "7")),
        ('"State":2,"ResentSms":[]', Receipt(DELIVERED, "2")),
        ('"State":4,"ResentSms":[{"State":-1,"Id":1}]', Receipt(PENDING, "sms_-1")),
        ('"State":4,"ResentSms":[{"State":0,"Id":1},{"State":0,"Id":2}]', Receipt(DELIVERED, "sms_0")),
        ('"State":4,"ResentSms":[{"State":0,"Id":1},{"State":-1,"Id":2}]', Receipt(PENDING, "sms_-1")),
        ('"State":4,"ResentSms":[{"State":-1,"Id":1},{"State":42,"Id":2}]', Receipt(UNDELIVERED, "sms_42")),
        ('"State":4,"ResentSms":[{"State":46,"Id":1}]', Receipt(EXPIRED, "sms_46")),
        ('"State":4,"ResentSms":[{"State":77,"Id":1}]', Receipt(UNKNOWN, "sms_77")),
        ('"State":9', Receipt(UNKNOWN, "9")),
        ('"Code":1', NoReceipt("argument_missing")),
    ],
)
def test_a_message_that_an_sms_may_follow_ends_with_the_sms(members: str, receipt: object) -> None:
    assert viber_receipt(answer(f"{{{members}}}"), resend=True) == receipt


def test_without_an_sms_to_follow_a_failure_is_final() -> None:
    assert viber_receipt(answer('{"State":4}'), resend=False) == Receipt(UNDELIVERED, "4")


@pytest.mark.parametrize(
    ("sends", "life_s", "follows", "validity"),
    [
        (Sends.VIBER, 300, False, "5"),
        (Sends.VIBER, 59, False, "1"),
        (Sends.VIBER, 100_000, False, "1440"),
        (Sends.VIBER_THEN_SMS, 300, True, "1"),
        (Sends.VIBER_THEN_SMS, 120, True, "1"),
        (Sends.VIBER_THEN_SMS, 119, False, "1"),
    ],
)
def test_an_sms_follows_only_where_it_is_of_use(
    sends: Sends, life_s: int, validity: str, *, follows: bool
) -> None:
    settings, message = replace(SETTINGS, sends=sends), replace(MESSAGE, life_s=life_s)
    form = viber_form("it", message, settings)
    assert isinstance(form, dict)
    assert (resends(message, settings), form["Validity"]) == (follows, validity)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (replace(MESSAGE, sender="79990001122334"), "sender_not_possible"),
        (replace(MESSAGE, sender=""), "sender_not_possible"),
        (replace(MESSAGE, text=MessageText("x")), "text_not_possible"),
        (replace(MESSAGE, text=MessageText("x" * 1001)), "text_not_possible"),
    ],
)
def test_a_message_that_cannot_go_by_viber_is_not_sent(message: Message, reason: str) -> None:
    assert viber_form("it", message, SETTINGS) == Failed("it", reason)


def test_a_sender_of_fifteen_digits_is_for_sms_alone() -> None:
    assert replace(SETTINGS, sends=Sends.SMS, sender="799900011223344").sender
    with pytest.raises(ValueError, match="where it sends Viber"):
        replace(SETTINGS, sender="799900011223344")


@pytest.mark.parametrize(
    ("reply", "balance"),
    [
        (answer("20015.30"), Balance(Decimal("20015.30"))),
        (answer(" -5\n"), Balance(Decimal(-5))),
        (answer("1e5"), NoBalance("answer_unreadable")),
        (answer(""), NoBalance("answer_unreadable")),
        (answer('{"Code":4,"Desc":"SessionID expired"}', 401), NoBalance("unauthorized")),
        (answer("", 502), NoBalance("http_502")),
        (NoReply(NoReplyReason.TIMEOUT), NoBalance("timeout")),
        (NoSession(NoSessionReason.NO_TIME), NoBalance("session_no_time")),
    ],
)
def test_a_balance_is_a_bare_number(reply: DevinoReply, balance: object) -> None:
    assert balance_answer(reply) == balance
