from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, NUMBER, START, Rig, make_rig

TOKEN_URL = "http://localhost/camara/token"
API = "/camara/sim-swap/v2"
HOUR = 3600
KEY = generate_private_key(SECP256R1())
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
JTI = iter(range(10**6))


@pytest.fixture
def rig(data_file: Path) -> Rig:
    return make_rig(data_file, public_key=PUBLIC)


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def assertion(header: dict[str, str] | None = None, claims: Mapping[str, object] | None = None) -> str:
    good = {
        "iss": LOGIN,
        "sub": LOGIN,
        "aud": TOKEN_URL,
        "jti": f"j{next(JTI)}",
        "iat": int(START),
        "exp": int(START) + 60,
    }
    said = [header or {"alg": "ES256"}, {**good, **(claims or {})}]
    signed = ".".join(encoded(json.dumps(part).encode()) for part in said)
    first, second = decode_dss_signature(KEY.sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{encoded(first.to_bytes(32, 'big') + second.to_bytes(32, 'big'))}"


def ask_token(rig: Rig, **members: str) -> TestResponse:
    form = {
        "grant_type": "client_credentials",
        "scope": "sim-swap dpv:FraudPreventionAndDetection",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        **members,
    }
    return rig.client.post("/camara/token", data={"client_assertion": assertion(), **form})


def bearer(rig: Rig, scope: str = "sim-swap") -> dict[str, str]:
    answer = ask_token(rig, scope=f"{scope} dpv:FraudPreventionAndDetection")
    assert answer.status_code == 200, answer.get_json()
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


def ask(rig: Rig, what: str, body: object = None, **headers: str) -> TestResponse:
    asked = {"phoneNumber": f"+{NUMBER}"} if body is None else body
    given = {name.replace("_", "-"): value for name, value in headers.items()} or bearer(rig)
    return rig.client.post(f"{API}/{what}", json=asked, headers=given)


def code(answer: TestResponse) -> tuple[int, str]:
    document: dict[str, Any] = answer.get_json()
    assert document["status"] == answer.status_code
    assert document["message"]
    return answer.status_code, document["code"]


def test_a_client_that_proves_itself_gets_a_token_for_five_minutes(rig: Rig) -> None:
    told = ask_token(rig).get_json()
    assert len(told.pop("access_token")) > 20
    assert told == {
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "sim-swap dpv:FraudPreventionAndDetection",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"aud": "https://elsewhere.example/token"},
        {"exp": int(START) - 1},
        {"exp": int(START) + 301},
        {"iat": int(START) + 3600, "exp": int(START) + 3660},
        {"jti": ""},
        {"iat": None},
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(rig: Rig, wrong: dict[str, object]) -> None:
    answer = ask_token(rig, client_assertion=assertion(claims=wrong))
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "W10.W10.W10", assertion({"alg": "none"})])
def test_what_is_no_signed_assertion_is_refused(rig: Rig, text: str) -> None:
    assert ask_token(rig, client_assertion=text).status_code == 401


def test_a_signature_of_another_key_is_refused_where_the_key_is_known(rig: Rig, data_file: Path) -> None:
    head, body, _ = assertion().split(".")
    forged = f"{head}.{body}.{encoded(bytes(64))}"
    assert ask_token(rig, client_assertion=forged).status_code == 401
    assert ask_token(make_rig(data_file.with_name("b.json")), client_assertion=forged).status_code == 200


def test_an_assertion_is_good_for_one_token(rig: Rig) -> None:
    same = assertion()
    assert ask_token(rig, client_assertion=same).status_code == 200
    assert ask_token(rig, client_assertion=same).status_code == 401


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"scope": "sim-swap"}, "invalid_scope"),
        ({"scope": "sim-swap dpv:A dpv:B"}, "invalid_scope"),
        ({"client_assertion_type": "x"}, "invalid_client"),
        ({"client_id": "other"}, "invalid_client"),
    ],
)
def test_a_wrong_token_request_is_refused(rig: Rig, members: dict[str, str], error: str) -> None:
    assert ask_token(rig, **members).get_json()["error"] == error


def test_a_number_that_never_changed_has_a_monitored_period(rig: Rig) -> None:
    assert ask(rig, "retrieve-date").get_json() == {"latestSimChange": None, "monitoredPeriod": 120}
    assert ask(rig, "check").get_json() == {"swapped": False}


def test_a_swap_has_its_date_and_counts_within_the_age(rig: Rig) -> None:
    rig.client.post(f"/handsets/{NUMBER}/swap")
    assert ask(rig, "retrieve-date").get_json() == {"latestSimChange": "2027-01-15T08:00:00.000Z"}
    rig.clock.move(72 * HOUR)
    wide, narrow = ({"phoneNumber": f"+{NUMBER}", "maxAge": hours} for hours in (72, 71))
    token = {"Authorization": fresh_bearer(rig)}
    assert ask(rig, "check", wide, **token).get_json() == {"swapped": True}
    assert ask(rig, "check", narrow, **token).get_json() == {"swapped": False}
    rig.clock.move(120 * 24 * HOUR)
    token = {"Authorization": fresh_bearer(rig)}
    assert ask(rig, "retrieve-date", **token).get_json()["latestSimChange"] is None


def fresh_bearer(rig: Rig) -> str:
    """A token at the rig's time, which the tests move."""
    now = int(rig.clock.now)
    answer = ask_token(rig, client_assertion=assertion(claims={"iat": now, "exp": now + 60}))
    return f"Bearer {answer.get_json()['access_token']}"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, (422, "MISSING_IDENTIFIER")),
        ({"phoneNumber": NUMBER}, (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": 5}, (400, "INVALID_ARGUMENT")),
        ([], (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": "+74951234567"}, (422, "SERVICE_NOT_APPLICABLE")),
        ({"phoneNumber": f"+{NUMBER}", "maxAge": "24"}, (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": f"+{NUMBER}", "maxAge": True}, (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": f"+{NUMBER}", "maxAge": 0}, (400, "OUT_OF_RANGE")),
        ({"phoneNumber": f"+{NUMBER}", "maxAge": 2401}, (400, "OUT_OF_RANGE")),
    ],
)
def test_a_wrong_question_has_the_error_of_the_table(rig: Rig, body: object, error: tuple[int, str]) -> None:
    assert code(ask(rig, "check", body)) == error


def test_a_number_that_nobody_has_is_not_found(rig: Rig) -> None:
    rig.switch("unknown")
    assert code(ask(rig, "retrieve-date")) == (404, "IDENTIFIER_NOT_FOUND")


def test_without_a_token_that_lives_nothing_is_told(rig: Rig) -> None:
    token = bearer(rig)
    assert code(ask(rig, "check", Authorization="Bearer x")) == (401, "UNAUTHENTICATED")
    assert code(ask(rig, "check", Authorization="Basic x")) == (401, "UNAUTHENTICATED")
    rig.clock.move(301)
    assert code(ask(rig, "check", **token)) == (401, "UNAUTHENTICATED")


def test_a_token_opens_what_it_was_given_for(rig: Rig) -> None:
    token = bearer(rig, "sim-swap:check")
    assert ask(rig, "check", **token).status_code == 200
    assert code(ask(rig, "retrieve-date", **token)) == (403, "PERMISSION_DENIED")


def test_the_correlator_comes_back(rig: Rig) -> None:
    token = bearer(rig)
    assert ask(rig, "check", **token, x_correlator="a-1").headers["x-correlator"] == "a-1"
    assert ask(rig, "check", {}, **token, x_correlator="a-1").headers["x-correlator"] == "a-1"
    assert code(ask(rig, "check", **token, x_correlator="a b")) == (400, "INVALID_ARGUMENT")


def test_its_faults_are_those_of_the_imsi(rig: Rig) -> None:
    token = bearer(rig)
    rig.fault("imsi", "error")
    assert code(ask(rig, "check", **token)) == (503, "UNAVAILABLE")
