"""Tables and pure functions of the REST protocol of the Devino manual, chapters 1 and 2, for both faces.

Leaves calls and authentication to the accesses, settings to the plug-ins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, assert_never

from security_service.domain.messages import (
    Accepted,
    Balance,
    BalanceAnswer,
    Failed,
    Message,
    NoBalance,
    NoReceipt,
    OutcomeUnknown,
    Receipt,
    ReceiptAnswer,
    ReceiptState,
    Refused,
    SendOutcome,
)
from security_service.domain.secret import Secret
from security_service.links.devino_access import DevinoReply
from security_service.links.http_answer import HttpAnswer, NoReply, NotSent
from security_service.links.session import NoSession, NoSessionReason

DEFAULT_BASE_URL: Final = "https://integrationapi.net/rest"
TEXT_LIMIT: Final = 2000

_NotAccepted = type[Refused] | type[Failed] | type[OutcomeUnknown]


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One row of the table of error codes: what it means for a message, and its short name."""

    ends: _NotAccepted
    reason: str


ERRORS: Final[Mapping[int, ErrorRow]] = {
    # A parameter is missing: a fault between us and this provider, which another does not share.
    1: ErrorRow(Failed, "argument_missing"),
    # Sender, length and validity are checked here first, so it is the number that is not taken.
    2: ErrorRow(Refused, "argument_invalid"),
    # The session was new, or had just been renewed: this provider cannot be used now.
    3: ErrorRow(Failed, "session_invalid"),
    4: ErrorRow(Failed, "unauthorized"),
    5: ErrorRow(Failed, "no_credits"),
    # The manual's only example is a sender that is not registered with this provider.
    6: ErrorRow(Failed, "operation_invalid"),
    7: ErrorRow(Failed, "forbidden"),
    # The provider broke while at work: nothing in Devino's manual promises that the message did not leave.
    8: ErrorRow(OutcomeUnknown, "gateway_error"),
    9: ErrorRow(OutcomeUnknown, "internal_error"),
}
"""Error codes (Devino manual, table 17 of chapter 1, table 16 of chapter 2)."""

STATES: Final[Mapping[str, ReceiptState]] = {
    "-1": ReceiptState.PENDING,  # handed to the mobile network
    "-2": ReceiptState.PENDING,  # queued
    "47": ReceiptState.UNDELIVERED,  # deleted
    "-98": ReceiptState.UNDELIVERED,  # stopped
    "0": ReceiptState.DELIVERED,
    "10": ReceiptState.UNDELIVERED,  # wrong sender
    "11": ReceiptState.UNDELIVERED,  # wrong number
    "41": ReceiptState.UNDELIVERED,  # number not allowed
    "42": ReceiptState.UNDELIVERED,  # rejected by the SMS centre
    "46": ReceiptState.EXPIRED,
    "48": ReceiptState.UNDELIVERED,  # rejected by the platform
    "69": ReceiptState.UNDELIVERED,  # rejected
    "99": ReceiptState.UNKNOWN,
    "255": ReceiptState.UNKNOWN,  # not in their database yet, or older than 48 hours
}
"""States of a message (Devino manual, table 18 of chapter 1, table 17 of chapter 2)."""

_SENDER: Final = re.compile(r"[0-9]{1,15}|[ -~]{1,11}")
_MESSAGE_ID: Final = re.compile(r"[!-~]{1,128}")
_SESSION_ID: Final = re.compile(r"[!-~]{8,128}")
_DATE: Final = re.compile(r"/Date\((-?[0-9]{1,17})(?:[+-][0-9]{4})?\)/")
_AMOUNT: Final = re.compile(rb"\s*(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)\s*")
_NO_DATE_MS: Final = -62135596800000
_ERROR_CODE: Final = re.compile(rb'\s*\{\s*"?Code"?\s*:\s*"?([0-9]{1,3})"?\s*[,}]', re.IGNORECASE)
_UNAUTHORIZED: Final = 401
_BROKEN: Final = frozenset({8, 9})
# Statuses of a request that was turned away unread; 408 is not among them, for it may come late.
_TURNED_AWAY: Final = frozenset({400, 401, 402, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422, 429, 431})
# Whole numbers stay texts: ids have more digits than some readers of JSON keep.
_JSON: Final = json.JSONDecoder(parse_int=str)


def is_sender(sender: str) -> bool:
    """Tell whether a sender keeps the rule: 11 latin characters or 15 digits (Devino manual 1.4.1)."""
    return _SENDER.fullmatch(sender) is not None


def send_form(gateway: str, message: Message, sender: str) -> dict[str, str] | Failed:
    """Give the parameters of `Sms/Send` (Devino manual 1.4.1, 2.3.1), or why this gateway cannot take it.

    `sender` stands in for a message that names none. Validity is in minutes: the message's life
    rounded down, but at least 1, for 0 means the provider's own long default.
    """
    source = message.sender or sender
    text = message.text.reveal()
    if not is_sender(source):
        return Failed(gateway, "sender_not_possible")
    if not text or len(text) > TEXT_LIMIT:
        return Failed(gateway, "text_not_possible")
    return {
        "SourceAddress": source,
        "DestinationAddress": message.to.digits,
        "Data": text,
        "Validity": str(max(1, message.life_s // 60)),
    }


def send_outcome(gateway: str, reply: DevinoReply) -> SendOutcome:
    """Read the answer to `Sms/Send`: a list of ids, one a segment, or an error (Devino manual 1.4.1)."""
    match reply:
        case NotSent() | NoSession():
            return Failed(gateway, reply.reason.value)
        case NoReply():
            return OutcomeUnknown(gateway, reply.reason.value)
        case HttpAnswer():
            ids = message_ids(reply)
            if ids:
                return Accepted(gateway, ids)
            row = ERRORS.get(error_code(reply) or 0)
            if row is not None:
                return row.ends(gateway, row.reason)
            if reply.status in _TURNED_AWAY:
                return Failed(gateway, f"http_{reply.status}")
            return OutcomeUnknown(gateway, _unread(reply))
        case _:
            assert_never(reply)


def receipt_answer(reply: DevinoReply) -> ReceiptAnswer:
    """Read the answer to `Sms/State` (Devino manual 1.5, 2.4)."""
    match reply:
        case NotSent() | NoSession() | NoReply():
            return NoReceipt(reply.reason.value)
        case HttpAnswer():
            code = error_code(reply)
            if code is not None:
                row = ERRORS.get(code)
                return NoReceipt(f"code_{code}" if row is None else row.reason)
            members = _members(reply) if is_ok(reply) else {}
            state = members.get("state")
            if not isinstance(state, str) or not state.removeprefix("-").isdigit():
                return NoReceipt(_unread(reply))
            reported_at_ms = date_ms(members.get("reporteddateutc"))
            return Receipt(STATES.get(state, ReceiptState.UNKNOWN), state[:12], reported_at_ms)
        case _:
            assert_never(reply)


def balance_answer(reply: DevinoReply) -> BalanceAnswer:
    """Read the answer to `User/Balance` (Devino manual 1.3, 2.2): a bare number."""
    fault = call_fault(reply)
    if fault is not None or not isinstance(reply, HttpAnswer):
        return NoBalance(fault or "answer_unreadable")
    amount = _AMOUNT.fullmatch(reply.body)
    return NoBalance("answer_unreadable") if amount is None else Balance(Decimal(amount[1].decode("ascii")))


def call_fault(reply: DevinoReply) -> str | None:
    """Give the short reason why a call has no result, None where it ended with HTTP 200 and no error."""
    match reply:
        case NotSent() | NoSession() | NoReply():
            return reply.reason.value
        case HttpAnswer():
            code = error_code(reply)
            if code is not None:
                row = ERRORS.get(code)
                return f"code_{code}" if row is None else row.reason
            return None if is_ok(reply) else f"http_{reply.status}"
        case _:
            assert_never(reply)


def is_ok(answer: HttpAnswer) -> bool:
    """Tell whether the HTTP status says that the operation is complete."""
    return answer.status == 200


def message_ids(answer: HttpAnswer) -> tuple[str, ...]:
    """Read a list of message ids with all their digits; empty where it is anything else."""
    read = read_json(answer.body) if is_ok(answer) else None
    if not isinstance(read, list):
        return ()
    ids = tuple(item for item in read if isinstance(item, str) and _MESSAGE_ID.fullmatch(item))
    return ids if len(ids) == len(read) else ()


def error_code(answer: HttpAnswer) -> int | None:
    """Read the code of an error answer; also where the names are not quoted, as the manual prints it."""
    code = _members(answer).get("code")
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) < 4:
        return int(code)
    printed = _ERROR_CODE.match(answer.body)
    return None if printed is None else int(printed[1])


def is_session_refused(answer: HttpAnswer) -> bool:
    """Tell whether the provider refused the session (Devino manual, table 17: 3, 4, HTTP 401)."""
    code = error_code(answer)
    return code in {3, 4} if code is not None else answer.status == _UNAUTHORIZED


def read_session_id(answer: HttpAnswer) -> Secret | NoSession:
    """Read the answer to `user/sessionid` (Devino manual 1.2): the id as a text in quotes, or an error."""
    code = error_code(answer)
    if code in _BROKEN or answer.status >= 500:
        return NoSession(NoSessionReason.UNREACHABLE)
    if code is not None or answer.status == _UNAUTHORIZED:
        return NoSession(NoSessionReason.REFUSED)
    read = read_json(answer.body) if is_ok(answer) else None
    if not isinstance(read, str) or not _SESSION_ID.fullmatch(read):
        return NoSession(NoSessionReason.UNREADABLE)
    return Secret(read)


def date_ms(text: object) -> int | None:
    r"""Read `\/Date(1377761466000)\/` as Unix milliseconds; None for their sentinel and all else."""
    found = _DATE.fullmatch(text) if isinstance(text, str) else None
    moment = None if found is None else int(found[1])
    return None if moment == _NO_DATE_MS else moment


def read_json(body: bytes) -> object:
    """Read JSON with whole numbers as texts; None where it is not JSON. Never raises."""
    try:
        read: object = _JSON.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # RecursionError: nested deeper than any answer of theirs
        return None
    return read


def _members(answer: HttpAnswer) -> dict[str, object]:
    read = read_json(answer.body)
    return {name.lower(): value for name, value in read.items()} if isinstance(read, dict) else {}


def _unread(answer: HttpAnswer) -> str:
    return "answer_unreadable" if is_ok(answer) else f"http_{answer.status}"
