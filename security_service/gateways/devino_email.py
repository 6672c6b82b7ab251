"""E-mail to one person through Devino's REST service (Devino manual, chapter 14, its version 2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
    Push,
    Receipt,
    ReceiptAnswer,
    ReceiptState,
    SendOutcome,
)
from security_service.links.deadline import Deadline
from security_service.links.devino_json import DevinoJsonLink
from security_service.links.http_answer import HttpAnswer, HttpReply, NoReply, NotSent
from security_service.links.http_settings import HttpAccountSettings
from security_service.links.http_status import turned_away, unread
from security_service.links.json_body import members, read_json, text
from security_service.links.letters import is_address, is_line, letter

_STATUS_BATCH: Final = 150
_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class DevinoEmailSettings(HttpAccountSettings):
    """Settings of one `devino_email` gateway. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default="https://integrationapi.net/email/v2",
        metadata={"help": "where the service is, with its version and without the resource"},
    )
    sender: str = field(metadata={"help": "address that letters come from, confirmed with the provider"})
    sender_name: str = field(
        default="", metadata={"help": "name beside it for messages that name no sender; empty: the address"}
    )
    subject: str = field(default="Уведомление", metadata={"help": "subject of every letter"})
    links: bool = field(
        default=True,
        metadata={"help": "add the links that the provider demands: to unsubscribe, to the web version"},
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
        if not is_address(self.sender):
            raise ValueError("sender must be an e-mail address")
        if not is_line(self.subject) or (self.sender_name and not is_line(self.sender_name)):
            raise ValueError("subject and sender_name must be one line each")


CODES: Final[Mapping[str, type[Failed | OutcomeUnknown]]] = {
    # The manual has one code for a wrong address, somebody who unsubscribed, and an unknown sender.
    "validation_error": Failed,
    # "May be repeated later" does not promise that the letter did not leave.
    "internal_error": OutcomeUnknown,
}
"""Codes of an answer other than `ok` (Devino manual 14.1.3)."""

STATES: Final[Mapping[str, ReceiptState]] = {
    "notsent": ReceiptState.PENDING,
    "sent": ReceiptState.PENDING,
    "delivered": ReceiptState.DELIVERED,
    "read": ReceiptState.DELIVERED,
    "clicked": ReceiptState.DELIVERED,
    "bounced": ReceiptState.UNDELIVERED,
    "rejected": ReceiptState.UNDELIVERED,  # never sent
}
"""States of a letter (Devino manual 14.8)."""

EVENTS: Final[Mapping[str, ReceiptState]] = {
    "sent": ReceiptState.PENDING,
    "delivered": ReceiptState.DELIVERED,
    "opened": ReceiptState.DELIVERED,
    "clicked": ReceiptState.DELIVERED,
    "bounced": ReceiptState.UNDELIVERED,
}
"""Events of a callback that tell what became of a letter (Devino manual 14.9.2).

`UNSUBSCRIBED`, `SUBSCRIBED` and `COMPLAINED` tell what its reader thinks of letters.
"""

REASONS: Final = frozenset(
    "already_unsubscribed bad-configuration bad-connection bad-domain bad-mailbox content-related "
    "inactive-mailbox invalid-sender message-expired no-answer-from-host other overpackage-related "
    "policy-related protocol-errors quota-issues relaying-issues routing-errors spam-related "
    "virus-related".split()
)
"""Why a letter bounced (Devino manual 14.9.5)."""

_EXPIRED_REASON: Final = "message-expired"


def send_document(message: Message, settings: DevinoEmailSettings) -> dict[str, object] | str:
    """Give the body of `messages` (Devino manual 14.6), or the reason why the message cannot go this way.

    A letter has no time of life in this protocol. A tenant's sender becomes the name beside the address.
    """
    address = message.email.reveal() if message.email is not None else ""
    said = message.text.reveal()
    name = message.sender or settings.sender_name or settings.sender
    if not is_address(address):
        return "no_email" if not address else "email_not_possible"
    if not said or not is_line(name):
        return "text_not_possible" if not said else "sender_not_possible"
    body = letter(said, links=settings.links)
    return {
        "Sender": {"Address": settings.sender, "Name": name},
        "Recipients": [{"Address": address, "Name": address}],
        "Subject": settings.subject,
        "Body": {"Html": body.html, "PlainText": body.plain},
    }


def send_outcome(gateway: str, reply: HttpReply) -> SendOutcome:
    """Read the answer to `messages` (Devino manual 14.1.3, 14.6)."""
    match reply:
        case NotSent():
            return Failed(gateway, reply.reason.value)
        case NoReply():
            return OutcomeUnknown(gateway, reply.reason.value)
        case HttpAnswer():
            answer = members(read_json(reply.body))
            whole = text(answer.get("code"))
            row = next(_rows(answer.get("result")), {})
            code, message_id = text(row.get("code")), text(row.get("messageid"))
            if whole == code == "ok" and _MESSAGE_ID.fullmatch(message_id):
                return Accepted(gateway, (message_id,))
            code = code if whole == "ok" else whole
            if code in CODES:
                return CODES[code](gateway, code)
            # The manual reserves further codes; the status then says whether anything was changed.
            ends = Failed if turned_away(reply.status) else OutcomeUnknown
            return ends(gateway, unread(reply))
        case _:
            assert_never(reply)


def batch_receipts(asked: Sequence[str], reply: HttpReply) -> dict[str, ReceiptAnswer]:
    """Read the answer to `Messages/<ids>` (Devino manual 14.8) for each message asked about."""
    match reply:
        case NotSent() | NoReply():
            return dict.fromkeys(asked, NoReceipt(reply.reason.value))
        case HttpAnswer():
            answer = members(read_json(reply.body))
            code = text(answer.get("code"))
            if code != "ok":
                return dict.fromkeys(asked, NoReceipt(code if code in CODES else unread(reply)))
            receipts: dict[str, ReceiptAnswer] = dict.fromkeys(asked, NoReceipt("not_told"))
            for row in _rows(answer.get("result")):
                message_id, state = text(row.get("messageid")), text(row.get("state")).lower()
                if message_id in receipts:
                    known = STATES.get(state, ReceiptState.UNKNOWN)
                    receipts[message_id] = Receipt(known, state if state in STATES else "other")
            return receipts
        case _:
            assert_never(reply)


def read_callback(content_type: str, body: bytes) -> list[Mapping[str, object]]:
    """Read the events of a callback (Devino manual 14.9), JSON or XML. Never raises."""
    if "xml" not in content_type.lower():
        return list(_rows(members(read_json(body)).get("messageeventdtos")))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return []
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr] # missing in the stubs
        return []
    return [
        {etree.QName(child).localname.lower(): (child.text or "").strip() for child in event}
        for event in root.iter("messageEventDto")
    ]


def push_of(row: Mapping[str, object]) -> Push | None:
    """Read one event; None for one that tells nothing of a letter's way.

    A bounce is taken as final, hard or soft: "could not be delivered" are the provider's words for both.
    Its clock's zone is not told, so times are left out.
    """
    message_id, event = text(row.get("messageid")), text(row.get("event")).lower()
    if event not in EVENTS or not _MESSAGE_ID.fullmatch(message_id):
        return None
    reason = text(row.get("reason"))
    state = EVENTS[event]
    if state.is_negative and reason in REASONS:
        state = ReceiptState.EXPIRED if reason == _EXPIRED_REASON else state
        return Push(message_id, Receipt(state, reason.replace("-", "_")))
    return Push(message_id, Receipt(state, event))


class DevinoEmailGateway:
    """Sends letters to one person each. Implements the port `Gateway`; safe to share between threads."""

    def __init__(self, name: str, settings: DevinoEmailSettings) -> None:
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
        return Channel.EMAIL

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one letter over (Devino manual 14.6) within `within_s` seconds in all."""
        document = send_document(message, self._settings)
        if isinstance(document, str):
            return Failed(self._name, document)
        return send_outcome(self._name, self._link.post("/messages", document, within_s))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one letter (Devino manual 14.8) within `within_s` seconds in all."""
        return self.receipts([message_id], within_s)[message_id]

    def receipts(self, message_ids: Sequence[str], within_s: float) -> Mapping[str, ReceiptAnswer]:
        """Ask what became of several letters, `status_batch` in a request; answers by their ids."""
        deadline = Deadline.after(within_s)
        known = [one for one in message_ids if _MESSAGE_ID.fullmatch(one)]
        receipts: dict[str, ReceiptAnswer] = dict.fromkeys(message_ids, NoReceipt("not_an_id"))
        size = self._settings.status_batch
        for batch in (known[start : start + size] for start in range(0, len(known), size)):
            reply = self._link.get(f"/Messages/{','.join(batch)}", {}, deadline.left())
            receipts |= batch_receipts(batch, reply)
        return receipts

    def read_push(self, content_type: str, body: bytes, query: Mapping[str, str]) -> tuple[Push, ...]:
        """Read a callback (Devino manual 14.9). Never raises; the query tells nothing."""
        del query
        pushes = map(push_of, read_callback(content_type, body))
        return tuple(push for push in pushes if push is not None)


def _rows(read: object) -> Iterator[Mapping[str, object]]:
    """Give the rows of a result, which for one message may be the row itself."""
    yield from map(members, read if isinstance(read, list) else [read])
