"""`forward`: how far targets are, trying one, turning one on; and a worker that serves them side by side."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.test import Client

from security_service.cli import main
from security_service.cli.forwarding import forwarding
from security_service.cli.web_app import application
from security_service.config.classes import Settings
from security_service.config.sources import load
from security_service.domain.errors import SettingsFault
from security_service.telemetry.logs import configure_logs
from security_service.telemetry.metrics import PrometheusMeter
from security_service.wiring import build_forwarding, build_service, plugin_kinds
from tests.cli.conftest import Command
from tests.config.test_sources import IMSI, KEYS, SMS
from tests.e2e.waiting import wait_for
from tests.links.peer import Answer, Peer, Silence
from tests.links.syslog_receiver import SyslogReceiver
from tests.links.test_syslog_link import free_port
from tests.links.webhook_receiver import KEY, WebhookReceiver

WHY = ("--reason", "why, indeed", "79161234567", "always_deny")


def hook(name: str, port: int) -> dict[str, str]:
    prefix = f"ETALON_FORWARD__{name}__"
    return {f"{prefix}KIND": "webhook", f"{prefix}URL": f"http://127.0.0.1:{port}/", f"{prefix}KEY": KEY}


def siem(name: str, port: int, kind: str = "syslog") -> dict[str, str]:
    prefix = f"ETALON_FORWARD__{name}__"
    values = {"KIND": kind, "HOST": "127.0.0.1", "PORT": str(port), "PROTOCOL": "tcp", "START": "begin"}
    return {f"{prefix}{key}": value for key, value in values.items()}


@pytest.fixture
def ours(environ: dict[str, str], redis_url: str) -> dict[str, str]:
    """Settings of an initialised store, to which targets are added."""
    environ |= {"ETALON_STORE__ADDRESS": redis_url, "ETALON_HOME_TENANT": "bank"}
    for words in (("store", "init", "--subscribers", "1000"), ("tenant", "create", "bank")):
        assert CliRunner().invoke(main, words, env=environ).exit_code == 0
    return environ


@pytest.fixture
def run(ours: dict[str, str]) -> Command:
    return lambda *words: CliRunner().invoke(main, words, env=ours)


@pytest.fixture
def logs() -> Iterator[None]:
    yield
    configure_logs("warning", sys.stderr)


def settings_of(environ: dict[str, str]) -> Settings:
    return load(plugin_kinds(), environ=environ).settings


def test_without_targets_status_says_so(run: Command) -> None:
    assert run("forward", "status").output == "No target is set.\n"
    assert "there is no target of that name" in run("forward", "test", "siem").output


def test_a_target_is_tried_with_a_made_up_event(run: Command, ours: dict[str, str]) -> None:
    receiver = WebhookReceiver(lambda: round(time.time()))
    with Peer(receiver) as peer, SyslogReceiver() as syslog:
        ours |= hook("BANK", peer.port) | siem("SIEM", syslog.port) | siem("DEAD", free_port(), "cef")
        assert run("forward", "test", "bank").output == "Taken.\n"
        assert run("forward", "test", "siem").output == "Taken.\n"
        (message,) = syslog.wait_for(1)
        dead = run("forward", "test", "dead")
    assert receiver.taken[0]["event"]["kind"] == message.msgid == "forward_test"
    assert (dead.exit_code, dead.output) == (1, "Error: not taken: connect_failed\n")


def test_a_worker_serves_targets_side_by_side_and_one_that_is_slow_delays_no_other(
    run: Command, ours: dict[str, str]
) -> None:
    with Peer(lambda _: Silence()) as silent, SyslogReceiver() as syslog:
        ours |= siem("SIEM", syslog.port) | siem("DEAD", free_port()) | hook("SILENT", silent.port)
        ours["ETALON_FORWARD__SILENT__START"] = "begin"
        assert run("subscriber", "set-mode", *WHY).exit_code == 0
        run("archive", "move")
        settings, meter = settings_of(ours), PrometheusMeter()
        service = build_service(settings, meter)
        with forwarding(settings, service, meter):
            wait_for("the silent target to be asked", lambda: silent.requests)
            wait_for("events", lambda: "mode_set" in [one.msgid for one in syslog.messages])
            status = wait_for("the dead target to fail", lambda: failing(run, "dead"))
            wait_for("figures", lambda: b'etalon_forwarded_total{target="siem"}' in meter.render())
            silent.__exit__(None, None, None)
        service.scripts.close()
        service.archive.close()
    assert "siem                 good     0 waiting, last taken" in status
    assert "failures (connect_failed), tried again" in status
    archive = run("archive", "status").output
    assert "forward  siem" in archive
    assert 'etalon_forward_waiting_events{target="dead"}' in meter.render().decode()


def failing(run: Command, name: str) -> str:
    output = run("forward", "status").output
    return output if any(line.startswith(name) and "failing" in line for line in output.splitlines()) else ""


def test_a_target_that_wants_no_more_is_told_of_until_it_is_turned_on(
    run: Command, ours: dict[str, str], logs: None
) -> None:
    with Peer(lambda _: Answer(status=410)) as gone:
        ours |= hook("BANK", gone.port) | {"ETALON_FORWARD__BANK__START": "begin"}
        assert run("forward", "resume", "bank").output == "Error: no worker has served that target yet\n"
        run("archive", "move")
        settings, meter = settings_of(ours), PrometheusMeter()
        service = build_service(settings, meter)
        (served,) = build_forwarding(settings, service.archive, service.clock, service.chance, meter)
        served.run()
        status = run("forward", "status")
        ready = Client(application(settings)).get("/readyz")
        assert run("forward", "resume", "bank").exit_code == 0
        served.run()
        served.release()
        service.scripts.close()
        service.archive.close()
    assert status.exit_code == 1
    assert "off" in status.output
    assert "forward.bank is off (http_410)" in ready.get_data(as_text=True)
    assert len(gone.requests) == 2
    kinds = run("audit", "export", "--kind", "incident").output
    assert '"what":"forward_off"' in kinds


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"KIND": "syslog"}, "host must be given"),
        ({"KIND": "pigeon"}, "kind"),
        ({"KIND": "webhook", "URL": "https://bank.example/x", "KEY": "short"}, "24 characters"),
        ({"KIND": "webhook", "KEY": KEY}, "absolute https URL"),
        ({"KIND": "webhook", "URL": "https://u:geheim@bank.example", "KEY": KEY}, "login or a password"),
        ({"KIND": "cef", "HOST": "h", "KINDS": "mode_set,unheard_of"}, "there is no kind unheard_of"),
        ({"KIND": "cef", "HOST": "h", "CERTIFICATE_FILE": "/nowhere"}, "a file of TLS cannot be used"),
    ],
)
def test_a_target_that_cannot_work_is_a_fault_of_the_settings(
    ours: dict[str, str], values: dict[str, str], said: str
) -> None:
    ours |= {f"ETALON_FORWARD__SIEM__{key}": value for key, value in values.items()}
    with pytest.raises(SettingsFault) as raised:
        _forwarders(ours)
    assert said in str(raised.value)
    assert "geheim" not in str(raised.value)


def test_a_file_of_tls_that_is_not_there_is_a_fault_of_the_settings(
    ours: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "siem.toml").write_text(
        f'[forward.siem]\nkind = "syslog"\nhost = "h"\nca_file = "{tmp_path}/none.pem"\n'
    )
    with pytest.raises(SettingsFault, match="a file of TLS cannot be used"):
        _forwarders({**ours, "ETALON_CONFIG": str(tmp_path / "siem.toml")})


def _forwarders(environ: dict[str, str]) -> None:
    settings = settings_of(environ)
    service = build_service(settings, meter := PrometheusMeter())
    try:
        build_forwarding(settings, service.archive, service.clock, service.chance, meter)
    finally:
        service.scripts.close()
        service.archive.close()


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("http://siem.bank.example/x", True),
        ("https://siem.bank.example/x", False),
        ("http://127.0.0.1:8000/x", False),
    ],
)
def test_production_posts_over_https_only(tmp_path: Path, url: str, is_refused: bool) -> None:  # noqa: FBT001 - a row of the table
    environ = {**KEYS, **SMS, **IMSI, **hook("BANK", 1), "ETALON_DATA_DIR": str(tmp_path)}
    environ |= {"ETALON_FORWARD__BANK__URL": url, "ETALON_ENVIRONMENT": "production"}
    with pytest.raises(SettingsFault) as raised:
        settings_of(environ)
    assert ("forward.bank.url: production posts" in str(raised.value)) is is_refused
