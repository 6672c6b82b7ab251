"""SMS through Devino's XML service (Devino manual, chapter 6)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

from lxml import etree

from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    Receipt,
    ReceiptAnswer,
    ReceiptState,
    Refused,
    SendOutcome,
)
from security_service.links.deadline import Deadline
from security_service.links.devino import ErrorRow, is_sender
from security_service.links.devino_settings import DevinoSmsSettings
from security_service.links.http_answer import HttpAnswer, HttpReply, NoReply, NotSent
from security_service.links.http_status import turned_away, unread
from security_service.links.moments import iso_ms, iso_text
from security_service.links.xml_text import fits_xml

_STATUS_BATCH: Final = 1000
_ORDINARY: Final = "0"
_HEADERS: Final = {"Content-Type": "text/xml; charset=utf-8"}


@dataclass(frozen=True, kw_only=True)
class DevinoXmlSettings(DevinoSmsSettings):
    """Settings of one `devino_xml` gateway. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default="https://xmlapi.devinotele.com",
        metadata={"help": "where the service is, without the resource"},
    )
    ahead_h: float = field(
        default=3.0,
        metadata={
            "help": "hours by which the provider's clock is ahead of UTC; Moscow's is 3",
            "least": -12,
            "most": 14,
        },
    )
    status_batch: int = field(
        default=_STATUS_BATCH,
        metadata={"help": "messages asked about in one request", "least": 1, "most": _STATUS_BATCH},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(map(fits_xml, (self.login, self.password.reveal()))):
            raise ValueError("login and password must not hold control characters")


DOCUMENT_ERRORS: Final[Mapping[str, ErrorRow]] = {
    "200": ErrorRow(OutcomeUnknown, "unknown_error"),
    "201": ErrorRow(Failed, "document_malformed"),
    "202": ErrorRow(Failed, "unauthorized"),
}
"""Errors of a whole document (Devino manual 6.4)."""

MESSAGE_ERRORS: Final[Mapping[str, ErrorRow]] = {
    "200": ErrorRow(OutcomeUnknown, "unknown_error"),
    # Of an id that we gave; none is given when sending.
    "201": ErrorRow(Failed, "id_wrong"),
    "202": ErrorRow(Failed, "sender_wrong"),
    "203": ErrorRow(Refused, "recipient_wrong"),
    # By a limit that the manual does not print: another provider may have a higher one.
    "204": ErrorRow(Failed, "length_wrong"),
    "205": ErrorRow(Failed, "account_disabled"),
    "206": ErrorRow(Failed, "billing"),
    "207": ErrorRow(Failed, "over_limit"),
}
"""Errors of one message (Devino manual 6.4)."""

STATES: Final[Mapping[str, ReceiptState]] = {
    # In no table, but both examples of the manual show it for a message that was just taken.
    "1": ReceiptState.PENDING,
    "100": ReceiptState.PENDING,  # scheduled
    "101": ReceiptState.PENDING,  # queued
    "102": ReceiptState.DELIVERED,
    "103": ReceiptState.EXPIRED,
    "104": ReceiptState.EXPIRED,  # deleted, and described as expired
    "105": ReceiptState.UNDELIVERED,
    "106": ReceiptState.PENDING,  # accepted
    "107": ReceiptState.UNKNOWN,
    "108": ReceiptState.UNDELIVERED,  # rejected
    "109": ReceiptState.UNDELIVERED,  # discarded
}
"""States of a message (Devino manual 6.4)."""

_MESSAGE_ID: Final = re.compile(r"[0-9]{1,20}")


def send_body(settings: DevinoXmlSettings, message: Message, now_s: float) -> bytes | str:
    """Give the body of `Send.ashx` (Devino manual 6.2), or why the message cannot go this way.

    The message's life ends at `date_end`, in whole seconds. It is written by the provider's clock
    and with its zone, so that it is right for a reader that leaves the zone out as well.
    """
    text = message.text.reveal()
    sender = message.sender or settings.sender
    if not is_sender(sender):
        return "sender_not_possible"
    if not text or not fits_xml(text):
        return "text_not_possible"
    row = {
        "recipient": f"+{message.to.digits}",
        "sender": sender,
        "date_end": iso_text(now_s + max(1, message.life_s), settings.ahead_h),
        "type": _ORDINARY,
    }
    return _package(settings, "message", [(row, text)])


def send_outcome(gateway: str, reply: HttpReply) -> SendOutcome:
    """Read the answer to `Send.ashx` (Devino manual 6.2): one id whatever the count of segments."""
    match reply:
        case NotSent():
            return Failed(gateway, reply.reason.value)
        case NoReply():
            return OutcomeUnknown(gateway, reply.reason.value)
        case HttpAnswer():
            answer = read_answer(reply.body)
            row = DOCUMENT_ERRORS.get(answer.error)
            found = answer.rows[0] if len(answer.rows) == 1 else None
            if row is None and found is not None:
                row = MESSAGE_ERRORS.get(found.code)
                if row is None and found.sms_id:
                    return Accepted(gateway, (found.sms_id,))
            if row is not None:
                return row.ends(gateway, row.reason)
            ends = Failed if turned_away(reply.status) else OutcomeUnknown
            return ends(gateway, unread(reply))
        case _:
            assert_never(reply)


def batch_receipts(asked: Sequence[str], reply: HttpReply, ahead_h: float) -> dict[str, ReceiptAnswer]:
    """Read the answer to `Statistics.ashx` (Devino manual 6.3) for each message asked about."""
    match reply:
        case NotSent() | NoReply():
            return dict.fromkeys(asked, NoReceipt(reply.reason.value))
        case HttpAnswer():
            answer = read_answer(reply.body)
            if answer.error or not answer.is_read:
                row = DOCUMENT_ERRORS.get(answer.error)
                return dict.fromkeys(asked, NoReceipt(unread(reply) if row is None else row.reason))
            receipts: dict[str, ReceiptAnswer] = dict.fromkeys(asked, NoReceipt("not_told"))
            for found in answer.rows:
                if found.sms_id in receipts:
                    receipts[found.sms_id] = _receipt(found, ahead_h)
            return receipts
        case _:
            assert_never(reply)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One `msg` of an answer: its code, the gateway's id (empty for 0), when it ended as they write it."""

    code: str
    sms_id: str
    completed: str


@dataclass(frozen=True, slots=True)
class XmlAnswer:
    """What an answer holds; `error` is the document's own, `is_read` False where it is none of theirs."""

    is_read: bool = False
    error: str = ""
    rows: tuple[AnswerRow, ...] = ()


def read_answer(body: bytes) -> XmlAnswer:
    """Read an answer, whatever its HTTP status. Never raises; no document types, no entities."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return XmlAnswer()
    declared = root.getroottree().docinfo.doctype  # type: ignore[union-attr] # missing in the stubs
    if root.tag != "package" or declared:
        return XmlAnswer()
    error = (root.findtext("error") or "").strip()[:12]
    return XmlAnswer(is_read=True, error=error, rows=tuple(map(_row, root.iter("msg"))))


def _row(element: etree._Element) -> AnswerRow:
    sms_id = element.get("sms_id", "").strip()
    named = _MESSAGE_ID.fullmatch(sms_id) and sms_id.strip("0")
    code = (element.text or "").strip()[:12]
    return AnswerRow(code, sms_id if named else "", element.get("date_completed", ""))


def _receipt(found: AnswerRow, ahead_h: float) -> ReceiptAnswer:
    wrong = MESSAGE_ERRORS.get(found.code)
    if wrong is not None:
        return NoReceipt(wrong.reason)
    if not (found.code.isascii() and found.code.isdigit()):
        return NoReceipt("answer_unreadable")
    state = STATES.get(found.code, ReceiptState.UNKNOWN)
    return Receipt(state, found.code, iso_ms(found.completed, ahead_h))


def _package(settings: DevinoXmlSettings, part: str, rows: Sequence[tuple[Mapping[str, str], str]]) -> bytes:
    root = etree.Element("package", login=settings.login, password=settings.password.reveal())
    listed = etree.SubElement(root, part)
    for attributes, text in rows:
        etree.SubElement(listed, "msg", dict(attributes)).text = text or None
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


class DevinoXmlGateway:
    """Sends XML documents of one message each. Implements the port `Gateway`; safe to share between threads.

    `unix_s` is the wall clock in Unix seconds, which messages' lives are written by.
    """

    def __init__(
        self, name: str, settings: DevinoXmlSettings, unix_s: Callable[[], float] = time.time
    ) -> None:
        self._name = name
        self._settings = settings
        self._unix_s = unix_s
        self._link = settings.link()

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return Channel.SMS

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over (Devino manual 6.2) within `within_s` seconds in all."""
        body = send_body(self._settings, message, self._unix_s())
        if isinstance(body, str):
            return Failed(self._name, body)
        return send_outcome(self._name, self._link.post("/Send.ashx", body, _HEADERS, within_s))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one message (Devino manual 6.3) within `within_s` seconds in all."""
        return self.receipts([message_id], within_s)[message_id]

    def receipts(self, message_ids: Sequence[str], within_s: float) -> Mapping[str, ReceiptAnswer]:
        """Ask what became of several messages, `status_batch` in a request; answers by their ids."""
        deadline = Deadline.after(within_s)
        known = [one for one in message_ids if _MESSAGE_ID.fullmatch(one)]
        receipts: dict[str, ReceiptAnswer] = dict.fromkeys(message_ids, NoReceipt("not_an_id"))
        size = self._settings.status_batch
        for batch in (known[start : start + size] for start in range(0, len(known), size)):
            body = _package(self._settings, "status", [({"sms_id": one}, "") for one in batch])
            reply = self._link.post("/Statistics.ashx", body, _HEADERS, deadline.left())
            receipts |= batch_receipts(batch, reply, self._settings.ahead_h)
        return receipts
