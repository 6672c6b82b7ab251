"""Subscriptions to SIM swaps: made, shown, ended; each row of the table of errors; whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from security_service.domain.oauth_clients import (
    SIM_SWAP_SCOPE,
    SUBSCRIPTIONS_DELETE_SCOPE,
    SUBSCRIPTIONS_READ_SCOPE,
    SWAPPED_SCOPE,
)
from security_service.domain.swap_subscriptions import SWAPPED, moment_text
from tests.store.rig import StoreRig
from tests.web.camara_rig import FREE_BANK, PHONE, STRANGER, CamaraRig, code_of

PATH = "/sim-swap-subscriptions/v0.2/subscriptions"
SINK = "https://bank.example/in"
TOKEN = {
    "credentialType": "ACCESSTOKEN",
    "accessToken": "t0ken",
    "accessTokenType": "bearer",
    "accessTokenExpiresUtc": "2100-01-01T00:00:00Z",
}


@pytest.fixture
def rig(redis_url: str) -> Iterator[CamaraRig]:
    store = StoreRig(redis_url)
    yield CamaraRig(store)
    store.close()


def body(config: dict[str, object] | None = None, **members: object) -> dict[str, Any]:
    detail = {"subscriptionDetail": {"phoneNumber": PHONE}, **(config or {})}
    return {"protocol": "HTTP", "sink": SINK, "types": [SWAPPED], "config": detail, **members}


def call(rig: CamaraRig, method: str, path: str, token: str | None = None) -> TestResponse:
    bearer = {"Authorization": f"Bearer {rig.token() if token is None else token}"}
    return rig.client.open(path, method=method, headers=bearer)


def test_a_subscription_is_made_shown_listed_and_ended(rig: CamaraRig) -> None:
    ends = moment_text(rig.clock.unix_ms() + 60_000)
    config: dict[str, object] = {
        "subscriptionExpireTime": ends, "subscriptionMaxEvents": 3, "initialEvent": False,
    }  # fmt: skip
    made = rig.post(PATH, body(config, sinkCredential=TOKEN))
    assert made.status_code == 201, made.get_json()
    told = made.get_json()
    assert set(told) == {"id", "protocol", "sink", "types", "config", "startsAt", "expiresAt", "status"}
    assert (told["sink"], told["types"], told["expiresAt"]) == (SINK, [SWAPPED], ends)
    assert told["config"]["subscriptionMaxEvents"] == 3
    assert told["config"]["subscriptionDetail"] == {"phoneNumber": PHONE}
    one = f"{PATH}/{told['id']}"
    assert call(rig, "GET", one).get_json() == told
    assert call(rig, "GET", PATH).get_json() == [told]
    ended = call(rig, "DELETE", one)
    assert (ended.status_code, ended.data) == (204, b"")
    assert ended.headers["x-correlator"]
    assert code_of(call(rig, "GET", one)) == code_of(call(rig, "DELETE", one)) == (404, "NOT_FOUND")
    assert call(rig, "GET", PATH).get_json() == []


def test_without_an_end_it_ends_in_a_year_and_an_ended_one_is_not_shown(rig: CamaraRig) -> None:
    told = rig.post(PATH, body()).get_json()
    assert told["expiresAt"] == moment_text(rig.clock.unix_ms() + 365 * 86_400_000)
    assert "subscriptionExpireTime" not in told["config"]
    rig.service.clock.move(366 * 86_400)
    assert call(rig, "GET", PATH).get_json() == []
    assert code_of(call(rig, "GET", f"{PATH}/{told['id']}")) == (404, "NOT_FOUND")


def test_nobody_sees_or_ends_anothers(rig: CamaraRig) -> None:
    rig.save("second-app", FREE_BANK)
    one = f"{PATH}/{rig.post(PATH, body()).get_json()['id']}"
    for client in (STRANGER, "second-app"):
        theirs = rig.token(client)
        assert call(rig, "GET", PATH, theirs).get_json() == []
        for method in ("GET", "DELETE"):
            assert code_of(call(rig, method, one, theirs)) == (404, "NOT_FOUND")
    assert call(rig, "GET", one).status_code == 200


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ([], (400, "INVALID_ARGUMENT")),
        (body(protocol="MQTT5"), (400, "INVALID_PROTOCOL")),
        (body(protocol=None), (400, "INVALID_ARGUMENT")),
        (body(sink="http://bank.example/"), (400, "INVALID_SINK")),
        (body(sink="https://169.254.169.254/"), (400, "INVALID_SINK")),
        (body(sink="https://a:b@bank.example/"), (400, "INVALID_SINK")),
        (body(sink=1), (400, "INVALID_ARGUMENT")),
        (body(types=[]), (400, "INVALID_ARGUMENT")),
        (body(types=["other"]), (400, "INVALID_ARGUMENT")),
        (body(types=[SWAPPED, SWAPPED]), (422, "MULTIEVENT_SUBSCRIPTION_NOT_SUPPORTED")),
        (body(sinkCredential={"credentialType": "PLAIN"}), (400, "INVALID_CREDENTIAL")),
        (body(sinkCredential={**TOKEN, "accessTokenType": "mac"}), (400, "INVALID_TOKEN")),
        (body(sinkCredential={**TOKEN, "accessToken": "a\r\nX: y"}), (400, "INVALID_TOKEN")),
        (body(sinkCredential={**TOKEN, "accessTokenExpiresUtc": "soon"}), (400, "INVALID_ARGUMENT")),
        (body(sinkCredential=None), (400, "INVALID_ARGUMENT")),
        (body(config=None) | {"config": 1}, (400, "INVALID_ARGUMENT")),
        (body({"subscriptionMaxEvents": 0}), (400, "OUT_OF_RANGE")),
        (body({"subscriptionMaxEvents": "1"}), (400, "INVALID_ARGUMENT")),
        (body({"initialEvent": True}), (400, "INVALID_ARGUMENT")),
        (body({"subscriptionExpireTime": "2100-01-01T00:00:00"}), (400, "INVALID_ARGUMENT")),
        (body({"subscriptionExpireTime": "2001-01-01T00:00:00Z"}), (400, "INVALID_ARGUMENT")),
        (body({"subscriptionDetail": {}}), (422, "MISSING_IDENTIFIER")),
        (body({"subscriptionDetail": {"phoneNumber": "7916"}}), (400, "INVALID_ARGUMENT")),
        (body({"subscriptionDetail": {"phoneNumber": "+99999"}}), (404, "IDENTIFIER_NOT_FOUND")),
    ],
)  # fmt: skip
def test_each_fault_has_its_error_and_makes_nothing(
    rig: CamaraRig, given: object, error: tuple[int, str]
) -> None:
    assert code_of(rig.post(PATH, given)) == error
    assert call(rig, "GET", PATH).get_json() == []


def test_each_operation_wants_a_scope_of_its_own(rig: CamaraRig) -> None:
    wanted = {"POST": SWAPPED_SCOPE, "GET": SUBSCRIPTIONS_READ_SCOPE, "DELETE": SUBSCRIPTIONS_DELETE_SCOPE}
    for method, scope in wanted.items():
        path = f"{PATH}/x" if method == "DELETE" else PATH
        assert code_of(call(rig, method, path, "x")) == (401, "UNAUTHENTICATED")
        for other in {SIM_SWAP_SCOPE, *wanted.values()} - {scope}:
            refused = call(rig, method, path, rig.token(scope=other))
            assert code_of(refused) == (403, "PERMISSION_DENIED")
        assert call(rig, method, path, rig.token(scope=scope)).status_code not in {401, 403}
