"""What the faces of Devino's JSON services share: the account, JSON in and out; leaves documents to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

from flask import Response, request

from security_service.sandbox.messengers import LegState
from security_service.sandbox.sessions import Sessions
from security_service.sandbox.submissions import SmsState

_STATUSES: Final = {
    SmsState.QUEUED: "enqueued",
    SmsState.SENT: "sent",
    SmsState.DELIVERED: "delivered",
    SmsState.EXPIRED: "vp_expired",
}


def is_account(sessions: Sessions) -> bool:
    """Say whether a request bears the account's login and password (Devino manual 12.1, 14.1.1, 15.1)."""
    given = request.authorization
    if given is None or given.type != "basic":
        return False
    return sessions.admits(given.username or "", given.password or "")


def json_members() -> dict[str, object] | None:
    """Give the members of the request's body, None where it is no JSON object."""
    document = request.get_json(force=True, silent=True)
    return document if isinstance(document, dict) else None


def members_of(value: object) -> dict[str, object]:
    """Give the members of a part of a document, none where it is no object."""
    return value if isinstance(value, dict) else {}


def whole(value: object, least: int, most: int) -> int | None:
    """Give a whole number within bounds, both included, which JSON has as a number or a text; else None."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
    return number if least <= number <= most else None


def status_of(leg: LegState) -> str:
    """Give the state of a messenger's message in the words of the manual (12.3, 15.3.1)."""
    return _STATUSES.get(leg.state, "undelivered")


def failure_of(leg: LegState) -> str:
    """Give why a message was not delivered (Devino manual 12.3), empty where it was or may still be."""
    if leg.state is SmsState.ADDRESS_NOT_ALLOWED:
        return "not-viber-user"
    return "user-blocked" if leg.state is SmsState.REJECTED else ""


def sms_states(leg: LegState) -> list[dict[str, object]]:
    """Give the state of each segment of an SMS that followed (Devino manual 12.3, 15.3.1)."""
    status = status_of(leg) if leg.state in {SmsState.SENT, SmsState.DELIVERED} else "undelivered"
    return [{"id": int(message_id), "status": status} for message_id in leg.ids]


def written(moment: float) -> str:
    """Write Unix seconds as the services write dates, UTC: `2016-08-10 15:28:50`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")


def json_answer(document: object, status: int = 200) -> Response:
    """Give JSON in UTF-8."""
    text = json.dumps(document, ensure_ascii=False)
    return Response(text, status, content_type="application/json; charset=utf-8")
