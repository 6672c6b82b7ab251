"""Whose page this is: a handle of an address to a subscriber whom the visitor may look at."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from security_service.domain.link_ports import NotOpened
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.web.console.handles import Handles
from security_service.web.console.refusals import PageRefused
from security_service.web.console.services import ConsoleServices
from security_service.web.console.visit import this_visit


@dataclass(frozen=True, slots=True)
class Subject:
    """A tenant's number, as an address named it."""

    tenant: Tenant
    number: Msisdn


def subject_of(services: ConsoleServices, handle: str) -> Subject:
    """Open a handle; raises `PageRefused` for one that opens to nothing, or to a tenant of others."""
    name = Handles(services.sealer).open(handle)
    if isinstance(name, NotOpened):
        raise PageRefused(HTTPStatus.NOT_FOUND, "error.handle")
    if name.tenant not in this_visit().person.tenants:
        raise PageRefused(HTTPStatus.FORBIDDEN, "error.tenant")
    tenant = services.tenants.get(name.tenant)
    if tenant is None:
        raise PageRefused(HTTPStatus.NOT_FOUND, "error.handle")
    return Subject(tenant, name.number)


def chosen_tenant(services: ConsoleServices) -> Tenant:
    """Give the tenant that the visitor has chosen; raises `PageRefused` where there is none."""
    tenant = services.tenants.get(this_visit().tenant)
    if tenant is None:
        raise PageRefused(HTTPStatus.CONFLICT, "error.no_tenant")
    return tenant
