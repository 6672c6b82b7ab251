"""What accounts are told of their messages, as receipts and answers to query_sm; carries nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from security_service.domain.relay import MessageState, MessageView, Report
from security_service.links.smpp.bodies import Address, MessageBody, QueryAnswer
from security_service.links.smpp.pdu import Tag, Tlv
from security_service.links.smpp.submitted import read_wish
from security_service.links.smpp.times import write_date, write_time

_RECEIPT: Final = 0x04
_ALPHANUMERIC: Final = 5
_INTERNATIONAL: Final = 1
_ISDN: Final = 1


@dataclass(frozen=True, slots=True)
class _Told:
    """A state in the text of a receipt, as message_state, and the error where no reason has its own."""

    stat: str
    number: int
    error: int = 0


STATES: Final[Mapping[MessageState, _Told]] = {
    MessageState.QUEUED: _Told("ENROUTE", 1),
    MessageState.DEFERRED: _Told("ENROUTE", 1),
    MessageState.HELD: _Told("ENROUTE", 1),
    MessageState.SENDING: _Told("ENROUTE", 1),
    MessageState.SENT: _Told("ENROUTE", 1),
    MessageState.DELIVERED: _Told("DELIVRD", 2),
    MessageState.EXPIRED: _Told("EXPIRED", 3, 160),
    MessageState.WITHDRAWN: _Told("DELETED", 4, 161),
    MessageState.UNDELIVERED: _Told("UNDELIV", 5, 162),
    MessageState.FAILED: _Told("UNDELIV", 5, 163),
    MessageState.UNKNOWN: _Told("UNKNOWN", 7, 164),
    MessageState.REFUSED: _Told("REJECTD", 8, 100),
}
"""States by those of the protocol (SMPP 3.4, 5.2.28 and appendix B)."""

ERRORS: Final[Mapping[str, int]] = {
    "sim_changed": 101,
    "recent_change": 102,
    "always_deny": 103,
    "imsi_banned": 104,
    "unknown_subscriber": 105,
    "barred": 106,
    "absent": 107,
    "unavailable": 108,
    "not_supported": 109,
    "untrusted": 110,
    "incomparable": 111,
    "unverified_ceiling": 112,
    "no_step_up": 113,
    "mass_change": 114,
    "no_rule": 115,
    "frozen": 150,
}
"""Why a message was refused or not sent, by the reason that the audit has; one byte in query_sm_resp."""


def receipt_body(report: Report, utc_offset_minutes: int = 0) -> MessageBody:
    """Give a report as a receipt (SMPP 3.4, appendix B); its dates are so many minutes ahead of UTC.

    The text of the message is not repeated: it is gone by then.
    """
    told, error = _told(report.state, report.reason)
    text = (
        f"id:{report.message_id} sub:001 dlvrd:{int(report.state is MessageState.DELIVERED):03d}"
        f" submit date:{write_date(report.taken_at_ms, utc_offset_minutes)}"
        f" done date:{write_date(report.at_ms, utc_offset_minutes)}"
        f" stat:{told.stat} err:{error:03d} text:"
    )
    own = read_wish(report.reference).reference
    tlvs = [
        Tlv(Tag.RECEIPTED_MESSAGE_ID, report.message_id.encode("ascii") + b"\0"),
        Tlv(Tag.MESSAGE_STATE, bytes((told.number,))),
        *([Tlv(Tag.USER_MESSAGE_REFERENCE, int(own).to_bytes(2, "big"))] if own else []),
    ]
    return MessageBody(
        Address(_INTERNATIONAL, _ISDN, report.number.digits),
        _sender(report.sender),
        text.encode("ascii"),
        esm_class=_RECEIPT,
        tlvs=tuple(tlvs),
    )


def is_wanted(report: Report) -> bool:
    """Tell whether the account asked for this report: some want to hear of failures only."""
    return not (report.state is MessageState.DELIVERED and read_wish(report.reference).failures_only)


def query_answer(asked: str, view: MessageView) -> QueryAnswer:
    """Give what is known of a message under the id that was asked for."""
    told, error = _told(view.state, view.reason)
    final = write_time(view.final_at_ms // 1000) if view.state.is_final and view.final_at_ms else ""
    return QueryAnswer(asked, final, told.number, error)


def _told(state: MessageState, reason: str) -> tuple[_Told, int]:
    told = STATES[state]
    return told, ERRORS.get(reason, told.error) if told.error else 0


def _sender(sender: str) -> Address:
    """Give a sender as an address; a name longer than the protocol has room for is cut (5.2.9)."""
    if sender.isdecimal() and sender.isascii():
        return Address(_INTERNATIONAL, _ISDN, sender[:20])
    return Address(_ALPHANUMERIC, 0, sender.encode("latin-1", errors="replace").decode("latin-1")[:20])
