"""SMS through SMPP 3.4 (Devino manual, chapter 3); leaves connections to the process that owns them all."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never
from zlib import crc32

from security_service.domain.errors import StoreUnavailable
from security_service.domain.link_ports import (
    HandedOver,
    Handover,
    HandoverEnd,
    NoReply,
    NotTaken,
    ReceiptInbox,
)
from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    ReceiptAnswer,
    Refused,
    SendOutcome,
)
from security_service.domain.secret import Secret
from security_service.links.smpp.account import SmppAccount
from security_service.links.smpp.bodies import Address, MessageBody
from security_service.links.smpp.results import (
    Answered,
    NoAnswer,
    NotSubmitted,
    Result,
    pack_bodies,
    unpack_results,
)
from security_service.links.smpp.status import OK
from security_service.links.smpp.text import Alphabet, Segmentation, parts_of

_SENDER: Final = re.compile(r"[0-9]{1,20}|[ -~]{1,11}")
_MESSAGE_ID: Final = re.compile(r"[!-~]{1,64}")
_SHORTEST_LIFE_S: Final = 60
_LONGEST_LIFE_S: Final = 28 * 86_400
_MOST_MINUTES_FROM_UTC: Final = 14 * 60


@dataclass(frozen=True, kw_only=True)
class SmppSettings:
    """Settings of one `smpp` gateway. Raises ValueError for values that cannot work."""

    host: str = field(metadata={"help": "where the SMS centre is: a host name or an address"})
    system_id: str = field(metadata={"help": "login of the provider's account, 15 characters at most"})
    password: Secret = field(
        metadata={"help": "password of the account, 8 characters at most by the protocol", "secret": True}
    )
    port: int = field(default=2775, metadata={"help": "port of the SMS centre", "least": 1, "most": 65535})
    tls: bool = field(
        default=True,
        metadata={
            "help": "speak TLS; false for a centre that has none: passwords and texts are then readable"
        },
    )
    ca_file: str = field(
        default="", metadata={"help": "PEM file of the authorities to trust in place of the system's"}
    )
    system_type: str = field(
        default="", metadata={"help": "kind of system as the provider names it; mostly empty"}
    )
    sessions: int = field(default=1, metadata={"help": "sessions kept bound at once", "least": 1, "most": 4})
    window: int = field(
        default=10,
        metadata={
            "help": "requests that may be without an answer in one session",
            "least": 1,
            "most": 1000,
        },
    )
    requests_per_second: float = field(
        default=0.0, metadata={"help": "messages a second that the provider allows; 0: any", "least": 0}
    )
    sender: str = field(
        default="",
        metadata={"help": "sender for messages that name none: 11 latin characters or 20 digits at most"},
    )
    source_ton: int = field(default=5, metadata={"help": "type of senders", "least": 0, "most": 255})
    source_npi: int = field(default=1, metadata={"help": "numbering of senders", "least": 0, "most": 255})
    dest_ton: int = field(default=1, metadata={"help": "type of numbers", "least": 0, "most": 255})
    dest_npi: int = field(default=1, metadata={"help": "numbering of numbers", "least": 0, "most": 255})
    encoding: Alphabet = field(
        default=Alphabet.GSM7,
        metadata={"help": "what texts of plain characters are sent in; all others are sent in ucs2"},
    )
    segmentation: Segmentation = field(
        default=Segmentation.SAR,
        metadata={"help": "how long texts are parted: by us and marked (sar, udh), or by the centre"},
    )
    registered_delivery: int = field(
        default=1,
        metadata={"help": "which receipts are asked for; 1: every final one", "least": 0, "most": 31},
    )
    receipt_offset_minutes: int | None = field(
        default=None,
        metadata={"help": "minutes that dates of receipts are ahead of UTC; unset: they are not used"},
    )
    not_sent_statuses: tuple[int, ...] = field(
        default=(),
        metadata={"help": "the provider's own statuses by which a message surely was not sent"},
    )

    def __post_init__(self) -> None:
        if not self.host or not self.system_id or not self.password.reveal():
            raise ValueError("host, system_id and password must not be empty")
        texts = (self.system_id, self.password.reveal(), self.system_type)
        if not all(text.isascii() and "\0" not in text for text in texts):
            raise ValueError("system_id, password and system_type must be plain characters")
        if self.sender and not _SENDER.fullmatch(self.sender):
            raise ValueError("sender must be 11 latin characters or 20 digits at most")
        if not 1 <= self.sessions <= 4 or self.window < 1:
            raise ValueError("sessions must be 1 to 4 and window 1 or more")
        if abs(self.receipt_offset_minutes or 0) > _MOST_MINUTES_FROM_UTC:
            raise ValueError("receipt_offset_minutes must be within 14 hours")

    def account(self) -> SmppAccount:
        """Give the account as sessions need it; raises OSError where `ca_file` cannot be read."""
        return SmppAccount(
            host=self.host,
            port=self.port,
            system_id=self.system_id,
            password=self.password,
            system_type=self.system_type,
            sessions=self.sessions,
            window=self.window,
            tls=ssl.create_default_context(cafile=self.ca_file or None) if self.tls else None,
            receipt_offset_minutes=self.receipt_offset_minutes,
        )


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One status of a submit_sm: what it means for a message, and its short name."""

    ends: type[Refused | Failed | OutcomeUnknown]
    reason: str


# A status other than 0 says that the centre did not take the message (SMPP 3.4, 4.4.2), so most rows are
# Failed: the fault is one of form, rights or room between us and this centre, which another need not share.
STATUSES: Final[Mapping[int, StatusRow]] = {
    0x01: StatusRow(Failed, "message_length"),
    0x02: StatusRow(Failed, "command_length"),
    0x03: StatusRow(Failed, "command_unknown"),
    0x04: StatusRow(Failed, "bind_state"),
    0x05: StatusRow(Failed, "already_bound"),
    0x06: StatusRow(Failed, "priority"),
    0x07: StatusRow(Failed, "registered_delivery"),
    # The centre broke while at work: nothing promises that the message did not leave.
    0x08: StatusRow(OutcomeUnknown, "system_error"),
    0x0A: StatusRow(Failed, "source_address"),
    # To be deleted and never sent again (Devino manual 3.3): it is the number that is not taken.
    0x0B: StatusRow(Refused, "destination_address"),
    0x0C: StatusRow(Failed, "message_id"),
    0x0D: StatusRow(Failed, "bind_failed"),
    0x0E: StatusRow(Failed, "password"),
    0x0F: StatusRow(Failed, "system_id"),
    # Both only after the pauses that the sessions make: there was no room within the caller's time.
    0x14: StatusRow(Failed, "queue_full"),
    0x58: StatusRow(Failed, "throttled"),
    0x15: StatusRow(Failed, "service_type"),
    0x33: StatusRow(Failed, "destination_count"),
    0x34: StatusRow(Failed, "list_name"),
    0x40: StatusRow(Failed, "destination_flag"),
    0x42: StatusRow(Failed, "submit_with_replace"),
    0x43: StatusRow(Failed, "esm_class"),
    0x44: StatusRow(Failed, "submit_to_list"),
    0x45: StatusRow(Failed, "submit_failed"),
    0x48: StatusRow(Failed, "source_ton"),
    0x49: StatusRow(Failed, "source_npi"),
    # Kinds of numbers are settings of ours: the number itself is not at fault.
    0x50: StatusRow(Failed, "destination_ton"),
    0x51: StatusRow(Failed, "destination_npi"),
    0x53: StatusRow(Failed, "system_type"),
    0x54: StatusRow(Failed, "replace_flag"),
    0x55: StatusRow(Failed, "message_count"),
    0x61: StatusRow(Failed, "schedule"),
    0x62: StatusRow(Failed, "validity"),
    0x63: StatusRow(Failed, "predefined_message"),
    # Errors of a receiving application: the centre handed it on, and to whom it got is not told.
    0x64: StatusRow(OutcomeUnknown, "application_temporary"),
    0x65: StatusRow(OutcomeUnknown, "application_permanent"),
    0x66: StatusRow(OutcomeUnknown, "application_reject"),
    0xC0: StatusRow(Failed, "optional_part"),
    0xC1: StatusRow(Failed, "parameter_not_allowed"),
    0xC2: StatusRow(Failed, "parameter_length"),
    0xC3: StatusRow(Failed, "parameter_missing"),
    0xC4: StatusRow(Failed, "parameter_value"),
    # The centre tried to deliver and could not: that attempt is over, and it keeps no message.
    0xFE: StatusRow(Failed, "delivery_failure"),
    0xFF: StatusRow(OutcomeUnknown, "unknown_error"),
}
"""Statuses that a submit_sm may get (SMPP 3.4, table 5-2), those of binding, querying and lists among them
where a centre might misuse them. All others are a provider's own, and may mean anything."""


def submit_bodies(gateway: str, message: Message, settings: SmppSettings) -> tuple[MessageBody, ...] | Failed:
    """Give the submit_sm of each part of a message (SMPP 3.4, 4.4.1), or why this gateway cannot take it."""
    sender = message.sender or settings.sender
    if not _SENDER.fullmatch(sender):
        return Failed(gateway, "sender_not_possible")
    text = message.text.reveal()
    if not text:
        return Failed(gateway, "text_not_possible")
    reference = crc32(message.reference.encode("utf-8"))
    try:
        parts = parts_of(text, settings.encoding, settings.segmentation, reference)
    except ValueError:  # longer than the protocol can carry
        return Failed(gateway, "text_not_possible")
    return tuple(
        MessageBody(
            source=Address(settings.source_ton, settings.source_npi, sender),
            destination=Address(settings.dest_ton, settings.dest_npi, message.to.digits),
            text=part.text,
            data_coding=part.data_coding,
            esm_class=part.esm_class,
            validity=validity(message.life_s),
            registered_delivery=settings.registered_delivery,
            tlvs=part.tlvs,
        )
        for part in parts
    )


def validity(life_s: int) -> str:
    """Give a life as a relative time (SMPP 3.4, 7.1.1.2): 60 s (Devino manual 3.3) to 28 days."""
    minutes, seconds = divmod(min(max(life_s, _SHORTEST_LIFE_S), _LONGEST_LIFE_S), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"0000{days:02}{hours:02}{minutes:02}{seconds:02}000R"


def send_outcome(
    gateway: str, end: HandoverEnd, parts: int, not_sent_statuses: tuple[int, ...] = ()
) -> SendOutcome:
    """Read what became of a message of so many parts."""
    match end:
        case NotTaken(reason):
            return Failed(gateway, reason)
        case NoReply(reason):
            return OutcomeUnknown(gateway, reason)
        case HandedOver(reply):
            results = unpack_results(reply)
            taken = [one for one in results if isinstance(one, Answered) and one.status == OK]
            if len(taken) == parts:
                # An id that receipts could not be asked for by is none.
                return Accepted(
                    gateway, tuple(i.message_id for i in taken if _MESSAGE_ID.fullmatch(i.message_id))
                )
            if not results or taken:
                # A part of the text is on its way: it was neither sent nor surely not sent.
                return OutcomeUnknown(gateway, "parts_missing" if taken else "reply_unreadable")
            return _not_taken(gateway, results[-1], not_sent_statuses)
        case _:
            assert_never(end)


def _not_taken(gateway: str, result: Result, not_sent_statuses: tuple[int, ...]) -> SendOutcome:
    match result:
        case NotSubmitted():
            return Failed(gateway, result.reason.value)
        case NoAnswer():
            return OutcomeUnknown(gateway, result.reason.value)
        case Answered(status):
            unlisted = Failed if status in not_sent_statuses else OutcomeUnknown
            row = STATUSES.get(status, StatusRow(unlisted, f"status_{status:#x}"))
            return row.ends(gateway, row.reason)
        case _:
            assert_never(result)


class SmppGateway:
    """Hands messages to the process that owns the binds. Implements the port `Gateway`.

    Connects to nothing itself; safe to share between threads.
    """

    def __init__(self, name: str, settings: SmppSettings, handover: Handover, receipts: ReceiptInbox) -> None:
        self._name = name
        self._settings = settings
        self._handover = handover
        self._receipts = receipts

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return Channel.SMS

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over (Devino manual 3.3) within `within_s` seconds in all."""
        bodies = submit_bodies(self._name, message, self._settings)
        if isinstance(bodies, Failed):
            return bodies
        request = pack_bodies(body.encode() for body in bodies)
        end = self._handover.hand_over(self._name, request, within_s)
        return send_outcome(self._name, end, len(bodies), self._settings.not_sent_statuses)

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Give the receipt that the centre brought for one segment; pending where none came yet."""
        if within_s <= 0:
            return NoReceipt("no_time")
        try:
            return self._receipts.get(self._name, message_id)
        except StoreUnavailable:
            return NoReceipt("store_away")
