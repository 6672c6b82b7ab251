"""Viber messages, with SMS after them where they do not arrive, through Devino (Devino manual, chapter 12).

Leaves the tables that other services of the provider share to `links/devino_viber.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, assert_never

from security_service.domain.incoming import Incoming
from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    Push,
    Receipt,
    ReceiptAnswer,
    ReceiptState,
    SendOutcome,
    Urgency,
)
from security_service.domain.secret import MessageText, Msisdn
from security_service.links.deadline import Deadline
from security_service.links.devino_json import DevinoJsonLink
from security_service.links.devino_viber import (
    CODES,
    LEAST_SMS_S,
    LEAST_VIBER_S,
    LONGEST_LIFE_S,
    SHORTEST_TEXT,
    STATES,
    TEXT_LIMIT,
    NotAccepted,
    is_sms_sender,
    is_subject,
    provider_id,
    settled,
    shares,
    sms_receipt,
    token,
)
from security_service.links.http_answer import HttpAnswer, HttpReply, NoReply, NotSent
from security_service.links.http_settings import HttpAccountSettings
from security_service.links.http_status import turned_away, unread
from security_service.links.json_body import members, read_json, text
from security_service.links.moments import iso_ms, unix_ms

_STATUS_BATCH: Final = 100
_PRIORITIES: Final = {Urgency.CODE: "realtime", Urgency.NOTICE: "normal"}


_NUMBER: Final = re.compile(r"[1-9][0-9]{6,14}")


@dataclass(frozen=True, kw_only=True)
class DevinoViberSettings(HttpAccountSettings):
    """Settings of one `devino_viber` gateway. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default="https://viber.devinotele.com:444",
        metadata={"help": "where the service is, without the resource"},
    )
    sender: str = field(
        default="",
        metadata={"help": "registered name for messages that name no sender: 11 characters at most"},
    )
    resend_sms: bool = field(
        default=False, metadata={"help": "let the provider send an SMS where the Viber message fails"}
    )
    sms_sender: str = field(
        default="", metadata={"help": "sender of that SMS; empty: the same as of the Viber message"}
    )
    resend_after_s: int = field(
        default=60,
        metadata={
            "help": "seconds that Viber has before the SMS; no SMS if that leaves it less than a minute",
            "least": LEAST_VIBER_S,
            "most": LONGEST_LIFE_S,
        },
    )
    status_batch: int = field(
        default=_STATUS_BATCH,
        metadata={"help": "messages asked about in one request", "least": 1, "most": _STATUS_BATCH},
    )
    requests_per_second: float = field(
        default=0.0, metadata={"help": "requests a second that the provider allows; 0: no limit", "least": 0}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sender and not is_subject(self.sender):
            raise ValueError("sender must be 11 characters at most")
        if self.sms_sender and not is_sms_sender(self.sms_sender):
            raise ValueError("sms_sender must be 11 latin characters or digits at most")


REQUEST_CODES: Final[Mapping[str, NotAccepted]] = {
    "error-syntax": Failed,
    "error-auth": Failed,
    "error-system": OutcomeUnknown,
    "error-account-locked": Failed,
    "error-instant-message-type-format": Failed,
    "error-instant-message-typeformat": Failed,  # as printed
    "error-instant-message-content-type-format": Failed,
    "error-instant-message-content-image-id-format": Failed,
}
"""Codes of a whole request other than `ok` (Devino manual 12.6)."""


def send_document(message: Message, settings: DevinoViberSettings) -> dict[str, object] | str:
    """Give the body of `/send` (Devino manual 12.2.1), or the reason why the message cannot go this way.

    Texts stand where the manual's examples have texts, `resendSms` among them. Viber has the
    message's life, or `resend_after_s` of it where an SMS may follow and has the rest.
    """
    said = message.text.reveal()
    subject = message.sender or settings.sender
    sms_sender = settings.sms_sender or subject
    if not is_subject(subject):
        return "sender_not_possible"
    if not SHORTEST_TEXT <= len(said) <= TEXT_LIMIT:
        return "text_not_possible"
    channels = [LEAST_VIBER_S, LEAST_SMS_S] if settings.resend_sms else [LEAST_VIBER_S]
    lives = shares(message.life_s, settings.resend_after_s, channels)
    if len(lives) > 1 and not is_sms_sender(sms_sender):
        return "sender_not_possible"
    sms: dict[str, object] = {}
    if len(lives) > 1:
        sms = {"smsText": said, "smsSrcAddress": sms_sender, "smsValidityPeriodSec": lives[1]}
    return {
        "resendSms": "true" if sms else "false",
        "messages": [
            {
                "subject": subject,
                "priority": _PRIORITIES[message.urgency],
                "validityPeriodSec": lives[0],
                "type": "viber",
                "contentType": "text",
                "content": {"text": said},
                "address": message.to.digits,
                **sms,
            }
        ],
    }


def send_outcome(gateway: str, reply: HttpReply) -> SendOutcome:
    """Read the answer to `/send` (Devino manual 12.2.1, 12.6): one id whatever follows it."""
    match reply:
        case NotSent():
            return Failed(gateway, reply.reason.value)
        case NoReply():
            return OutcomeUnknown(gateway, reply.reason.value)
        case HttpAnswer():
            answer = members(read_json(reply.body))
            status = text(answer.get("status"))
            if status != "ok":
                ends = Failed if turned_away(reply.status) else OutcomeUnknown
                return REQUEST_CODES.get(status, ends)(gateway, token(status) or unread(reply))
            row = _only(answer.get("messages"))
            code, message_id = text(row.get("code")), provider_id(row.get("providerid"))
            if code == "ok" and message_id:
                return Accepted(gateway, (message_id,))
            return CODES.get(code, OutcomeUnknown)(gateway, _fault(code))
        case _:
            assert_never(reply)


def receipt_of(row: Mapping[str, object], *, resend: bool) -> ReceiptAnswer:
    """Read one message of the answer to `/status` (Devino manual 12.3). `resend`: an SMS may follow."""
    code = text(row.get("code"))
    if code not in {"", "ok"}:
        return NoReceipt(_fault(code))
    told = []
    status = token(row.get("status"))
    if status:
        why = token(row.get("errorcode")) or status
        told.append(Receipt(STATES.get(status, ReceiptState.UNKNOWN), why, iso_ms(row.get("statusat"))))
    sms = sms_receipt(row.get("smsstates"))
    if sms is not None:
        told.append(sms)
    if not told:
        return NoReceipt("answer_unreadable")
    return settled(told, more_may_come=resend and sms is None)


def batch_receipts(asked: Sequence[str], reply: HttpReply, *, resend: bool) -> dict[str, ReceiptAnswer]:
    """Read the answer to `/status` for each message that was asked about."""
    match reply:
        case NotSent() | NoReply():
            return dict.fromkeys(asked, NoReceipt(reply.reason.value))
        case HttpAnswer():
            answer = members(read_json(reply.body))
            status = text(answer.get("status"))
            if status != "ok":
                return dict.fromkeys(asked, NoReceipt(token(status) or unread(reply)))
            receipts: dict[str, ReceiptAnswer] = dict.fromkeys(asked, NoReceipt("not_told"))
            listed = answer.get("messages")
            for row in map(members, listed if isinstance(listed, list) else []):
                message_id = provider_id(row.get("providerid"))
                if message_id in receipts:
                    receipts[message_id] = receipt_of(row, resend=resend)
            return receipts
        case _:
            assert_never(reply)


def push_of(row: Mapping[str, object], *, resend: bool) -> Push | None:
    """Read one state of a callback (Devino manual 12.4), which tells nothing of an SMS; else None."""
    message_id, status = provider_id(row.get("id")), token(row.get("status"))
    if not message_id or not status:
        return None
    why = token(row.get("errorcode")) or status
    told = Receipt(STATES.get(status, ReceiptState.UNKNOWN), why, unix_ms(row.get("receivedat")))
    return Push(message_id, settled([told], more_may_come=resend))


class DevinoViberGateway:
    """Sends texts over Viber. Implements the port `Gateway`; safe to share between threads.

    A message that fails by Viber is reported as pending while the provider may follow it by an SMS;
    only the states that are asked for tell of the SMS, callbacks do not.
    """

    def __init__(self, name: str, settings: DevinoViberSettings) -> None:
        self._name = name
        self._settings = settings
        self._link = DevinoJsonLink(settings)

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return Channel.VIBER

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over (Devino manual 12.2.1) within `within_s` seconds in all."""
        document = send_document(message, self._settings)
        if isinstance(document, str):
            return Failed(self._name, document)
        return send_outcome(self._name, self._link.post("/send", document, within_s))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one message (Devino manual 12.3) within `within_s` seconds in all."""
        return self.receipts([message_id], within_s)[message_id]

    def receipts(self, message_ids: Sequence[str], within_s: float) -> Mapping[str, ReceiptAnswer]:
        """Ask what became of several messages, `status_batch` in a request; answers by their ids."""
        deadline = Deadline.after(within_s)
        known = [one for one in message_ids if provider_id(one)]
        receipts: dict[str, ReceiptAnswer] = dict.fromkeys(message_ids, NoReceipt("not_an_id"))
        size, resend = self._settings.status_batch, self._settings.resend_sms
        for batch in (known[start : start + size] for start in range(0, len(known), size)):
            document = {"messages": [int(one) for one in batch]}
            reply = self._link.post("/status", document, deadline.left())
            receipts |= batch_receipts(batch, reply, resend=resend)
        return receipts

    def read_push(self, content_type: str, body: bytes, query: Mapping[str, str]) -> tuple[Push, ...]:
        """Read a callback (Devino manual 12.4). Never raises; the query and the type tell nothing."""
        del content_type, query
        read = read_json(body)
        rows = map(members, read if isinstance(read, list) else [read])
        pushes = (push_of(row, resend=self._settings.resend_sms) for row in rows)
        return tuple(push for push in pushes if push is not None)

    def read_replies(self, content_type: str, body: bytes, query: Mapping[str, str]) -> tuple[Incoming, ...]:
        """Read incoming messages (Devino manual 12.5). Never raises; the query and the type tell nothing."""
        del content_type, query
        read = read_json(body)
        rows = map(members, read if isinstance(read, list) else [read])
        replies = (reply_of(self._name, row) for row in rows)
        return tuple(reply for reply in replies if reply is not None)


def reply_of(gateway: str, row: Mapping[str, object]) -> Incoming | None:
    """Read one incoming message (Devino manual 12.5); None for a row that is none. Times are UTC."""
    number, message_id = text(row.get("address")), text(row.get("id"))
    if text(row.get("contenttype")) != "text" or not _NUMBER.fullmatch(number) or not message_id:
        return None
    try:
        at = datetime.strptime(text(row.get("receivedat")), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    content = MessageText(text(row.get("content")))
    to, at_ms = text(row.get("subject")), round(at.timestamp() * 1000)
    return Incoming(gateway, message_id[:64], Msisdn(number), to, content, at_ms, Channel.VIBER)


def _only(rows: object) -> Mapping[str, object]:
    return members(rows[0]) if isinstance(rows, list) and len(rows) == 1 else {}


def _fault(code: str) -> str:
    return token(code) if code in CODES else "answer_unreadable"
