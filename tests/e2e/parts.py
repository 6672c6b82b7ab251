"""The service as production runs it: store, web, worker and operator apart, each killed when a test wants."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from security_service.store.connection import ThinScripts, parse_address
from security_service.store.embedded import EmbeddedValkey
from security_service.store.installation import initialise
from tests.e2e.callers import Backend, FraudTeam, Operator
from tests.e2e.inside import Inside
from tests.e2e.processes import OURS, Program, faults_in, free_port
from tests.e2e.waiting import wait_for

ROLES: Final = ("admin", "lead", "analyst", "auditor", "enroller")
HOME: Final = "bank"
WORKER_LEASE_S: Final = 5
INSTALLATION: Final = "i1"
SUBSCRIBERS: Final = 1000
STARTED: Final = "worker_started"
_LOGIN: Final = "bank"


class Parts:
    """All parts under one configuration file; which of them run is for each test to say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "etalon.toml"
        self.web_port, self.sandbox_port = free_port(), free_port()
        self._gateways = {"sms": ("devino_rest", f"{self.sandbox_url}/rest")}
        self.role_keys = {role: f"em_{secrets.token_urlsafe(32)}" for role in ROLES}
        self.password = secrets.token_urlsafe(18)
        self.store = EmbeddedValkey(folder / "store")
        environment = {"ETALON_CONFIG": str(self.config)}
        self.web = Program((*OURS, "web"), folder / "web.log", environment)
        self.worker = Program((*OURS, "worker"), folder / "worker.log", environment)
        self.sandbox = Program(
            (
                *(sys.executable, "-m", "security_service.sandbox", "--host", "127.0.0.1"),
                *("--port", str(self.sandbox_port), "--login", _LOGIN),
                *("--data", str(folder / "handsets.json")),
            ),
            folder / "sandbox.log",
            {"ETALON_SANDBOX_PASSWORD": self.password},
        )
        self.operator = Operator(self.sandbox_url)
        self.team = FraudTeam(self.base_url, self.role_keys["admin"])

    @property
    def base_url(self) -> str:
        """Where the web process answers."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sandbox_url(self) -> str:
        """Where the operator answers."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    def backend(self, inside: Inside, tenant: str = HOME, **members: object) -> Backend:
        """Make a tenant and give its backend."""
        return Backend(self.base_url, inside.tenant(tenant, **members))

    def add_gateway(self, name: str, base_url: str) -> None:
        """Configure another gateway behind the operator's own, to be named by tenants."""
        self._gateways[name] = ("devino_rest_v2", base_url)

    def configure(self) -> None:
        """Write the configuration file; the store must have been started, which gives its address."""
        account = {"login": _LOGIN, "password": self.password}
        tables: dict[str, dict[str, Any]] = {
            "store": {"address": self.store.url, "expected_subscribers": SUBSCRIBERS},
            "web": {"port": self.web_port},
            "worker": {"lease_s": WORKER_LEASE_S},
            "lookups.imsi": {"kind": "imsi_soap", "base_url": f"{self.sandbox_url}/soap/imsi", **account},
        }
        for name, (kind, base_url) in self._gateways.items():
            tables[f"gateways.{name}"] = {"kind": kind, "base_url": base_url, **account}
        for use in ("code", "imsi", "api", "vault"):
            tables[f"keys.{use}"] = {"1": secrets.token_hex(32)}
        for role, key in self.role_keys.items():
            tables[f"management.{role}"] = {"roles": [role], "key": key}
        top = {"installation_id": INSTALLATION, "home_tenant": HOME, "data_dir": str(self.folder)}
        text = _lines(top) + "".join(f"\n[{name}]\n{_lines(table)}" for name, table in tables.items())
        self.config.write_text(text, encoding="utf-8")
        self.config.chmod(0o600)

    def store_command(self, *words: str) -> tuple[int, str]:
        """Run `store …` as a person would; gives its exit code and what it said."""
        environment = {"ETALON_CONFIG": str(self.config)}
        command = Program((*OURS, "store", *words), self.folder / f"store-{words[0]}.log", environment)
        command.start()
        return command.exit_code(), command.output()

    def start(self, *programs: Program) -> None:
        """Start some of sandbox, web and worker, and wait until each of them works."""
        said = {program: program.output().count(STARTED) for program in programs}
        for program in programs:
            program.start()
        for program in programs:
            wait_for(
                f"the work of {program.log.stem}",
                partial(self._works_or_ended, program, said[program]),
            )
            assert program.running, program.output()

    def _works_or_ended(self, program: Program, said: int) -> bool:
        if program is self.worker:
            works = program.output().count(STARTED) > said
        elif program is self.sandbox:
            works = self.operator.is_up()
        else:
            works = self.team.answers("/openapi.json")
        return works or not program.running

    def end(self) -> None:
        """Leave nothing running."""
        with ExitStack() as undo:
            undo.callback(self.store.stop)
            for program in (self.sandbox, self.worker, self.web):
                undo.callback(program.end)
            undo.callback(self.operator.close)
            undo.callback(self.team.close)


@contextmanager
def all_parts(parts: Parts, *, web: bool = True, worker: bool = True) -> Iterator[Parts]:
    """Start store and operator and, unless a test does without them, web and worker; end all that runs."""
    wanted = [parts.sandbox, *([parts.worker] if worker else []), *([parts.web] if web else [])]
    try:
        parts.store.start()
        parts.configure()
        with closing(ThinScripts(parse_address(parts.store.url))) as scripts:
            initialise(scripts, INSTALLATION, SUBSCRIBERS)
        parts.start(*wanted)
        yield parts
        assert [fault for program in wanted for fault in faults_in(program.output())] == []
    finally:
        parts.end()


def _lines(table: Mapping[str, Any]) -> str:
    """Write a table's members; JSON's texts, numbers and lists are TOML's."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in table.items())
