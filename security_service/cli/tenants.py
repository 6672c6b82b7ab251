"""`tenant`: tenants and their API keys; leaves what a tenant may be to its document."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import actor, show
from security_service.domain.errors import SettingsFault
from security_service.domain.secret import Secret
from security_service.domain.settings import SourceText
from security_service.domain.tenant_document import (
    read_tenant,
    tenant_document,
    unknown_names,
    unserved_channels,
)
from security_service.domain.tenants import Tenant
from security_service.store.tenants import StoredTenants
from security_service.wiring import Service

_HOUR_MS = 3_600_000


@click.group()
def tenant() -> None:
    """Make and change tenants and their API keys."""


@tenant.command("create")
@settings_options
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="[SETTING=VALUE]...")
def create(sources: Sources, name: str, settings: tuple[str, ...]) -> None:
    """Make the tenant NAME and print its first API key, which is shown only now."""
    service = _service(sources)
    if service.tenants.get(name) is not None:
        raise click.ClickException(f"there is a tenant {name} already; change it with `tenant set`")
    _save(service, {**changed({}, settings), "id": name})
    click.echo(_issue(service.tenants, name))


@tenant.command("list")
@settings_options
def list_tenants(sources: Sources) -> None:
    """List the tenants."""
    service = _service(sources)
    for name in service.tenants.ids():
        found = service.tenants.get(name)
        if found is not None:
            click.echo(f"{name}\t{found.policy}\t{found.region}\t{found.name}")


@tenant.command("show")
@settings_options
@click.argument("name")
def show_tenant(sources: Sources, name: str) -> None:
    """Show all settings of a tenant, and the names of its API keys."""
    service = _service(sources)
    document = tenant_document(_existing(service.tenants, name))
    keys = [{"name": key.name, "until_ms": key.until_ms} for key in service.tenants.keys_of(name)]
    show({**document, "api_keys": keys})


@tenant.command("set")
@settings_options
@click.argument("name")
@click.argument("settings", nargs=-1, required=True, metavar="SETTING=VALUE...")
def set_tenant(sources: Sources, name: str, settings: tuple[str, ...]) -> None:
    """Change settings of a tenant; a setting in a table is named with dots, lists and tables are JSON.

    For example: code_length=8 limits.prefix_digits=5 'limits.tenant=[{"name":"all","limit":9,"seconds":1}]'
    """
    service = _service(sources)
    document = tenant_document(_existing(service.tenants, name))
    _save(service, {**changed(document, settings), "id": name})


@tenant.command("rotate-key")
@settings_options
@click.argument("name")
@click.option("--overlap", type=click.IntRange(0, 24 * 90), default=24, show_default=True, help="Hours.")
def rotate_key(sources: Sources, name: str, overlap: int) -> None:
    """Print a new API key, which is shown only now; the others end after the overlap."""
    service = _service(sources)
    _existing(service.tenants, name)
    until_ms = service.clock.unix_ms() + overlap * _HOUR_MS if overlap else 0
    before = service.tenants.keys_of(name)
    key = _issue(service.tenants, name)
    for old in before:
        if not until_ms or not old.until_ms or old.until_ms > until_ms:
            service.tenants.end_key(old, until_ms, actor())
    click.echo(key)


@tenant.command("revoke-key")
@settings_options
@click.argument("name")
@click.argument("key_name")
def revoke_key(sources: Sources, name: str, key_name: str) -> None:
    """End an API key at once; `tenant show` lists the names of keys."""
    service = _service(sources)
    found = next((key for key in service.tenants.keys_of(name) if key.name == key_name), None)
    if found is None or not service.tenants.end_key(found, 0, actor()):
        raise click.ClickException(f"tenant {name} has no API key {key_name}")


def changed(document: Mapping[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """Give a document with changes `key=value`; raises UsageError for one that is not such a change."""
    result: dict[str, Any] = json.loads(json.dumps(document))
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals or not key:
            raise click.UsageError(f"a change is SETTING=VALUE, not {change}")
        *tables, last = key.split(".")
        branch = result
        for table in tables:
            branch = branch.setdefault(table, {})
            if not isinstance(branch, dict):
                raise click.UsageError(f"{key}: {table} is no table")
        branch[last] = _value(key, value)
    return result


def _value(key: str, text: str) -> object:
    if text[:1] not in {"[", "{"}:
        return SourceText(text)
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{key}: is not JSON: {error}") from None


def _save(service: Service, document: Mapping[str, Any]) -> None:
    """Check and save; raises SettingsFault. What is weak but allowed is told on stderr."""
    read = read_tenant(document)
    faults = unknown_names(
        read.tenant,
        tuple(service.policies.names()),
        tuple(service.outward.gateways),
        tuple(service.outward.lookups),
    )
    faults += unserved_channels(
        read.tenant, {gateway.channel for gateway in service.outward.gateways.values()}
    )
    if faults:
        raise SettingsFault(faults)
    for warning in read.warnings:
        click.echo(f"Warning: {warning}", err=True)
    service.tenants.save(read.tenant, actor())


def _issue(tenants: StoredTenants, name: str) -> str:
    key = Secret(f"et_{secrets.token_urlsafe(32)}")
    tenants.issue_key(name, key, f"k{secrets.token_hex(4)}", actor())
    return key.reveal()


def _existing(tenants: StoredTenants, name: str) -> Tenant:
    found = tenants.get(name)
    if found is None:
        raise click.ClickException(f"there is no tenant {name}")
    return found


def _service(sources: Sources) -> Service:
    return sources.service(sources.stored())
