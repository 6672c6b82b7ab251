"""Calls of Devino's JSON services under Basic authentication (Devino manual 12.1, 14.1.1, 15.1).

Leaves documents and their meaning to the plug-ins.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from security_service.links.http_answer import HttpReply
from security_service.links.http_link import HttpLink
from security_service.links.http_settings import HttpAccountSettings


class DevinoJsonLink:
    """Calls one of the services, login and password in a header of each; safe to share between threads."""

    def __init__(self, settings: HttpAccountSettings) -> None:
        self._settings = settings
        self._link: HttpLink = settings.link()

    def get(self, path: str, params: Mapping[str, str], within_s: float) -> HttpReply:
        """Ask with `params` in the query, within `within_s` seconds in all."""
        return self._link.get(path, params, within_s, self._headers())

    def post(self, path: str, document: object, within_s: float) -> HttpReply:
        """Send a document as JSON in UTF-8, within `within_s` seconds in all."""
        # Lone surrogates, which UTF-8 cannot hold, travel as escapes.
        body = json.dumps(document, separators=(",", ":")).encode("ascii")
        headers = {**self._headers(), "Content-Type": "application/json; charset=utf-8"}
        return self._link.post(path, body, headers, within_s)

    def _headers(self) -> dict[str, str]:
        account = f"{self._settings.login}:{self._settings.password.reveal()}"
        token = base64.b64encode(account.encode("utf-8")).decode("ascii")
        return {"Authorization": f"Basic {token}", "Accept": "*/*"}
