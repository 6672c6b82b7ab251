"""Settings of the console: sessions, who may reach it, and sign-in at the bank's identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from security_service.domain.access import Role
from security_service.domain.people_ports import SessionRules
from security_service.domain.secret import Secret

OIDC_RETURN_PATH: Final = "/console/oidc/return"
"""Where the provider sends browsers back to, under `base_url`; to be registered there."""


@dataclass(frozen=True)
class OidcSettings:
    """Sign-in at the bank's identity provider (OpenID Connect); off where `issuer` is empty."""

    issuer: str = field(
        default="", metadata={"help": "the provider's issuer, exactly as it names itself; empty: off"}
    )
    client_id: str = field(default="", metadata={"help": "the console's client id at the provider"})
    client_secret: Secret = field(
        default=Secret(""), metadata={"help": "its secret; empty for a public client, which PKCE protects"}
    )
    scope: str = field(default="openid profile", metadata={"help": "scopes that are asked for"})
    name_claim: str = field(
        default="preferred_username",
        metadata={"help": "claim that names a person; one that people cannot change themselves"},
    )
    roles_claim: str = field(
        default="groups", metadata={"help": "claim whose values are mapped to roles: a list or one text"}
    )
    roles: Mapping[str, tuple[Role, ...]] = field(
        default_factory=dict,
        metadata={"help": "roles by the claim's value; who has no value that stands here is not let in"},
    )
    tenants: tuple[str, ...] = field(
        default=(), metadata={"help": "tenants that newcomers may act for; empty: all"}
    )
    ca_file: str = field(
        default="", metadata={"help": "PEM file of the authorities to trust in place of the system's"}
    )

    def __post_init__(self) -> None:
        if not self.issuer:
            return
        _check_url("issuer", self.issuer)
        if not self.client_id:
            raise ValueError("client_id must be given where issuer is")
        if "openid" not in self.scope.split():
            raise ValueError("scope must hold openid")
        if not any(self.roles.values()):
            raise ValueError("roles must map at least one value, else nobody is let in")


@dataclass(frozen=True)
class ConsoleSettings:
    """The fraud team's console at /console; it is there where keys.vault is set."""

    session_idle_minutes: int = field(
        default=15, metadata={"help": "minutes after which an unused session ends", "least": 1, "most": 240}
    )
    session_hours: int = field(
        default=12, metadata={"help": "hours after which any session ends", "least": 1, "most": 24}
    )
    base_url: str = field(
        default="",
        metadata={"help": "address under which browsers reach the service; needed for sign-in by OIDC"},
    )
    allowed_networks: tuple[str, ...] = field(
        default=(), metadata={"help": "addresses or networks that may reach the console; empty: all"}
    )
    oidc: OidcSettings = field(default_factory=OidcSettings)

    def __post_init__(self) -> None:
        for text in self.allowed_networks:
            ip_network(text, strict=False)
        if self.base_url:
            _check_url("base_url", self.base_url)
        elif self.oidc.issuer:
            raise ValueError("base_url must be given for sign-in by OIDC")

    @property
    def session_rules(self) -> SessionRules:
        """How long sessions last, in seconds."""
        return SessionRules(self.session_idle_minutes * 60, self.session_hours * 3600)

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends browsers back to."""
        return f"{self.base_url.rstrip('/')}{OIDC_RETURN_PATH}"


def _check_url(key: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{key} must be an absolute https URL without a query")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError(f"{key} must be https unless it is on loopback")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
