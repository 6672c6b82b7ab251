from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, START, Rig

URL = "/hlr-lookups/api/v2/hlr-lookup"


def signed(
    path: str, body: str, *, method: str = "POST", stamp: int = int(START), key: str = LOGIN
) -> dict[str, str]:
    text = f"{path}{stamp}{method}{body}".encode()
    return {
        "X-Digest-Key": key,
        "X-Digest-Timestamp": str(stamp),
        "X-Digest-Signature": hmac.new(PASSWORD.encode(), text, sha256).hexdigest(),
    }


def post(rig: Rig, **asked: object) -> TestResponse:
    body = json.dumps({"msisdn": f"+{NUMBER}", **asked}, separators=(",", ":"))
    return rig.client.post(URL, data=body, headers=signed("/hlr-lookup", body))


def told(rig: Rig, **asked: object) -> dict[str, Any]:
    answer = post(rig, **asked)
    assert answer.status_code == 200
    document = answer.get_json()
    assert isinstance(document, dict)
    return document


def test_a_connected_number_has_the_documented_members(rig: Rig) -> None:
    answer = told(rig)
    assert len(answer.pop("id")) == 12
    assert answer.pop("timestamp").startswith("2027-01-15")
    imsi = rig.handset()["imsi"]
    assert answer == {
        "msisdn": f"+{NUMBER}",
        "connectivity_status": "CONNECTED",
        "mccmnc": "25001",
        "mcc": "250",
        "mnc": "01",
        "imsi": imsi,
        "msin": imsi[5:],
        "msc": "79168990567",
        "original_network_name": "ПАО МТС",
        "original_country_name": "Россия",
        "original_country_code": "RU",
        "is_ported": False,
        "ported_network_name": None,
        "ported_country_code": None,
        "is_roaming": False,
        "roaming_network_name": None,
        "roaming_country_code": None,
        "cost": "0.0100",
        "storage": "SYNC-API",
        "route": "LIV",
        "processing_status": "COMPLETED",
        "error_code": None,
        "data_source": "LIVE_HLR",
    }


@pytest.mark.parametrize(
    ("state", "status", "error"),
    [("off", "ABSENT", "27"), ("unknown", "INVALID_MSISDN", "1"), ("barred", "UNDETERMINED", "13")],
)
def test_the_state_of_the_handset_is_told(rig: Rig, state: str, status: str, error: str) -> None:
    rig.switch(state)
    answer = told(rig)
    assert (answer["connectivity_status"], answer["error_code"], answer["imsi"]) == (status, error, None)


def test_a_landline_is_no_mobile_number(rig: Rig) -> None:
    answer = told(rig, msisdn="+74951234567")
    assert (answer["connectivity_status"], answer["error_code"]) == ("INVALID_MSISDN", "193")


def test_a_hybrid_route_is_always_connected_and_never_live(rig: Rig) -> None:
    rig.switch("unknown")
    answer = told(rig, route="IP1")
    assert (answer["connectivity_status"], answer["data_source"]) == ("CONNECTED", "MNP_DB")
    assert set(answer["imsi"] + answer["msc"]) == {"*"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed("/hlr-lookup", "{}", stamp=int(START) - 61),
        signed("/hlr-lookup", "{}", key="other"),
        signed("/hlr-lookup", '{"msisdn":"+7"}'),
        signed("/api/v2/hlr-lookup", "{}"),
        signed("/hlr-lookup", "{}", method="GET"),
        {**signed("/hlr-lookup", "{}"), "X-Digest-Timestamp": "x"},
    ],
)
def test_a_signature_over_anything_else_is_refused(rig: Rig, headers: dict[str, str]) -> None:
    assert rig.client.post(URL, data="{}", headers=headers).status_code == 401


def test_the_signature_can_be_tried(rig: Rig) -> None:
    url, headers = "/hlr-lookups/api/v2/auth-test", signed("/auth-test", "", method="GET")
    assert rig.client.get(url, headers=headers).status_code == 200
    assert rig.client.get(url).status_code == 401


@pytest.mark.parametrize("msisdn", [NUMBER, "+x", "", 5, None])
def test_a_number_must_be_international(rig: Rig, msisdn: object) -> None:
    assert post(rig, msisdn=msisdn).status_code == 400


def test_its_faults_are_those_of_the_imsi(rig: Rig) -> None:
    rig.fault("imsi", "error")
    assert post(rig).status_code == 500
