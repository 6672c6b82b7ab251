"""The data directory of the all-in-one: keys made once, and facts; leaves reading them to `config`."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from security_service.config.sources import RUNNING_FILE, SECRETS_FILE, read_left
from security_service.domain.errors import SettingsFault
from security_service.domain.secret import Secret
from security_service.usecases.invite_person import Invited

FACTS_FILE: Final = "sandbox.json"
HEADERS_FILE: Final = "sandbox.headers"
_LOCK_FILE: Final = "run.lock"
SANDBOX_LOGIN: Final = "demo"
DEMO_TENANT: Final = "demo"
DEMO_ACCOUNT: Final = "demo"
LOCAL_KEY: Final = "local"


@dataclass(frozen=True, slots=True)
class SandboxSecrets:
    """What the sandbox needs beside the service's own keys."""

    api_key: Secret
    admin_key: Secret
    password: Secret
    smpp_password: Secret
    """Of the demo tenant's account for older systems; empty where the directory is older than accounts."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Files with what a newcomer needs: addresses and keys as JSON, and the headers of a call."""

    keys: Path
    headers: Path


class DataDirectory:
    """One data directory; every file in it that holds a secret is readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    @property
    def store(self) -> Path:
        """The folder of the embedded store."""
        return self.path / "store"

    @property
    def logs(self) -> Path:
        """The folder of the processes' logs."""
        return self.path / "logs"

    @property
    def metrics(self) -> Path:
        """The folder in which the processes share their metrics."""
        return self.path / "metrics"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs off this directory; raises ClickException where one works on it.

        The lock ends with the process, however that ends.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / _LOCK_FILE).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sentence = f"another run works on the data directory {self.path}"
                raise click.ClickException(f"{sentence}; stop it, or give another with --data") from None
            yield

    def prepare(self) -> SandboxSecrets:
        """Make the directory and, where there are none yet, its keys; give those of the sandbox.

        Raises SettingsFault where the directory cannot be used, or where it holds a store whose
        keys are gone: new keys would make everything in it unreadable.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.chmod(0o700)
            for folder in (self.logs, self.metrics):
                folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise SettingsFault([f"data_dir: {self.path} cannot be used: {error.strerror}"]) from error
        if not (self.path / SECRETS_FILE).exists():
            if self.store.exists():
                sentence = "is gone, and the store beside it cannot be read without its keys"
                raise SettingsFault([f"{self.path / SECRETS_FILE}: {sentence}"])
            write_private(self.path / SECRETS_FILE, _new_secrets())
        return self._sandbox_secrets()

    def _sandbox_secrets(self) -> SandboxSecrets:
        faults: list[str] = []
        left = read_left(self.path / SECRETS_FILE, faults)
        try:
            sandbox = left["sandbox"]
            admin_key = left["settings"]["management"][LOCAL_KEY]["key"]
            return SandboxSecrets(
                Secret(sandbox["api_key"]),
                Secret(admin_key),
                Secret(sandbox["password"]),
                Secret(sandbox.get("smpp_password", "")),
            )
        except (KeyError, TypeError):
            raise SettingsFault(
                faults or [f"{self.path / SECRETS_FILE}: lacks a key; restore the file rather than delete it"]
            ) from None

    def write_running(self, store_address: str, sandbox_url: str, password: Secret) -> None:
        """Leave what settings of this directory are while the service runs, for its other commands."""
        settings: dict[str, Any] = {}
        if store_address:
            settings["store"] = {"address": store_address}
        if sandbox_url:
            account = {"login": SANDBOX_LOGIN, "password": password.reveal()}
            settings["gateways"] = {
                "sandbox_sms": {"kind": "devino_rest", "base_url": f"{sandbox_url}/rest", **account}
            }
            settings["lookups"] = {
                "sandbox_imsi": {"kind": "imsi_soap", "base_url": f"{sandbox_url}/soap/imsi", **account},
            }
        write_private(self.path / RUNNING_FILE, {"settings": settings})

    def write_facts(
        self,
        base_url: str,
        sandbox_url: str,
        sandbox: SandboxSecrets,
        first_admin: Invited | None = None,
        smpp_address: str = "",
    ) -> Facts:
        """Leave what a newcomer needs: addresses and keys, and the headers of a call for curl.

        The invitation of the console's first admin stands there until they have come.
        """
        api_key = sandbox.api_key.reveal()
        facts = Facts(self.path / FACTS_FILE, self.path / HEADERS_FILE)
        admin_key = sandbox.admin_key.reveal()
        told = {
            "base_url": base_url,
            "api_key": api_key,
            "admin_key": admin_key,
            "sandbox_url": sandbox_url,
        }
        if first_admin is not None:
            told |= {
                "console_url": f"{base_url}/console/welcome",
                "first_admin": first_admin.name,
                "invitation": first_admin.code.reveal(),
            }
        if smpp_address:
            told |= {
                "smpp_address": smpp_address,
                "smpp_system_id": DEMO_ACCOUNT,
                "smpp_password": sandbox.smpp_password.reveal(),
            }
        write_private(facts.keys, told)
        write_text(facts.headers, f"X-ApiKey: {api_key}\n")
        return facts

    def forget_running(self) -> None:
        """Take back what `write_running` left."""
        (self.path / RUNNING_FILE).unlink(missing_ok=True)


def _new_secrets() -> dict[str, Any]:
    return {
        "settings": {
            "installation_id": secrets.token_hex(8),
            "keys": {
                use: {"1": secrets.token_hex(32)} for use in ("code", "imsi", "api", "vault", "verdict")
            },
            "archive": {"signing_key": secrets.token_hex(32)},
            "home_tenant": DEMO_TENANT,
            "management": {LOCAL_KEY: {"roles": ["admin"], "key": f"em_{secrets.token_urlsafe(32)}"}},
        },
        "sandbox": {
            "api_key": f"et_{secrets.token_urlsafe(32)}",
            "password": secrets.token_urlsafe(18),
            # eight characters: SMPP has room for no more
            "smpp_password": secrets.token_urlsafe(6),
        },
    }


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON as `write_text` does."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_text(path: Path, content: str) -> None:
    """Write a file only its owner can read, whole or not at all, and on the disk when this returns."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
