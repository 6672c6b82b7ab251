"""SMS through Stream Telecom REST (its manual 1.02); leaves the wire to `links/stream_telecom.py`."""

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
    Channel,
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
from security_service.links.http_answer import HttpAnswer, NoReply, NotSent
from security_service.links.http_settings import HttpAccountSettings
from security_service.links.http_status import turned_away, unread
from security_service.links.json_body import members, text, whole
from security_service.links.session import NoSession
from security_service.links.stream_telecom import (
    DEFAULT_BASE_URL,
    StreamReply,
    StreamSession,
    answer_json,
    error_code,
)

_SENDER: Final = re.compile(r"[0-9]{1,15}|[ -~]{1,11}")
_MESSAGE_ID: Final = re.compile(r"[!-~]{1,128}")
_DATE: Final = re.compile(r"/Date\((-?[0-9]{1,17})\)/")
_AMOUNT: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")


@dataclass(frozen=True, kw_only=True)
class StreamTelecomSettings(HttpAccountSettings):
    """Settings of one `stream_telecom` gateway. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default=DEFAULT_BASE_URL,
        metadata={"help": "where the service is, without the resource"},
    )
    sender: str = field(
        default="",
        metadata={"help": "sender for messages that name none: 11 latin characters or 15 digits at most"},
    )
    session_life_s: float = field(
        default=3600.0,
        metadata={"help": "seconds for which a session key is used; the manual tells none", "least": 1},
    )
    requests_per_second: float = field(
        default=0.0, metadata={"help": "requests a second that the provider allows; 0: no limit", "least": 0}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sender and not _SENDER.fullmatch(self.sender):
            raise ValueError("sender must be 11 latin characters or 15 digits at most")


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One row of the table of error codes: what it means for a message, and its short name."""

    ends: type[Failed | OutcomeUnknown]
    reason: str


ERRORS: Final[Mapping[int, ErrorRow]] = {
    1: ErrorRow(Failed, "argument_missing"),
    # May be the number, may be a sender that is registered with another provider: not told which.
    2: ErrorRow(Failed, "argument_invalid"),
    # The key was new, or had just been renewed: this provider cannot be used now.
    3: ErrorRow(Failed, "session_invalid"),
    4: ErrorRow(Failed, "unauthorized"),
    5: ErrorRow(Failed, "no_credits"),
    6: ErrorRow(Failed, "operation_invalid"),
    7: ErrorRow(Failed, "forbidden"),
    # Broke while at work: nothing promises that the message did not leave.
    8: ErrorRow(OutcomeUnknown, "gateway_error"),
    9: ErrorRow(OutcomeUnknown, "internal_error"),
    # Too much for one number by their count; it was turned away, and others count for themselves.
    10: ErrorRow(Failed, "flood"),
}
"""Error codes (Stream Telecom REST manual 4.1)."""

STATES: Final[Mapping[int, ReceiptState]] = {
    -1: ReceiptState.PENDING,  # handed to the mobile network
    0: ReceiptState.DELIVERED,
    42: ReceiptState.UNDELIVERED,
    46: ReceiptState.EXPIRED,
}
"""States of a message (Stream Telecom REST manual 4.2)."""


def send_form(gateway: str, message: Message, sender: str) -> dict[str, str] | Failed:
    """Give the parameters of `Send/SendSms` (manual 3.3.1), or why this gateway cannot take the message.

    `sender` stands in for a message that names none. Validity is in minutes: the message's life rounded
    down, but at least 1.
    """
    source, data = message.sender or sender, message.text.reveal()
    if not _SENDER.fullmatch(source):
        return Failed(gateway, "sender_not_possible")
    if not data:
        return Failed(gateway, "text_not_possible")
    return {
        "sourceAddress": source,
        "destinationAddress": message.to.digits,
        "data": data,
        "validity": str(max(1, message.life_s // 60)),
    }


def send_outcome(gateway: str, reply: StreamReply) -> SendOutcome:
    """Read the answer to `Send/SendSms` (manual 3.3.1): a list of ids, or an error."""
    match reply:
        case NotSent() | NoSession():
            return Failed(gateway, reply.reason.value)
        case NoReply():
            return OutcomeUnknown(gateway, reply.reason.value)
        case HttpAnswer():
            code = error_code(reply)
            row = ERRORS.get(code) if code is not None else None
            if row is not None:
                return row.ends(gateway, row.reason)
            ids = _ids(reply)
            if ids:
                return Accepted(gateway, ids)
            ends = Failed if turned_away(reply.status) else OutcomeUnknown
            return ends(gateway, unread(reply))
        case _:
            assert_never(reply)


def receipt_answer(reply: StreamReply) -> ReceiptAnswer:
    """Read the answer to `State/state.php` (manual 3.3.5)."""
    answer = _answered(reply)
    if not isinstance(answer, HttpAnswer):
        return NoReceipt(answer)
    told = members(answer_json(answer))
    state = whole(told.get("state"))
    if state is None:
        return NoReceipt(unread(answer))
    date = _DATE.fullmatch(text(told.get("reporteddateutc")))
    return Receipt(STATES.get(state, ReceiptState.UNKNOWN), str(state), int(date[1]) if date else None)


def balance_answer(reply: StreamReply) -> BalanceAnswer:
    """Read the answer to `Balance/balance.php` (manual 3.2.1): a bare number."""
    answer = _answered(reply)
    if not isinstance(answer, HttpAnswer):
        return NoBalance(answer)
    amount = _AMOUNT.fullmatch(text(answer_json(answer)))
    return NoBalance(unread(answer)) if amount is None else Balance(Decimal(amount[0]))


class StreamTelecomGateway:
    """Sends under a session key. Implements the port `Gateway`; safe to share between threads."""

    def __init__(self, name: str, settings: StreamTelecomSettings) -> None:
        self._name = name
        self._sender = settings.sender
        self._session = StreamSession(
            settings.link(), settings.login, settings.password, life_s=settings.session_life_s
        )

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return Channel.SMS

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over (manual 3.3.1) within `within_s` seconds in all."""
        form = send_form(self._name, message, self._sender)
        if isinstance(form, Failed):
            return form
        return send_outcome(self._name, self._session.post("/Send/SendSms/", form, within_s))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one message (manual 3.3.5) within `within_s` seconds in all."""
        return receipt_answer(self._session.post("/State/state.php", {"messageId": message_id}, within_s))

    def balance(self, within_s: float) -> BalanceAnswer:
        """Ask what is left on the account (manual 3.2.1) within `within_s` seconds in all."""
        return balance_answer(self._session.post("/Balance/balance.php", {}, within_s))


def _answered(reply: StreamReply) -> HttpAnswer | str:
    """Give the answer that ended with HTTP 200 and no error, else the short reason why there is none."""
    match reply:
        case NotSent() | NoSession() | NoReply():
            return reply.reason.value
        case HttpAnswer():
            code = error_code(reply)
            if code is not None:
                row = ERRORS.get(code)
                return f"code_{code}" if row is None else row.reason
            return reply if reply.status == 200 else f"http_{reply.status}"
        case _:
            assert_never(reply)


def _ids(answer: HttpAnswer) -> tuple[str, ...]:
    read = answer_json(answer) if answer.status == 200 else None
    ids = tuple(text(one) for one in read) if isinstance(read, list) else ()
    return ids if all(_MESSAGE_ID.fullmatch(one) for one in ids) else ()
