"""Tables of Devino's messengers and how their messages go on as SMS (Devino manual, chapters 1, 12 and 15).

Leaves requests and answers of each service to the plug-ins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from security_service.domain.messages import Failed, OutcomeUnknown, Receipt, ReceiptState, Refused
from security_service.links.json_body import members, text

LEAST_VIBER_S: Final = 30
LEAST_SMS_S: Final = 60
LONGEST_LIFE_S: Final = 86400
TEXT_LIMIT: Final = 1000
"""Characters of a Viber text (Devino manual 1.8, 12.2.2); it has two at least."""

SHORTEST_TEXT: Final = 2
_LEAST_FALLBACK_S: Final = 60

NotAccepted = type[Refused] | type[Failed] | type[OutcomeUnknown]

CODES: Final[Mapping[str, NotAccepted]] = {
    "error-system": OutcomeUnknown,
    "not-permitted": Failed,
    "error-subject-format": Failed,
    "error-subject-unknown": Failed,
    "error-subject-not-specified": Failed,
    # The one row that is in the message itself.
    "error-address-format": Refused,
    # This account may not send to the number's range: another provider may.
    "error-address-unknown": Failed,
    "error-address-not-specified": Failed,
    "error-priority-format": Failed,
    "error-comment-format": Failed,
    "error-instant-message-type-format": Failed,
    "error-instant-message-type-not-specified": Failed,
    "error-content-type-format": Failed,
    "error-content-not-specified": Failed,
    "error-validity-period-seconds-format": Failed,
    "error-instant-message-client-id-not-unique": Failed,
    "error-instant-message-provider-id-format": Failed,
    "error-instant-message-provider-id-duplicate": Failed,
    "error-instant-message-provider-id-unknown": Failed,
    "error-resend-sms-error": Failed,
    "error-resend-sms-validity-period-error": Failed,
    "error-route-not-found": Failed,
}
"""Codes of one message other than `ok` (Devino manual 12.6, 15.3.3; table 20 of chapter 1 is part of it)."""

STATES: Final[Mapping[str, ReceiptState]] = {
    "enqueued": ReceiptState.PENDING,
    "sent": ReceiptState.PENDING,
    "delivered": ReceiptState.DELIVERED,
    "read": ReceiptState.DELIVERED,
    "visited": ReceiptState.DELIVERED,  # and a link in it followed
    "undelivered": ReceiptState.UNDELIVERED,
    "failed": ReceiptState.UNDELIVERED,  # never sent
    "cancelled": ReceiptState.UNDELIVERED,
    "vp_expired": ReceiptState.EXPIRED,
}
"""States of a Viber or VK message (Devino manual 12.3, 12.4, 15.3.1)."""

SMS_STATES: Final[Mapping[str, ReceiptState]] = {
    "enqueued": ReceiptState.PENDING,
    "sent": ReceiptState.PENDING,
    "delivered": ReceiptState.DELIVERED,
    "undelivered": ReceiptState.UNDELIVERED,
}
"""States of an SMS that followed a Viber or VK message (Devino manual 12.3, 15.3.1)."""

_TOKEN: Final = re.compile(r"[a-z0-9_]{1,60}")
_SENDER: Final = re.compile(r"[ -~]{1,11}")
_SUBJECT_LIMIT: Final = 11
_PROVIDER_ID: Final = re.compile(r"[0-9]{1,24}")


def token(code: object) -> str:
    """Give a code of theirs as a token of ours: `NOT_VIBER_USER` and `not-viber-user` are the same."""
    found = text(code).strip().lower().replace("-", "_")
    return found if _TOKEN.fullmatch(found) else ""


def provider_id(read: object) -> str:
    """Give a message's id with all its digits; empty where it is not one."""
    found = text(read)
    return found if _PROVIDER_ID.fullmatch(found) and found.strip("0") else ""


def is_subject(name: str) -> bool:
    """Tell whether a name may stand over a messenger's message: 1 to 11 characters (Devino manual 12.2.1)."""
    return 0 < len(name) <= _SUBJECT_LIMIT and name.isprintable()


def is_sms_sender(name: str) -> bool:
    """Tell whether a name may send the SMS that follows: 11 latin characters or digits at most."""
    return _SENDER.fullmatch(name) is not None


def shares(life_s: int, wait_s: int, least_s: Sequence[int]) -> tuple[int, ...]:
    """Divide a message's life between channels that are tried one after the other, in seconds.

    `least_s` is the protocol's minimum for each channel. Each but the last gets `wait_s`, the last
    all the rest. One that would begin in the last minute of the message's life is left out with those
    after it, so that nothing is sent again shortly before it is of no use.
    """
    parts: list[int] = []
    left = life_s
    for least, following in pairwise(least_s):
        wait = max(wait_s, least)
        if left - wait < max(_LEAST_FALLBACK_S, following):
            break
        parts.append(wait)
        left -= wait
    parts.append(min(LONGEST_LIFE_S, max(left, least_s[len(parts)])))
    return tuple(parts)


def sms_receipt(rows: object) -> Receipt | None:
    """Read the states of the segments of an SMS that followed; None where there was none."""
    listed = rows if isinstance(rows, list) else []
    told = [text(row.get("status")) or text(row.get("state")) for row in map(members, listed)]
    return _of_segments([SMS_STATES.get(state.lower(), ReceiptState.UNKNOWN) for state in told])


def _of_segments(states: Sequence[ReceiptState]) -> Receipt | None:
    if not states:
        return None
    negative = next((state for state in states if state.is_negative), None)
    if negative is not None:
        return Receipt(negative, f"sms_{negative.value}")
    if all(state is ReceiptState.DELIVERED for state in states):
        return Receipt(ReceiptState.DELIVERED, "sms_delivered")
    return Receipt(ReceiptState.PENDING, "sms_pending")


def settled(told: Sequence[Receipt], *, more_may_come: bool) -> Receipt:
    """Give one receipt for a message that went by several channels, in their order; `told` is not empty.

    Delivered by any of them is delivered; else the last one decides. A negative one is not final
    while the provider may still try the next channel.
    """
    arrived = next((one for one in told if one.state is ReceiptState.DELIVERED), None)
    last = told[-1]
    if arrived is not None or not (more_may_come and last.state.is_negative):
        return arrived or last
    return Receipt(ReceiptState.PENDING, last.provider_code, last.reported_at_ms)
