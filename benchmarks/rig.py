"""What is measured, started on ports and in a folder of its own: store, stub, web servers, tenants."""

from __future__ import annotations

import json
import secrets
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.arithmetic import Round, Spent
from benchmarks.load import Target, put_load
from benchmarks.processor_time import cpu_seconds
from benchmarks.subjects import Places
from security_service.cli.children import Child, stop_together
from security_service.cli.metrics_files import forget_metrics
from security_service.cli.ports import answers_ok
from security_service.cli.web_app import METRICS_VARIABLE
from security_service.config.classes import Settings
from security_service.config.sources import load
from security_service.domain.secret import Secret
from security_service.domain.tenant_document import read_tenant
from security_service.store.embedded import EmbeddedValkey
from security_service.store.installation import initialise
from security_service.telemetry.metrics import PrometheusMeter
from security_service.wiring import Service, build_service, plugin_kinds

HOST: Final = "127.0.0.1"
PLAIN: Final = "plain"
WIDE: Final = "wide"
"""The tenants: one with all defaults but the longest life of a code, one with windows over many numbers."""

_READY_WITHIN_S: Final = 30.0
_ASK_EVERY_S: Final = 0.05
_ENDS_WITHIN_S: Final = 20.0
_SETTINGS: Final = """
installation_id = "bench"
store.address = "{store}"
keys.code.1 = "{code}"
keys.imsi.1 = "{imsi}"
keys.api.1 = "{api}"
[gateways.stub]
kind = "devino_rest_v2"
base_url = "{stub}/rest/v2"
login = "bench"
password = "bench"
[lookups.stub]
kind = "imsi_soap"
base_url = "{stub}/soap/imsi"
login = "bench"
password = "bench"
"""


class NotReadyError(Exception):
    """A server did not get ready; the message names it and what it wrote last."""


@dataclass(slots=True)
class WebServer:
    """One web server under measurement."""

    base_url: str
    process: Child

    @property
    def pid(self) -> int:
        """The process that started the workers."""
        return self.process.process.pid if self.process.process is not None else 0


@dataclass(slots=True)
class Rig:
    """The parts that run, and the service put together in this process for what is laid down beforehand."""

    folder: Path
    store: EmbeddedValkey
    stub: Child
    stub_url: str
    settings: Settings
    service: Service
    api_keys: dict[str, str]
    places: Places = field(default_factory=Places)

    def measure(
        self,
        server: WebServer,
        target: Target,
        connections: int,
        seconds: float,
        spread_s: float | None = None,
    ) -> Round:
        """Put load on a web server and tell what it cost each party; see `put_load`."""
        before = self._spent(server.pid)
        measured = put_load(target, connections, seconds, spread_s)
        after = self._spent(server.pid)
        spent = Spent(after.web - before.web, after.store - before.store, after.stub - before.stub)
        return Round(measured, spent)

    def _spent(self, web: int) -> Spent:
        return Spent(cpu_seconds(web), cpu_seconds(self.store.pid), self.stub_seconds())

    def stub_seconds(self) -> float:
        """CPU seconds of the stub so far."""
        return 0.0 if self.stub.process is None else cpu_seconds(self.stub.process.pid)

    def store_name(self) -> str:
        """Name and version of the store."""
        reply = self.service.scripts.command("INFO", "server")
        lines = reply.decode().splitlines() if isinstance(reply, bytes) else []
        told = dict(line.split(":", 1) for line in lines if ":" in line)
        name = "Valkey" if "valkey_version" in told else "Redis"
        return f"{name} {told.get('valkey_version') or told.get('redis_version', '')}"

    def stub_counts(self, pause_s: float | None = None) -> dict[str, int]:
        """Read what the stub counted; where a pause is given, set it and forget the counts."""
        path = "/stub/counts" if pause_s is None else f"/stub/pause?seconds={pause_s}"
        with urllib.request.urlopen(f"{self.stub_url}{path}", timeout=5) as answer:  # noqa: S310 - loopback
            counts: dict[str, int] = json.load(answer)
        return counts

    @contextmanager
    def web(self, module: str = "security_service.cli", **settings: Any) -> Iterator[WebServer]:  # noqa: ANN401 - values of settings
        """Run a web server with these settings of `web`; `module` is the service or the bare route."""
        port = free_port()
        name = f"{module.rpartition('.')[2]}-{port}"
        metrics = self.folder / "metrics" / name
        forget_metrics(metrics)
        variables = {f"ETALON_WEB__{key.upper()}": str(value) for key, value in settings.items()}
        variables |= {"ETALON_WEB__PORT": str(port), METRICS_VARIABLE: str(metrics)}
        command = [sys.executable, "-m", module, "web", "--config", str(self.folder / "bench.toml")]
        child = Child(name, [*command, "--data", str(self.folder)], self.folder / f"{name}.log", variables)
        with started(child, port, "/readyz"):
            yield WebServer(f"http://{HOST}:{port}", child)


@contextmanager
def running_rig() -> Iterator[Rig]:
    """Start store and stub in a folder that is removed afterwards; raises NotReadyError."""
    with ExitStack() as undo:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="etalon-bench-")))
        store = undo.enter_context(EmbeddedValkey(folder / "store"))
        port = free_port()
        stub = Child("stub", [sys.executable, "-m", "benchmarks.stub", str(port)], folder / "stub.log")
        stub_url = f"http://{HOST}:{port}"
        undo.enter_context(started(stub, port, "/stub/counts"))
        config = folder / "bench.toml"
        keys = {use: secrets.token_hex(32) for use in ("code", "imsi", "api")}
        config.write_text(_SETTINGS.format(store=store.url, stub=stub_url, **keys), encoding="utf-8")
        settings = load(
            plugin_kinds(), config_file=config, environ={}, options={"data_dir": str(folder)}
        ).settings
        service = build_service(settings, PrometheusMeter())
        initialise(service.scripts, settings.installation_id, settings.store.expected_subscribers)
        yield Rig(folder, store, stub, stub_url, settings, service, _make_tenants(service))


@contextmanager
def started(child: Child, port: int, path: str) -> Iterator[None]:
    """Start a server, wait until it answers, and stop it in the end; raises NotReadyError."""
    with ExitStack() as undo:
        undo.callback(stop_together, [child], _ENDS_WITHIN_S)
        child.start()
        deadline = time.monotonic() + _READY_WITHIN_S
        while not answers_ok(HOST, port, path):
            if not child.running or time.monotonic() > deadline:
                raise NotReadyError(f"{child.name} did not get ready: {child.told_last()}")
            time.sleep(_ASK_EVERY_S)
        yield


def free_port() -> int:
    """Give a port of loopback that nobody listens on."""
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _make_tenants(service: Service) -> dict[str, str]:
    wide = {
        scope: [{"name": f"{scope}_hour", "limit": 1_000_000, "seconds": 3600}]
        for scope in ("tenant", "prefix", "source")
    }
    documents: dict[str, dict[str, object]] = {
        PLAIN: {"id": PLAIN, "code_life_s": 600},
        WIDE: {"id": WIDE, "code_life_s": 600, "limits": wide},
    }
    keys = {}
    for name, document in documents.items():
        keys[name] = f"bench_{secrets.token_urlsafe(24)}"
        service.tenants.save(read_tenant(document).tenant, "bench")
        service.tenants.issue_key(name, Secret(keys[name]), "bench", "bench")
    return keys
