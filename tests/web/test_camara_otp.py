"""One Time Password SMS: each row of the table of errors, their order, and what an attacker gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from security_service.domain.errors import StoreUnavailable
from security_service.domain.limits import Limits, Window
from security_service.domain.lookup import NoData
from security_service.domain.messages import Failed
from security_service.domain.oauth_clients import CHECK_SCOPE
from security_service.domain.one_time_sms import own_text
from security_service.domain.templates import WebOtp
from security_service.usecases.answers import Answered
from security_service.usecases.check_code import CheckCodeRequest
from security_service.usecases.intake import Request
from tests.fakes.sim import NEW_SIM
from tests.store.rig import StoreRig
from tests.usecases.behind_the_scenes import MemoryTenants
from tests.web.camara_rig import (
    FREE_BANK,
    MESSAGE,
    OTHER_BANK,
    PHONE,
    SEND,
    STRANGER,
    VALIDATE,
    CamaraRig,
    code_of,
)

GOOD = {"phoneNumber": PHONE, "message": MESSAGE}


@pytest.fixture
def store(redis_url: str) -> Iterator[StoreRig]:
    rig = StoreRig(redis_url)
    yield rig
    rig.close()


@pytest.fixture
def rig(store: StoreRig) -> CamaraRig:
    return CamaraRig(store)


def send(rig: CamaraRig, **changed: str) -> str:
    answer = rig.post(SEND, {**GOOD, **changed})
    assert answer.status_code == 200, answer.get_json()
    assert set(answer.get_json()) == {"authenticationId"}
    return str(answer.get_json()["authenticationId"])


def validate(rig: CamaraRig, authentication_id: str, code: str, token: str | None = None) -> tuple[int, str]:
    answer = rig.post(VALIDATE, {"authenticationId": authentication_id, "code": code}, token)
    return (204, "") if answer.status_code == 204 and answer.data == b"" else code_of(answer)


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "000001"


def test_the_example_of_the_interface_is_sent_in_its_own_words_and_validated_once(rig: CamaraRig) -> None:
    authentication_id = send(rig)
    assert len(authentication_id) == 36
    code = rig.sms_code()
    assert rig.last_text() == MESSAGE.replace("{{code}}", code)
    assert validate(rig, authentication_id, wrong(code)) == (400, "ONE_TIME_PASSWORD_SMS.INVALID_OTP")
    assert validate(rig, authentication_id, code) == (204, "")
    expired = (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED")
    assert validate(rig, authentication_id, code) == expired


def test_a_later_code_to_the_number_puts_the_earlier_one_out_of_date(rig: CamaraRig) -> None:
    first = send(rig)
    earlier = rig.sms_code()
    second = send(rig)
    later = rig.sms_code()
    assert validate(rig, first, earlier) == (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED")
    assert validate(rig, second, later) == (204, "")


def test_a_code_is_good_for_its_own_id_only(rig: CamaraRig) -> None:
    send(rig)
    earlier = rig.sms_code()
    second = send(rig)
    if earlier != rig.sms_code():
        assert validate(rig, second, earlier) == (400, "ONE_TIME_PASSWORD_SMS.INVALID_OTP")
    assert validate(rig, second, rig.sms_code()) == (204, "")


def test_attempts_are_used_up_and_a_new_id_brings_none(rig: CamaraRig) -> None:
    authentication_id = send(rig)
    code = rig.sms_code()
    answers = [validate(rig, authentication_id, wrong(code)) for _ in range(6)]
    assert answers[:5] == [(400, "ONE_TIME_PASSWORD_SMS.INVALID_OTP")] * 5
    assert answers[5] == validate(rig, authentication_id, code)
    assert answers[5] == (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED")
    assert code_of(rig.post(SEND, GOOD)) == (403, "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED")


def test_a_code_ends_with_time_and_its_id_is_forgotten_a_day_later(rig: CamaraRig) -> None:
    authentication_id = send(rig)
    code = rig.sms_code()
    rig.store.advance(FREE_BANK.code_life_s + 1)
    assert validate(rig, authentication_id, code) == (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED")
    rig.store.advance(2 * 86_400)
    assert validate(rig, authentication_id, code) == (404, "NOT_FOUND")


def test_another_tenants_id_is_as_unknown_as_one_that_never_was(rig: CamaraRig) -> None:
    authentication_id, code = send(rig), rig.sms_code()
    body = {"authenticationId": authentication_id, "code": code}
    theirs = rig.post(VALIDATE, body, rig.token(STRANGER))
    never = rig.post(VALIDATE, {**body, "authenticationId": authentication_id[::-1]})
    assert code_of(theirs) == code_of(never) == (404, "NOT_FOUND")
    assert theirs.data == never.data
    assert validate(rig, authentication_id, code) == (204, "")


def test_an_id_lies_nowhere_in_the_store_and_its_code_answers_no_other_purpose(rig: CamaraRig) -> None:
    authentication_id, code = send(rig), rig.sms_code()
    left = [key.decode() for key in rig.store.redis.scan_iter()]
    everything = b"".join(rig.store.redis.dump(key) for key in left)
    for written in (authentication_id, authentication_id.replace("-", "")):
        assert written.encode() not in everything
        assert not any(written in key for key in left)
    asked = Request(FREE_BANK, rig.store.token(), PHONE)
    answer = rig.service.check_code.run(CheckCodeRequest(asked, code))
    assert isinstance(answer, Answered)
    assert answer.code == 5


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {},
        {"phoneNumber": PHONE},
        {"message": MESSAGE},
        {**GOOD, "phoneNumber": PHONE[1:]},
        {**GOOD, "phoneNumber": "+0123456"},
        {**GOOD, "phoneNumber": "+7 916 111 22 11"},
        {**GOOD, "phoneNumber": f"{PHONE}\n"},
        {**GOOD, "phoneNumber": 79161112211},
        {**GOOD, "phoneNumber": "+" + "1" * 16},
        {**GOOD, "message": "no place for the code"},
        {**GOOD, "message": ""},
        {**GOOD, "message": None},
        {**GOOD, "message": MESSAGE + "x" * 160},
        {**GOOD, "message": "{{code}} and {{code}}"},
        {**GOOD, "message": "{{code}} {minutes}"},
        {**GOOD, "message": "{{code}} }"},
        {**GOOD, "message": "{{{code}}}"},
        {**GOOD, "message": "{{ code }}"},
        {**GOOD, "message": "Hello\n\n@evil.example #{{code}}"},
        {**GOOD, "message": "@evil.example #{{code}}"},
        {**GOOD, "message": " @evil.example #{{code}}"},
        {**GOOD, "message": "{{code}}\u202e"},
        {**GOOD, "message": "{{code}}\u2028@evil.example"},
        {**GOOD, "message": "{{code}}\ud800"},
    ],
)
def test_what_the_schema_or_the_message_rules_forbid_is_an_invalid_argument(
    rig: CamaraRig, body: object
) -> None:
    assert code_of(rig.post(SEND, body)) == (400, "INVALID_ARGUMENT")
    assert rig.service.sms.sent == []


@pytest.mark.parametrize(
    "body",
    [
        {"authenticationId": "x" * 37, "code": "1"},
        {"authenticationId": "x", "code": "1" * 11},
        {"authenticationId": "x", "code": 123456},
        {"authenticationId": "x"},
        {"code": "1"},
        {"authenticationId": "", "code": "1"},
    ],
)
def test_a_validation_of_another_form_is_an_invalid_argument(rig: CamaraRig, body: object) -> None:
    assert code_of(rig.post(VALIDATE, body)) == (400, "INVALID_ARGUMENT")


def test_the_order_of_errors_is_token_then_scope_then_body_then_number(rig: CamaraRig) -> None:
    narrow, bad = rig.token(scope=CHECK_SCOPE), {"phoneNumber": "1", "message": "none"}
    oddly = {"x-correlator": "not one!"}
    for path in (SEND, VALIDATE):
        assert code_of(rig.post(path, bad, "unknown-token", oddly)) == (401, "UNAUTHENTICATED")
        assert code_of(rig.client.post(path, json=bad)) == (401, "UNAUTHENTICATED")
        assert code_of(rig.post(path, bad, narrow, oddly)) == (403, "PERMISSION_DENIED")
        assert code_of(rig.post(path, bad)) == (400, "INVALID_ARGUMENT")
    text = rig.client.post(SEND, data="x", headers={"Authorization": f"Bearer {rig.token()}"})
    assert code_of(text) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert code_of(rig.post(SEND, {**GOOD, "phoneNumber": "+99999"})) == (404, "NOT_FOUND")
    assert rig.client.post(SEND).headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("given", ["b4333c46-49c0-4f62-80d7-f0ef930f1c46", "a_b:c;d./<e>{f}", "x" * 256])
def test_a_correlator_comes_back_with_answers_and_errors(rig: CamaraRig, given: str) -> None:
    for body, token in ((GOOD, None), ({}, None), (GOOD, "none")):
        assert rig.post(SEND, body, token, {"x-correlator": given}).headers["x-correlator"] == given


@pytest.mark.parametrize("given", ["with space", "x" * 257, "é", "a%b", "a,b"])
def test_a_correlator_that_is_none_is_refused_and_not_echoed(rig: CamaraRig, given: str) -> None:
    answer = rig.post(SEND, GOOD, None, {"x-correlator": given})
    assert code_of(answer) == (400, "INVALID_ARGUMENT")
    assert answer.headers["x-correlator"] not in ("", given)
    assert rig.service.sms.sent == []


def test_a_request_without_a_correlator_gets_one(rig: CamaraRig) -> None:
    first, second = (rig.post(SEND, GOOD).headers["x-correlator"] for _ in range(2))
    assert first != second
    assert len(first) == 32


def _limit(rig: CamaraRig, limits: Limits) -> None:
    rig.tenants = MemoryTenants(replace(FREE_BANK, limits=limits), OTHER_BANK)
    rig.client = rig.faces().test_client()


def test_too_many_codes_to_a_number_and_too_many_requests_of_all_are_told_apart(rig: CamaraRig) -> None:
    of_number = Limits(requests=(), checks=(Window("checks", 1, 60),), sends=(Window("sends", 1, 60),))
    _limit(rig, of_number)
    authentication_id = send(rig)
    assert code_of(rig.post(SEND, GOOD)) == (403, "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED")
    code = rig.sms_code()
    assert validate(rig, authentication_id, wrong(code))[0] == 400
    assert validate(rig, authentication_id, code) == (429, "TOO_MANY_REQUESTS")
    _limit(rig, Limits(requests=(), checks=(), sends=(), source=(Window("of_source", 1, 60),)))
    send(rig, phoneNumber="+79161112299")
    assert code_of(rig.post(SEND, GOOD)) == (429, "TOO_MANY_REQUESTS")


def test_a_swapped_sim_blocks_the_number_and_nothing_is_sent(rig: CamaraRig) -> None:
    validate(rig, send(rig), rig.sms_code())
    rig.service.sim.script = [NEW_SIM]
    assert code_of(rig.post(SEND, GOOD)) == (403, "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_BLOCKED")
    assert len(rig.service.sms.sent) == 1


def test_what_cannot_be_sent_or_stored_now_is_unavailable(rig: CamaraRig) -> None:
    earlier, code = send(rig), rig.sms_code()
    rig.service.sms.outcome = Failed("sms", "no_connection")
    assert code_of(rig.post(SEND, GOOD)) == (503, "UNAVAILABLE")
    # What was never sent leaves the earlier code as good as it was.
    assert validate(rig, earlier, code) == (204, "")
    rig.service.sim.script = [StoreUnavailable("away")]
    assert code_of(rig.post(SEND, GOOD)) == (503, "UNAVAILABLE")


def test_a_number_without_a_subscriber_gets_no_code(rig: CamaraRig) -> None:
    rig.service.sim.script = [NoData.UNKNOWN_SUBSCRIBER]
    status, code = code_of(rig.post(SEND, GOOD))
    assert status == 403
    assert code.startswith("ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_")


def test_the_tenants_own_last_line_stays_the_last_one(rig: CamaraRig) -> None:
    bound = replace(FREE_BANK, templates=replace(FREE_BANK.templates, autofill=WebOtp("login.bank.example")))
    rig.tenants = MemoryTenants(bound, OTHER_BANK)
    rig.client = rig.faces().test_client()
    send(rig)
    assert rig.last_text().splitlines()[-1].startswith("@login.bank.example #")


def test_a_message_becomes_a_template_with_one_placeholder() -> None:
    assert own_text("Код {{code}} для входа") == "Код {code} для входа"
    assert own_text("{{code}}") == "{code}"
