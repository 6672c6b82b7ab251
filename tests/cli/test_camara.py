"""`camara client`: clients of the Open Gateway faces come and go by the command line; the issuer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from security_service.config.open_gateway_settings import OpenGatewaySettings
from tests.cli.conftest import Command
from tests.web.camara_rig import ec_key, key_set

_ADD = ("camara", "client", "add", "app", "--scope", "sim-swap:check", "--jwks")


@pytest.fixture
def jwks(tmp_path: Path) -> str:
    path = tmp_path / "app.jwks.json"
    path.write_text(key_set(ec_key()), encoding="utf-8")
    return str(path)


def test_a_client_is_added_listed_and_removed(stored: Command, jwks: str) -> None:
    assert stored(*_ADD, jwks).exit_code == 0
    assert '"app"' in stored("camara", "client", "list").output
    assert "app" not in stored("camara", "client", "list", "--tenant", "other").output
    assert stored("camara", "client", "remove", "app").exit_code == 0
    assert stored("camara", "client", "remove", "app").exit_code == 1


def test_another_tenants_client_unknown_scopes_and_private_keys_are_refused(
    stored: Command, jwks: str, tmp_path: Path
) -> None:
    assert stored("tenant", "create", "other").exit_code == 0
    assert stored(*_ADD, jwks).exit_code == 0
    assert "another tenant" in stored(*_ADD, jwks, "--tenant", "other").output
    assert stored(*_ADD, jwks, "--scope", "admin").exit_code == 2
    private = tmp_path / "private.json"
    private.write_text(json.dumps({"keys": [ec_key().as_dict(private=True)]}), encoding="utf-8")
    refused = stored(*_ADD, str(private))
    assert refused.exit_code == 2
    assert "private" in refused.output


@pytest.mark.parametrize(
    "issuer",
    ["http://codes.bank.example", "https://a.example/", "https://a.example?x=1", "codes", "https://"],
)
def test_an_issuer_is_an_https_address(issuer: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        OpenGatewaySettings(issuer)


@pytest.mark.parametrize("issuer", ["", "https://codes.bank.example/two", "http://127.0.0.1:8080"])
def test_loopback_may_do_without_tls(issuer: str) -> None:
    assert OpenGatewaySettings(issuer).issuer == issuer
