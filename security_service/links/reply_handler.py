"""Calls the bank's handler of incoming messages (Devino manual 11.2.3, 11.3.3); leaves when to the job."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from security_service.domain.incoming import (
    HandedOn,
    HandlerAnswer,
    HandlerFailed,
    HandlerSilent,
    KeptIncoming,
)
from security_service.domain.secret import MessageText
from security_service.links.http_answer import HttpAnswer
from security_service.links.http_link import HttpLink

_OK: Final = range(200, 300)
_ANSWER_LIMIT: Final = 16 * 1024
# As the manual prints it: {sms=<text>}, the whole body.
_SMS: Final = re.compile(r"\{sms=(.*)\}", re.DOTALL)


def ask_handler(url: str, message: KeptIncoming, within_s: float) -> HandlerAnswer:
    """Hand a message to the handler at `url` within `within_s` seconds in all. Never raises.

    The manual's parameters go in the query of a GET: sourcePhone, number, prefix (empty: numbers are the
    tenant's own), text and messageId.
    """
    parts = urlsplit(url)
    params = {
        "sourcePhone": message.number.digits,
        "number": message.to,
        "prefix": "",
        "text": message.text.reveal(),
        "messageId": str(message.id),
    }
    reply = _link(f"{parts.scheme}://{parts.netloc}").get(parts.path or "/", params, within_s)
    if not isinstance(reply, HttpAnswer):
        return HandlerSilent()
    if reply.status not in _OK:
        return HandlerFailed(reply.status)
    said = _SMS.fullmatch(reply.body.decode("utf-8", "replace").strip())
    return HandedOn(MessageText(said[1].strip() if said else ""))


@lru_cache(64)
def _link(base_url: str) -> HttpLink:
    return HttpLink(base_url, body_limit=_ANSWER_LIMIT)
