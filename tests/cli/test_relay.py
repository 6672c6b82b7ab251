"""How the relay is set up from settings and started; what it does is tried with its process."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import click
import pytest

from security_service.cli.relay import free_relay_port, relay_plan
from security_service.cli.sandbox_tenant import ensure_demo_account, ensure_demo_tenant
from security_service.config.classes import Settings
from security_service.config.relay_settings import RelaySettings
from security_service.config.sources import load
from security_service.domain.accounts import AccountRefusal, Face
from security_service.domain.secret import Secret
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.installation import initialise
from security_service.telemetry.metrics import PrometheusMeter
from security_service.usecases.sign_in_account import SignedInAccount
from security_service.wiring import build_service, plugin_kinds
from tests.e2e.processes import free_port
from tests.links.test_http_tls import Certificate


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path, "127.0.0.1")


def test_without_more_it_listens_on_loopback_at_the_usual_port_and_not_with_tls() -> None:
    (door,) = relay_plan(RelaySettings()).doors
    assert (door.host, door.port, door.tls) == ("127.0.0.1", 2775, None)


def test_a_port_with_tls_has_its_certificate(certificate: Certificate) -> None:
    files = str(certificate.ca_file), str(certificate.ca_file.with_suffix(".key"))
    settings = RelaySettings(port=0, tls_port=3550, certificate_file=files[0], key_file=files[1])
    (door,) = relay_plan(settings).doors
    assert door.port == 3550
    assert door.tls is not None


@pytest.mark.parametrize("files", [("gone.pem", "gone.key"), (__file__, __file__)])
def test_a_certificate_that_cannot_be_used_is_one_sentence(files: tuple[str, str]) -> None:
    settings = RelaySettings(tls_port=3550, certificate_file=files[0], key_file=files[1])
    with pytest.raises(click.ClickException, match="certificate_file"):
        relay_plan(settings)


@pytest.mark.parametrize(
    "members",
    [{"tls_port": 3550}, {"tls_port": 3550, "certificate_file": "a"}],
)
def test_tls_without_a_certificate_is_no_setting(members: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="certificate_file"):
        RelaySettings(**members)  # type: ignore[arg-type]  # fields by name


def test_one_port_cannot_be_both() -> None:
    with pytest.raises(ValueError, match="must not be port"):
        RelaySettings(port=3550, tls_port=3550, certificate_file="a", key_file="b")


def settings_of(redis_url: str, **relay: object) -> Settings:
    environ = {
        "ETALON_INSTALLATION_ID": "i1",
        "ETALON_STORE__ADDRESS": redis_url,
        **{
            f"ETALON_KEYS__{use}__1": digit * 64
            for use, digit in (("CODE", "1"), ("IMSI", "2"), ("API", "3"))
        },
    }
    settings = load(plugin_kinds(), environ=environ).settings
    return replace(settings, relay=replace(settings.relay, **relay))  # type: ignore[arg-type]  # fields by name


def test_the_usual_port_that_is_taken_is_done_without_and_one_that_was_asked_for_is_not(
    redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    settings = settings_of(redis_url, port=port)
    assert free_relay_port(settings, None) == port
    with socket.create_server(("127.0.0.1", port)):
        assert free_relay_port(settings, None) == 0
        assert f"No SMPP relay: port {port}" in capsys.readouterr().out
        with pytest.raises(click.ClickException, match="--relay-port"):
            free_relay_port(settings, port)
    assert free_relay_port(settings_of(redis_url, port=0), None) == 0


def test_the_demo_account_is_made_once_and_what_was_changed_stays(redis_url: str) -> None:
    settings = settings_of(redis_url)
    scripts = ThinScripts(parse_address(redis_url))
    initialise(scripts, "i1", 1000)
    scripts.close()
    service = build_service(settings, PrometheusMeter())
    try:
        ensure_demo_tenant(service.tenants, Secret("et_" + "k" * 40))
        accounts, sign_in = service.relay.accounts, service.relay.sign_in
        ensure_demo_account(accounts, Secret(""))
        assert accounts.of("demo") == []
        ensure_demo_account(accounts, Secret("pass1234"))
        entered = sign_in.by_password("demo", Secret("pass1234"), Face.SMPP, "127.0.0.1")
        assert isinstance(entered, SignedInAccount)
        assert isinstance(sign_in.again(entered, Face.SMPP, "127.0.0.1"), SignedInAccount)
        accounts.change_password("demo", "test")
        ensure_demo_account(accounts, Secret("pass1234"))
        assert sign_in.again(entered, Face.SMPP, "127.0.0.1") is AccountRefusal.WRONG
        accounts.remove("demo", "test")
        assert sign_in.again(entered, Face.SMPP, "127.0.0.1") is AccountRefusal.WRONG
    finally:
        service.scripts.close()
        service.archive.close()
