"""Settings of the Open Gateway faces: the address under which clients reach them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class OpenGatewaySettings:
    """CAMARA interfaces and their OAuth tokens; they are served where `issuer` is set.

    Never taken from a request: what a client signs must name this service, not what a header says it is.
    """

    issuer: str = field(
        default="",
        metadata={"help": "address of the service as clients reach it, https; empty: CAMARA is not served"},
    )

    private_sinks: bool = field(
        default=False,
        metadata={
            "help": "sinks of subscriptions may be inside the house: private addresses, http on loopback"
        },
    )

    def __post_init__(self) -> None:
        if not self.issuer:
            return
        parts = urlsplit(self.issuer)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if not is_safe or not parts.netloc or parts.query or parts.fragment or self.issuer.endswith("/"):
            raise ValueError("issuer must be an https address without a slash at its end (http for loopback)")
