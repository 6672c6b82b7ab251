"""What Devino REST answers of messages, as the manual prints it; leaves writing JSON to the codec."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, assert_never

from security_service.domain.incoming import KeptIncoming
from security_service.domain.relay import MessageState, MessageView, NoSuchMessage, Refusal
from security_service.domain.untaken_ids import Untaken
from security_service.usecases.follow_messages import MessageCounts
from security_service.web.wire.rest_codec import RestError, json_date, json_stamp

Document = Mapping[str, str | int | float | None]


class SmsState(Enum):
    """States of a message that this service tells (Devino manual, table 18 of chapter 1, 17 of chapter 2)."""

    SENT = (-1, "Отправлено (передано в мобильную сеть)")
    QUEUED = (-2, "В очереди")
    DELETED = (47, "Удалено")
    DELIVERED = (0, "Доставлено абоненту")
    REJECTED_BY_CENTRE = (42, "Отклонено смс-центром")
    EXPIRED = (46, "Просрочено (истек срок жизни сообщения)")
    REJECTED_HERE = (48, "Отклонено Платформой")
    REJECTED = (69, "Отклонено")
    UNKNOWN = (99, "Неизвестный")
    NOT_FOUND = (255, "Неизвестный")


_STATES: Final[Mapping[MessageState, SmsState]] = {
    MessageState.QUEUED: SmsState.QUEUED,
    MessageState.DEFERRED: SmsState.QUEUED,
    MessageState.HELD: SmsState.QUEUED,
    MessageState.SENDING: SmsState.QUEUED,
    MessageState.SENT: SmsState.SENT,
    MessageState.DELIVERED: SmsState.DELIVERED,
    MessageState.UNDELIVERED: SmsState.REJECTED_BY_CENTRE,
    MessageState.EXPIRED: SmsState.EXPIRED,
    MessageState.REFUSED: SmsState.REJECTED_HERE,
    MessageState.FAILED: SmsState.REJECTED,
    MessageState.UNKNOWN: SmsState.UNKNOWN,
    MessageState.WITHDRAWN: SmsState.DELETED,
}

REFUSALS: Final[Mapping[Refusal, tuple[RestError, str]]] = {
    Refusal.NO_TEXT: (RestError.ARGUMENT_MISSING, "Data can not be null or empty Parameter name: data"),
    Refusal.TOO_LONG: (RestError.ARGUMENT_INVALID, "Message is too long"),
    Refusal.SENDER: (RestError.OPERATION_INVALID, "Invalid source address"),
    Refusal.TIME: (RestError.ARGUMENT_INVALID, "Invalid argument Parameter name: sendDate"),
    Refusal.LIMIT: (RestError.FORBIDDEN, ""),
    Refusal.FROZEN: (RestError.FORBIDDEN, ""),
    Refusal.QUEUE_FULL: (RestError.GATEWAY, "Message queue full"),
    Refusal.OTHER_STORE: (RestError.INTERNAL, ""),
    Refusal.STORE_AWAY: (RestError.INTERNAL, ""),
}
"""What is said of a message that is not taken; where there are no words, those of the table."""


def state_document(found: MessageView | Untaken | NoSuchMessage) -> Document:
    """Give the answer about one segment (Devino manual 1.5, 2.4); nothing is charged, so the price is 0."""
    match found:
        case MessageView():
            ended_at_ms = found.final_at_ms if found.state.is_final else 0
            state = _STATES[found.state]
            return _state(state, found.taken_at_ms, found.sent_at_ms, ended_at_ms, stamp_ms=_stamp(found))
        case Untaken():
            state = SmsState.UNKNOWN if found.is_unknown else SmsState.REJECTED_HERE
            return _state(state, found.at_ms, 0, found.at_ms, stamp_ms=found.at_ms)
        case NoSuchMessage():
            return {**_state(SmsState.NOT_FOUND, 0, 0, 0, stamp_ms=0), "Price": None}
        case _:
            assert_never(found)


def _stamp(view: MessageView) -> int:
    """When the state that is told began; a message that waits has been in it since it was taken."""
    return view.final_at_ms or view.sent_at_ms or view.taken_at_ms


def _state(
    state: SmsState, created_ms: int, submitted_ms: int, reported_ms: int, *, stamp_ms: int
) -> dict[str, str | int | float | None]:
    number, words = state.value
    return {
        "State": number,
        "CreationDateUtc": json_date(created_ms),
        "SubmittedDateUtc": json_date(submitted_ms),
        "ReportedDateUtc": json_date(reported_ms),
        "TimeStampUtc": json_stamp(stamp_ms),
        "StateDescription": words,
        "Price": 0,
    }


def incoming_document(message: KeptIncoming) -> Document:
    """Give one row of `In` (Devino manual 1.6): the subscriber is the source."""
    return {
        "Data": message.text.reveal(),
        "SourceAddress": message.number.digits,
        "DestinationAddress": message.to,
        "ID": message.id,
        "CreatedDateUtc": json_stamp(message.at_ms),
    }


def statistics_document(counts: MessageCounts) -> Document:
    """Give the answer of `Statistics` (Devino manual 1.7, 2.6): messages, however many segments they had.

    What is under way is the difference of what began and what ended in the period, never below 0.
    """
    delivered = counts.delivered
    errors = counts.failed + counts.unknown + counts.undelivered + counts.never_told
    expired = counts.expired + counts.expired_on_the_way
    rejected = counts.refused + counts.withdrawn
    answered = delivered + counts.undelivered + counts.expired_on_the_way + counts.never_told
    left = counts.sent + counts.failed + counts.unknown + counts.expired + rejected
    sent, in_process = max(counts.sent - answered, 0), max(counts.taken - left, 0)
    total = sent + delivered + in_process + expired + rejected
    return {
        "Sent": sent,
        "Delivered": delivered,
        "Errors": errors,
        "InProcess": in_process,
        "Expired": expired,
        "Rejected": rejected,
        "Total": total,
        "TotalWithErrors": total + errors,
        "DeliveryRatio": round(100 * delivered / (total + errors), 2) if delivered else 0,
    }
