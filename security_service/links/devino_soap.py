"""Tables and pure functions of Devino's SOAP services (Devino manual, chapters 7 and 8), for both faces.

Leaves sessions and calls to the plug-ins. The services tell their faults apart by English words alone, and
these are the words of the REST services' table of errors, whose meaning is in `links/devino.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    SendOutcome,
)
from security_service.domain.secret import Secret
from security_service.links.devino import ERRORS, TEXT_LIMIT, ErrorRow, is_sender
from security_service.links.devino_settings import DevinoSmsSettings
from security_service.links.http_answer import NoReply, NotSent, NotSentReason
from security_service.links.moments import iso_ms
from security_service.links.session import NoSession, NoSessionReason
from security_service.links.soap import SoapFault, SoapReply, SoapResult, SoapVersion
from security_service.links.xml_text import fits_xml

REQUESTS_PER_SECOND: Final = 10.0
"""The limit of both services (Devino manual 7.1, 8.1)."""

DevinoSoapReply = SoapReply | NoSession


@dataclass(frozen=True, kw_only=True)
class DevinoSoapSettings(DevinoSmsSettings):
    """An account at one of the SOAP services. Raises ValueError for values that cannot work."""

    soap_version: SoapVersion = field(
        default=SoapVersion.SOAP_12,
        metadata={"help": "version of the envelope: 1.1 or 1.2 (the manual prints 1.2)"},
    )
    requests_per_second: float = field(
        default=REQUESTS_PER_SECOND,
        metadata={"help": "requests a second that the provider allows; 0: no limit", "least": 0},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(map(fits_xml, (self.login, self.password.reveal()))):
            raise ValueError("login and password must not hold control characters")


FAULTS: Final[Mapping[str, int]] = {
    "can not be null or empty": 1,
    "cannot be null or empty": 1,
    "invalid argument": 2,
    "invalid session id": 3,
    "sessionid expired": 4,
    "invalid user login or password": 4,
    "unauthorized access": 4,
    "not enough credits": 5,
    "invalid source address": 6,
    "invalid destination address": 6,
    "invalid operation": 6,
    "forbidden": 7,
    "gateway error": 8,
    "internal server error": 9,
}
"""Words of a fault's reason in lower case, and the REST services' code for them (Devino manual, table 17)."""

_SESSION_WORDS: Final = ("invalid session id", "sessionid expired")

STATES: Final[Mapping[int, ReceiptState]] = {
    -200: ReceiptState.UNKNOWN,  # a filter of the provider's statistics, not a message's state
    -100: ReceiptState.UNKNOWN,  # as -200
    -3: ReceiptState.UNDELIVERED,  # the sending date could not be read
    -1: ReceiptState.PENDING,  # sent
    -2: ReceiptState.PENDING,  # being sent
    -40: ReceiptState.PENDING,  # queued
    # Its name is "stopped", but what it describes is a message on its way to a gateway.
    -30: ReceiptState.PENDING,
    -20: ReceiptState.PENDING,  # on its way to the recipient
    0: ReceiptState.DELIVERED,
    0x0B: ReceiptState.UNDELIVERED,  # wrong number
    0x0A: ReceiptState.UNDELIVERED,  # wrong sender
    41: ReceiptState.UNDELIVERED,  # number not allowed
    42: ReceiptState.UNDELIVERED,  # rejected
    46: ReceiptState.EXPIRED,
    47: ReceiptState.EXPIRED,  # deleted, and described as expired
    48: ReceiptState.UNDELIVERED,  # rejected by the platform
    0xFF: ReceiptState.UNKNOWN,
    # The provider's own error: it does not say that the message did not leave.
    0x08: ReceiptState.UNKNOWN,
}
"""States of a message (Devino manual, table 16 of chapter 7, and 8.9)."""

_MESSAGE_ID: Final = re.compile(r"[!-~]{1,128}")
_SESSION_ID: Final = re.compile(r"[!-~]{8,128}")
_MOST_BALANCE: Final = Decimal(10) ** 15


def fault_row(fault: SoapFault) -> ErrorRow:
    """Give what a fault means for a message: by its words, else by whose fault it says it is.

    Words that are in no table mean nothing certain, unless the peer holds that the request could not
    be read: then nothing was done.
    """
    code = _fault_code(fault)
    if code is not None:
        return ERRORS[code]
    return ErrorRow(Failed, "request_refused") if fault.by_caller else ErrorRow(OutcomeUnknown, "fault")


def is_session_refused(reply: DevinoSoapReply) -> bool:
    """Tell whether the provider refused the session, and so did nothing (Devino manual 7.4.1)."""
    return isinstance(reply, SoapFault) and any(words in reply.words.lower() for words in _SESSION_WORDS)


def send_arguments(gateway: str, message: Message, sender: str) -> dict[str, object] | Failed:
    """Give the message of `SendMessage` (Devino manual 7.4.2, 8.3.2), or why this gateway cannot take it.

    `sender` stands in for a message that names none. Validity is in minutes: the message's life
    rounded down, but at least 1. Without a date the message is sent at once.
    """
    source = message.sender or sender
    text = message.text.reveal()
    if not is_sender(source):
        return Failed(gateway, "sender_not_possible")
    if not text or len(text) > TEXT_LIMIT or not fits_xml(text):
        return Failed(gateway, "text_not_possible")
    return {
        "Data": text,
        "DestinationAddresses": {"string": [message.to.digits]},
        "SourceAddress": source,
        "ReceiptRequested": True,
        "Validity": max(1, message.life_s // 60),
    }


def send_outcome(gateway: str, reply: DevinoSoapReply) -> SendOutcome:
    """Read the answer to `SendMessage`: an id a segment, or a fault (Devino manual 7.4.2)."""
    match reply:
        case NotSent() | NoSession():
            return Failed(gateway, reply.reason.value)
        case NoReply():
            return OutcomeUnknown(gateway, reply.reason.value)
        case SoapFault():
            row = fault_row(reply)
            return row.ends(gateway, row.reason)
        case SoapResult():
            ids = _ids(reply.value)
            return Accepted(gateway, ids) if ids else OutcomeUnknown(gateway, "answer_unreadable")
        case _:
            assert_never(reply)


def receipt_answer(reply: DevinoSoapReply) -> ReceiptAnswer:
    """Read the answer to `GetMessageState` (Devino manual 7.5, 8.4)."""
    match reply:
        case NotSent() | NoSession() | NoReply():
            return NoReceipt(reply.reason.value)
        case SoapFault():
            return NoReceipt(fault_row(reply).reason)
        case SoapResult():
            found = reply.value if isinstance(reply.value, dict) else {}
            state = found.get("State")
            if not isinstance(state, int):
                return NoReceipt("answer_unreadable")
            reported_at_ms = iso_ms(found.get("ReportedDateUtc"))
            return Receipt(STATES.get(state, ReceiptState.UNKNOWN), str(state)[:12], reported_at_ms)
        case _:
            assert_never(reply)


def balance_answer(reply: DevinoSoapReply) -> BalanceAnswer:
    """Read the answer to `GetBalance` (Devino manual 7.3, 8.2)."""
    match reply:
        case NotSent() | NoSession() | NoReply():
            return NoBalance(reply.reason.value)
        case SoapFault():
            return NoBalance(fault_row(reply).reason)
        case SoapResult():
            amount = reply.value
            if isinstance(amount, Decimal) and amount.is_finite() and abs(amount) < _MOST_BALANCE:
                return Balance(amount)
            return NoBalance("answer_unreadable")
        case _:
            assert_never(reply)


def session_answer(reply: SoapReply) -> Secret | NoSession:
    """Read the answer to `GetSessionID` (Devino manual 7.2)."""
    match reply:
        case SoapResult():
            session = reply.value
            if isinstance(session, str) and _SESSION_ID.fullmatch(session.strip()):
                return Secret(session.strip())
            return NoSession(NoSessionReason.UNREADABLE)
        case SoapFault():
            broke = fault_row(reply).ends is OutcomeUnknown
            return NoSession(NoSessionReason.UNREACHABLE if broke else NoSessionReason.REFUSED)
        case NotSent(NotSentReason.NO_TIME):
            return NoSession(NoSessionReason.NO_TIME)
        case NotSent() | NoReply():
            return NoSession(NoSessionReason.UNREACHABLE)
        case _:
            assert_never(reply)


def _fault_code(fault: SoapFault) -> int | None:
    words = fault.words.lower()
    return next((code for known, code in FAULTS.items() if known in words), None)


def _ids(value: object) -> tuple[str, ...]:
    rows = value.get("string") if isinstance(value, dict) else value
    if not isinstance(rows, list):
        return ()
    ids = tuple(row.strip() for row in rows if isinstance(row, str) and _MESSAGE_ID.fullmatch(row.strip()))
    return ids if len(ids) == len(rows) else ()
