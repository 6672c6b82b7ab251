from __future__ import annotations

from pathlib import Path

import pytest

from security_service.config.classes import Settings
from security_service.config.production import sandbox_refusal
from security_service.config.sources import load
from security_service.wiring import plugin_kinds
from tests.config.test_sources import IMSI, KEYS, SMS


def settings(tmp_path: Path, **urls: str) -> Settings:
    environ = {**KEYS, **SMS, **IMSI, "ETALON_DATA_DIR": str(tmp_path)}
    environ["ETALON_GATEWAYS__SMS__BASE_URL"] = urls.get("sms", "http://127.0.0.1:1/rest")
    environ["ETALON_LOOKUPS__IMSI__BASE_URL"] = urls.get("imsi", "http://localhost:1/soap")
    return load(plugin_kinds(), environ=environ).settings


def test_the_sandbox_runs_beside_providers_on_loopback(tmp_path: Path) -> None:
    assert sandbox_refusal(settings(tmp_path)) == ""


@pytest.mark.parametrize("where", ["sms", "imsi"])
@pytest.mark.parametrize(
    "url", ["https://provider.example/x", "https://10.0.0.1/x", "https://localhost.example/x"]
)
def test_the_sandbox_does_not_run_beside_a_real_provider(tmp_path: Path, where: str, url: str) -> None:
    refusal = sandbox_refusal(settings(tmp_path, **{where: url}))
    assert f".{where} is not on loopback" in refusal


def test_a_provider_left_at_its_own_address_is_real(tmp_path: Path) -> None:
    environ = {**KEYS, **SMS, "ETALON_DATA_DIR": str(tmp_path)}
    assert "gateways.sms" in sandbox_refusal(load(plugin_kinds(), environ=environ).settings)
