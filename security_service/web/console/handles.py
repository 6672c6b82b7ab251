"""Sealed names of subscribers for addresses: a number stands in no URL, so in no access log or history.

A handle is tenant and number under AES-256-GCM, in base64url. It outlives a session, so that colleagues may
send each other a link; whoever opens it must be signed in and may act for the tenant, as with any search.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from security_service.domain.link_ports import NotOpened, Sealer
from security_service.domain.secret import Msisdn

_ABOUT: Final = "console subscriber"
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class SubscriberName:
    """Whose number: what a handle opens to."""

    tenant: str
    number: Msisdn


@dataclass(frozen=True, slots=True)
class Handles:
    """Seals and opens handles; safe to share between threads."""

    sealer: Sealer

    def of(self, tenant: str, number: Msisdn) -> str:
        """Give a handle for an address; another each time it is asked for."""
        sealed = self.sealer.seal(f"{number.digits}@{tenant}".encode(), _ABOUT)
        return base64.urlsafe_b64encode(sealed).decode("ascii").rstrip("=")

    def open(self, handle: str) -> SubscriberName | NotOpened:
        """Give what a handle stands for, under any key at hand."""
        if len(handle) > _LONGEST:
            return NotOpened()
        try:
            sealed = base64.urlsafe_b64decode(handle + "=" * (-len(handle) % 4))
        except (ValueError, binascii.Error):
            return NotOpened()
        opened = self.sealer.open(sealed, _ABOUT)
        if isinstance(opened, NotOpened):
            return opened
        number, _, tenant = opened.decode("utf-8").partition("@")
        return SubscriberName(tenant, Msisdn(number))
