"""Tenants, their keys and whose word counts, through the management API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from security_service.domain.access import Role
from security_service.domain.trust import TrustCause, TrustEntry, TrustWord
from security_service.usecases.keep_api_keys import MOST_KEYS
from tests.web.rig import BANK, HOMELESS_KEY, ONE_TENANT_KEY, WebRig, as_role, bearer

BASE = "/api/v1/tenants"
ADMIN = as_role(Role.ADMIN)


@pytest.fixture
def rig() -> WebRig:
    return WebRig()


def call(
    rig: WebRig, method: str, path: str, body: object = None, headers: dict[str, str] = ADMIN
) -> TestResponse:
    return rig.client.open(path, method=method, json=body, headers=headers)


def told(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = json.loads(answer.data)
    return read


def problem(answer: TestResponse) -> tuple[int, str, dict[str, Any]]:
    read = json.loads(answer.data)
    return answer.status_code, read["type"].rpartition(":")[2], read


def put(
    rig: WebRig, tenant: str, document: object, version: str, key: dict[str, str] = ADMIN
) -> TestResponse:
    body = {"document": document, "version": version, "reason": "asked to"}
    return call(rig, "PUT", f"{BASE}/{tenant}", body, key)


def version(rig: WebRig, tenant: str = "bank") -> str:
    return str(told(call(rig, "GET", f"{BASE}/{tenant}"))["version"])


# --- documents


def test_a_tenant_is_viewed_changed_and_viewed_again(rig: WebRig) -> None:
    seen = told(call(rig, "GET", f"{BASE}/bank"))
    assert seen["document"]["code_length"] == 6
    saved = told(put(rig, "bank", {**seen["document"], "code_length": 5}, seen["version"]))
    assert saved["document"]["code_length"] == 5
    assert saved["version"] != seen["version"]
    assert [line.partition(":")[0] for line in saved["warnings"]] == ["code_length"]
    assert told(call(rig, "GET", f"{BASE}/bank"))["version"] == saved["version"]
    assert rig.store.facts("tenant_saved") == {"actor": "admin", "reason": "asked to"}


def test_of_two_who_looked_at_one_state_only_the_first_changes_it(rig: WebRig) -> None:
    seen = version(rig)
    told(put(rig, "bank", {"sender": "FIRST"}, seen))
    status, kind, read = problem(put(rig, "bank", {"sender": "SECOND"}, seen))
    assert (status, kind, read["version"]) == (409, "tenant-moved", version(rig))
    assert rig.book.tenants["bank"].sender == "FIRST"


def test_of_two_who_write_at_one_moment_one_is_told(rig: WebRig) -> None:
    seen = version(rig)
    rig.book.moves = 1
    assert problem(put(rig, "bank", {"sender": "MINE"}, seen))[:2] == (409, "tenant-moved")
    assert rig.store.log == []


def test_every_fault_of_a_document_is_told_with_its_setting(rig: WebRig) -> None:
    document = {
        "id": "other",
        "code_length": 99,
        "odd": 1,
        "policy": "none",
        "gateways": ["pigeon"],
        "routes": [{"legs": [{"gateway": "x" * 99}], "countries": ["\ud800"]}],
    }
    status, kind, read = problem(put(rig, "bank", document, version(rig)))
    assert (status, kind) == (422, "tenant-faulty")
    assert {"id", "odd"} <= {one["member"] for one in read["errors"]}
    del document["odd"]
    _, _, read = problem(put(rig, "bank", document, version(rig)))
    assert {"id", "code_length", "routes[0].legs", "routes[0].countries"} <= {
        one["member"] for one in read["errors"]
    }
    del document["id"], document["code_length"], document["routes"]
    _, _, read = problem(put(rig, "bank", document, version(rig)))
    assert {one["member"] for one in read["errors"]} == {"policy", "gateways"}
    assert rig.store.log == []


def test_a_tenant_is_made_once_and_only_by_a_key_of_all_tenants(rig: WebRig) -> None:
    assert problem(put(rig, "odd", {"sender": "X"}, "", bearer(ONE_TENANT_KEY)))[:2] == (403, "other-tenant")
    assert problem(put(rig, "new", {}, "", bearer(ONE_TENANT_KEY)))[0] == 403
    assert told(put(rig, "shop", {"region": "KZ"}, ""))["document"]["region"] == "KZ"
    assert problem(put(rig, "shop", {}, ""))[:2] == (409, "tenant-moved")
    assert problem(put(rig, "nobody", {}, "0" * 16))[:2] == (404, "unknown-tenant")


def test_a_key_sees_and_changes_its_own_tenants_only(rig: WebRig) -> None:
    own = bearer(ONE_TENANT_KEY)
    listed = told(call(rig, "GET", BASE, headers=own))["tenants"]
    assert [one["id"] for one in listed] == ["odd"]
    assert [one["id"] for one in told(call(rig, "GET", BASE, headers=bearer(HOMELESS_KEY)))["tenants"]] == [
        "bank",
        "odd",
    ]
    for method, path, body in (
        ("GET", "bank", None),
        ("PUT", "bank", {"document": {}, "version": version(rig), "reason": "x"}),
        ("GET", "bank/keys", None),
        ("POST", "bank/keys", {}),
        ("DELETE", "bank/keys/x", {}),
    ):
        assert problem(call(rig, method, f"{BASE}/{path}", body, own))[:2] == (403, "other-tenant")
    assert rig.store.log == []


def test_tenants_are_listed_page_by_page(rig: WebRig) -> None:
    for number in range(60):
        told(put(rig, f"t{number:02}", {}, ""))
    first = told(call(rig, "GET", BASE))
    second = told(call(rig, "GET", f"{BASE}?cursor={first['next']}"))
    ids = [one["id"] for page in (first, second) for one in page["tenants"]]
    assert (len(first["tenants"]), second["next"]) == (50, "")
    assert ids == sorted({*ids}) == sorted(rig.book.held)


# --- keys


def test_a_key_is_shown_when_it_is_issued_and_never_again(rig: WebRig) -> None:
    issued = told(call(rig, "POST", f"{BASE}/bank/keys", {"name": "backend"}))
    assert issued["key"] == rig.book.secrets[0].reveal()
    assert issued["ends_at"] is None
    listed = call(rig, "GET", f"{BASE}/bank/keys")
    assert issued["key"] not in listed.text
    assert [(one["id"], one["name"]) for one in told(listed)["keys"]] == [(issued["id"], "backend")]
    assert issued["key"] not in "".join(rig.store.log)


def test_keys_of_one_name_are_ended_apart_at_once_or_later(rig: WebRig) -> None:
    first, second = (told(call(rig, "POST", f"{BASE}/bank/keys", {"name": "one"}))["id"] for _ in range(2))
    later = told(call(rig, "DELETE", f"{BASE}/bank/keys/{first}", {"after_s": 3600}))
    assert later["ends_at"] is not None
    told(call(rig, "DELETE", f"{BASE}/bank/keys/{second}", {}))
    assert [one.id for one in rig.book.keys] == [first]
    again = told(call(rig, "DELETE", f"{BASE}/bank/keys/{first}", {"after_s": 86_400}))
    assert again["ends_at"] == later["ends_at"], "a key is never let in for longer than before"
    assert problem(call(rig, "DELETE", f"{BASE}/bank/keys/{second}", {}))[:2] == (404, "unknown-api-key")


def test_a_tenant_has_no_more_keys_than_can_be_overseen(rig: WebRig) -> None:
    for _ in range(MOST_KEYS):
        told(call(rig, "POST", f"{BASE}/bank/keys", {}))
    assert problem(call(rig, "POST", f"{BASE}/bank/keys", {}))[:2] == (409, "too-many-api-keys")


@pytest.mark.parametrize("body", [{"name": "with space"}, {"name": "x" * 33}, {"odd": 1}])
def test_a_key_with_an_odd_name_is_refused(rig: WebRig, body: dict[str, object]) -> None:
    assert call(rig, "POST", f"{BASE}/bank/keys", body).status_code == 422
    assert rig.book.keys == []


def test_keys_of_a_tenant_that_does_not_exist_are_not_found(rig: WebRig) -> None:
    assert problem(call(rig, "GET", f"{BASE}/nobody/keys"))[:2] == (404, "unknown-tenant")
    assert problem(call(rig, "POST", f"{BASE}/nobody/keys", {}))[:2] == (404, "unknown-tenant")


# --- trust


def test_a_lead_decides_whose_word_counts_and_everybody_sees_it(rig: WebRig) -> None:
    body = {"word": "learn", "reason": "they route SMS home"}
    line = told(call(rig, "PUT", "/api/v1/trust/hlr/25001", body, as_role(Role.LEAD)))
    assert (line["in_force"], line["configured"], line["by"]) == ("learn", "stable", "lead")
    eased = told(call(rig, "POST", "/api/v1/trust/hlr/25001/ease", {"hours": 3, "reason": "eSIM day"}))
    assert eased["eased_until"] is not None
    seen = told(call(rig, "GET", "/api/v1/providers", headers=as_role(Role.ANALYST)))
    assert [one["name"] for one in seen["gateways"]] == ["sms", "call"]
    assert [(one["source"], one["operator"], one["in_force"]) for one in seen["trust"]] == [
        ("hlr", "25001", "learn"),
        ("hlr", "25020", "never"),
    ]


def test_what_the_settings_say_never_of_stays_so(rig: WebRig) -> None:
    body = {"word": "stable", "reason": "x"}
    rig.trust.entries["hlr", "25020"] = TrustEntry(TrustWord.STABLE, TrustCause.PERSON, "olga", 1)
    assert problem(call(rig, "PUT", "/api/v1/trust/hlr/25020", body))[:2] == (409, "never-by-settings")
    assert problem(call(rig, "PUT", "/api/v1/trust/hrl/25001", body))[:2] == (404, "unknown-source")
    assert problem(call(rig, "PUT", "/api/v1/trust/hlr/2500x", body))[:2] == (422, "invalid-operator")
    rig.trust.moves = 99
    assert problem(call(rig, "PUT", "/api/v1/trust/hlr/25001", body))[:2] == (503, "record-keeps-moving")


def test_a_key_of_one_tenant_does_not_decide_for_all(rig: WebRig) -> None:
    own = bearer(ONE_TENANT_KEY)
    body = {"word": "never", "reason": "x"}
    assert problem(call(rig, "PUT", "/api/v1/trust/hlr/25001", body, own))[:2] == (403, "other-tenant")
    ease = {"hours": 1, "reason": "x"}
    assert problem(call(rig, "POST", "/api/v1/trust/hlr/25001/ease", ease, own))[:2] == (403, "other-tenant")
    assert (rig.trust.entries, BANK.id in rig.book.held) == ({}, True)
