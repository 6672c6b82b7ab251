"""What must not work at the face of Devino REST: others' messages, guessed sessions, floods, pages, logs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
import structlog

from security_service.domain.access import Role
from security_service.domain.accounts import WRONG_PASSWORDS_A_MINUTE, Face
from security_service.domain.incoming import KeptIncoming
from security_service.domain.secret import MessageText, Msisdn
from security_service.telemetry.logs import configure_logs
from security_service.web.application import AUTHENTICATION
from security_service.web.auth import Authentication
from security_service.web.devino_rest import BLUEPRINT
from security_service.web.wire.faults import FaultCode
from security_service.web.wire.rest_codec import LONGEST_REQUEST
from tests.store.rig import StoreRig
from tests.web.devino_rest_rig import SENT, RestBank, error
from tests.web.rig import KEY, as_role

WRONG: Final = error(4, "Invalid user login or password")
OVER: Final = error(4, "SessionID expired")


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def bank(rig: StoreRig) -> RestBank:
    return RestBank(rig)


def test_the_face_states_its_authentication(bank: RestBank) -> None:
    assert bank.app.extensions[AUTHENTICATION][BLUEPRINT] is Authentication.ACCOUNT


# --- others' messages ------------------------------------------------------------------------


def test_another_accounts_message_is_as_if_it_never_were(bank: RestBank) -> None:
    second, foreign = bank.account("second"), bank.account("foreign", tenant="other")
    (message_id,) = bank.send().json
    nothing = bank.state("579700854169272358")
    assert bank.state(message_id, "second", second) == nothing
    assert bank.state(message_id, "foreign", foreign) == nothing
    assert bank.state(message_id)["State"] == -2


def test_an_account_reads_only_what_was_written_to_its_own_bank(bank: RestBank) -> None:
    foreign = bank.account("foreign", tenant="other")
    told = KeptIncoming(1, Msisdn("79260000000"), "79160000000", MessageText("x"), bank.store.now_ms)
    bank.incoming.told["bank"] = [told]
    query = {"Login": "foreign", "Password": foreign, "maxDateUTC": "2027-01-16"}
    assert bank.client.get("/rest/v2/Sms/In", query_string=query).json == []


def test_an_account_sends_only_by_its_own_banks_senders(bank: RestBank) -> None:
    foreign = bank.account("foreign", tenant="other")
    answer = bank.send(Login="foreign", Password=foreign)
    assert answer.json == error(6, "Invalid source address")


# --- sessions --------------------------------------------------------------------------------


def test_no_session_is_one_that_the_caller_chose(bank: RestBank) -> None:
    chosen = "F" * 36
    login = {"login": "legacy", "password": bank.password, "SessionID": chosen}
    begun = bank.client.get("/rest/User/SessionId", query_string=login).json
    assert begun != chosen
    answer = bank.client.get("/rest/User/Balance", query_string={"SessionID": chosen})
    assert (answer.status_code, answer.json) == (401, OVER)


def test_sessions_are_no_continuation_of_each_other(bank: RestBank) -> None:
    first, second = bank.session(), bank.session()
    assert first != second
    lower = bank.client.get("/rest/User/Balance", query_string={"SessionID": first.lower()})
    assert (lower.status_code == 401) == (first != first.lower())


def test_a_session_does_not_stand_in_for_a_password_nor_the_other_way_round(bank: RestBank) -> None:
    session = bank.session()
    in_v2 = bank.post("/rest/v2/Sms/Send", {"SessionID": session, **SENT})
    assert in_v2.json["Code"] == 1
    in_v1 = bank.post("/rest/Sms/Send", {"Login": "legacy", "Password": bank.password, **SENT})
    assert in_v1.json["Code"] == 1
    assert bank.relay.work() == []


def test_a_session_of_another_face_opens_nothing(bank: RestBank) -> None:
    soap = bank.account("soap", faces=frozenset({Face.SOAP}))
    answer = bank.client.get("/rest/User/SessionId", query_string={"login": "soap", "password": soap})
    assert (answer.status_code, answer.json) == (401, WRONG)


def test_every_refusal_of_a_caller_reads_alike(bank: RestBank) -> None:
    near = bank.account("near", networks=("10.0.0.0/8",))
    soap = bank.account("soap", faces=frozenset({Face.SOAP}))
    pairs = [("near", near), ("soap", soap), ("near", "wrong"), ("nobody", "wrong"), ("legacy", "wrong")]
    answers = [bank.send(Login=login, Password=password) for login, password in pairs]
    assert {(one.status_code, one.data) for one in answers} == {(401, answers[0].data)}
    assert answers[0].json == WRONG


def test_passwords_cannot_be_tried_out(bank: RestBank) -> None:
    for number in range(WRONG_PASSWORDS_A_MINUTE):
        assert bank.send(Password=f"guess {number}").status_code == 401
    assert bank.send().json == WRONG
    elsewhere = bank.post(
        "/rest/v2/Sms/Send",
        {"Login": "legacy", "Password": bank.password, **SENT},
        environ_base={"REMOTE_ADDR": "192.0.2.9"},
    )
    assert elsewhere.status_code == 200


def test_an_account_comes_from_its_own_networks_even_with_a_session(rig: StoreRig) -> None:
    bank = RestBank(rig, proxies=("10.0.0.1/32",))
    near = bank.account("near", networks=("192.0.2.0/24",))
    proxied = {"environ_base": {"REMOTE_ADDR": "10.0.0.1"}}
    login = {"login": "near", "password": near}
    begun = bank.client.get(
        "/rest/User/SessionId", query_string=login, headers={"X-Forwarded-For": "192.0.2.7"}, **proxied
    )
    balance = {"SessionID": begun.json}
    for forwarded, status in (("192.0.2.7", 200), ("198.51.100.7", 401), ("192.0.2.7, 198.51.100.7", 401)):
        answer = bank.client.get(
            "/rest/User/Balance", query_string=balance, headers={"X-Forwarded-For": forwarded}, **proxied
        )
        assert answer.status_code == status
    untrusted = bank.client.get(
        "/rest/User/Balance",
        query_string=balance,
        headers={"X-Forwarded-For": "192.0.2.7"},
        environ_base={"REMOTE_ADDR": "203.0.113.5"},
    )
    assert untrusted.status_code == 401


# --- floods ----------------------------------------------------------------------------------


def test_an_account_is_held_to_its_pace(bank: RestBank, rig: StoreRig) -> None:
    slow = bank.account("slow", a_second=2)
    answers = [bank.send(Login="slow", Password=slow) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 403]
    assert answers[2].json == error(7, "Too many requests")
    assert answers[2].headers["Retry-After"] == "1"
    assert bank.send().status_code == 200
    rig.advance(1)
    assert bank.send(Login="slow", Password=slow).status_code == 200


def test_a_call_to_many_numbers_is_waited_for_before_the_next(bank: RestBank, rig: StoreRig) -> None:
    slow = bank.account("slow", a_second=2)
    many = {"DestinationAddresses": [f"7916111{number:04d}" for number in range(20)]}
    who = {"Login": "slow", "Password": slow}
    assert len(bank.send("/rest/v2/Sms/SendBulk", **who, **many).json) == 20
    assert bank.send(**who).headers["Retry-After"] == "10"
    rig.advance(9)
    assert bank.send(**who).status_code == 403
    rig.advance(1)
    assert bank.send(**who).status_code == 200


def test_sessions_are_begun_at_the_accounts_pace(bank: RestBank) -> None:
    slow = bank.account("slow", a_second=1)
    login = {"login": "slow", "password": slow}
    answers = [bank.client.get("/rest/User/SessionId", query_string=login) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 403]


@pytest.mark.parametrize("size", [LONGEST_REQUEST + 1, LONGEST_REQUEST + 2, 4 * LONGEST_REQUEST])
def test_a_body_is_no_longer_than_a_call_may_be(bank: RestBank, size: int) -> None:
    answer = bank.client.post("/rest/v2/Sms/Send", data=b"a" * size)
    assert (answer.status_code, answer.json) == (413, error(2, "The request is too large"))
    assert answer.headers["Connection"] == "close"


def test_a_longer_body_is_for_this_face_alone(bank: RestBank) -> None:
    body = b"a" * (128 * 1024)
    assert bank.client.post("/rest/v2/Sms/Send", data=body).json["Code"] == 1
    generate = bank.client.post(
        "/GenerateCode", data=body, content_type="application/json", headers={"X-ApiKey": KEY}
    )
    assert generate.json["Code"] == str(FaultCode.BODY_TOO_LARGE.value)
    managed = bank.client.post(
        "/api/v1/policies/check", data=body, headers=as_role(Role.ADMIN), content_type="application/json"
    )
    assert managed.status_code == 413


def test_parameters_without_number_are_refused_unread(bank: RestBank) -> None:
    answer = bank.client.post("/rest/v2/Sms/SendBulk", data=b"a=1&" * 5000)
    assert answer.json == error(2, "Too many parameters")


# --- what is written -------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["Data=%CF%F0%E8%E2%E5%F2", "Data=Привет".encode("cp1251")])
def test_other_encodings_are_refused_rather_than_sent_as_rubbish(bank: RestBank, body: str | bytes) -> None:
    answer = bank.client.post("/rest/v2/Sms/Send", data=body)
    assert (answer.status_code, answer.json) == (400, error(2, "The parameters are not in UTF-8"))


def test_raw_letters_in_the_address_are_read_as_utf_8(bank: RestBank) -> None:
    query = f"Login=legacy&Password={bank.password}&SourceAddress=DEVINO&DestinationAddress=79161112211"
    environ = {"QUERY_STRING": f"{query}&Data=Привет".encode().decode("latin-1")}
    assert bank.client.post("/rest/v2/Sms/Send", environ_overrides=environ).status_code == 200
    bank.relay.work()
    assert bank.relay.sms.sent[0][0].text.reveal() == "Привет"


def test_what_subscribers_wrote_cannot_become_part_of_a_page(bank: RestBank) -> None:
    text = "</script><img src=x onerror='a'>&\u2028\""
    bank.incoming.told["bank"] = [
        KeptIncoming(1, Msisdn("79260000000"), "1", MessageText(text), 1_799_999_000_000)
    ]
    query = {"Login": "legacy", "Password": bank.password, "maxDateUTC": "2027-01-16"}
    answer = bank.client.get("/rest/v2/Sms/In", query_string=query)
    assert not set("<>&'\u2028") & set(answer.text)
    assert answer.json[0]["Data"] == text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_an_error_repeats_nothing_of_the_request(bank: RestBank) -> None:
    odd = "<script>alert(1)</script>"
    for form in (
        {"Data": odd, "DestinationAddress": odd},
        {"SendDate": odd},
        {"Validity": odd},
        {"Login": odd},
    ):
        assert "script" not in bank.send(**form).text
    assert "script" not in bank.client.get(f"/rest/{odd}?{odd}={odd}").text


def test_answers_are_kept_by_nobody(bank: RestBank) -> None:
    answer = bank.client.get(f"/rest/user/sessionid?login=legacy&password={bank.password}")
    assert answer.headers.getlist("Cache-Control") == ["private, no-store"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_an_answer_does_not_tell_known_numbers_from_unknown_ones(bank: RestBank) -> None:
    bank.relay.trust("250010000000001")
    known, unknown = bank.send().json, bank.send(DestinationAddress="79030000001").json
    assert len(known) == len(unknown) == 1
    states = [bank.state(one) for one in (*known, *unknown)]
    assert states[0] == states[1]


# --- what is logged --------------------------------------------------------------------------


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Log all there is, as the service does."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers, root.level
    configure_logs("debug", stream)
    try:
        yield stream
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()


def test_passwords_sessions_and_texts_never_reach_a_log_even_where_the_face_breaks(
    bank: RestBank, rig: StoreRig
) -> None:
    with logged() as stream:
        session = bank.session()
        bank.client.get("/rest/User/Balance", query_string={"SessionID": session})
        bank.client.get(f"/rest/user/sessionid?login=legacy&password={bank.password}x")
        bank.post("/rest/Sms/Send", {"SessionID": session, **SENT, "Data": "тайна банка"})
        # an account that cannot be read breaks the face where nobody foresaw it
        rig.redis.hset("{m}:accounts", "legacy", json.dumps({"login": bank.password}))
        broken = bank.client.get(f"/rest/v2/User/Balance?Login=legacy&Password={bank.password}")
        assert (broken.status_code, broken.json) == (500, error(9, "Internal server error"))
    told = stream.getvalue()
    assert '"event": "devino_rest_broken"' in told
    for secret in (bank.password, session, "тайна", "79161112211"):
        assert secret not in told


def test_passwords_and_sessions_lie_in_the_store_and_its_events_as_digests_alone(
    bank: RestBank, rig: StoreRig
) -> None:
    session = bank.session()
    bank.send(Password="a guess that is wrong")
    for key in rig.redis.scan_iter():
        held = rig.redis.dump(key) + key
        for secret in (session, bank.password, "a guess that is wrong"):
            assert secret.encode() not in held
