"""Which tenants a visitor may manage, and the tenant that an address names; refuses with pages."""

from __future__ import annotations

from http import HTTPStatus

from security_service.domain.access import Role
from security_service.domain.tenant_ports import KeptTenant
from security_service.usecases.manage_tenants import NoSuchTenant
from security_service.usecases.management_desk import ManagementDesk
from security_service.web.console.refusals import PageRefused
from security_service.web.console.visit import this_visit


def tenant_of(desk: ManagementDesk, tenant: str) -> KeptTenant:
    """Give the tenant that an address names; raises `PageRefused` for one of others, or none."""
    if tenant not in this_visit().person.tenants:
        raise PageRefused(HTTPStatus.FORBIDDEN, "error.tenant")
    found = desk.tenants.view(tenant)
    if isinstance(found, NoSuchTenant):
        raise PageRefused(HTTPStatus.NOT_FOUND, "tenants.unknown")
    return found


def must_act_for_all() -> None:
    """Raise `PageRefused` where the visitor may act for some tenants only: this concerns all of them."""
    if not this_visit().person.for_all:
        raise PageRefused(HTTPStatus.FORBIDDEN, "tenants.for_all")


def is_admin() -> bool:
    """Tell whether the visitor may change tenants, or only look at them."""
    return Role.ADMIN in this_visit().person.roles
