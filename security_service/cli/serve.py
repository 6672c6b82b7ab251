"""`web`, `worker`, `gateways`: one part of the service each, as production runs them; they do the work."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from security_service.cli.forwarding import forwarding
from security_service.cli.metrics_files import forget_metrics
from security_service.cli.options import Sources, settings_options
from security_service.cli.ports import refuse_taken_port
from security_service.cli.web_app import METRICS_VARIABLE, application, shared_meter
from security_service.cli.web_server import serve_web
from security_service.config.classes import Settings
from security_service.config.sources import child_environment, variable
from security_service.processes.gateways import GatewaysProcess
from security_service.processes.job_threads import Bell
from security_service.processes.slow_chores import SlowChores, beside
from security_service.processes.worker import Chore, Worker, WorkerPace, serve
from security_service.telemetry.logs import configure_logs
from security_service.telemetry.metrics import PrometheusMeter
from security_service.wiring import Service, build_archive_work, build_handover_side, build_service

_JUDGE_EVERY_S = 2.0
_POLL_REPLIES_EVERY_S = 0.5
_PRUNE_EVERY_S = 3600.0
_BULK_EVERY_S = 0.5


@click.command()
@settings_options
def web(sources: Sources) -> None:
    """Answer HTTP until SIGTERM; settings web.* say where and with how many threads."""
    settings = sources.stored()
    refuse_taken_port(settings.web.host, settings.web.port, "the setting web.port")
    share_metrics(settings, "web")
    configure_logs(settings.log_level)
    serve_web(settings, application)


@click.command()
@settings_options
def worker(sources: Sources) -> None:
    """Do what is done behind the scenes until SIGTERM: references, receipts, notices, leases."""
    settings = sources.stored()
    share_metrics(settings, "worker")
    configure_logs(settings.log_level)
    meter = shared_meter()
    service = build_service(settings, meter)
    if settings.worker.metrics_port:
        refuse_taken_port(settings.web.host, settings.worker.metrics_port, "the setting worker.metrics_port")
        meter.serve(settings.web.host, settings.worker.metrics_port)
    pace = WorkerPace(threads=settings.worker.threads, lease_s=settings.worker.lease_s)
    chores = (
        Chore("judge_arrivals", _JUDGE_EVERY_S, service.judge_arrivals.run),
        Chore("bulk_reverify", _BULK_EVERY_S, service.transfers.step_bulk.round),
    )
    bell = Bell()
    slow = SlowChores(_slow_chores(settings, service, meter, bell), service.clock, meter, bell)
    poll = Chore("poll_replies", _POLL_REPLIES_EVERY_S, service.relay.poll_replies.run)
    replies = SlowChores((poll,) if service.outward.reply_sources else (), service.clock, meter, bell)
    with beside(slow, bell), beside(replies, bell), forwarding(settings, service, meter):
        serve(Worker(service.work_jobs, service.clock, meter, pace, chores=chores))


def _slow_chores(
    settings: Settings, service: Service, meter: PrometheusMeter, bell: Bell
) -> tuple[Chore, ...]:
    """Give what the worker does to the archive; its last deed is to seal what was moved."""
    work = build_archive_work(settings, service.archive, service.scripts, service.clock, meter)

    def move() -> None:
        work.move.run(lambda: bell.stopped)

    def prune() -> None:
        work.prune.run(lambda: bell.stopped)

    def thin() -> None:
        work.thin.run(lambda: bell.stopped)

    return (
        Chore("move_events", settings.archive.move_every_s, move),
        Chore("prune_events", _PRUNE_EVERY_S, prune),
        Chore("thin_counts", _PRUNE_EVERY_S, thin),
        Chore("seal_log", settings.archive.seal_every_s, service.sealing.seal.round, at_stop=True),
    )


@click.command()
@settings_options
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Port of this process's own /metrics.")
def gateways(sources: Sources, metrics_port: int | None) -> None:
    """Keep the sessions of SMPP gateways and carry their messages until SIGTERM; one process a service."""
    settings = sources.stored()
    share_metrics(settings, "gateways")
    configure_logs(settings.log_level)
    meter = shared_meter()
    side = build_handover_side(settings)
    if not side.accounts:
        raise click.ClickException("no gateway of the kind smpp is configured")
    if metrics_port is not None:
        refuse_taken_port(settings.web.host, metrics_port, "--metrics-port")
        meter.serve(settings.web.host, metrics_port)
    take_reply = build_service(settings, meter).relay.receive_reply.run
    GatewaysProcess(side.accounts, side.desk, side.inbox, side.clock, meter, take_reply).run()


def share_metrics(settings: Settings, role: str) -> None:
    """Start this command anew with a directory for metrics, unless whoever started it named one.

    The metrics library decides at its import whether processes share; by now it is imported.
    """
    if variable(METRICS_VARIABLE):
        return
    directory = Path(settings.data_dir) / "metrics" / role
    forget_metrics(directory)
    environment = child_environment({METRICS_VARIABLE: str(directory.resolve())})
    command = [sys.executable, "-m", "security_service.cli", *sys.argv[1:]]
    os.execve(sys.executable, command, environment)  # noqa: S606 - no shell; our own command once more
