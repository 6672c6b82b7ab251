from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from security_service.config.classes import Environment, Settings
from security_service.config.sources import Loaded, PluginKinds, load, peek
from security_service.domain.access import Role
from security_service.domain.errors import SettingsFault
from security_service.domain.secret import Secret
from security_service.wiring import plugin_kinds

KEYS = {
    "ETALON_KEYS__CODE__1": "c1" * 32,
    "ETALON_KEYS__IMSI__1": "d2" * 32,
    "ETALON_KEYS__API__1": "e3" * 32,
    "ETALON_INSTALLATION_ID": "i1",
}
SMS = {
    "ETALON_GATEWAYS__SMS__KIND": "devino_rest",
    "ETALON_GATEWAYS__SMS__LOGIN": "bank",
    "ETALON_GATEWAYS__SMS__PASSWORD": "hunter2",
}
IMSI = {
    "ETALON_LOOKUPS__IMSI__KIND": "imsi_soap",
    "ETALON_LOOKUPS__IMSI__LOGIN": "bank",
    "ETALON_LOOKUPS__IMSI__PASSWORD": "hunter2",
    "ETALON_LOOKUPS__IMSI__BASE_URL": "https://imsi.example/soap",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def read(data: Path, environ: Mapping[str, str], config_file: Path | None = None) -> Loaded:
    return load(
        plugin_kinds(), environ={"ETALON_DATA_DIR": str(data), **environ}, config_file=config_file, options={}
    )


def settings(data: Path, environ: Mapping[str, str]) -> Settings:
    return read(data, {**KEYS, **environ}).settings


def faults_of(data: Path, environ: Mapping[str, str], config_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsFault) as raised:
        read(data, environ, config_file)
    return raised.value.faults


def leave(data: Path, name: str, given: Mapping[str, Any]) -> None:
    data.mkdir(exist_ok=True)
    (data / name).write_text(json.dumps({"settings": given}))


def test_the_file_is_stronger_than_defaults_and_the_environment_than_the_file(
    data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "etalon.toml"
    file.write_text("[web]\nport = 81\nhost = '::1'\n")
    loaded = read(data, {**KEYS, "ETALON_WEB__PORT": "82"}, file)
    web = loaded.settings.web
    assert (web.port, web.host, web.workers) == (82, "::1", 2)
    assert [loaded.origin(f"web.{key}") for key in ("port", "host", "workers")] == [
        "environment",
        str(file),
        "default",
    ]


def test_options_of_the_command_line_are_the_strongest(data: Path) -> None:
    environ = {**KEYS, "ETALON_DATA_DIR": str(data), "ETALON_WEB__PORT": "82"}
    loaded = load(plugin_kinds(), environ=environ, options={"web": {"port": 83}})
    assert loaded.settings.web.port == 83


def test_the_file_may_be_named_by_the_environment(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "etalon.toml"
    file.write_text("log_level = 'debug'\n")
    assert settings(data, {"ETALON_CONFIG": str(file)}).log_level == "debug"


def test_a_secret_comes_from_a_file_without_its_last_line_break(data: Path, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(" pass word \n")
    read_ = settings(data, {"ETALON_STORE__PASSWORD_FILE": str(tmp_path / "password")})
    assert read_.store.password == Secret(" pass word ")


def test_a_setting_that_is_a_path_is_not_taken_for_a_secret_file(data: Path) -> None:
    read_ = settings(data, {**SMS, "ETALON_GATEWAYS__SMS__CA_FILE": "/etc/ssl/own.pem"})
    assert getattr(read_.gateways[0].settings, "ca_file", "") == "/etc/ssl/own.pem"


def test_no_setting_of_the_service_itself_looks_like_a_secret_file(data: Path) -> None:
    assert not [key for key in vars(settings(data, {}).store) if key.endswith("_file")]


def test_every_fault_of_every_source_is_told_at_once(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "etalon.toml"
    file.write_text("[web]\nprot = 81\n[gateways.sms]\nkind = 'pigeon'\n[lookups.imsi]\nkind = 'imsi_soap'\n")
    faults = faults_of(
        data,
        {"ETALON_WEB__WORKERS": "many", "ETALON_STORE__PASSWORD_FILE": str(tmp_path / "gone")},
        file,
    )
    assert [fault.partition(": ")[0] for fault in faults] == [
        "ETALON_STORE__PASSWORD_FILE",
        "keys",
        "installation_id",
        "web.prot",
        "web.workers",
        "gateways.sms.kind",
        "lookups.imsi.login",
        "lookups.imsi.password",
        "lookups.imsi.base_url",
    ]


@pytest.mark.parametrize(
    ("text", "word"), [("web = [", "TOML"), ("\udcff", "TOML")], ids=["broken", "not UTF-8"]
)
def test_a_file_that_is_not_toml_is_a_fault(data: Path, tmp_path: Path, text: str, word: str) -> None:
    file = tmp_path / "etalon.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert word in faults_of(data, KEYS, file)[0]


def test_a_file_that_is_not_there_is_a_fault(data: Path, tmp_path: Path) -> None:
    assert "cannot be read" in faults_of(data, KEYS, tmp_path / "gone.toml")[0]


@pytest.mark.parametrize(
    "environ",
    [
        {"ETALON_KEYS__CODE__1": "c1" * 31},
        {"ETALON_KEYS__CODE__1": "not hex"},
        {"ETALON_KEYS__CODE__1": "d2" * 32},
        {"ETALON_KEYS__CODE__0": "f4" * 32},
        {"ETALON_KEYS__CODE__ONE": "f4" * 32},
    ],
    ids=["short", "not hex", "one key for two uses", "version 0", "no version"],
)
def test_a_key_that_cannot_be_one_is_a_fault_and_not_repeated(data: Path, environ: dict[str, str]) -> None:
    faults = faults_of(data, {**KEYS, **environ})
    assert len(faults) == 1
    assert all(value not in faults[0] for value in environ.values())


def test_two_versions_of_a_key_are_one_ring_whose_newest_signs(data: Path) -> None:
    ring = settings(data, {"ETALON_KEYS__CODE__2": "f4" * 32}).keys.code_ring
    assert (ring.newest, ring.versions()) == (2, (2, 1))


def test_plug_ins_keep_the_order_of_the_file_and_their_own_settings(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "etalon.toml"
    account = "login = 'a'\npassword = 'b'\n"
    file.write_text(
        f"[gateways.z]\nkind = 'devino_rest_v2'\n{account}[gateways.a]\nkind = 'devino_rest'\n{account}"
    )
    read_ = read(data, KEYS, file).settings
    assert [(entry.name, entry.kind) for entry in read_.gateways] == [
        ("z", "devino_rest_v2"),
        ("a", "devino_rest"),
    ]


def test_trust_stands_beside_the_settings_of_a_lookup(data: Path) -> None:
    entry = settings(
        data,
        {
            **IMSI,
            "ETALON_LOOKUPS__IMSI__TRUST": "never",
            "ETALON_LOOKUPS__IMSI__DISTRUSTED_OPERATORS": "25001",
        },
    ).lookups[0]
    assert (entry.rules.trust, entry.rules.distrusted_operators) == ("never", ("25001",))


def test_a_management_key_is_found_by_the_key_or_its_digest(data: Path) -> None:
    key = "k" * 32
    read_ = settings(
        data,
        {
            "ETALON_MANAGEMENT__DESK__ROLES": "lead,auditor",
            "ETALON_MANAGEMENT__DESK__KEY": key,
            "ETALON_MANAGEMENT__DESK__TENANTS": "bank",
        },
    )
    actor = read_.management_keys.actor(Secret(key))
    assert actor is not None
    assert (actor.name, actor.roles) == ("desk", frozenset({Role.LEAD, Role.AUDITOR}))
    assert read_.management_tenants == {"desk": frozenset({"bank"})}


@pytest.mark.parametrize(
    "entry",
    [
        {"ROLES": "lead"},
        {"ROLES": "lead", "KEY": "short"},
        {"ROLES": "lead", "SHA256": "x"},
        {"KEY": "k" * 32},
    ],
)
def test_a_management_key_without_sense_is_a_fault(data: Path, entry: dict[str, str]) -> None:
    environ = {f"ETALON_MANAGEMENT__DESK__{name}": value for name, value in entry.items()}
    assert faults_of(data, {**KEYS, **environ})


def test_a_variable_that_is_the_beginning_of_another_is_a_fault(data: Path) -> None:
    faults = faults_of(data, {**KEYS, "ETALON_WEB": "x", "ETALON_WEB__PORT": "1"})
    assert any("ETALON_WEB__PORT" in fault for fault in faults)


def test_what_run_left_is_weaker_than_every_other_source(data: Path) -> None:
    leave(data, "secrets.json", {"installation_id": "left", "home_tenant": "demo"})
    leave(data, "running.json", {"store": {"address": "unix:///left"}})
    read_ = settings(data, {"ETALON_STORE__ADDRESS": "unix:///given"})
    assert (read_.installation_id, read_.home_tenant, read_.store.address) == ("i1", "demo", "unix:///given")


def test_the_sandbox_stands_in_only_where_no_provider_is_set(data: Path) -> None:
    local = {"kind": "devino_rest", "login": "demo", "password": "p", "base_url": "http://127.0.0.1:1/rest"}
    leave(data, "running.json", {"gateways": {"sandbox_sms": local}})
    assert [entry.name for entry in settings(data, {}).gateways] == ["sandbox_sms"]
    assert [entry.name for entry in settings(data, SMS).gateways] == ["sms"]
    assert settings(data, IMSI).gateways == ()


def test_production_never_takes_what_run_left(data: Path) -> None:
    leave(data, "secrets.json", {"installation_id": "left", "keys": {"code": {"1": "c1" * 32}}})
    faults = faults_of(data, {"ETALON_ENVIRONMENT": "production"})
    assert {"keys", "installation_id"} <= {fault.partition(": ")[0] for fault in faults}


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_damaged_keys_are_a_fault_and_never_made_anew(data: Path, content: str) -> None:
    data.mkdir()
    (data / "secrets.json").write_text(content)
    assert "damaged" in faults_of(data, {})[0]


def test_production_demands_a_store_and_providers_off_this_machine(data: Path) -> None:
    local = {**IMSI, "ETALON_LOOKUPS__IMSI__BASE_URL": "http://127.0.0.1:9/soap"}
    faults = faults_of(data, {**KEYS, **local, "ETALON_ENVIRONMENT": "production"})
    assert [fault.partition(": ")[0] for fault in faults] == [
        "store.address",
        "archive.signing_key",
        "gateways",
        "lookups.imsi",
    ]


def test_production_with_everything_given_is_accepted(data: Path) -> None:
    environ = {
        "ETALON_ENVIRONMENT": "production",
        "ETALON_STORE__ADDRESS": "redis://store:6379/0",
        "ETALON_ARCHIVE__SIGNING_KEY": "5e" * 32,
    }
    assert settings(data, {**SMS, **IMSI, **environ}).environment is Environment.PRODUCTION


def test_settings_print_without_their_secrets(data: Path) -> None:
    printed = repr(read(data, {**KEYS, **SMS, **IMSI}))
    assert "hunter2" not in printed
    assert "c1" * 32 not in printed


def test_layers_print_without_their_secrets(data: Path) -> None:
    layers = read(data, {**KEYS, **SMS}).layers
    assert "hunter2" not in repr(layers)


def test_what_must_be_known_first_is_read_past_faults(tmp_path: Path) -> None:
    file = tmp_path / "etalon.toml"
    file.write_text("data_dir = 'here'\nodd = 1\n")
    assert peek(options={}, config_file=file)["data_dir"] == "here"


def test_a_service_without_plug_ins_has_none(data: Path) -> None:
    loaded = load(PluginKinds({}, {}), environ={**KEYS, "ETALON_DATA_DIR": str(data)})
    assert (loaded.settings.gateways, loaded.settings.lookups) == ((), ())
