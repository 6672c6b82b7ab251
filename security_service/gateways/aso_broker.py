"""SMS and voice calls, one after the other in one request, through the ASO Broker (its API 1.0.0).

Leaves the wire and its errors to `links/aso.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, assert_never

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
    SendOutcome,
    Urgency,
)
from security_service.links.aso import AsoDone, AsoError, AsoLink, AsoReply, AsoUnread
from security_service.links.deadline import Deadline
from security_service.links.http_answer import NoReply, NotSent
from security_service.links.http_settings import HttpAccountSettings
from security_service.links.http_status import turned_away
from security_service.links.json_body import members, text
from security_service.links.spoken import spoken

_PRIORITIES: Final = frozenset({"low", "normal", "high", "realtime", "2", "4", "6", "8"})
_CALL_TEXT_BYTES: Final = 2000
_HOUR: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_INTERNAL_ERROR: Final = 100


class AsoChannel(StrEnum):
    """The broker's channels, by its own names."""

    SMS = "sms"
    CALL = "call"


@dataclass(frozen=True, kw_only=True)
class AsoBrokerSettings(HttpAccountSettings):
    """Settings of one `aso_broker` gateway. Raises ValueError for values that cannot work.

    `base_url` has no default: the provider prints a plain http address, over which no code goes
    unless `plain_http` says so.
    """

    channels: tuple[AsoChannel, ...] = field(
        default=(AsoChannel.SMS,),
        metadata={"help": "channels in their order; the next is tried when the one before did not deliver"},
    )
    next_channel_s: int = field(
        default=60,
        metadata={"help": "seconds that a channel has before the next; at most half of what is left"},
    )
    sender: str = field(default="", metadata={"help": "sender of SMS for messages that name none"})
    call_sender: str = field(default="", metadata={"help": "number that calls come from"})
    template: str = field(
        default="", metadata={"help": "id of a template of the broker that holds the text; empty: none"}
    )
    template_variable: str = field(
        default="TEXT", metadata={"help": "variable of the template that the message's text goes into"}
    )
    code_priority: str = field(default="realtime", metadata={"help": "priority of codes: realtime, or 8"})
    notice_priority: str = field(default="normal", metadata={"help": "priority of notices"})
    notice_from: str = field(
        default="", metadata={"help": "hh:mm at the recipient's before which no notice goes out"}
    )
    notice_until: str = field(
        default="", metadata={"help": "hh:mm at the recipient's after which no notice goes out"}
    )
    call_retries: int = field(
        default=0, metadata={"help": "further calls to a number that did not answer", "least": 0}
    )
    call_retry_s: int = field(default=20, metadata={"help": "seconds between two calls", "least": 1})
    spell_digits: bool = field(default=True, metadata={"help": "calls say a code digit by digit"})
    status_batch: int = field(
        default=100, metadata={"help": "messages asked about in one request", "least": 1, "most": 1000}
    )
    requests_per_second: float = field(
        default=0.0, metadata={"help": "requests a second that the provider allows; 0: no limit", "least": 0}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.channels or len(set(self.channels)) < len(self.channels):
            raise ValueError("channels must name each channel once, and one at least")
        if self.next_channel_s < 1:
            raise ValueError("next_channel_s must be at least 1")
        if not {self.code_priority, self.notice_priority} <= _PRIORITIES:
            raise ValueError(
                "code_priority and notice_priority must be low, normal, high, realtime or 2 to 8"
            )
        if not all(_HOUR.fullmatch(hour) for hour in (self.notice_from, self.notice_until) if hour):
            raise ValueError("notice_from and notice_until must be hh:mm")


STATES: Final[Mapping[str, ReceiptState]] = {
    "transmitted": ReceiptState.PENDING,
    "delivered": ReceiptState.DELIVERED,
    "not delivered": ReceiptState.UNDELIVERED,
    "failed": ReceiptState.UNDELIVERED,
    "rejected": ReceiptState.UNDELIVERED,
    "deferred": ReceiptState.PENDING,
    "buffered": ReceiptState.PENDING,  # of a call
    "error": ReceiptState.UNDELIVERED,  # of a call
    "not answered": ReceiptState.UNDELIVERED,  # of a call
    "finished": ReceiptState.DELIVERED,  # of a call that was answered: else it is the row above
    "expired": ReceiptState.EXPIRED,  # 2.1.2.3: the time to live is over
}
"""States of a message on a channel (ASO Broker API 2.2.4), in lower case."""


def channel_lives(life_s: int, count: int, next_channel_s: int) -> tuple[int, ...]:
    """Divide a message's life among its channels: seconds for each, in their order, never 0."""
    lives, left = [], max(1, life_s)
    for _ in range(count - 1):
        lives.append(max(1, min(next_channel_s, left // 2)))
        left -= lives[-1]
    return (*lives, max(1, left))


def message_id_of(gateway: str, message: Message) -> str:
    """Give the id by which the broker knows the message: ours, for its answer to `send` holds none."""
    return f"{message.reference}-{gateway}"


def send_document(gateway: str, message: Message, settings: AsoBrokerSettings) -> dict[str, object] | Failed:
    """Give the body of `send` (ASO Broker API 2.1), or why this gateway cannot take the message.

    Each channel has its time to live in seconds, without which the broker takes no second channel
    (error 403). With a template the text goes in as its variable.
    """
    said = message.text.reveal()
    call_text = spoken(said) if settings.spell_digits else said
    calls = AsoChannel.CALL in settings.channels
    if not said or (calls and len(call_text.encode("utf-8")) > _CALL_TEXT_BYTES):
        return Failed(gateway, "text_not_possible")
    is_code = message.urgency is Urgency.CODE
    one: dict[str, object] = {
        "recipient": message.to.digits,
        "message-id": message_id_of(gateway, message),
        "priority": settings.code_priority if is_code else settings.notice_priority,
    }
    timing = {} if is_code else _timing(settings)
    if timing:
        one["timing"] = timing
    if settings.template:
        variable = said if settings.channels[0] is AsoChannel.SMS else call_text
        one |= {"template-id": settings.template, "variables": {settings.template_variable: variable}}
    lives = channel_lives(message.life_s, len(settings.channels), settings.next_channel_s)
    for channel, life_s in zip(settings.channels, lives, strict=True):
        match channel:
            case AsoChannel.SMS:
                fields = _channel(message.sender or settings.sender, life_s, said, settings)
            case AsoChannel.CALL:
                fields = _channel(settings.call_sender, life_s, call_text, settings) | _retries(settings)
            case _:
                assert_never(channel)
        one[channel.value] = fields
    return {"messages": [one]}


def _channel(originator: str, life_s: int, said: str, settings: AsoBrokerSettings) -> dict[str, object]:
    """Give what both channels have; numbers are texts, as in all of the API's examples."""
    return {
        **({"originator": originator} if originator else {}),
        "ttl": str(life_s),
        **({} if settings.template else {"content": {"text": said}}),
    }


def _retries(settings: AsoBrokerSettings) -> dict[str, object]:
    if not settings.call_retries:
        return {}
    return {
        "retry-attempts": str(settings.call_retries),
        "retry-timeout": str(settings.call_retry_s * 1000),  # in milliseconds (2.1.2.5)
    }


def _timing(settings: AsoBrokerSettings) -> dict[str, str]:
    hours = {"allowed-starttime": settings.notice_from, "allowed-endtime": settings.notice_until}
    given = {name: hour for name, hour in hours.items() if hour}
    return {"localtime": "0", **given} if given else {}


def send_outcome(gateway: str, reply: AsoReply, message_id: str) -> SendOutcome:
    """Read the answer to `send` (ASO Broker API 2.1.3): no body where the message was taken.

    Every error is about the request or the account, none is about the number, so none is final for the
    message; 100 is the broker's own and promises nothing.
    """
    match reply:
        case AsoDone(value=None):
            return Accepted(gateway, (message_id,))
        case AsoDone():
            return OutcomeUnknown(gateway, "answer_unreadable")
        case AsoError():
            known = reply.reason != f"code_{reply.code}"
            ends = Failed if known and reply.code != _INTERNAL_ERROR else OutcomeUnknown
            return ends(gateway, reply.reason)
        case AsoUnread():
            ends = Failed if turned_away(reply.status) else OutcomeUnknown
            return ends(gateway, reply.reason)
        case NotSent():
            return Failed(gateway, reply.reason.value)
        case NoReply():
            return OutcomeUnknown(gateway, reply.reason.value)
        case _:
            assert_never(reply)


def receipts_answer(
    reply: AsoReply, asked: Sequence[str], channels: Sequence[AsoChannel]
) -> Mapping[str, ReceiptAnswer]:
    """Read the answer to `getStatus` (ASO Broker API 2.2.3); `channels` are those of the messages."""
    match reply:
        case AsoDone():
            listed = members(reply.value).get("messages")
            rows = [members(row) for row in listed] if isinstance(listed, list) else []
            return {
                one: receipt_of([row for row in rows if text(row.get("message-id")) == one], channels)
                for one in asked
            }
        case AsoError() | AsoUnread():
            return dict.fromkeys(asked, NoReceipt(reply.reason))
        case NotSent() | NoReply():
            return dict.fromkeys(asked, NoReceipt(reply.reason.value))
        case _:
            assert_never(reply)


def receipt_of(rows: Iterable[Mapping[str, object]], channels: Sequence[AsoChannel]) -> ReceiptAnswer:
    """Give the receipt of one message from its rows, one or more of its channels.

    Delivered by any channel is delivered. A channel that did not deliver ends the message only if it
    is the last: before it, the next one is still to come.
    """
    told = [_row_receipt(row, channels) for row in rows]
    receipts = [one for one in told if one is not None]
    for wanted in (ReceiptState.DELIVERED, ReceiptState.UNDELIVERED, ReceiptState.EXPIRED):
        for receipt in receipts:
            if receipt.state is wanted:
                return receipt
    return receipts[-1] if receipts else NoReceipt("not_told")


def _row_receipt(row: Mapping[str, object], channels: Sequence[AsoChannel]) -> Receipt | None:
    status = " ".join(text(row.get("status")).lower().split())
    if not status:
        return None
    state = STATES.get(status, ReceiptState.UNKNOWN)
    is_last = len(channels) == 1 or text(row.get("channel")).lower() == channels[-1].value
    if state.is_negative and not is_last:
        state = ReceiptState.PENDING
    return Receipt(state, status.replace(" ", "_")[:32], date_ms(text(row.get("status-date"))))


def date_ms(moment: str) -> int | None:
    """Read `2016-11-07 18:42:02`, in UTC (ASO Broker API 1), as Unix milliseconds; None for all else."""
    try:
        read = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)


class AsoBrokerGateway:
    """Sends by the channels of its settings. Implements the port `Gateway`; safe between threads."""

    def __init__(self, name: str, settings: AsoBrokerSettings) -> None:
        self._name = name
        self._settings = settings
        self._link = AsoLink(settings.link(), settings.login, settings.password)

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by first."""
        match self._settings.channels[0]:
            case AsoChannel.SMS:
                return Channel.SMS
            case AsoChannel.CALL:
                return Channel.VOICE

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over (ASO Broker API 2.1) within `within_s` seconds in all."""
        document = send_document(self._name, message, self._settings)
        if isinstance(document, Failed):
            return document
        reply = self._link.call("send", document, within_s)
        return send_outcome(self._name, reply, message_id_of(self._name, message))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one message (ASO Broker API 2.2) within `within_s` seconds in all."""
        return self._ask([message_id], within_s)[message_id]

    def receipts(self, message_ids: Sequence[str], within_s: float) -> Mapping[str, ReceiptAnswer]:
        """Ask what became of several messages, `status_batch` in a request (ASO Broker API 2.2)."""
        deadline = Deadline.after(within_s)
        receipts: dict[str, ReceiptAnswer] = {}
        size = self._settings.status_batch
        for start in range(0, len(message_ids), size):
            receipts |= self._ask(message_ids[start : start + size], deadline.left())
        return receipts

    def _ask(self, batch: Sequence[str], within_s: float) -> Mapping[str, ReceiptAnswer]:
        reply = self._link.call("getStatus", {"message-id": list(batch)}, within_s)
        return receipts_answer(reply, batch, self._settings.channels)
