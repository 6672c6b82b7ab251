"""The SendTally port of an hour without a ceiling."""

from __future__ import annotations


class NoTally:
    """Counts what was sent by tenant; never refuses and never raises an incident."""

    def __init__(self) -> None:
        self.sends: list[str] = []

    def sent(self, tenant: str) -> None:
        self.sends.append(tenant)

    def take_unverified(self, tenant: str, floor: int, percent: int) -> bool:
        return True

    def raises_incident(self, tenant: str, what: str) -> bool:
        return False
