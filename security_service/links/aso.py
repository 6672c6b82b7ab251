"""The wire of the ASO Broker: JSON over HTTP with Basic authentication; leaves meaning to the gateway."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from security_service.domain.secret import Secret
from security_service.links.http_answer import HttpAnswer, HttpReply, NoReply, NotSent
from security_service.links.http_link import HttpLink
from security_service.links.json_body import members, read_json, whole

_COMPLETE: Final = frozenset({200, 201, 202, 204})

ERRORS: Final[Mapping[int, str]] = {
    100: "internal_error",
    101: "syntax_error",
    102: "account_locked",
    103: "channel_missing",
    104: "priority_wrong",
    105: "too_many_ids",
    202: "recipient_missing",
    204: "email_missing",
    205: "message_id_missing",
    206: "variables_wrong",
    301: "localtime_wrong",
    302: "start_datetime_wrong",
    303: "end_datetime_wrong",
    304: "allowed_starttime_wrong",
    305: "allowed_endtime_wrong",
    306: "send_evenly_wrong",
    401: "originator_missing",
    402: "application_missing",
    403: "ttl_missing",
    404: "content_missing",
    405: "content_malformed",
    406: "content_not_possible",
    407: "ttl_wrong",
    408: "files_too_large",
    410: "retry_attempts_wrong",
    411: "retry_timeout_wrong",
}
"""Error codes (ASO Broker API 1.3, table 2.2) as tokens."""


@dataclass(frozen=True, slots=True)
class AsoDone:
    """The request was carried out; `value` is the decoded JSON of the answer, None for no body."""

    value: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class AsoError:
    """The request was refused with a code of table 2.2."""

    code: int

    @property
    def reason(self) -> str:
        """Give the token of the error; `code_N` for one that the table does not know."""
        return ERRORS.get(self.code, f"code_{self.code}")


@dataclass(frozen=True, slots=True)
class AsoUnread:
    """There was an answer, but none of theirs that could be read."""

    status: int

    @property
    def reason(self) -> str:
        """Give the token for outcomes and receipts."""
        return "answer_unreadable" if self.status in _COMPLETE else f"http_{self.status}"


AsoReply = AsoDone | AsoError | AsoUnread | NotSent | NoReply


def read_reply(reply: HttpReply) -> AsoReply:
    """Read an answer (ASO Broker API 1.2): an error comes at HTTP 400 with `error_code`. Never raises."""
    if not isinstance(reply, HttpAnswer):
        return reply
    body = reply.body.strip()
    read = read_json(body) if body else None
    code = whole(members(read).get("error_code"))
    if code is not None:
        return AsoError(code)
    if reply.status not in _COMPLETE or (body and read is None):
        return AsoUnread(reply.status)
    return AsoDone(read)


class AsoLink:
    """Makes authenticated calls on one broker; safe to share between threads."""

    def __init__(self, link: HttpLink, login: str, password: Secret) -> None:
        self._link = link
        pair = f"{login}:{password.reveal()}".encode()
        self._basic = Secret(f"Basic {base64.b64encode(pair).decode('ascii')}")

    def call(self, method: str, document: object, within_s: float) -> AsoReply:
        """POST a document to `send` or `getStatus` within `within_s` seconds in all."""
        headers = {
            "Authorization": self._basic.reveal(),
            "Content-Type": "application/json; charset=UTF-8",
        }
        body = json.dumps(document, ensure_ascii=False).encode("utf-8")
        return read_reply(self._link.post(f"/{method}", body, headers, within_s))
