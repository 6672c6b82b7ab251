"""What production refuses, and where the sandbox operator may run; leaves reading to `sources`."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from security_service.config.classes import Environment, PluginEntry, Settings
from security_service.domain.setting_kinds import setting_fields


def production_faults(settings: Settings) -> list[str]:
    """Give a sentence for everything that production refuses; none for a sandbox."""
    if settings.environment is not Environment.PRODUCTION:
        return []
    faults = []
    if not settings.store.address:
        faults.append("store.address: production needs a store of its own, not the embedded one")
    if not settings.archive.signing_key.reveal():
        faults.append("archive.signing_key: production needs a key that signs the heads of the audit log")
    faults += [
        f"forward.{name}.url: production posts events over https only, unless on loopback"
        for name, target in settings.forward.items()
        if urlsplit(target.url).scheme == "http" and not _is_loopback(urlsplit(target.url).hostname or "")
    ]
    for table, entries in (("gateways", settings.gateways), ("lookups", settings.lookups)):
        if not entries:
            faults.append(f"{table}: production needs at least one")
        faults += [
            f"{table}.{entry.name}: production does not speak with a provider on loopback"
            for entry in entries
            if _is_local(entry)
        ]
    return faults


def sandbox_refusal(settings: Settings) -> str:
    """Say why the sandbox operator may not run beside these settings; empty where it may."""
    if settings.environment is Environment.PRODUCTION:
        return "the sandbox operator does not run in production"
    for table, entries in (("gateways", settings.gateways), ("lookups", settings.lookups)):
        for entry in entries:
            if not _is_local(entry):
                return (
                    "the sandbox operator does not run beside a real provider: "
                    f"{table}.{entry.name} is not on loopback"
                )
    return ""


def _is_local(entry: PluginEntry) -> bool:
    """True where every address among the settings of a plug-in is on loopback, and there is one."""
    hosts = [
        host
        for field in setting_fields(type(entry.settings))
        if isinstance(value := getattr(entry.settings, field.key), str) and (host := _host(field.key, value))
    ]
    return bool(hosts) and all(_is_loopback(host) for host in hosts)


def _host(key: str, value: str) -> str:
    """Give the host that a setting names: that of a URL, or the value of a setting called `host`."""
    if key == "host":
        return value
    return (urlsplit(value).hostname or "") if "://" in value else ""


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
