"""Sinks of subscriptions that answer as a test says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from security_service.domain.audit import Json
from security_service.domain.secret import Secret
from security_service.domain.swap_subscriptions import SinkEnd


class ScriptedSink:
    """The Sink port: every address is allowed."""

    def __init__(self) -> None:
        self.answer = SinkEnd.TAKEN
        self.got: list[Mapping[str, Any]] = []
        self.tokens: list[str] = []

    def is_allowed(self, sink: str) -> bool:
        return True

    def send(self, sink: str, event: Mapping[str, Json], token: Secret | None) -> SinkEnd:
        self.got.append(event)
        self.tokens.append("" if token is None else token.reveal())
        return self.answer

    def taken(self) -> list[str]:
        """The last word of the type of what came, with the reason of an end; forgets it."""
        told = [
            event["type"].rpartition(".")[2] + event["data"].get("terminationReason", "")
            for event in self.got
        ]
        self.got.clear()
        return told
