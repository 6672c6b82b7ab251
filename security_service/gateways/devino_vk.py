"""VK messages, with Viber and SMS after them where they do not arrive, through Devino (manual, chapter 15).

Leaves the tables that other services of the provider share to `links/devino_viber.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

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
    Urgency,
)
from security_service.links.devino_json import DevinoJsonLink
from security_service.links.devino_viber import (
    LEAST_SMS_S,
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
from security_service.links.moments import iso_ms

_LEAST_S: Final = 15
_MOSCOW_AHEAD_H: Final = 3.0
_ROUTES: Final = frozenset({"vk", "ok"})
_PRIORITIES: Final = {Urgency.CODE: "realtime", Urgency.NOTICE: "medium"}
_PARAMETER: Final = re.compile(r"\w{1,60}")
# A code has 4 to 10 digits; what touches letters, a decimal sign or more digits is something else.
_CODE: Final = re.compile(r"(?<![\w.,])[0-9]{4,10}(?![.,]?\w)")


class TemplateTakes(StrEnum):
    """What of a message goes into the template that VK's people agreed to."""

    CODE = "code"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class DevinoVkSettings(HttpAccountSettings):
    """Settings of one `devino_vk` gateway. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default="https://im.devinotele.com",
        metadata={"help": "where the service is, without the resource"},
    )
    template_id: str = field(metadata={"help": "number of the template that VK agreed to"})
    template_parameter: str = field(
        default="code", metadata={"help": "parameter of the template that takes the code or the text"}
    )
    template_takes: TemplateTakes = field(
        default=TemplateTakes.CODE,
        metadata={"help": "code: the one code in the text, else the message is not sent; text: all of it"},
    )
    sender: str = field(
        default="", metadata={"help": "sender for messages that name none: 11 characters at most"}
    )
    routes: tuple[str, ...] = field(default=("vk",), metadata={"help": "vk, ok or both, in order of use"})
    resend_viber: bool = field(default=False, metadata={"help": "let the provider go on with Viber"})
    resend_sms: bool = field(default=False, metadata={"help": "let the provider go on with SMS"})
    viber_sender: str = field(default="", metadata={"help": "sender over Viber; empty: the same as over VK"})
    sms_sender: str = field(default="", metadata={"help": "sender of the SMS; empty: the same as over VK"})
    resend_after_s: int = field(
        default=60,
        metadata={
            "help": "seconds that each channel but the last has; none begins in the last minute",
            "least": _LEAST_S,
            "most": LONGEST_LIFE_S,
        },
    )
    requests_per_second: float = field(
        default=50.0, metadata={"help": "messages a second that VK allows a group; 0: no limit", "least": 0}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.template_id.isascii() and self.template_id.isdigit()):
            raise ValueError("template_id must be a number")
        if not _PARAMETER.fullmatch(self.template_parameter):
            raise ValueError("template_parameter must be one word")
        if not self.routes or not set(self.routes) <= _ROUTES or len(set(self.routes)) < len(self.routes):
            raise ValueError("routes must be vk, ok or both")
        if not all(is_subject(name) for name in (self.sender, self.viber_sender) if name):
            raise ValueError("sender and viber_sender must be 11 characters at most")
        if self.sms_sender and not is_sms_sender(self.sms_sender):
            raise ValueError("sms_sender must be 11 latin characters or digits at most")


CODES: Final[Mapping[str, NotAccepted]] = {
    "validation_error": Failed,
    "queue_full": Failed,
    "system_error": OutcomeUnknown,
    "subject_not_specified": Failed,
    "subject_invalid": Failed,
    "priority_not_specified": Failed,
    "priority_invalid": Failed,
    "routes_not_specified": Failed,
    "routes_invalid": Failed,
    "vp_invalid": Failed,
    "phone_not_specified": Failed,
    # The one row that is in the message itself.
    "phone_invalid": Refused,
    "text_not_specified": Failed,
    # By a template of theirs: another channel has none.
    "text_invalid": Failed,
    "sms_text_not_specified": Failed,
    "sms_subject_not_specified": Failed,
    "sms_validity_period_not_specified": Failed,
    "invalid_sms_validity_period": Failed,
    "not-enough-credits": Failed,
}
"""Codes of a request and of a message other than `ok` (Devino manual 15.2.4, 15.2.5)."""

_STATUS_CODES: Final = frozenset({"validation_error", "system_error", "unknown_message_id"})


def send_document(message: Message, settings: DevinoVkSettings) -> dict[str, object] | str:
    """Give the body of `/send/vk` (Devino manual 15.2.1), or why the message cannot go this way.

    The message's life is divided between the channels that are used one after the other.
    """
    said = message.text.reveal()
    value = _for_template(said, settings.template_takes)
    subject = message.sender or settings.sender
    if value is None:
        return "code_not_certain"
    if not is_subject(subject):
        return "sender_not_possible"
    names = _channels(settings)
    least = {"vk": _LEAST_S, "viber": _LEAST_S, "sms": LEAST_SMS_S}
    lives = shares(message.life_s, settings.resend_after_s, [least[name] for name in names])
    document: dict[str, object] = {
        "vk": {
            "subject": subject,
            "priority": _PRIORITIES[message.urgency],
            "routes": list(settings.routes),
            "validityPeriod": lives[0],
            "phone": message.to.digits,
            "templateId": settings.template_id,
            "templateData": {settings.template_parameter: value},
        }
    }
    for name, life_s in zip(names[1:], lives[1:], strict=False):
        part = _viber_part if name == "viber" else _sms_part
        added = part(message, settings, life_s)
        if isinstance(added, str):
            return added
        document[name] = added
    return document


def _channels(settings: DevinoVkSettings) -> list[str]:
    return ["vk", *["viber"] * settings.resend_viber, *["sms"] * settings.resend_sms]


def _for_template(said: str, takes: TemplateTakes) -> str | None:
    if takes is TemplateTakes.TEXT:
        return said or None
    found = set(_CODE.findall(said))
    return found.pop() if len(found) == 1 else None


def _viber_part(message: Message, settings: DevinoVkSettings, life_s: int) -> dict[str, object] | str:
    # The example has `validityPeriodSec` where the table has `validityPeriod`: the example was run.
    said, subject = message.text.reveal(), settings.viber_sender or message.sender or settings.sender
    if not SHORTEST_TEXT <= len(said) <= TEXT_LIMIT:
        return "text_not_possible"
    return {
        "subject": subject,
        "priority": _PRIORITIES[message.urgency],
        "validityPeriodSec": life_s,
        "type": "viber",
        "contentType": "text",
        "text": said,
        "dstAddress": message.to.digits,
    }


def _sms_part(message: Message, settings: DevinoVkSettings, life_s: int) -> dict[str, object] | str:
    sender = settings.sms_sender or message.sender or settings.sender
    if not is_sms_sender(sender):
        return "sender_not_possible"
    return {
        "srcAddress": sender,
        "text": message.text.reveal(),
        "validityPeriod": life_s,
        "dstAddress": message.to.digits,
    }


def send_outcome(gateway: str, reply: HttpReply) -> SendOutcome:
    """Read the answer to `/send/vk` (Devino manual 15.2.3): one id whatever follows it."""
    match reply:
        case NotSent():
            return Failed(gateway, reply.reason.value)
        case NoReply():
            return OutcomeUnknown(gateway, reply.reason.value)
        case HttpAnswer():
            answer = members(read_json(reply.body))
            result = members(answer.get("result"))
            whole, code = text(answer.get("code")), text(result.get("code"))
            message_id = provider_id(result.get("messageid"))
            if whole == code == "ok" and message_id:
                return Accepted(gateway, (message_id,))
            code = code if whole == "ok" else whole
            if code in CODES:
                return CODES[code](gateway, token(code))
            ends = Failed if turned_away(reply.status) else OutcomeUnknown
            return ends(gateway, unread(reply))
        case _:
            assert_never(reply)


def receipt_answer(reply: HttpReply, channels: Sequence[str]) -> ReceiptAnswer:
    """Read the answer to `/status/vk` (Devino manual 15.3) of a message that may go by `channels`.

    The manual does not say in which zone the service's clock is, so times are left out.
    """
    match reply:
        case NotSent() | NoReply():
            return NoReceipt(reply.reason.value)
        case HttpAnswer():
            answer = members(read_json(reply.body))
            result = members(answer.get("result"))
            code = text(answer.get("code"))
            code = text(result.get("code")) if code == "ok" else code
            if code != "ok":
                return NoReceipt(token(code) if code in _STATUS_CODES else unread(reply))
            viber = members(result.get("viberstatus"))
            found = {
                "vk": _state(result) if result.get("status") else None,
                "viber": _state(viber) if viber.get("status") else None,
                "sms": sms_receipt(result.get("smsstates")),
            }
            told = {name: receipt for name, receipt in found.items() if receipt is not None}
            if not told:
                return NoReceipt("answer_unreadable")
            return settled(list(told.values()), more_may_come=channels[-1] not in told)
        case _:
            assert_never(reply)


def push_of(row: Mapping[str, object], *, resend: bool) -> Push | None:
    """Read one state of a callback (Devino manual 15.4), which tells of VK alone; else None.

    The manual's example and its table name the members differently; both are read. Their clock is
    Moscow's.
    """
    message_id = provider_id(row.get("messageid")) or provider_id(row.get("id"))
    if not message_id or not token(row.get("status")):
        return None
    told = _state(row)
    at_ms = iso_ms(row.get("receivedat") or row.get("time"), _MOSCOW_AHEAD_H)
    return Push(message_id, settled([Receipt(told.state, told.provider_code, at_ms)], more_may_come=resend))


def _state(row: Mapping[str, object]) -> Receipt:
    status, why = token(row.get("status")), token(row.get("code"))
    state = STATES.get(status, ReceiptState.UNKNOWN)
    return Receipt(state, why if why not in {"", "ok"} else status or "unreadable")


class DevinoVkGateway:
    """Sends through a template over VK. Implements the port `Gateway`; safe to share between threads.

    A message that fails by VK is reported as pending while the provider may go on with Viber or SMS;
    only the states that are asked for tell of those, callbacks do not.
    """

    def __init__(self, name: str, settings: DevinoVkSettings) -> None:
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
        return Channel.VK

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over (Devino manual 15.2.1) within `within_s` seconds in all."""
        document = send_document(message, self._settings)
        if isinstance(document, str):
            return Failed(self._name, document)
        return send_outcome(self._name, self._link.post("/send/vk", document, within_s))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one message (Devino manual 15.3) within `within_s` seconds in all."""
        reply = self._link.get("/status/vk", {"message": message_id}, within_s)
        return receipt_answer(reply, _channels(self._settings))

    def read_push(self, content_type: str, body: bytes, query: Mapping[str, str]) -> tuple[Push, ...]:
        """Read a callback (Devino manual 15.4). Never raises; the query and the type tell nothing."""
        del content_type, query
        read = read_json(body)
        rows = map(members, read if isinstance(read, list) else [read])
        resend = len(_channels(self._settings)) > 1
        pushes = (push_of(row, resend=resend) for row in rows)
        return tuple(push for push in pushes if push is not None)
