"""Delivery receipts of SMPP 3.4 in deliver_sm and data_sm, by text or by parameters, as receipts of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final

from security_service.domain.messages import Push, Receipt, ReceiptState
from security_service.links.smpp.bodies import DataBody, MessageBody
from security_service.links.smpp.pdu import Tag, tlv_value

STATES: Final[Mapping[str, ReceiptState]] = {
    "ENROUTE": ReceiptState.PENDING,
    "DELIVRD": ReceiptState.DELIVERED,
    "EXPIRED": ReceiptState.EXPIRED,
    "DELETED": ReceiptState.UNDELIVERED,
    "UNDELIV": ReceiptState.UNDELIVERED,
    # Read by customer service on the subscriber's behalf, by the specification; many centres say it on
    # taking a message. Neither says that the subscriber has it, or that he never will.
    "ACCEPTD": ReceiptState.PENDING,
    "UNKNOWN": ReceiptState.UNKNOWN,
    "REJECTD": ReceiptState.UNDELIVERED,
}
"""States of a message in the text of a receipt (SMPP 3.4, appendix B); all others are unknown."""

STATE_NUMBERS: Final[Mapping[int, str]] = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
"""States of a message by the parameter message_state (SMPP 3.4, 5.2.28)."""

_KIND_BITS: Final = 0x3C
_RECEIPT: Final = 0x04
_INTERMEDIATE: Final = 0x20
_FIELD: Final = re.compile(
    r"\b(id|submit date|done date|stat|err):\s*([!-~]{1,65})(?=\s|$)", re.IGNORECASE | re.ASCII
)
_MESSAGE_ITSELF: Final = re.compile(r"\btext:", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[0-9A-Za-z_]{1,16}")
_DATE: Final = re.compile(r"[0-9]{10}(?:[0-9]{2})?")
_NO_ERROR: Final = re.compile(r"0*")


def read_receipt(body: MessageBody | DataBody, utc_offset_minutes: int | None = None) -> Push | None:
    """Read a delivery receipt, None where a message is none or names no message.

    The parameters receipted_message_id and message_state count before the text, which centres write in
    forms of their own. Dates are the centre's local time: `utc_offset_minutes` is how far that is ahead
    of UTC, None where it is not known, and then no date is given.
    """
    kind = body.esm_class & _KIND_BITS
    tagged = tlv_value(body.tlvs, Tag.RECEIPTED_MESSAGE_ID)
    if kind not in {_RECEIPT, _INTERMEDIATE} and tagged is None:
        return None
    fields = _fields(body)
    message_id = fields.get("id", "") if tagged is None else tagged.rstrip(b"\0").decode("latin-1")
    if not message_id:
        return None
    token = _state_token(body, fields)
    state = STATES.get(token, ReceiptState.UNKNOWN)
    if kind == _INTERMEDIATE and state.is_final:
        state = ReceiptState.PENDING
    reported_at_ms = _date_ms(fields.get("done date", ""), utc_offset_minutes)
    return Push(message_id, Receipt(state, _code(token, fields.get("err", "")), reported_at_ms))


def _fields(body: MessageBody | DataBody) -> dict[str, str]:
    """The fields of the text up to the text of the message itself; of two with one name the first counts."""
    data = body.text if isinstance(body, MessageBody) else b""
    text = (data or tlv_value(body.tlvs, Tag.MESSAGE_PAYLOAD) or b"").decode("latin-1")
    fields: dict[str, str] = {}
    for found in _FIELD.finditer(_MESSAGE_ITSELF.split(text, maxsplit=1)[0]):
        fields.setdefault(found[1].lower(), found[2])
    return fields


def _state_token(body: MessageBody | DataBody, fields: Mapping[str, str]) -> str:
    number = tlv_value(body.tlvs, Tag.MESSAGE_STATE)
    if number is not None and len(number) == 1 and number[0] in STATE_NUMBERS:
        return STATE_NUMBERS[number[0]]
    token = fields.get("stat", "").upper()
    return token if _TOKEN.fullmatch(token) else "UNKNOWN"


def _code(token: str, error: str) -> str:
    """The state, and the centre's own error where it names one: `UNDELIV:069`."""
    return token if _NO_ERROR.fullmatch(error) or not _TOKEN.fullmatch(error) else f"{token}:{error}"


def _date_ms(text: str, utc_offset_minutes: int | None) -> int | None:
    """Read YYMMDDhhmm or YYMMDDhhmmss (SMPP 3.4, appendix B) as Unix milliseconds."""
    if utc_offset_minutes is None or not _DATE.fullmatch(text):
        return None
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    try:
        read = datetime.strptime(text.ljust(12, "0"), "%y%m%d%H%M%S").replace(tzinfo=zone)
    except ValueError:  # digits that are no date
        return None
    return round(read.timestamp() * 1000)
