from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from security_service.sandbox.guard import NotLoopbackError
from security_service.sandbox.serve import PortTakenError, serve
from security_service.sandbox.settings import SandboxSettings
from security_service.sandbox.state_file import StateFileError, read_state
from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD

PATIENT = urllib3.Retry(connect=9, backoff_factor=0.1, backoff_max=1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


class Server:
    """The sandbox operator as a process of its own."""

    def __init__(self, data_file: Path) -> None:
        port = _free_port()
        self.address = f"http://127.0.0.1:{port}"
        options = ["--data", str(data_file), "--port", str(port), "--login", LOGIN, "--threads", "4"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "security_service.sandbox", *options],
            env={**os.environ, "ETALON_SANDBOX_PASSWORD": PASSWORD},  # noqa: TID251 - the process needs its PATH
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.pool = urllib3.PoolManager(retries=PATIENT)

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        return self.pool.request("GET", self.address + path)

    def send(self, text: str) -> urllib3.BaseHTTPResponse:
        message = {"DestinationAddress": NUMBER, "SourceAddress": "BANK", "Data": text}
        form = {"Login": LOGIN, "Password": PASSWORD, **message}
        address = f"{self.address}/rest/v2/Sms/Send"
        return self.pool.request("POST", address, fields=form, encode_multipart=False)

    def end(self, with_signal: int) -> str:
        """Give all that it printed; the pipe closes when its last process is gone."""
        self.pool.clear()
        self.process.send_signal(with_signal)
        printed, _ = self.process.communicate(timeout=20)
        return printed


@pytest.fixture
def server(data_file: Path) -> Iterator[Server]:
    running = Server(data_file)
    yield running
    if running.process.poll() is None:
        running.end(signal.SIGKILL)


def test_it_serves_until_told_to_end_and_loses_and_prints_nothing(server: Server, data_file: Path) -> None:
    assert server.send("secret text").status == 200
    assert server.get(f"/handsets/{NUMBER}").json()["messages"][0]["text"] == "secret text"
    printed = server.end(signal.SIGTERM)
    assert (server.process.returncode, printed) == (0, "")
    assert [message.text for message in read_state(data_file)[0].messages] == ["secret text"]


def test_a_dropped_connection_is_seen_as_one_and_the_server_lives_on(server: Server) -> None:
    server.pool.request("POST", f"{server.address}/faults", json={"target": "sms", "mode": "drop"})
    server.pool.connection_pool_kw["retries"] = False
    with pytest.raises(urllib3.exceptions.HTTPError):
        server.send("lost")
    assert server.get(f"/handsets/{NUMBER}").json()["messages"] == []


def test_its_worker_does_not_outlive_it(server: Server) -> None:
    assert server.get("/faults").status == 200
    server.end(signal.SIGKILL)
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.PoolManager(retries=False).request("GET", f"{server.address}/faults")


def _settings(data_file: Path) -> SandboxSettings:
    return SandboxSettings(data_file=data_file, login=LOGIN, password=PASSWORD)


def test_it_does_not_listen_where_others_can_reach_it(data_file: Path) -> None:
    with pytest.raises(NotLoopbackError, match=r"0\.0\.0\.0"):
        serve(_settings(data_file), "0.0.0.0", 9000)  # noqa: S104 - is refused


def test_a_taken_port_is_told(data_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} on 127.0.0.1 is taken"):
            serve(_settings(data_file), "localhost", port)


def test_a_data_file_of_another_kind_is_told_before_it_listens(data_file: Path) -> None:
    data_file.parent.mkdir()
    data_file.write_text("{}", encoding="utf-8")
    with pytest.raises(StateFileError, match="not a state file"):
        serve(_settings(data_file), "127.0.0.1", _free_port())


def test_the_password_does_not_show_in_the_settings(data_file: Path) -> None:
    assert PASSWORD not in repr(_settings(data_file))


@pytest.mark.parametrize("members", [{"login": ""}, {"password": ""}, {"session_seconds": 0}, {"threads": 0}])
def test_settings_that_cannot_be_are_refused(data_file: Path, members: dict[str, Any]) -> None:
    chosen: dict[str, Any] = {"login": LOGIN, "password": PASSWORD, **members}
    with pytest.raises(ValueError, match=r"sandbox operator|start at"):
        SandboxSettings(data_file=data_file, **chosen)
