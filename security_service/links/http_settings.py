"""Settings that every plug-in that calls an HTTP peer has; leaves its own ones to each plug-in."""

from __future__ import annotations

from dataclasses import dataclass, field

from security_service.domain.secret import Secret
from security_service.links.http_link import HttpLink, checked_base_url


@dataclass(frozen=True, kw_only=True)
class HttpPeerSettings:
    """How to reach a peer. Raises ValueError for values that cannot work.

    Each field's metadata holds `help`, and `secret` where its value must not be shown.
    """

    base_url: str = field(metadata={"help": "address of the service, in full"})
    connect_s: float = field(
        default=3.0,
        metadata={"help": "seconds for name, TCP and TLS; within the deadline of the call"},
    )
    max_idle_s: float = field(
        default=15.0,
        metadata={"help": "seconds after which an unused connection is not used again"},
    )
    plain_http: bool = field(
        default=False,
        metadata={"help": "allow http to a host that is not on loopback; passwords are then readable"},
    )
    ca_file: str = field(
        default="",
        metadata={"help": "PEM file of the authorities to trust in place of the system's"},
    )

    def __post_init__(self) -> None:
        checked_base_url(self.base_url, plain_http=self.plain_http)
        if self.connect_s <= 0 or self.max_idle_s < 0:
            raise ValueError("connect_s must be above 0 and max_idle_s not under 0")

    def link(self, under: str = "") -> HttpLink:
        """Give a link to the peer, with `under` added to the path of `base_url`."""
        return self.link_to(f"{self.base_url.rstrip('/')}{under}" if under else self.base_url)

    def link_to(self, url: str) -> HttpLink:
        """Give a link to another address of the same provider, reached in the same way."""
        return HttpLink(
            url,
            connect_s=self.connect_s,
            max_idle_s=self.max_idle_s,
            plain_http=self.plain_http,
            ca_file=self.ca_file,
        )


@dataclass(frozen=True, kw_only=True)
class _Account:
    """Who asks, for providers that want to know it by login and password; stands first in the tables."""

    login: str = field(metadata={"help": "login of the provider's account"})
    password: Secret = field(metadata={"help": "password of the account", "secret": True})


@dataclass(frozen=True, kw_only=True)
class HttpAccountSettings(HttpPeerSettings, _Account):
    """An account at a peer and how to reach it. Raises ValueError for values that cannot work."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.login or not self.password.reveal():
            raise ValueError("login and password must not be empty")
