from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from security_service.cli.collection import collection
from security_service.cli.openapi_document import openapi_document

Document = dict[str, Any]


@pytest.fixture(scope="module")
def openapi() -> Document:
    return openapi_document()


def _requests(node: Document) -> Iterator[tuple[str, Document]]:
    for one in node["item"]:
        if "item" in one:
            yield from _requests(one)
        else:
            yield one["name"], one["request"]


@pytest.fixture(scope="module")
def requests(openapi: Document) -> dict[str, Document]:
    return dict(_requests(json.loads(collection(openapi))))


def test_it_holds_every_operation_of_the_document_and_both_of_the_two_factor_face(
    openapi: Document, requests: dict[str, Document]
) -> None:
    verbs = ("get", "post", "put", "delete")
    names = {
        item[verb]["operationId"] for item in openapi["paths"].values() for verb in verbs if verb in item
    }
    assert set(requests) == names | {"GenerateCode", "CheckCode"}


def test_it_is_the_same_for_the_same_document(openapi: Document) -> None:
    assert collection(openapi) == collection(openapi_document())


def test_it_says_which_schema_it_follows_and_holds_no_key(openapi: Document) -> None:
    document = json.loads(collection(openapi))
    assert document["info"]["schema"].endswith("/v2.1.0/collection.json")
    kept = {one["key"]: one["value"] for one in document["variable"]}
    assert (kept["api_key"], kept["management_key"]) == ("", "")


def test_a_path_names_its_variables_and_a_body_has_every_member(requests: dict[str, Document]) -> None:
    mode = requests["set_mode"]
    assert mode["method"] == "PUT"
    assert mode["url"]["raw"] == "{{base_url}}/api/v1/subscribers/:number/mode"
    assert mode["url"]["variable"] == [{"key": "number", "value": "{{number}}"}]
    body = json.loads(mode["body"]["raw"])
    assert body == {"mode": "check", "reason": "", "until": None, "bound": False}


def test_what_may_be_left_out_is_switched_off(requests: dict[str, Document]) -> None:
    assert all(one["disabled"] for one in requests["list_subscribers"]["url"]["query"])
    assert [one["disabled"] for one in requests["set_mode"]["header"]] == [True]


def test_each_code_is_asked_for_under_a_key_of_its_own_and_a_verdict_is_asked_for(
    requests: dict[str, Document],
) -> None:
    headers = {one["key"]: one["value"] for one in requests["CheckCode"]["header"]}
    wanted = {"Idempotency-Key": "{{$guid}}", "X-Etalon-Want": "signed-verdict", "X-ApiKey": "{{api_key}}"}
    assert headers == wanted
