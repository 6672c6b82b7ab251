"""The application as a whole: authentication stated for every path, headers on every answer, short views."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap

import pytest

from security_service.domain.access import Role
from security_service.web.application import AUTHENTICATION
from security_service.web.auth import Authentication
from security_service.web.secured_response import SECURITY_HEADERS
from tests.web.rig import KEY, WebRig, as_role

LONGEST_VIEW = 25


def test_every_path_belongs_to_a_blueprint_that_states_its_authentication() -> None:
    app = WebRig().app
    stated = app.extensions[AUTHENTICATION]
    for rule in app.url_map.iter_rules():
        blueprint, dot, _ = rule.endpoint.partition(".")
        assert dot, f"{rule} belongs to no blueprint"
        assert isinstance(stated[blueprint], Authentication)
    assert set(stated) == set(app.blueprints)


@pytest.mark.parametrize(
    ("blueprint", "authentication"),
    [
        ("devino", Authentication.TENANT_KEY),
        ("management", Authentication.MANAGEMENT_KEY),
        ("metrics", Authentication.CLIENT_NETWORK),
        ("callbacks", Authentication.CALLBACK_TOKEN),
        ("health", Authentication.NONE),
        ("api-docs", Authentication.NONE),
    ],
)
def test_the_authentication_of_each_face_is_what_it_should_be(
    blueprint: str, authentication: Authentication
) -> None:
    assert WebRig().app.extensions[AUTHENTICATION][blueprint] is authentication


def test_no_view_is_longer_than_25_lines() -> None:
    lengths = {}
    for endpoint, view in WebRig().app.view_functions.items():
        code = inspect.unwrap(getattr(view, "__func__", view))
        if code.__module__.startswith("security_service"):
            lengths[endpoint] = _body_length(textwrap.dedent(inspect.getsource(code)))
    assert len(lengths) >= 12
    assert {endpoint: lines for endpoint, lines in lengths.items() if lines > LONGEST_VIEW} == {}


def _body_length(source: str) -> int:
    """Lines of a function without decorators and docstring."""
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef)
    docstring = len((ast.get_docstring(node) or "").splitlines())
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/readyz", "/metrics", "/GenerateCode", "/api/v1/audit", "/api/v1/openapi.json",
     "/api/v1/subscribers/79161112211", "//healthz"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_every_answer_bears_the_security_headers_once_and_none_is_a_redirect(path: str, method: str) -> None:
    response = WebRig().client.open(path, method=method, headers={**as_role(Role.ADMIN), "X-ApiKey": KEY})
    assert not 300 <= response.status_code < 400
    for name, value in SECURITY_HEADERS:
        assert response.headers.getlist(name) == [value]


# --- health and metrics -------------------------------------------------------------------------


def test_the_process_is_alive_even_where_the_store_is_away() -> None:
    rig = WebRig()
    rig.store.away = True
    assert rig.client.get("/healthz").status_code == 200


def test_readiness_lists_what_is_down() -> None:
    rig = WebRig()
    assert rig.client.get("/readyz").status_code == 200
    rig.health.found = ["the store is 71 % full", "the clock is off"]
    response = rig.client.get("/readyz")
    assert response.status_code == 503
    assert json.loads(response.data)["faults"] == rig.health.found


def test_a_store_that_is_away_is_not_ready() -> None:
    rig = WebRig()
    rig.store.away = True
    response = rig.client.get("/readyz")
    assert (response.status_code, json.loads(response.data)["faults"]) == (
        503,
        ["the store does not answer"],
    )


@pytest.mark.parametrize(
    ("remote", "forwarded", "status"),
    [
        ("127.0.0.1", None, 200),
        ("::1", None, 200),
        ("192.168.7.9", None, 200),
        ("203.0.113.5", None, 403),
        ("10.0.0.1", "192.168.7.9", 200),
        ("10.0.0.1", "203.0.113.5", 403),
        ("203.0.113.5", "127.0.0.1", 403),
        ("127.0.0.1", "127.0.0.1", 403),
        ("", None, 403),
    ],
)
def test_metrics_are_read_from_loopback_and_listed_networks_only(
    remote: str, forwarded: str | None, status: int
) -> None:
    rig = WebRig(proxies=("10.0.0.0/8",), metrics=("192.168.7.0/24",))
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    response = rig.client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": remote})
    assert response.status_code == status
    assert (response.data == b"etalon_up 1\n") == (status == 200)
