"""What a Devino REST call can end in, and who may make one; leaves login and session to their files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from security_service.links.http_answer import HttpReply
from security_service.links.session import NoSession

DevinoReply = HttpReply | NoSession


class DevinoAccess(Protocol):
    """Makes authenticated calls on one face of the provider's REST service."""

    def get(self, path: str, params: Mapping[str, str], within_s: float) -> DevinoReply:
        """Ask with the parameters in the query, within `within_s` seconds in all."""
        ...

    def post(self, path: str, params: Mapping[str, str], within_s: float) -> DevinoReply:
        """Ask with the parameters form-encoded in the body, within `within_s` seconds in all."""
        ...
