"""What the plug-ins of Infobip share: account, calls, refusals; leaves the meaning of results to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from security_service.domain.secret import Secret
from security_service.links.http_answer import HttpAnswer, HttpReply
from security_service.links.http_settings import HttpPeerSettings
from security_service.links.json_body import members, read_json, text

REFUSALS: Final[Mapping[int, str]] = {
    400: "request_refused",
    401: "key_refused",
    403: "forbidden",
    404: "not_found",
    429: "too_many_requests",
}
"""Statuses of a request that was turned away; its words may quote what was asked."""


@dataclass(frozen=True, kw_only=True)
class InfobipSettings(HttpPeerSettings):
    """An account at Infobip. Raises ValueError for values that cannot work."""

    api_key: Secret = field(metadata={"help": "API key of the account", "secret": True})
    base_url: str = field(metadata={"help": "the account's own address: https://xxxxx.api.infobip.com"})
    requests_per_second: float = field(
        default=0.0, metadata={"help": "requests a second that the provider allows; 0: no limit", "least": 0}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        key = self.api_key.reveal()
        if not key or not key.isascii() or any(character <= " " for character in key):
            raise ValueError("api_key must be ASCII without white space")


class InfobipLink:
    """Makes calls with one key; safe to share between threads."""

    def __init__(self, settings: InfobipSettings) -> None:
        self._link = settings.link()
        self._headers = {
            "Authorization": f"App {settings.api_key.reveal()}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }

    def post(self, path: str, document: Mapping[str, object], within_s: float) -> HttpReply:
        """POST a document as JSON within `within_s` seconds in all."""
        body = json.dumps(document, separators=(",", ":")).encode()
        return self._link.post(path, body, self._headers, within_s)


def refusal(answer: HttpAnswer) -> str:
    """Give the token of an answer that is no result."""
    return REFUSALS.get(answer.status, f"http_{answer.status}")


def error_name(told: Mapping[str, object]) -> str:
    """Give the `EC_...` name of an answer's `error`, or of the service's exception; empty without one.

    Only a token is given: capital letters, digits and underscores.
    """
    exception = members(members(told.get("requesterror")).get("serviceexception"))
    name = text(members(told.get("error")).get("name")) or text(exception.get("messageid"))
    is_token = name.isascii() and name.replace("_", "").isalnum() and len(name) <= 60
    return name if is_token else ""


def told_of(answer: HttpAnswer) -> Mapping[str, object]:
    """Read the members of an answer."""
    return members(read_json(answer.body))
