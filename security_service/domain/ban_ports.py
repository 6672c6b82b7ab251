"""The ports of banned IMSIs; every method may raise StoreUnavailable. No behaviour here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from security_service.domain.audit import Event
from security_service.domain.bans import Ban
from security_service.domain.imsi import SealedImsi


class Bans(Protocol):
    """What everybody asks who sees an IMSI."""

    def is_banned(self, tenant: str, imsi: SealedImsi) -> bool:
        """Tell whether a tenant banned this IMSI, under any key version at hand; a second old at most."""
        ...


class BanBook(Protocol):
    """The list of a tenant's bans."""

    def put(self, ban: Ban, event: Event) -> bool:
        """Ban an IMSI; False, and nothing written, where it is banned or this case's ban was lifted."""
        ...

    def lift(self, ban: Ban, event: Event) -> bool:
        """Lift a ban; False, and nothing written, where it was lifted before."""
        ...

    def every(self, tenant: str) -> Sequence[Ban]:
        """Give a tenant's bans, newest first."""
        ...
