from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from security_service.cli.data_directory import DataDirectory, write_text
from security_service.config.sources import load
from security_service.domain.access import Role
from security_service.domain.errors import SettingsFault
from security_service.domain.secret import Secret
from security_service.usecases.invite_person import Invited
from security_service.wiring import build_outward, plugin_kinds


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "new" / "data")
    first = directory.prepare()
    assert DataDirectory(tmp_path / "new" / "data").prepare() == first
    assert mode(directory.path) == 0o700
    assert mode(directory.path / "secrets.json") == 0o600


def test_two_directories_have_no_key_in_common(tmp_path: Path) -> None:
    texts = []
    for name in ("a", "b"):
        directory = DataDirectory(tmp_path / name)
        directory.prepare()
        texts.append((directory.path / "secrets.json").read_text())
    secrets = [set(re.findall(r"[A-Za-z0-9_-]{16,}", text)) - {"installation_id"} for text in texts]
    assert len(secrets[0]) == 10
    assert not secrets[0] & secrets[1]


def test_settings_are_complete_with_what_is_left_in_the_directory(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    sandbox = directory.prepare()
    directory.write_running("unix:///x.sock", "http://127.0.0.1:8081", sandbox.password)
    settings = load(plugin_kinds(), environ={"ETALON_DATA_DIR": str(tmp_path)}).settings
    outward = build_outward(settings)
    assert (set(outward.gateways), set(outward.lookups)) == ({"sandbox_sms"}, {"sandbox_imsi"})
    assert settings.store.address == "unix:///x.sock"
    actor = settings.management_keys.actor(sandbox.admin_key)
    assert actor is not None
    assert actor.may(Role.ADMIN)
    assert settings.home_tenant == "demo"


def test_without_a_store_and_a_sandbox_nothing_of_them_is_left(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.write_running("", "", directory.prepare().password)
    settings = load(plugin_kinds(), environ={"ETALON_DATA_DIR": str(tmp_path)}).settings
    assert (settings.store.address, settings.gateways) == ("", ())
    directory.forget_running()
    assert not (tmp_path / "running.json").exists()


def test_a_store_whose_keys_are_gone_stops_the_start(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.prepare()
    directory.store.mkdir()
    (tmp_path / "secrets.json").unlink()
    with pytest.raises(SettingsFault) as raised:
        directory.prepare()
    assert "cannot be read without its keys" in raised.value.faults[0]


@pytest.mark.parametrize("content", ["{", "{}", '{"sandbox": {}, "settings": {}}'])
def test_damaged_keys_stop_the_start(tmp_path: Path, content: str) -> None:
    (tmp_path / "secrets.json").write_text(content)
    with pytest.raises(SettingsFault):
        DataDirectory(tmp_path).prepare()
    assert (tmp_path / "secrets.json").read_text() == content


def test_a_directory_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsFault) as raised:
        DataDirectory(tmp_path / "file").prepare()
    assert "data_dir" in raised.value.faults[0]


def test_facts_name_what_a_newcomer_needs_for_its_owner_only(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    sandbox = directory.prepare()
    facts = directory.write_facts("http://a", "http://b", sandbox)
    assert json.loads(facts.keys.read_text()) == {
        "base_url": "http://a",
        "api_key": sandbox.api_key.reveal(),
        "admin_key": sandbox.admin_key.reveal(),
        "sandbox_url": "http://b",
    }
    assert (mode(facts.keys), mode(facts.headers)) == (0o600, 0o600)
    invited = Invited("operator", Secret("0123-4567"), 0)
    told = json.loads(directory.write_facts("http://a", "http://b", sandbox, invited).keys.read_text())
    assert (told["first_admin"], told["invitation"]) == ("operator", "0123-4567")
    assert told["console_url"] == "http://a/console/welcome"
    smpp = json.loads(directory.write_facts("http://a", "", sandbox, None, "127.0.0.1:1").keys.read_text())
    assert (smpp["smpp_address"], smpp["smpp_system_id"]) == ("127.0.0.1:1", "demo")
    assert smpp["smpp_password"] == sandbox.smpp_password.reveal()
    assert len(smpp["smpp_password"]) == 8
    assert f"X-ApiKey: {sandbox.api_key.reveal()}\n" in facts.headers.read_text()


def test_one_run_at_a_time_works_on_a_directory(tmp_path: Path) -> None:
    with DataDirectory(tmp_path).locked():
        with pytest.raises(click.ClickException) as raised, DataDirectory(tmp_path).locked():
            pass
        assert "another run" in raised.value.message
    with DataDirectory(tmp_path).locked():
        assert (tmp_path / "run.lock").exists()


def test_a_file_is_written_whole_and_leaves_no_draft(tmp_path: Path) -> None:
    write_text(tmp_path / "f", "one")
    write_text(tmp_path / "f", "two")
    assert (tmp_path / "f").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_what_is_kept_prints_masked(tmp_path: Path) -> None:
    sandbox = DataDirectory(tmp_path).prepare()
    assert isinstance(sandbox.api_key, Secret)
    assert sandbox.api_key.reveal() not in repr(sandbox)
