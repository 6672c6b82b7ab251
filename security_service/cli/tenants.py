"""`tenant`: tenants and their API keys; leaves what a tenant may be to its document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import actor, show
from security_service.domain.errors import SettingsFault
from security_service.domain.settings import SourceText
from security_service.domain.tenant_document import tenant_document
from security_service.domain.tenant_ports import ApiKeyInfo, KeptTenant
from security_service.usecases.keep_api_keys import (
    MOST_KEYS,
    IssueOutcome,
    KeyIssued,
    KeyNameRefused,
    NoSuchKey,
    TooManyKeys,
)
from security_service.usecases.manage_tenants import (
    NoSuchTenant,
    SaveTenantOutcome,
    TenantFaults,
    TenantMoved,
    TenantOrder,
    TenantSaved,
)
from security_service.usecases.management_desk import ManagementDesk

_HOUR_S: Final = 3600


@click.group()
def tenant() -> None:
    """Make and change tenants and their API keys."""


@tenant.command("create")
@settings_options
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="[SETTING=VALUE]...")
def create(sources: Sources, name: str, settings: tuple[str, ...]) -> None:
    """Make the tenant NAME and print its first API key, which is shown only now."""
    management = _management(sources)
    outcome = management.tenants.save(TenantOrder(name, changed({}, settings), "", actor()))
    if isinstance(outcome, TenantMoved):
        raise click.ClickException(f"there is a tenant {name} already; change it with `tenant set`")
    _tell_saved(name, outcome)
    click.echo(_issued(name, management.api_keys.issue(name, "", actor())))


@tenant.command("list")
@settings_options
def list_tenants(sources: Sources) -> None:
    """List the tenants."""
    tenants, after = _management(sources).tenants, ""
    while True:
        page = tenants.page(after, lambda _: True)
        for kept in page.tenants:
            one = kept.tenant
            click.echo(f"{one.id}\t{one.policy}\t{one.region}\t{one.name}")
        after = page.next
        if not after:
            return


@tenant.command("show")
@settings_options
@click.argument("name")
def show_tenant(sources: Sources, name: str) -> None:
    """Show all settings of a tenant, its version, and its API keys without the keys themselves."""
    management = _management(sources)
    kept = _existing(management, name)
    keys = management.api_keys.of(name)
    listed = [] if isinstance(keys, NoSuchTenant) else [_key_shown(key) for key in keys]
    show({**tenant_document(kept.tenant), "version": kept.version, "api_keys": listed})


@tenant.command("set")
@settings_options
@click.argument("name")
@click.argument("settings", nargs=-1, required=True, metavar="SETTING=VALUE...")
def set_tenant(sources: Sources, name: str, settings: tuple[str, ...]) -> None:
    """Change settings of a tenant; a setting in a table is named with dots, lists and tables are JSON.

    For example: code_length=8 limits.prefix_digits=5 'limits.tenant=[{"name":"all","limit":9,"seconds":1}]'
    """
    management = _management(sources)
    kept = _existing(management, name)
    document = changed(tenant_document(kept.tenant), settings)
    _tell_saved(name, management.tenants.save(TenantOrder(name, document, kept.version, actor())))


@tenant.command("rotate-key")
@settings_options
@click.argument("name")
@click.option("--overlap", type=click.IntRange(0, 24 * 90), default=24, show_default=True, help="Hours.")
def rotate_key(sources: Sources, name: str, overlap: int) -> None:
    """Print a new API key, which is shown only now; the others end after the overlap."""
    keys = _management(sources).api_keys
    click.echo(_issued(name, keys.rotate(name, overlap * _HOUR_S, actor())))


@tenant.command("revoke-key")
@settings_options
@click.argument("name")
@click.argument("key")
def revoke_key(sources: Sources, name: str, key: str) -> None:
    """End an API key at once, by its id or by a name that only one key has; `tenant show` lists both."""
    management = _management(sources)
    listed = management.api_keys.of(name)
    found = [] if isinstance(listed, NoSuchTenant) else [one for one in listed if key in {one.id, one.name}]
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise click.ClickException(f"tenant {name} has several API keys {key}; name one by its id: {ids}")
    ended = management.api_keys.end(name, found[0].id, 0, actor()) if found else NoSuchKey()
    if isinstance(ended, NoSuchKey):
        raise click.ClickException(f"tenant {name} has no API key {key}")


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


def _tell_saved(name: str, outcome: SaveTenantOutcome) -> None:
    """Tell what is weak but allowed on stderr; raises SettingsFault and ClickException."""
    match outcome:
        case TenantSaved():
            for warning in outcome.warnings:
                click.echo(f"Warning: {warning}", err=True)
        case TenantFaults():
            raise SettingsFault(list(outcome.faults))
        case TenantMoved():
            raise click.ClickException(f"somebody else changed {name} at this moment; look and try again")
        case NoSuchTenant():
            raise _unknown(name)
        case _:
            assert_never(outcome)


def _issued(name: str, outcome: IssueOutcome) -> str:
    match outcome:
        case KeyIssued():
            return outcome.key.reveal()
        case NoSuchTenant():
            raise _unknown(name)
        case TooManyKeys():
            raise click.ClickException(f"{name} has {MOST_KEYS} API keys; end some first")
        case KeyNameRefused():
            raise click.UsageError("a key's name takes 1 to 32 of a-z 0-9 _ . -")
        case _:
            assert_never(outcome)


def _key_shown(key: ApiKeyInfo) -> dict[str, object]:
    return {"id": key.id, "name": key.name, "issued_ms": key.issued_ms, "until_ms": key.until_ms}


def _existing(management: ManagementDesk, name: str) -> KeptTenant:
    found = management.tenants.view(name)
    if isinstance(found, NoSuchTenant):
        raise _unknown(name)
    return found


def _unknown(name: str) -> click.ClickException:
    return click.ClickException(f"there is no tenant {name}")


def _management(sources: Sources) -> ManagementDesk:
    return sources.service(sources.stored()).management
