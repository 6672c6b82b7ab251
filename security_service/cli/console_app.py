"""Puts what the console needs together out of the service; leaves its pages to the web application."""

from __future__ import annotations

from security_service.config.classes import Settings
from security_service.links.sealed_text import TextSealer
from security_service.web.console.services import ConsoleServices
from security_service.wiring import Service


def console_services(settings: Settings, service: Service) -> ConsoleServices | None:
    """Give it; None where no key seals the secrets of people's apps, so that nobody could sign in."""
    people = service.people
    if people is None:
        return None
    return ConsoleServices(
        sessions=people.sessions,
        sign_in=people.sign_in,
        welcome=people.welcome,
        change_own=people.own,
        federated=people.federated,
        tenants=service.tenants,
        tenant_ids=service.tenants,
        view_subscriber=service.view_subscriber,
        four_eyes=service.deeds.four_eyes,
        freeze=service.freeze,
        enrol_authenticator=service.enrol_authenticator,
        read_audit=service.read_audit,
        audit_desk=service.audit_desk,
        policy_desk=service.policy_desk,
        policy_drafts=service.policy_drafts,
        view_now=service.view_now,
        work_cases=service.deeds.work_cases,
        keep_bans=service.deeds.keep_bans,
        list_people=people.list,
        invite_person=people.invite,
        change_person=people.change,
        management=service.management,
        transfers=service.transfers.desk,
        chance=service.chance,
        clock=service.clock,
        sealer=TextSealer(settings.keys.api_ring, "console handle"),
        home_tenant=settings.home_tenant,
        trusted_proxies=settings.web.networks(settings.web.trusted_proxies),
        networks=settings.web.networks(settings.console.allowed_networks),
    )
