"""What both Devino REST gateways send: SMS, or Viber with SMS after it (Devino manual 1.8, 1.9, 2.7, 2.8).

Leaves sessions and calls to the accesses, the tables of SMS to `links/devino.py`. Its Viber is another
service than that of chapter 12: minutes for seconds, one text for both channels, no priority, no say over
the SMS, numbers for states.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from security_service.domain.incoming import Incoming, IncomingUntold
from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    Receipt,
    ReceiptAnswer,
    ReceiptState,
    SendOutcome,
)
from security_service.links import devino
from security_service.links.devino_access import DevinoAccess, DevinoReply
from security_service.links.devino_incoming import incoming_answer, period
from security_service.links.devino_settings import DevinoSmsSettings
from security_service.links.devino_viber import (
    CODES,
    SHORTEST_TEXT,
    TEXT_LIMIT,
    is_sms_sender,
    settled,
    token,
)
from security_service.links.http_answer import HttpAnswer
from security_service.links.json_body import members, read_json, text

_LONGEST_MIN: Final = 1440
_LEAST_FALLBACK_S: Final = 60


class Sends(StrEnum):
    """What a REST gateway sends."""

    SMS = "sms"
    VIBER = "viber"
    VIBER_THEN_SMS = "viber_then_sms"


@dataclass(frozen=True, kw_only=True)
class DevinoRestFaceSettings(DevinoSmsSettings):
    """An account at one of the REST services. Raises ValueError for values that cannot work."""

    sends: Sends = field(
        default=Sends.SMS,
        metadata={"help": "what is sent; viber_then_sms: the provider sends an SMS where Viber fails"},
    )
    asks_for_replies: bool = field(
        default=False, metadata={"help": "ask every other second for what subscribers wrote"}
    )
    resend_after_s: int = field(
        default=60,
        metadata={"help": "seconds that Viber has before the SMS, in whole minutes", "least": 60},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sends is not Sends.SMS and self.sender and not is_sms_sender(self.sender):
            raise ValueError("sender must be 11 latin characters or digits at most where it sends Viber")


STATES: Final[Mapping[str, ReceiptState]] = {
    "0": ReceiptState.PENDING,  # being sent
    "1": ReceiptState.PENDING,  # sent
    "2": ReceiptState.DELIVERED,
    "3": ReceiptState.DELIVERED,  # and read
    "4": ReceiptState.UNDELIVERED,
    "5": ReceiptState.UNDELIVERED,  # an error, by which chapter 12 means that it was never sent
    "6": ReceiptState.UNKNOWN,
    "7": ReceiptState.EXPIRED,
    "8": ReceiptState.DELIVERED,  # and a link in it followed
}
"""States of a Viber message (Devino manual, table 19 of chapter 1, table 18 of chapter 2)."""

# As the manual prints it: names without quotes, no comma between them.
_WORDS: Final = re.compile(rb'"?Desc"?\s*:\s*"([a-z-]{1,60})"', re.IGNORECASE)


class DevinoRestFace:
    """Sends SMS or Viber over one access and asks for their states; safe to share between threads."""

    def __init__(self, name: str, settings: DevinoRestFaceSettings, access: DevinoAccess) -> None:
        self._name = name
        self._settings = settings
        self._access = access

    @property
    def channel(self) -> Channel:
        """What the messages arrive by."""
        return Channel.SMS if self._settings.sends is Sends.SMS else Channel.VIBER

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over within `within_s` seconds in all."""
        if self._settings.sends is Sends.SMS:
            form = devino.send_form(self._name, message, self._settings.sender)
            if isinstance(form, Failed):
                return form
            return devino.send_outcome(self._name, self._access.post("/Sms/Send", form, within_s))
        form = viber_form(self._name, message, self._settings)
        if isinstance(form, Failed):
            return form
        path = "/Viber/SendWithResend" if resends(message, self._settings) else "/Viber/Send"
        return viber_outcome(self._name, self._access.post(path, form, within_s))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one message or segment within `within_s` seconds in all."""
        params = {"messageId": message_id}
        if self._settings.sends is Sends.SMS:
            return devino.receipt_answer(self._access.get("/Sms/State", params, within_s))
        resend = self._settings.sends is Sends.VIBER_THEN_SMS
        return viber_receipt(self._access.get("/Viber/State", params, within_s), resend=resend)

    @property
    def asks_for_replies(self) -> bool:
        """True where it is to be asked for what subscribers wrote."""
        return self._settings.asks_for_replies

    def incoming(self, since_ms: int, until_ms: int, within_s: float) -> Sequence[Incoming] | IncomingUntold:
        """Give the messages of a period (Devino manual 1.6, 2.5) within `within_s` seconds in all."""
        reply = self._access.get("/Sms/In", period(since_ms, until_ms), within_s)
        return incoming_answer(self._name, reply)


def resends(message: Message, settings: DevinoRestFaceSettings) -> bool:
    """Tell whether an SMS may follow: not where it would be left with less than a minute of use."""
    left = message.life_s - _minutes(settings.resend_after_s) * 60
    return settings.sends is Sends.VIBER_THEN_SMS and left >= _LEAST_FALLBACK_S


def viber_form(gateway: str, message: Message, settings: DevinoRestFaceSettings) -> dict[str, str] | Failed:
    """Give the parameters of `Viber/Send` and `Viber/SendWithResend`, or why it cannot go this way.

    Validity is in minutes, 1 to 1440, rounded down: the message's life, or `resend_after_s` where an
    SMS may follow, whose own validity the protocol does not let one set.
    """
    sender = message.sender or settings.sender
    said = message.text.reveal()
    if not is_sms_sender(sender):
        return Failed(gateway, "sender_not_possible")
    if not SHORTEST_TEXT <= len(said) <= TEXT_LIMIT:
        return Failed(gateway, "text_not_possible")
    life_s = settings.resend_after_s if resends(message, settings) else message.life_s
    return {
        "SourceAddress": sender,
        "DestinationAddress": message.to.digits,
        "Data": said,
        "Validity": str(_minutes(life_s)),
    }


def viber_outcome(gateway: str, reply: DevinoReply) -> SendOutcome:
    """Read the answer to sending: ids, or an error whose words say more than its code (1.8.1, table 20)."""
    outcome = devino.send_outcome(gateway, reply)
    if isinstance(outcome, Accepted) or not isinstance(reply, HttpAnswer):
        return outcome
    words = _WORDS.search(reply.body)
    code = words[1].decode("ascii").lower() if words else ""
    return CODES[code](gateway, token(code)) if code in CODES else outcome


def viber_receipt(reply: DevinoReply, *, resend: bool) -> ReceiptAnswer:
    """Read the answer to `Viber/State` (Devino manual 1.9). `resend`: an SMS may follow."""
    answer = devino.receipt_answer(reply)
    if isinstance(answer, NoReceipt) or not isinstance(reply, HttpAnswer):
        return answer
    state = STATES.get(answer.provider_code, ReceiptState.UNKNOWN)
    told = [Receipt(state, answer.provider_code, answer.reported_at_ms)]
    resent = members(read_json(reply.body)).get("resentsms")
    segments = [text(members(row).get("state")) for row in resent] if isinstance(resent, list) else []
    told += _sms_receipts(segments)
    return settled(told, more_may_come=resend and not segments)


def _sms_receipts(segments: list[str]) -> list[Receipt]:
    """Give one receipt for the SMS: delivered when all its segments are, undelivered when one is not."""
    states = {code: devino.STATES.get(code, ReceiptState.UNKNOWN) for code in segments}
    undecided = [code for code, state in states.items() if state is not ReceiptState.DELIVERED]
    undecided.sort(key=lambda code: not states[code].is_negative)
    decides = undecided[:1] or segments[:1]
    return [Receipt(states[code], f"sms_{code}"[:12]) for code in decides]


def _minutes(seconds: int) -> int:
    return min(_LONGEST_MIN, max(1, seconds // 60))
