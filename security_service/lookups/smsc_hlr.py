"""The IMSI and switch of a number through SMSC's HLR requests (SMSC HTTP API, `hlr=1`): asked, then polled.

The provider can call back too. Its signature covers id, number and status alone, so a callback's IMSI
proves nothing: what is believed here comes from a poll. Leaves the wire to `links/smsc.py`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from security_service.domain.lookup import (
    Liveness,
    LookupAnswer,
    NoData,
    SimNotSeen,
    SimSeen,
    SwapDated,
)
from security_service.domain.secret import Imsi, Msisdn
from security_service.links.deadline import Deadline
from security_service.links.http_answer import NoReply, NotSent
from security_service.links.json_body import members, text, whole
from security_service.links.smsc import (
    OWN_ID_LIMIT,
    POLLS_A_MINUTE,
    SEND_ERRORS,
    STATUS_ERRORS,
    SmscAccountSettings,
    SmscData,
    SmscError,
    SmscLink,
    SmscReply,
    SmscUnread,
)
from security_service.links.swap_dates import within

_BARRED_AFTER_SWAP_H: Final = 24


@dataclass(frozen=True, kw_only=True)
class SmscHlrSettings(SmscAccountSettings):
    """Settings of one `smsc_hlr` lookup. Raises ValueError for values that cannot work."""

    first_poll_s: float = field(
        default=0.3,
        metadata={"help": "seconds before the first question for the answer; each pause is twice the last"},
    )
    longest_poll_s: float = field(
        default=4.0, metadata={"help": "seconds that such a pause is at most; five questions are allowed"}
    )
    requests_per_second: float = field(
        default=0.0, metadata={"help": "requests a second that the provider allows; 0: no limit", "least": 0}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.first_poll_s <= self.longest_poll_s:
            raise ValueError("first_poll_s must be above 0 and not above longest_poll_s")


PENDING: Final = frozenset({-3, -2, -1, 0})
"""Not found yet, stopped, waiting, handed to the operator: the network has not answered."""

ANSWERED: Final = frozenset({1, 2})

STATUSES: Final[Mapping[int, NoData]] = {
    3: NoData.UNAVAILABLE,  # the request's time ran out
    20: NoData.UNAVAILABLE,  # impossible
    # The number is valid by the public plan, so it is the source that cannot be asked about it.
    22: NoData.NOT_SUPPORTED,
    23: NoData.UNAVAILABLE,  # forbidden to this account
    24: NoData.UNAVAILABLE,  # no funds
    25: NoData.NOT_SUPPORTED,  # a number that none of their routes reaches
}
"""`status` of a request that ended without an answer, where `err` tells no more."""

SIM_REPLACED: Final = 219
"""The SIM was replaced: for 24 h the operator holds back SMS from named senders."""

ERRORS: Final[Mapping[int, NoData]] = {
    1: NoData.UNKNOWN_SUBSCRIBER,
    6: NoData.ABSENT,
    11: NoData.BARRED,  # no such service, none abroad, or a landline: no message gets there
    12: NoData.UNAVAILABLE,  # an error of the handset or its SIM
    13: NoData.BARRED,
    21: NoData.NOT_SUPPORTED,
    200: NoData.UNTRUSTED,  # the account is in test mode: nobody was asked
    220: NoData.UNAVAILABLE,  # the operator's queue is full
}
"""`err`; numbers that are not in it are faults of the moment."""

REFUSALS: Final[Mapping[int, NoData]] = {
    7: NoData.NOT_SUPPORTED,  # a wrong number, as status 22
    8: NoData.NOT_SUPPORTED,  # not by their routes
}
"""Errors of `send.php` that tell of the number; all others are of the account or the moment."""


def request_form(number: Msisdn, request_id: str) -> dict[str, str]:
    """Give the parameters of `send.php` for one number."""
    return {"phones": f"+{number.digits}", "hlr": "1", "id": request_id}


def refusal(source: str, reply: SmscReply) -> SimNotSeen | None:
    """Give why a request was not taken; None where it was."""
    match reply:
        case SmscData():
            taken = whole(members(reply.value).get("id"))
            return SimNotSeen(source, NoData.UNAVAILABLE, "answer_unreadable") if taken is None else None
        case SmscError():
            no_data = REFUSALS.get(reply.code, NoData.UNAVAILABLE)
            return SimNotSeen(source, no_data, reply.reason(SEND_ERRORS))
        case SmscUnread():
            return SimNotSeen(source, NoData.UNAVAILABLE, reply.reason)
        case NotSent() | NoReply():
            return SimNotSeen(source, NoData.UNAVAILABLE, reply.reason.value)
        case _:
            assert_never(reply)


def poll_answer(source: str, number: Msisdn, reply: SmscReply, now: int) -> LookupAnswer | None:
    """Read the answer to `status.php`; None where the network has not answered yet."""
    match reply:
        case SmscData():
            return _told(source, number, members(reply.value), now)
        case SmscError():
            return SimNotSeen(source, NoData.UNAVAILABLE, reply.reason(STATUS_ERRORS))
        case SmscUnread():
            return SimNotSeen(source, NoData.UNAVAILABLE, reply.reason)
        case NotSent() | NoReply():
            return SimNotSeen(source, NoData.UNAVAILABLE, reply.reason.value)
        case _:
            assert_never(reply)


def _told(source: str, number: Msisdn, told: Mapping[str, object], now: int) -> LookupAnswer | None:
    status, error = whole(told.get("status")), whole(told.get("err")) or 0
    about = text(told.get("phone")).removeprefix("+")
    if status is None or about not in {"", number.digits}:
        return SimNotSeen(source, NoData.UNAVAILABLE, "answer_unreadable")
    if status in PENDING:
        return None
    operator, imsi = _operator(told), text(told.get("imsi")).strip()
    if error == SIM_REPLACED and not imsi:
        stretch = within(_BARRED_AFTER_SWAP_H, now)
        return SwapDated(source, Liveness.LIVE, stretch.latest, stretch.earliest, mcc_mnc=operator)
    if error and error != SIM_REPLACED:
        return SimNotSeen(source, ERRORS.get(error, NoData.UNAVAILABLE), f"err_{error}", operator)
    if status not in ANSWERED and error != SIM_REPLACED:
        return SimNotSeen(source, STATUSES.get(status, NoData.UNAVAILABLE), f"status_{status}", operator)
    if not imsi:
        return SimNotSeen(source, NoData.UNTRUSTED, "imsi_missing", operator)
    return SimSeen(
        source,
        Imsi(imsi),
        # The request goes to the HLR at this moment; the provider has no other kind.
        Liveness.LIVE,
        mcc_mnc=operator,
        msc=text(told.get("msc"))[:20],
        roaming=_roaming(told),
        swapped_at=now if error == SIM_REPLACED else None,
    )


def _operator(told: Mapping[str, object]) -> str:
    """MCC and MNC; a two-digit MNC that came as a number has lost its zero."""
    mcc, mnc = text(told.get("mcc")), text(told.get("mnc"))
    mcc_mnc = f"{mcc}{mnc.zfill(2)}"
    is_whole = mcc_mnc.isascii() and mcc_mnc.isdigit() and len(mcc) == 3 and len(mcc_mnc) in {5, 6}
    return mcc_mnc if mnc and is_whole else ""


def _roaming(told: Mapping[str, object]) -> bool | None:
    if "rcn" not in told and "rnet" not in told:
        return None
    return bool(text(told.get("rcn")) or text(told.get("rnet")))


class SmscHlrLookup:
    """Asks, then polls until the network has answered or the time is up. Implements the port `SimLookup`.

    Safe to share between threads. `pause` waits so many seconds between two polls, `now` gives Unix
    seconds.
    """

    def __init__(
        self,
        name: str,
        settings: SmscHlrSettings,
        *,
        pause: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._settings = settings
        self._link = SmscLink(settings)
        self._pause = pause
        self._now = now

    @property
    def name(self) -> str:
        """The short stable name of the configured source."""
        return self._name

    def find(self, number: Msisdn, within_s: float) -> LookupAnswer:
        """Ask which SIM a number has now, within `within_s` seconds in all."""
        deadline = Deadline.after(within_s)
        # Of its own for each question: an answer to an earlier one is not taken for it.
        request_id = str(1 + secrets.randbelow(OWN_ID_LIMIT))
        refused = refusal(self._name, self._link.call("send", request_form(number, request_id), within_s))
        if refused is not None:
            return refused
        shortest_s = pause_s = self._settings.first_poll_s
        asked = {"phone": f"+{number.digits}", "id": request_id, "all": "1"}
        for _ in range(POLLS_A_MINUTE):
            spare_s = deadline.left() - shortest_s
            if spare_s <= 0:
                break
            self._pause(min(pause_s, spare_s))
            pause_s = min(2 * pause_s, self._settings.longest_poll_s)
            reply = self._link.call("status", asked, deadline.left())
            answer = poll_answer(self._name, number, reply, int(self._now()))
            if answer is not None:
                return answer
        return SimNotSeen(self._name, NoData.UNAVAILABLE, "timeout")
