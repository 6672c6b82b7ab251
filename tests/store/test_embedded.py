from __future__ import annotations

import os
import select
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from security_service.store.embedded import (
    DataFolderInUseError,
    EmbeddedValkey,
    Fsync,
    ServerMissingError,
    ServerNotStartedError,
    ServerStartError,
    bundled_server,
)

Start = Callable[[EmbeddedValkey], EmbeddedValkey]

STARTS_AND_WAITS = """
import pathlib, sys
from security_service.store.embedded import EmbeddedValkey
server = EmbeddedValkey(pathlib.Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""

LOADS_FOR_A_WHILE = """#!{python}
import itertools, re, socket, sys
path = re.search(r'unixsocket "(.*)"', open(sys.argv[1]).read())[1]
with socket.socket(socket.AF_UNIX) as server:
    server.bind(path)
    server.listen()
    for number in itertools.count():
        connection, _ = server.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"+PONG\\r\\n" if number >= 199 else b"-LOADING the dataset\\r\\n")
"""


@pytest.fixture
def started() -> Iterator[Start]:
    with ExitStack() as stack:
        yield stack.enter_context


def put(server: EmbeddedValkey, key: str, value: str) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set(key, value)


def read(server: EmbeddedValkey, key: str) -> bytes | None:
    with redis.Redis.from_url(server.url) as client:
        value: bytes | None = client.get(key)
        return value


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def ended_within(pid: int, seconds: float) -> bool:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def script(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o700)
    return path


@pytest.fixture(params=["bundled", "redis-server"])
def server_binary(request: pytest.FixtureRequest) -> Path:
    if request.param == "bundled":
        return bundled_server()
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("needs redis-server (Debian: apt-get install redis-server)")
    return Path(found)


def test_a_started_store_keeps_what_the_service_relies_on(
    tmp_path: Path, started: Start, server_binary: Path
) -> None:
    server = started(EmbeddedValkey(tmp_path / "data", server_binary=server_binary))
    with redis.Redis.from_url(server.url) as client:
        settings = client.config_get("*")
    expected = {
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "hash-max-listpack-entries": "256",
        "hash-max-listpack-value": "512",
        "port": "0",
    }
    assert {name: settings[name] for name in expected} == expected


def test_an_acknowledged_write_survives_sigkill(tmp_path: Path, started: Start, server_binary: Path) -> None:
    server = started(EmbeddedValkey(tmp_path, server_binary=server_binary))
    put(server, "slot", "spent")
    path = server.socket_path
    server.kill()
    assert not server.running
    server.start()
    assert server.socket_path == path
    assert read(server, "slot") == b"spent"


def test_data_survive_a_stop_and_another_object_takes_them_over(tmp_path: Path, started: Start) -> None:
    first = EmbeddedValkey(tmp_path)
    first.start()
    put(first, "slot", "live")
    first.stop()
    assert read(started(EmbeddedValkey(tmp_path)), "slot") == b"live"


def test_only_this_user_can_enter_the_folder_and_the_socket(tmp_path: Path, started: Start) -> None:
    folder = tmp_path / "new" / "data"
    server = started(EmbeddedValkey(folder))
    assert mode(folder) == 0o700
    assert mode(server.socket_path) == 0o700


def test_a_second_store_on_the_same_folder_is_refused_and_the_first_goes_on(
    tmp_path: Path, started: Start
) -> None:
    first = started(EmbeddedValkey(tmp_path))
    second = EmbeddedValkey(tmp_path)
    with pytest.raises(DataFolderInUseError, match="in use") as refusal:
        second.start(lock_seconds=0)
    assert refusal.value.folder == tmp_path
    assert not second.running
    put(first, "slot", "live")
    assert read(first, "slot") == b"live"


def test_a_killed_store_frees_its_folder(tmp_path: Path, started: Start) -> None:
    first = started(EmbeddedValkey(tmp_path))
    first.kill()
    second = started(EmbeddedValkey(tmp_path))
    assert second.running


def test_starting_and_stopping_twice_change_nothing(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path)
    server.start()
    pid = server.pid
    server.start()
    assert server.pid == pid
    server.stop()
    server.stop()
    assert ended_within(pid, 0)
    with pytest.raises(ServerNotStartedError):
        _ = server.pid


def test_a_folder_with_a_long_name_gets_a_private_socket_elsewhere(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / ("long" * 30))
    with pytest.raises(ServerNotStartedError):
        _ = server.socket_path
    with server:
        folder = server.socket_path.parent
        assert len(os.fsencode(server.socket_path)) <= 100
        assert mode(folder) == 0o700
        put(server, "slot", "live")
        server.kill()
        server.start()
        assert server.socket_path.parent == folder
        assert read(server, "slot") == b"live"
    assert not folder.exists()


@pytest.mark.parametrize(
    "name", ["two words", 'a "quote"', "back\\slash", "данные", "percent%20", "line\nbreak"]
)
def test_any_name_of_a_folder_will_do(tmp_path: Path, started: Start, name: str) -> None:
    server = started(EmbeddedValkey(tmp_path / name))
    put(server, "slot", "live")
    assert read(server, "slot") == b"live"
    assert (tmp_path / name / "appendonlydir").is_dir()


def test_ctrl_c_of_the_terminal_does_not_reach_the_store(tmp_path: Path, started: Start) -> None:
    server = started(EmbeddedValkey(tmp_path))
    assert os.getsid(server.pid) == server.pid != os.getsid(0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_the_store_ends_with_a_service_that_is_killed(tmp_path: Path, started: Start) -> None:
    command = [sys.executable, "-c", STARTS_AND_WAITS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        pid = int(service.stdout.readline())
        service.kill()
    assert ended_within(pid, 10)
    assert started(EmbeddedValkey(tmp_path)).running


def test_a_port_opens_loopback_too(tmp_path: Path, started: Start) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started(EmbeddedValkey(tmp_path, port=port))
    with redis.Redis(port=port) as client:
        assert client.ping()


def test_a_taken_port_is_told_with_the_servers_own_words(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ServerStartError, match=f"{port}.*valkey.log"):
            EmbeddedValkey(tmp_path, port=port).start()


def test_reading_a_long_file_is_waited_out(tmp_path: Path, started: Start) -> None:
    slow = script(tmp_path / "slow", LOADS_FOR_A_WHILE.format(python=sys.executable))
    server = EmbeddedValkey(tmp_path / "data", server_binary=slow)
    server.start(silence_seconds=0.5)
    assert started(server).socket_path.exists()


def test_a_server_that_says_nothing_is_given_up_and_ended(tmp_path: Path) -> None:
    mute = script(tmp_path / "mute", f"#!/bin/sh\necho $$ > '{tmp_path}/pid'\nexec sleep 600\n")
    server = EmbeddedValkey(tmp_path / "data", server_binary=mute)
    with pytest.raises(ServerStartError, match="said nothing"):
        server.start(silence_seconds=1)
    assert not server.running
    assert ended_within(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)


def test_a_server_that_ends_at_once_is_told_with_its_last_line(tmp_path: Path) -> None:
    broken = script(tmp_path / "broken", "#!/bin/sh\necho no room on the device\n")
    with pytest.raises(ServerStartError, match="no room on the device"):
        EmbeddedValkey(tmp_path / "data", server_binary=broken).start()


def test_a_missing_program_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ServerMissingError, match="nowhere"):
        EmbeddedValkey(tmp_path / "data", server_binary=tmp_path / "nowhere").start()


def test_a_folder_that_cannot_be_made_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServerStartError, match="file/data cannot be used"):
        EmbeddedValkey(tmp_path / "file" / "data").start()


def test_the_looser_fsync_is_a_choice(tmp_path: Path, started: Start) -> None:
    server = started(EmbeddedValkey(tmp_path, fsync=Fsync.EVERY_SECOND))
    with redis.Redis.from_url(server.url) as client:
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
