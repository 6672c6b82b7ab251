"""Settings that every plug-in with an account at an HTTP peer has; leaves its own ones to each plug-in."""

from __future__ import annotations

from dataclasses import dataclass, field

from security_service.domain.secret import Secret
from security_service.links.http_link import HttpLink, checked_base_url


@dataclass(frozen=True, kw_only=True)
class HttpAccountSettings:
    """An account at a peer and how to reach it. Raises ValueError for values that cannot work.

    Each field's metadata holds `help`, and `secret` where its value must not be shown.
    """

    login: str = field(metadata={"help": "login of the provider's account"})
    password: Secret = field(metadata={"help": "password of the account", "secret": True})
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
        if not self.login or not self.password.reveal():
            raise ValueError("login and password must not be empty")
        if self.connect_s <= 0 or self.max_idle_s < 0:
            raise ValueError("connect_s must be above 0 and max_idle_s not under 0")

    def link(self, under: str = "") -> HttpLink:
        """Give a link to the peer, with `under` added to the path of `base_url`."""
        return HttpLink(
            f"{self.base_url.rstrip('/')}{under}" if under else self.base_url,
            connect_s=self.connect_s,
            max_idle_s=self.max_idle_s,
            plain_http=self.plain_http,
            ca_file=self.ca_file,
        )
