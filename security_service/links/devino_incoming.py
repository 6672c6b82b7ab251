"""What subscribers write, over Devino REST: by asking for a period, and by a handler's call (11.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from security_service.domain.incoming import Incoming, IncomingUntold
from security_service.domain.secret import MessageText, Msisdn
from security_service.links import devino
from security_service.links.devino_access import DevinoReply
from security_service.links.http_answer import HttpAnswer

_NUMBER: Final = re.compile(r"[1-9][0-9]{6,14}")
_MESSAGE_ID: Final = re.compile(r"[!-~]{1,128}")


def period(since_ms: int, until_ms: int) -> dict[str, str]:
    """Give the parameters of `Sms/In` (Devino manual 11.2.2); the end is rounded up, both are UTC."""
    return {"minDateUTC": _moment(since_ms), "maxDateUTC": _moment(until_ms + 999)}


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def incoming_answer(gateway: str, reply: DevinoReply) -> list[Incoming] | IncomingUntold:
    """Read the answer to `Sms/In`: the messages of a period (Devino manual 1.6, 2.5, 11.2.2)."""
    fault = devino.call_fault(reply)
    if fault is not None or not isinstance(reply, HttpAnswer):
        return IncomingUntold(fault or "answer_unreadable")
    rows = devino.read_json(reply.body)
    if not isinstance(rows, list):
        return IncomingUntold("answer_unreadable")
    read = [_incoming(gateway, row) for row in rows if isinstance(row, dict)]
    return [message for message in read if message is not None]


def handed_on(gateway: str, query: Mapping[str, str], now_ms: int) -> tuple[Incoming, ...]:
    """Read a call to an external handler (Devino manual 11.2.3, 11.3.3); empty where it brings no message."""
    row = {
        "sourceaddress": query.get("sourcePhone", ""),
        "destinationaddress": query.get("number", ""),
        "data": query.get("text", ""),
        "id": query.get("messageId", ""),
    }
    message = _incoming(gateway, row, now_ms)
    return () if message is None else (message,)


def _incoming(gateway: str, row: Mapping[str, object], now_ms: int = 0) -> Incoming | None:
    told = {str(name).lower(): value for name, value in row.items()}
    number = str(told.get("sourceaddress", "")).removeprefix("+")
    to, message_id = str(told.get("destinationaddress", "")), str(told.get("id", ""))
    if not _NUMBER.fullmatch(number) or not _MESSAGE_ID.fullmatch(message_id):
        return None
    at_ms = now_ms or devino.date_ms(told.get("createddateutc")) or 0
    return Incoming(gateway, message_id, Msisdn(number), to, MessageText(str(told.get("data", ""))), at_ms)
