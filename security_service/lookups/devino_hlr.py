"""Reachability of a number through Devino HLR (Devino manual, chapter 16): never an IMSI, never a verdict.

Leaves the tables that all Devino services share to `links/devino.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from security_service.domain.lookup import LookupAnswer, NoData, Reachable, SimNotSeen
from security_service.domain.secret import Msisdn
from security_service.links.deadline import Deadline
from security_service.links.devino import DEFAULT_BASE_URL, call_fault, message_ids, read_json
from security_service.links.devino_access import DevinoAccess, DevinoReply
from security_service.links.devino_login import DevinoLogin
from security_service.links.devino_session import DevinoSession
from security_service.links.http_answer import HttpAnswer
from security_service.links.http_settings import HttpAccountSettings


class DevinoFace(StrEnum):
    """How the service is told who asks: by login and password each time, or by a session."""

    V2 = "v2"
    SESSION = "session"


@dataclass(frozen=True, kw_only=True)
class DevinoHlrSettings(HttpAccountSettings):
    """Settings of one `devino_hlr` lookup. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default=DEFAULT_BASE_URL,
        metadata={"help": "where the service is, without the resource and without v2"},
    )
    face: DevinoFace = field(
        default=DevinoFace.V2,
        metadata={"help": "v2: login and password in each call; session: under a session id"},
    )
    first_poll_s: float = field(
        default=0.2,
        metadata={"help": "seconds before the first question for the state; each pause is twice the last"},
    )
    longest_poll_s: float = field(
        default=1.0,
        metadata={"help": "seconds that such a pause is at most"},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.first_poll_s <= self.longest_poll_s:
            raise ValueError("first_poll_s must be above 0 and not above longest_poll_s")


PENDING: Final = "0"
REACHABLE: Final = "1"
STATES: Final[Mapping[str, NoData]] = {
    "2": NoData.ABSENT,  # temporarily not available
    "3": NoData.UNKNOWN_SUBSCRIBER,
    "4": NoData.UNAVAILABLE,  # the request failed
    "99": NoData.UNAVAILABLE,  # unknown
}
"""States of a request (Devino manual 16.2) beside pending and reachable."""

_LONGEST_NAME: Final = 100


def bulk_form(number: Msisdn, within_s: float) -> dict[str, str]:
    """Give the parameters of `Hlr/SendBulk` (Devino manual 16.1) for one number; validity is in minutes."""
    return {"DestinationAddresses": number.digits, "Validity": str(max(1, int(within_s // 60)))}


def state_answer(source: str, message_id: str, reply: DevinoReply) -> LookupAnswer | None:
    """Read the answer to `Hlr/State` (Devino manual 16.2); None where the network has not answered yet."""
    fault = call_fault(reply)
    if fault is not None:
        return SimNotSeen(source, NoData.UNAVAILABLE, fault)
    found = _row(message_id, read_json(reply.body) if isinstance(reply, HttpAnswer) else None)
    state = found.get("statecode")
    if not isinstance(state, str):
        return SimNotSeen(source, NoData.UNAVAILABLE, "answer_unreadable")
    if state == PENDING:
        return None
    if state == REACHABLE:
        operator = found.get("mobileoperator")
        return Reachable(source, operator[:_LONGEST_NAME] if isinstance(operator, str) else "")
    return SimNotSeen(source, STATES.get(state, NoData.UNAVAILABLE), f"state_{state[:12]}")


def _row(message_id: str, read: object) -> dict[str, object]:
    """Find our request among the rows; a row without an id is ours where it is the only one."""
    rows = [
        {name.lower(): value for name, value in row.items()}
        for row in (read if isinstance(read, list) else [])
        if isinstance(row, dict)
    ]
    ours = [row for row in rows if row.get("messageid", message_id if len(rows) == 1 else None) == message_id]
    return ours[0] if ours else {}


class DevinoHlrLookup:
    """Asks, then polls until the state is known or the time is up. Implements the port `SimLookup`.

    Safe to share between threads. `pause` waits so many seconds between two polls.
    """

    def __init__(
        self,
        name: str,
        settings: DevinoHlrSettings,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._settings = settings
        self._pause = pause
        self._access: DevinoAccess
        if settings.face is DevinoFace.SESSION:
            self._access = DevinoSession(settings.link(), settings.login, settings.password)
        else:
            self._access = DevinoLogin(settings.link("/v2"), settings.login, settings.password)

    @property
    def name(self) -> str:
        """The short stable name of the configured source."""
        return self._name

    def find(self, number: Msisdn, within_s: float) -> LookupAnswer:
        """Ask whether a number is reachable within `within_s` seconds in all."""
        deadline = Deadline.after(within_s)
        reply = self._access.post("/Hlr/SendBulk", bulk_form(number, within_s), within_s)
        fault = call_fault(reply)
        ids = message_ids(reply) if isinstance(reply, HttpAnswer) else ()
        if fault is not None or len(ids) != 1:
            return SimNotSeen(self._name, NoData.UNAVAILABLE, fault or "answer_unreadable")
        shortest_s = pause_s = self._settings.first_poll_s
        while (spare_s := deadline.left() - shortest_s) > 0:
            self._pause(min(pause_s, spare_s))
            pause_s = min(2 * pause_s, self._settings.longest_poll_s)
            reply = self._access.get("/Hlr/State", {"messageIds": ids[0]}, deadline.left())
            answer = state_answer(self._name, ids[0], reply)
            if answer is not None:
                return answer
        return SimNotSeen(self._name, NoData.UNAVAILABLE, "timeout")
