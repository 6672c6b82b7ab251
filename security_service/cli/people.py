"""Who works at this command line, for whom, and on which number; leaves what they do to the commands."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from security_service.config.classes import Settings
from security_service.domain.access import Role
from security_service.domain.phone import parse_msisdn
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.store.tenants import StoredTenants

CLI_ROLES: Final = frozenset({Role.ADMIN})
"""Whoever reaches this command line reaches the store: what four eyes demand is told apart by the name."""


def actor() -> str:
    """Give the name that stands in the audit for this command line's user."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:  # a container's user without a line in passwd
        return f"cli:{os.getuid()}"


def tenant_named(tenants: StoredTenants, settings: Settings, name: str | None) -> Tenant:
    """Give the tenant that is meant; raises ClickException for one that does not exist."""
    wanted = name or settings.home_tenant
    if not wanted:
        raise click.UsageError("say which tenant with --tenant (or set home_tenant)")
    tenant = tenants.get(wanted)
    if tenant is None:
        raise click.ClickException(f"there is no tenant {wanted}")
    return tenant


def number_of(text: str, tenant: Tenant) -> Msisdn:
    """Read a number as the tenant writes it; raises UsageError for one that is not valid."""
    number = parse_msisdn(text, tenant.region)
    if number is None:
        raise click.UsageError(f"this is not a valid number in {tenant.region} nor an international one")
    return number


def moment_of(text: str) -> int:
    """Read a time as Unix seconds: `2026-01-31T12:00:00Z`, or `30m`, `12h`, `7d` from now on or back.

    Raises UsageError.
    """
    return int(_moment(text, datetime.now(UTC)).timestamp())


def past_moment_of(text: str) -> int:
    """Read a time as `moment_of` does, durations counting back."""
    now = datetime.now(UTC)
    return int((now - (_moment(text, now) - now) if text[-1:] in _UNITS else _moment(text, now)).timestamp())


_UNITS: Mapping[str, str] = {"m": "minutes", "h": "hours", "d": "days"}


def _moment(text: str, now: datetime) -> datetime:
    if text[-1:] in _UNITS and text[:-1].isdigit() and len(text) <= 6:
        return now + timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError("times are like 2026-01-31T12:00:00Z, or 30m, 12h, 7d") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def show(document: object) -> None:
    """Print a document as JSON for people and programs."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
