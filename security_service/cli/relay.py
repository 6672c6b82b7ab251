"""`relay`: the process that banks bind to over SMPP; it does the work itself, and `run` asks for its port."""

from __future__ import annotations

import resource
import ssl
from typing import Final

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.ports import refuse_taken_port
from security_service.cli.serve import share_metrics
from security_service.cli.web_app import shared_meter
from security_service.config.classes import Settings
from security_service.config.relay_settings import RelaySettings
from security_service.links.smpp.served import ServedPace
from security_service.processes.relay_accounts import ReceiptPace
from security_service.processes.relay_desk import RelayBounds, RelayUses
from security_service.processes.smpp_relay import Door, RelayPlan, RelayProcess, SmppRelay
from security_service.telemetry.logs import configure_logs
from security_service.wiring import Service, build_service

_OTHER_FILES: Final = 256


@click.command()
@settings_options
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Port of this process's own /metrics.")
def relay(sources: Sources, metrics_port: int | None) -> None:
    """Take messages from banks over SMPP 3.4 until SIGTERM; settings relay.* say where."""
    settings = sources.stored()
    share_metrics(settings, "relay")
    configure_logs(settings.log_level)
    plan = relay_plan(settings.relay)
    if not plan.doors:
        raise click.ClickException("relay.port and relay.tls_port are 0: there is nothing to listen on")
    for door in plan.doors:
        setting = "the setting relay.port" if door.tls is None else "the setting relay.tls_port"
        refuse_taken_port(door.host, door.port, setting)
    allow_open_files(settings.relay.most_sessions + settings.relay.threads + _OTHER_FILES)
    meter = shared_meter()
    if metrics_port is not None:
        refuse_taken_port(settings.web.host, metrics_port, "--metrics-port")
        meter.serve(settings.web.host, metrics_port)
    service = build_service(settings, meter)
    RelayProcess(
        lambda: SmppRelay(relay_uses(service), plan, service.clock, service.chance, meter),
        meter,
        meter.relay_sessions,
    ).run()


def relay_uses(service: Service) -> RelayUses:
    """Give the use cases that the relay answers with."""
    behind = service.relay
    return RelayUses(
        by_password=behind.sign_in.by_password,
        again=behind.sign_in.again,
        take=behind.take.run,
        view=behind.view.run,
        withdraw=behind.withdraw.run,
        reports=behind.reports,
    )


def relay_plan(settings: RelaySettings) -> RelayPlan:
    """Give where and how the relay works; raises ClickException for a certificate that cannot be used."""
    doors = [Door(settings.host, settings.port)] if settings.port else []
    if settings.tls_port:
        doors.append(Door(settings.host, settings.tls_port, _tls(settings)))
    return RelayPlan(
        doors=tuple(doors),
        threads=settings.threads,
        pace=ServedPace(silence_s=settings.silence_s, enquire_s=settings.enquire_s),
        bounds=RelayBounds(sessions=settings.most_sessions, window=settings.window),
        receipts=ReceiptPace(utc_offset_minutes=settings.receipt_offset_minutes),
    )


def free_relay_port(settings: Settings, wanted: int | None) -> int:
    """Give the port of `run`'s relay, 0 for none: asked for on the command line, it must be free.

    A second service beside one that has the usual port runs without a relay rather than not at all.
    """
    port = settings.relay.port
    if not port:
        return 0
    try:
        refuse_taken_port(settings.relay.host, port, "--relay-port")
    except click.ClickException as taken:
        if wanted is not None:
            raise
        click.echo(f"No SMPP relay: {taken.message}.")
        return 0
    return port


def allow_open_files(count: int) -> None:
    """Let this process have so many files open where the system lets it; the default is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _tls(settings: RelaySettings) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.certificate_file, settings.key_file)
    except OSError as error:  # no such file, or no certificate and key in them
        reason = error.strerror or "they hold no certificate and its key"
        raise click.ClickException(f"relay.certificate_file, relay.key_file: {reason}") from None
    return context
