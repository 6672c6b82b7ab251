"""The OpenAPI document: well formed, whole, and about the routes that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.rig import WebRig
from tests.web.test_admin_access import ROUTES

Document = dict[str, Any]
VERBS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})

FILES = {"export_subscribers"}
"""Operations that give a file and no document."""


@pytest.fixture(scope="module")
def document() -> Document:
    response = WebRig().client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    parsed: Document = json.loads(response.data)
    return parsed


def _nodes(node: object) -> Iterator[Document]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _nodes(inner)


def _operations(document: Document) -> Iterator[tuple[str, Document, Document]]:
    for path, item in document["paths"].items():
        for verb in VERBS & item.keys():
            yield path, item, item[verb]


def test_it_has_the_parts_that_the_specification_asks_for(document: Document) -> None:
    assert re.fullmatch(r"3\.0\.\d", document["openapi"])
    assert document["info"]["title"]
    assert document["info"]["version"] == "v1"
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}


def test_every_reference_leads_somewhere(document: Document) -> None:
    references = {node["$ref"] for node in _nodes(document) if isinstance(node.get("$ref"), str)}
    assert references
    for reference in references:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


def test_every_route_is_an_operation_of_its_own_name_and_no_other_is(document: Document) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert sorted(names) == sorted(ROUTES)


def test_every_path_parameter_is_declared_and_required(document: Document) -> None:
    for path, item, operation in _operations(document):
        parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
        in_path = {one["name"] for one in parameters if one["in"] == "path" and one["required"]}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert len({(one["in"], one["name"]) for one in parameters}) == len(parameters)


def test_every_operation_tells_its_answers_and_problems_are_problem_json(document: Document) -> None:
    for _, _, operation in _operations(document):
        responses = operation["responses"]
        assert {"200", "401", "403", "422", "503", "default"} <= responses.keys()
        assert operation["summary"]
        for status, response in responses.items():
            given = "text/csv" if operation["operationId"] in FILES else "application/json"
            expected = given if status.startswith("2") else "application/problem+json"
            assert list(response["content"]) == [expected]
            assert response["description"]


def test_every_pattern_is_anchored_and_compiles(document: Document) -> None:
    patterns = [node["pattern"] for node in _nodes(document) if isinstance(node.get("pattern"), str)]
    assert patterns
    for pattern in patterns:
        assert re.fullmatch(r"\^.*\$", pattern)
        assert re.compile(pattern).pattern == pattern


def test_it_fetches_nothing_from_elsewhere(document: Document) -> None:
    assert "http://" not in json.dumps(document)
    assert "https://" not in json.dumps(document)
