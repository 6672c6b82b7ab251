from __future__ import annotations

from typing import Any

import pytest

from security_service.config.console_settings import ConsoleSettings
from security_service.domain.access import Role
from security_service.domain.errors import SettingsFault
from security_service.domain.people_ports import SessionRules
from security_service.domain.settings import read_settings

OIDC: dict[str, Any] = {
    "issuer": "https://idp.bank.example",
    "client_id": "etalon",
    "client_secret": "hunter2",
    "roles": {"fraud-leads": ["lead"], "it": ["admin", "auditor"]},
}


def test_a_session_lasts_a_quarter_of_an_hour_unused_and_half_a_day_at_most() -> None:
    assert read_settings(ConsoleSettings, {}).session_rules == SessionRules(900, 43_200)
    assert read_settings(ConsoleSettings, {}).oidc.issuer == ""


def test_roles_are_mapped_by_the_values_of_a_claim() -> None:
    console = read_settings(ConsoleSettings, {"base_url": "https://etalon.bank.example/", "oidc": OIDC})
    assert console.oidc.roles["it"] == (Role.ADMIN, Role.AUDITOR)
    assert console.redirect_uri == "https://etalon.bank.example/console/oidc/return"
    assert "hunter2" not in repr(console)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"base_url": ""}, "base_url must be given"),
        ({"base_url": "http://etalon.bank.example"}, "base_url must be https"),
        ({"base_url": "etalon"}, "base_url must be an absolute"),
        ({"allowed_networks": ["10.0.0.0/99"]}, "10.0.0.0/99"),
        ({"session_idle_minutes": 0}, "at least 1"),
        ({"oidc": {**OIDC, "issuer": "http://idp.bank.example"}}, "issuer must be https"),
        ({"oidc": {**OIDC, "client_id": ""}}, "client_id"),
        ({"oidc": {**OIDC, "scope": "profile"}}, "openid"),
        ({"oidc": {**OIDC, "roles": {}}}, "roles must map"),
        ({"oidc": {**OIDC, "roles": {"it": ["king"]}}}, "must be one of"),
    ],
)
def test_what_cannot_work_stops_the_start(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsFault) as raised:
        read_settings(ConsoleSettings, {"base_url": "https://etalon.bank.example", "oidc": OIDC, **changed})
    assert any(sentence in fault for fault in raised.value.faults)


def test_a_provider_on_this_machine_may_speak_in_the_clear() -> None:
    local = {**OIDC, "issuer": "http://127.0.0.1:9000"}
    console = read_settings(ConsoleSettings, {"base_url": "http://localhost:8080", "oidc": local})
    assert console.oidc.issuer == "http://127.0.0.1:9000"
