"""Puts the web application together: settings, wiring, faces; leaves serving it to a web server."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from wsgiref.types import WSGIApplication

from security_service.cli.console_app import console_services
from security_service.config.classes import Settings
from security_service.config.sources import load, variable
from security_service.telemetry.logs import configure_logs
from security_service.telemetry.metrics import CONTENT_TYPE, PrometheusMeter
from security_service.web.application import create_app
from security_service.web.auth import BearerKeys
from security_service.web.camara_services import CamaraServices
from security_service.web.services import OlderFaces, RestUses, WebServices
from security_service.wiring import build_service, build_watch_forwarding, plugin_kinds
from security_service.wiring.camara import OpenGateway

METRICS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of one service share their metrics; read by the metrics library at its import."""


def shared_meter() -> PrometheusMeter:
    """Give this process's meter, shared with others where the environment names a directory."""
    directory = variable(METRICS_VARIABLE)
    return PrometheusMeter(Path(directory) if directory else None)


def application(settings: Settings) -> WSGIApplication:
    """Give the application of one process; raises SettingsFault."""
    configure_logs(settings.log_level)
    return create_app(web_services(settings, shared_meter()))


def web_services(settings: Settings, meter: PrometheusMeter) -> WebServices:
    """Give what the faces need; the store is reached at its first use. Raises SettingsFault."""
    service = build_service(settings, meter)
    return WebServices(
        generate_code=service.generate_code.run,
        check_code=service.check_code.run,
        tenants=service.tenants,
        chance=service.chance,
        health=service.health,
        render_metrics=lambda: (meter.render(), CONTENT_TYPE),
        admin_keys=BearerKeys(settings.management_keys, settings.management_tenants, settings.home_tenant),
        view_subscriber=service.view_subscriber,
        advise_contact=service.advise_contact,
        list_subscribers=service.list_subscribers,
        four_eyes=service.deeds.four_eyes,
        work_cases=service.deeds.work_cases,
        keep_bans=service.deeds.keep_bans,
        freeze=service.freeze,
        enrol_authenticator=service.enrol_authenticator,
        read_audit=service.read_audit,
        policy_desk=service.policy_desk,
        management=service.management,
        evidence=service.sealing.evidence,
        notes=service.sealing.notes,
        notes_now=build_watch_forwarding(settings, service.archive, service.clock).notes,
        receive_push=service.relay.receive_push,
        transfers=service.transfers.desk,
        verdicts=service.verdicts,
        older=OlderFaces(
            sign_in=service.relay.sign_in,
            ask_imsi=service.relay.ask_imsi,
            take_message=service.relay.take,
            view_message=service.relay.view,
            rest=RestUses(service.relay.send, service.relay.follow, service.relay.incoming, service.clock),
        ),
        camara=_camara(service.open_gateway),
        console=console_services(settings, service),
        trusted_proxies=settings.web.networks(settings.web.trusted_proxies),
        metrics_networks=settings.web.networks(settings.web.metrics_networks),
    )


def _camara(gateway: OpenGateway) -> CamaraServices | None:
    if not gateway.issuer:
        return None
    return CamaraServices(
        gateway.issuer, gateway.tokens, gateway.one_time_sms, gateway.sim_swap, gateway.subscriptions
    )


def application_from_environment() -> WSGIApplication:
    """Give the application with the settings that the environment names; raises SettingsFault."""
    return application(load(plugin_kinds()).settings)
