"""A real PostgreSQL in a folder of its own, with a database for each that asks; or says what is missing."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

MISSING: Final = "PostgreSQL is not here: apt-get install postgresql"
_NEWEST: Final = 18
_OLDEST: Final = 13


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server that runs: its folder holds the socket, which is the only way in."""

    folder: Path
    names: Any

    def new_database(self) -> str:
        """Make an empty database; gives its URL."""
        name = f"archive{next(self.names)}"
        with psycopg.connect(f"host={self.folder} user=etalon dbname=postgres", autocommit=True) as link:
            link.execute(f"CREATE DATABASE {name}")
        return f"postgresql://etalon@/{name}?host={self.folder}"


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server and stop it at the end; skips the test where there is none to start."""
    programs = _programs()
    if programs is None:
        pytest.skip(MISSING)
    # A socket's path is short, so the folder lies right under the system's own.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    data = folder / "data"
    account = _account()
    try:
        if account is not None:
            shutil.chown(folder, account.pw_uid, account.pw_gid)
        _run(account, programs / "initdb", "-D", data, "-U", "etalon", "-A", "trust", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        _run(account, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield Postgres(folder, count(1))
        finally:
            _run(account, programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    for version in range(_NEWEST, _OLDEST - 1, -1):
        folder = Path(f"/usr/lib/postgresql/{version}/bin")
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return None if found is None else Path(found).parent


def _account() -> pwd.struct_passwd | None:
    """The server refuses to run as root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


def _run(account: pwd.struct_passwd | None, *command: object) -> None:
    words = [str(word) for word in command]
    who: dict[str, Any] = {}
    if account is not None:
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    finished = subprocess.run(
        words,
        cwd="/",
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
        **who,
    )
    assert finished.returncode == 0, words
