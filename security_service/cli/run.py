"""`run`: the whole service from one command; leaves each part to its own command and watches them."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Final

import click
import structlog

from security_service.cli.children import Child, stop_together
from security_service.cli.data_directory import SANDBOX_LOGIN, DataDirectory, SandboxSecrets
from security_service.cli.first_admin import ensure_first_admin
from security_service.cli.metrics_files import forget_metrics
from security_service.cli.options import Sources, settings_options
from security_service.cli.ports import answers_ok, listens, reached_at, refuse_taken_port, url_of
from security_service.cli.relay import free_relay_port
from security_service.cli.sandbox_tenant import ensure_demo_account, ensure_demo_tenant
from security_service.cli.store import make_ours_again
from security_service.cli.web_app import METRICS_VARIABLE
from security_service.cli.web_server import SECONDS_TO_END
from security_service.config.classes import Environment, Settings
from security_service.config.production import sandbox_refusal
from security_service.config.sources import CONFIG_VARIABLE, LEFT_BY_RUN, SECRETS_FILE, load, peek
from security_service.processes.job_threads import Bell
from security_service.store.embedded import EmbeddedValkey, EmbeddedValkeyError
from security_service.telemetry.logs import configure_logs
from security_service.usecases.invite_person import Invited
from security_service.wiring import CARRIED_KIND, plugin_kinds

_LOG: Final[structlog.typing.FilteringBoundLogger] = structlog.get_logger("run")
_READY_WITHIN_S: Final = 60.0
_ASK_EVERY_S: Final = 0.1
_WATCH_EVERY_S: Final = 0.5
_SANDBOX_ENDS_IN_S: Final = 5.0
_SANDBOX_HOST: Final = "127.0.0.1"
_FIRST_NUMBER: Final = "79161234567"
_PORT: Final = click.IntRange(1, 65535)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run. `options` are the settings that the command line makes; the port 0 stands for none.

    `secrets` are there where the service may make keys of its own: everywhere but in production.
    """

    sources: Sources
    options: Mapping[str, Any]
    directory: DataDirectory
    secrets: SandboxSecrets | None
    sandbox_port: int = 0
    relay_port: int = 0

    def settings(self, left: Sequence[str]) -> Settings:
        """Read the settings with these files of the data directory; raises SettingsFault."""
        config_file = self.sources.config_file
        return load(plugin_kinds(), options=self.options, config_file=config_file, left=left).settings

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox operator is, empty where there is none."""
        return url_of(_SANDBOX_HOST, self.sandbox_port) if self.sandbox_port else ""

    def variables(self) -> dict[str, str]:
        """Give what makes web and worker read the same settings."""
        variables = {
            "ETALON_DATA_DIR": str(self.directory.path),
            METRICS_VARIABLE: str(self.directory.metrics),
        }
        if self.sources.config_file is not None:
            variables[CONFIG_VARIABLE] = str(self.sources.config_file.resolve())
        for name, value in self.options.get("web", {}).items():
            variables[f"ETALON_WEB__{name.upper()}"] = str(value)
        variables["ETALON_RELAY__PORT"] = str(self.relay_port)
        return variables


@click.command()
@settings_options
@click.option("--port", type=_PORT, help="Port of the service (setting web.port).")
@click.option("--host", help="Address to listen on (setting web.host).")
@click.option("--sandbox-port", type=_PORT, help="Port of the sandbox operator; the next after --port.")
@click.option(
    "--relay-port",
    type=click.IntRange(0, 65535),
    help="Port of the SMPP relay (relay.port); 0: none.",
)
def run(
    sources: Sources, port: int | None, host: str | None, sandbox_port: int | None, relay_port: int | None
) -> None:
    """Run the whole service: store, web, worker and, for trials, the sandbox operator."""
    web = {name: value for name, value in (("port", port), ("host", host)) if value is not None}
    smpp = {} if relay_port is None else {"port": relay_port}
    options = {**sources.options(), **({"web": web} if web else {}), **({"relay": smpp} if smpp else {})}
    given = peek(options=options, config_file=sources.config_file)
    directory = DataDirectory(Path(str(given.get("data_dir", "var"))))
    is_production = given.get("environment") == Environment.PRODUCTION.value
    bell = Bell()
    with directory.locked(), _stopped_by_signals(bell), ExitStack() as undo:
        plan = Plan(sources, options, directory, None if is_production else directory.prepare())
        # Of what a run before left, only the keys: where its store was means nothing now.
        settings = plan.settings((SECRETS_FILE,))
        configure_logs(settings.log_level)
        plan = _with_sandbox(plan, settings, sandbox_port)
        plan = replace(plan, relay_port=free_relay_port(settings, relay_port))
        AllInOne(plan, bell, undo).run(settings)
    click.echo("Stopped.")


def _with_sandbox(plan: Plan, settings: Settings, wanted: int | None) -> Plan:
    """Give the plan with the sandbox's port where it may run; raises ClickException for a taken port."""
    refuse_taken_port(settings.web.host, settings.web.port, "--port (make run PORT=...)")
    refusal = sandbox_refusal(settings)
    if refusal:
        click.echo(f"No sandbox: {refusal}.")
        return plan
    port = wanted or settings.web.port % 65535 + 1
    refuse_taken_port(_SANDBOX_HOST, port, "--sandbox-port")
    return replace(plan, sandbox_port=port)


class AllInOne:
    """Starts the parts in their order, watches them, and leaves on `undo` how each is stopped."""

    def __init__(self, plan: Plan, bell: Bell, undo: ExitStack) -> None:
        self._plan = plan
        self._bell = bell
        self._undo = undo
        self._store: EmbeddedValkey | None = None
        self._children: list[Child] = []
        self._first_admin: Invited | None = None

    def run(self, settings: Settings) -> None:
        """Start everything, say so, and watch until the bell stops us."""
        directory = self._plan.directory
        forget_metrics(directory.metrics)
        directory.logs.mkdir(exist_ok=True, mode=0o700)
        if not settings.store.address:
            self._start_store()
        self._leave_running()
        self._initialise(self._plan.settings(LEFT_BY_RUN))
        self._start_children(settings)
        if not self._is_ready(settings):
            return
        self._tell(settings)
        while not self._bell.stopped:
            self._bell.wait(_WATCH_EVERY_S)
            self._watch()

    def _start_store(self) -> None:
        store = EmbeddedValkey(self._plan.directory.store)
        try:
            store.start()
        except EmbeddedValkeyError as error:
            raise click.ClickException(str(error)) from None
        self._undo.callback(store.stop)
        self._store = store

    def _leave_running(self) -> None:
        if self._plan.secrets is not None:
            address = self._store.url if self._store else ""
            self._plan.directory.write_running(address, self._plan.sandbox_url, self._plan.secrets.password)
            self._undo.callback(self._plan.directory.forget_running)

    def _initialise(self, settings: Settings) -> None:
        """Make an empty store ours, give the demo tenant its key, invite the console's first admin."""
        service = self._plan.sources.service(settings)
        if self._plan.secrets is not None:
            make_ours_again(service, settings)
            ensure_demo_tenant(service.tenants, self._plan.secrets.api_key)
            ensure_demo_account(service.relay.accounts, self._plan.secrets.smpp_password)
            if service.people is not None:
                self._first_admin = ensure_first_admin(service.people)

    def _start_children(self, settings: Settings) -> None:
        variables, logs = self._plan.variables(), self._plan.directory.logs
        ours = [sys.executable, "-m", "security_service.cli"]
        parts = [
            Child("web", [*ours, "web"], logs / "web.log", variables),
            Child("worker", [*ours, "worker"], logs / "worker.log", variables),
        ]
        if any(entry.kind == CARRIED_KIND for entry in settings.gateways):
            parts.append(Child("gateways", [*ours, "gateways"], logs / "gateways.log", variables))
        if settings.mail.port:
            parts.append(Child("mail", [*ours, "mail"], logs / "mail.log", variables))
        if self._plan.relay_port or settings.relay.tls_port:
            parts.append(Child("relay", [*ours, "relay"], logs / "relay.log", variables))
        if self._plan.sandbox_port and self._plan.secrets is not None:
            sandbox = Child(
                "sandbox",
                self._sandbox_command(),
                logs / "sandbox.log",
                sandbox_variables(self._plan.secrets),
            )
            self._undo.callback(stop_together, [sandbox], _SANDBOX_ENDS_IN_S)
            sandbox.start()
            self._children.append(sandbox)
        # The sandbox outlives them, so that calls under way can still end.
        self._undo.callback(stop_together, parts, SECONDS_TO_END + 5)
        for part in parts:
            part.start()
        self._children += parts

    def _sandbox_command(self) -> list[str]:
        handsets = self._plan.directory.path / "handsets.json"
        return [
            *(sys.executable, "-m", "security_service.sandbox", "--data", str(handsets)),
            *("--host", _SANDBOX_HOST, "--port", str(self._plan.sandbox_port), "--login", SANDBOX_LOGIN),
        ]

    def _is_ready(self, settings: Settings) -> bool:
        """Wait until the service says it is ready; False where it is to be stopped before."""
        deadline = time.monotonic() + _READY_WITHIN_S
        while not self._all_answer(settings):
            dead = next((child for child in self._children if not child.running), None)
            if dead is not None:
                raise click.ClickException(
                    f"{dead.name} ended at its start: {dead.told_last()} (see {dead.log})"
                )
            if time.monotonic() > deadline:
                where = url_of(settings.web.host, settings.web.port)
                raise click.ClickException(f"not ready after {_READY_WITHIN_S:g} s; {where}/readyz says why")
            self._bell.wait(_ASK_EVERY_S)
            if self._bell.stopped:
                return False
        return True

    def _all_answer(self, settings: Settings) -> bool:
        if not answers_ok(settings.web.host, settings.web.port, "/readyz"):
            return False
        return not self._plan.relay_port or listens(settings.relay.host, self._plan.relay_port)

    def _tell(self, settings: Settings) -> None:
        base_url = url_of(settings.web.host, settings.web.port)
        click.echo(f"\nEtalon is ready.\n  service  {base_url}  (/readyz, /metrics, /api/v1)")
        if self._plan.secrets is None:
            click.echo(f"  logs     {self._plan.directory.logs}")
            return
        smpp = f"{reached_at(settings.relay.host)}:{self._plan.relay_port}" if self._plan.relay_port else ""
        facts = self._plan.directory.write_facts(
            base_url, self._plan.sandbox_url, self._plan.secrets, self._first_admin, smpp
        )
        if smpp:
            click.echo(f"  smpp     {smpp}  (system id and password: {facts.keys})")
        if self._plan.sandbox_url:
            click.echo(f"  sandbox  {self._plan.sandbox_url}  (handsets: messages, SIM swap, on and off)")
        if self._first_admin is not None:
            click.echo(f"  console  {base_url}/console/welcome  (first admin's invitation: {facts.keys})")
        click.echo(f"  keys     {facts.keys}\n  logs     {self._plan.directory.logs}")
        click.echo(f"\nSend the first code:\n  {first_code(base_url, facts.headers)}")
        if self._plan.sandbox_url:
            click.echo(f"and read it:\n  curl -sS {self._plan.sandbox_url}/handsets/{_FIRST_NUMBER}")
        click.echo("\nCtrl-C stops everything.")

    def _watch(self) -> None:
        if self._bell.stopped:
            return
        if self._store is not None and not self._store.running:
            _LOG.warning("process_died", process="store")
            try:
                self._store.start()
            except EmbeddedValkeyError as error:
                _LOG.error("store_not_started", sentence=str(error))
        for child in self._children:
            child.tend(time.monotonic())


def sandbox_variables(secrets: SandboxSecrets) -> dict[str, str]:
    """Give the variables of the sandbox operator: its account's password stands in no command line."""
    return {"ETALON_SANDBOX_PASSWORD": secrets.password.reveal()}


def first_code(base_url: str, headers: Path) -> str:
    """Give the command that sends a code; the key comes from a file, so that no terminal shows it."""
    body = json.dumps({"DestinationNumber": _FIRST_NUMBER})
    return f"curl -sS -H @{shlex.quote(str(headers))} -d '{body}' {base_url}/GenerateCode"


@contextmanager
def _stopped_by_signals(bell: Bell) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        bell.stop()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
