"""The port through which a provider is asked for the sender names of an account; no behaviour here."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from security_service.domain.senders import SendersAnswer


@runtime_checkable
class ListsSenders(Protocol):
    """A gateway whose provider tells the sender names of its account."""

    def senders(self, within_s: float) -> SendersAnswer:
        """Ask within `within_s` seconds in all."""
        ...
