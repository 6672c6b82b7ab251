"""SMS and voice calls through SMSC (its HTTP API); leaves the wire and its errors to `links/smsc.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never
from urllib.parse import parse_qsl

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
    Refused,
    SendOutcome,
)
from security_service.domain.secret import Secret
from security_service.domain.senders import (
    ListedSender,
    ListedSenders,
    SendersAnswer,
    SendersNotTold,
    SenderStanding,
)
from security_service.links.deadline import Deadline
from security_service.links.http_answer import NoReply, NotSent
from security_service.links.http_status import turned_away
from security_service.links.json_body import members, read_json, text, whole
from security_service.links.smsc import (
    SEND_ERRORS,
    STATUS_ERRORS,
    SendersRefused,
    SmscAccountSettings,
    SmscData,
    SmscError,
    SmscLink,
    SmscReply,
    SmscSenders,
    SmscUnread,
    StatusPolls,
    is_signed,
    own_id,
)
from security_service.links.spoken import spoken

_TEXT_LIMIT: Final = 1000
_LONGEST_LIFE_MIN: Final = 24 * 60


@dataclass(frozen=True, kw_only=True)
class SmscSettings(SmscAccountSettings):
    """Settings of one `smsc` gateway. Raises ValueError for values that cannot work."""

    sender: str = field(
        default="",
        metadata={"help": "sender for messages that name none; of calls: the number that is shown"},
    )
    call: bool = field(default=False, metadata={"help": "call the number and say the text"})
    voice: str = field(
        default="",
        metadata={"help": "voice of calls as the provider names it (m, m2, w, w2, w3, w4); empty: theirs"},
    )
    spell_digits: bool = field(default=True, metadata={"help": "calls say a code digit by digit"})
    callback_secret: Secret = field(
        default=Secret(""),
        metadata={"help": "secret that signs callbacks; empty: none is believed", "secret": True},
    )
    status_batch: int = field(
        default=100, metadata={"help": "messages asked about in one request", "least": 1, "most": 1000}
    )
    requests_per_second: float = field(
        default=0.0, metadata={"help": "requests a second that the provider allows; 0: no limit", "least": 0}
    )


ENDS: Final[Mapping[int, type[Refused | Failed]]] = {
    1: Failed,
    2: Failed,
    3: Failed,
    4: Failed,
    5: Failed,
    # Their people forbade this text or this sender; another provider has other people.
    6: Failed,
    # No mobile number anywhere: the one row that is in the message itself.
    7: Refused,
    # Not by their routes: they say nothing of other ways to the number.
    8: Failed,
    # Each request bears an id of its own and is made once, so it is not a repetition of one that left,
    # but the sixteenth at the same moment, and was turned away.
    9: Failed,
}
"""What each error of `SEND_ERRORS` means for a message."""

STATES: Final[Mapping[int, ReceiptState]] = {
    -3: ReceiptState.UNKNOWN,  # not found
    -2: ReceiptState.PENDING,  # stopped: they may let it go on
    -1: ReceiptState.PENDING,  # waits to be sent
    0: ReceiptState.PENDING,  # handed to the operator
    1: ReceiptState.DELIVERED,
    2: ReceiptState.DELIVERED,  # and read
    3: ReceiptState.EXPIRED,
    20: ReceiptState.UNDELIVERED,  # impossible
    22: ReceiptState.UNDELIVERED,  # wrong number
    23: ReceiptState.UNDELIVERED,  # forbidden
    24: ReceiptState.UNDELIVERED,  # no funds
    25: ReceiptState.UNDELIVERED,  # unavailable number
}
"""States of a message by `status`."""


def send_form(gateway: str, message: Message, settings: SmscSettings) -> dict[str, str] | Failed:
    """Give the parameters of `send.php`, or why this gateway cannot take the message.

    The number bears its `+`, without which the provider may correct it to another one. Validity is
    hours and minutes, 00:01 to 24:00: the message's life rounded down.
    """
    said = message.text.reveal()
    mes = spoken(said) if settings.call and settings.spell_digits else said
    if not mes or len(mes) > _TEXT_LIMIT:
        return Failed(gateway, "text_not_possible")
    minutes = min(_LONGEST_LIFE_MIN, max(1, message.life_s // 60))
    # A call shows a number: the name that the tenant puts on its SMS is of no use there.
    sender = settings.sender if settings.call else message.sender or settings.sender
    optional = {"sender": sender, "call": "1" if settings.call else "", "voice": settings.voice}
    return {
        "phones": f"+{message.to.digits}",
        "mes": mes,
        # By its gateway too: a code's SMS and the call after it go to one number.
        "id": own_id(gateway, message.reference),
        "valid": f"{minutes // 60:02}:{minutes % 60:02}",
        **{name: value for name, value in optional.items() if value},
    }


def send_outcome(gateway: str, reply: SmscReply, phone: str) -> SendOutcome:
    """Read the answer to `send.php`: `{"id": <id>, "cnt": <n>}`, one id whatever the count of segments."""
    match reply:
        case SmscData():
            taken = whole(members(reply.value).get("id"))
            if taken is None:
                return OutcomeUnknown(gateway, "answer_unreadable")
            return Accepted(gateway, (_message_id(str(taken), phone),))
        case SmscError():
            reason = reply.reason(SEND_ERRORS)
            return ENDS.get(reply.code, OutcomeUnknown)(gateway, reason)
        case SmscUnread():
            ends = Failed if turned_away(reply.status) else OutcomeUnknown
            return ends(gateway, reply.reason)
        case NotSent():
            return Failed(gateway, reply.reason.value)
        case NoReply():
            return OutcomeUnknown(gateway, reply.reason.value)
        case _:
            assert_never(reply)


def receipt_of(told: Mapping[str, object], at: str) -> ReceiptAnswer:
    """Read one message's state; `at` names the member that holds its time in Unix seconds.

    The code is `<status>` or `<status>_<err>`: error 219, say, tells that the operator holds SMS back
    after a change of the SIM.
    """
    status, err, moment = whole(told.get("status")), whole(told.get("err")), whole(told.get(at))
    if status is None:
        return NoReceipt("answer_unreadable")
    code = f"{status}_{err}" if err else str(status)
    return Receipt(STATES.get(status, ReceiptState.UNKNOWN), code, moment * 1000 if moment else None)


def no_receipt(reply: SmscError | SmscUnread | NotSent | NoReply) -> NoReceipt:
    """Give why `status.php` told nothing."""
    match reply:
        case SmscError():
            return NoReceipt(reply.reason(STATUS_ERRORS))
        case SmscUnread():
            return NoReceipt(reply.reason)
        case NotSent() | NoReply():
            return NoReceipt(reply.reason.value)
        case _:
            assert_never(reply)


def batch_receipts(asked: Sequence[str], value: object) -> dict[str, ReceiptAnswer]:
    """Read the states of several messages: by `id` where they have one, else in the order asked."""
    rows = [members(row) for row in value] if isinstance(value, list) else []
    receipts: dict[str, ReceiptAnswer] = dict.fromkeys(asked, NoReceipt("not_told"))
    if len(rows) == len(asked) and not any(text(row.get("id")) for row in rows):
        return {message: receipt_of(row, "last_timestamp") for message, row in zip(asked, rows, strict=True)}
    for row in rows:
        message = _message_id(text(row.get("id")), text(row.get("phone")))
        if message in receipts:
            receipts[message] = receipt_of(row, "last_timestamp")
    return receipts


def read_callback(content_type: str, body: bytes, query: Mapping[str, str]) -> list[dict[str, str]]:
    """Read what a callback tells: JSON, a form, or the query where there is no body. Never raises."""
    if not body:
        return [dict(query)]
    if "json" in content_type.lower():
        read = read_json(body)
        rows = read if isinstance(read, list) else [read]
        return [{name: text(value) for name, value in members(row).items()} for row in rows]
    # What is needed of it is ASCII, whatever the encoding of the rest.
    return [dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1"))]


class SmscGateway:
    """Sends SMS, or calls, through one account. Implements the port `Gateway`; safe between threads.

    A message's id is `<id>-<number>`, since the provider finds a message by both.
    """

    def __init__(self, name: str, settings: SmscSettings) -> None:
        self._name = name
        self._settings = settings
        self._link = SmscLink(settings)
        self._polls = StatusPolls()

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return Channel.VOICE if self._settings.call else Channel.SMS

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over within `within_s` seconds in all."""
        form = send_form(self._name, message, self._settings)
        if isinstance(form, Failed):
            return form
        return send_outcome(self._name, self._link.call("send", form, within_s), message.to.digits)

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one message within `within_s` seconds in all."""
        number, _, phone = message_id.partition("-")
        if within_s > 0 and not self._polls.admits(message_id):
            return NoReceipt("asked_too_often")
        reply = self._link.call("status", {"phone": phone, "id": number, "all": "0"}, within_s)
        if isinstance(reply, SmscData):
            return receipt_of(members(reply.value), "last_timestamp")
        return no_receipt(reply)

    def receipts(self, message_ids: Sequence[str], within_s: float) -> Mapping[str, ReceiptAnswer]:
        """Ask what became of several messages, `status_batch` in a request."""
        deadline = Deadline.after(within_s)
        admitted = [one for one in message_ids if self._polls.admits(one)]
        receipts: dict[str, ReceiptAnswer] = dict.fromkeys(message_ids, NoReceipt("asked_too_often"))
        size = self._settings.status_batch
        for batch in (admitted[start : start + size] for start in range(0, len(admitted), size)):
            receipts |= self._ask(batch, deadline.left())
        return receipts

    def senders(self, within_s: float) -> SendersAnswer:
        """Ask for the sender names of the account within `within_s` seconds in all."""
        answer = SmscSenders(self._link).list(within_s)
        if isinstance(answer, SendersRefused):
            return SendersNotTold(answer.reason)
        return ListedSenders(
            tuple(ListedSender(one.name, SenderStanding(one.state.value)) for one in answer.names)
        )

    def read_push(self, content_type: str, body: bytes, query: Mapping[str, str]) -> tuple[Push, ...]:
        """Read a callback: the receipts in it whose signature is right. Never raises."""
        return tuple(self._signed(read_callback(content_type, body, query)))

    def _ask(self, batch: Sequence[str], within_s: float) -> Mapping[str, ReceiptAnswer]:
        parts = [one.partition("-") for one in batch]
        # A comma after the last one, too: without it one message would be answered in another form.
        phones = "".join(f"{phone}," for _, _, phone in parts)
        ids = "".join(f"{number}," for number, _, _ in parts)
        reply = self._link.call("status", {"phone": phones, "id": ids, "all": "0"}, within_s)
        if isinstance(reply, SmscData):
            return batch_receipts(batch, reply.value)
        return dict.fromkeys(batch, no_receipt(reply))

    def _signed(self, rows: Iterable[Mapping[str, str]]) -> Iterable[Push]:
        secret = self._settings.callback_secret.reveal()
        for told in rows:
            receipt = receipt_of(told, "ts")
            if isinstance(receipt, Receipt) and is_signed(told, secret):
                yield Push(_message_id(told.get("id", ""), told.get("phone", "")), receipt)


def _message_id(number: str, phone: str) -> str:
    return f"{number}-{phone.removeprefix('+')}"
