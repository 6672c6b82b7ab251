from __future__ import annotations

import tomllib
from pathlib import Path

from click.testing import CliRunner

from security_service.cli import main
from security_service.cli.documents import pages, sample
from security_service.config.classes import General
from security_service.config.sources import load
from security_service.domain.setting_rows import describe
from security_service.wiring import plugin_kinds
from tests.cli.conftest import Command
from tests.config.test_sources import KEYS

_ROOT = Path(__file__).parents[2]


def test_settings_that_can_be_used_are_said_to_be(command: Command) -> None:
    result = command("config", "check")
    assert result.exit_code == 0
    assert "gateways: sms; lookups: imsi" in result.output


def test_faults_of_policies_are_faults_of_the_settings(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text("odd = 1")
    environ["ETALON_POLICIES_DIR"] = str(tmp_path)
    result = CliRunner().invoke(main, ["config", "check"], env=environ)
    assert result.exit_code == 1
    assert "odd.toml" in result.output


def test_every_value_is_explained_and_no_secret_shown(command: Command) -> None:
    result = command("config", "explain")
    assert result.exit_code == 0
    for key in (*(row.key for row in describe(General)), "gateways.sms.password", "lookups.imsi.trust"):
        assert f"{key} = " in result.output
    assert "gateways.sms.password = ***" in result.output
    assert "hunter2" not in result.output
    assert KEYS["ETALON_KEYS__CODE__1"] not in result.output


def test_one_setting_can_be_explained_alone(command: Command) -> None:
    result = command("config", "explain", "web.port")
    assert result.output.splitlines()[0] == "web.port = 8080"
    assert "from default; port to listen on" in result.output
    assert command("config", "explain", "web.prot").exit_code == 2


def test_the_sample_says_what_every_setting_does() -> None:
    lines = sample().splitlines()
    for row in describe(General):
        name = row.key.rpartition(".")[2]
        assert any(f"{name} = " in line or f"[{name}." in line for line in lines), row.key
        assert row.help, row.key


def test_the_sample_is_toml_that_gives_every_default(tmp_path: Path) -> None:
    file = tmp_path / "etalon.toml"
    file.write_text(sample(), encoding="utf-8")
    environ = {**KEYS, "ETALON_DATA_DIR": str(tmp_path)}
    from_sample = load(plugin_kinds(), config_file=file, environ=environ).settings
    assert from_sample == load(plugin_kinds(), environ=environ).settings


def test_the_commented_parts_of_the_sample_are_toml_too() -> None:
    lines = sample().splitlines()
    settings = [line.removeprefix("# ") for line in lines if line.startswith("# ") and " = " in line]
    for line in settings:
        if line[0].islower() and line.split(" = ")[0].replace("_", "").isalnum():
            assert tomllib.loads(line)


def test_the_generated_pages_in_docs_are_current() -> None:
    for name, text in pages().items():
        current = (_ROOT / "docs" / name).read_text(encoding="utf-8")
        assert current == text, f"run `make docs`: docs/{name} is old"


def test_docs_writes_the_pages_where_it_is_told(command: Command, tmp_path: Path) -> None:
    assert command("docs", "--to", str(tmp_path / "new")).exit_code == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(pages())
