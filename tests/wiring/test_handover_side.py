from __future__ import annotations

from pathlib import Path

import pytest

from security_service.config.classes import Settings
from security_service.config.sources import load
from security_service.domain.errors import SettingsFault
from security_service.wiring import build_handover_side, plugin_kinds
from tests.config.test_sources import KEYS, SMS

SMPP = {
    "ETALON_GATEWAYS__BANK__KIND": "smpp",
    "ETALON_GATEWAYS__BANK__HOST": "smpp.example",
    "ETALON_GATEWAYS__BANK__SYSTEM_ID": "bank",
    "ETALON_GATEWAYS__BANK__PASSWORD": "hunter2",
    "ETALON_GATEWAYS__BANK__SESSIONS": "4",
}


def settings(tmp_path: Path, **added: str) -> Settings:
    store = {"ETALON_DATA_DIR": str(tmp_path), "ETALON_STORE__ADDRESS": "unix:///nowhere"}
    return load(plugin_kinds(), environ={**KEYS, **store, **added}).settings


def test_the_accounts_are_those_of_the_gateways_that_another_process_carries(tmp_path: Path) -> None:
    side = build_handover_side(settings(tmp_path, **SMS, **SMPP))
    assert list(side.accounts) == ["bank"]
    assert (side.accounts["bank"].host, side.accounts["bank"].sessions) == ("smpp.example", 4)


def test_without_such_gateways_there_is_nothing_to_carry(tmp_path: Path) -> None:
    assert build_handover_side(settings(tmp_path, **SMS)).accounts == {}


def test_authorities_that_cannot_be_read_are_a_fault_of_their_setting(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    wrong = settings(tmp_path, **SMPP, ETALON_GATEWAYS__BANK__CA_FILE=missing)
    with pytest.raises(SettingsFault, match=r"gateways\.bank\.ca_file: "):
        build_handover_side(wrong)
