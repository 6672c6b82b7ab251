"""SMSC's HLR requests: asked by `send.php`, answered by `status.php`; leaves the scripts to `smsc`."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.handsets import HandsetState
from security_service.sandbox.networks import ABROAD, is_fixed_line, network_of, switch_of
from security_service.sandbox.switchboard import Switchboard

_MAX_QUESTIONS: Final = 50_000

_FAILED: Final[dict[HandsetState, tuple[int, int]]] = {
    HandsetState.OFF: (20, 6),
    HandsetState.UNKNOWN: (20, 1),
    HandsetState.BARRED: (20, 13),
}
"""`status` and `err` of a number that cannot be reached."""

_LANDLINE: Final = (20, 11)


@dataclass(slots=True)
class _Question:
    """A request, when it was taken, and how many times its answer was fetched."""

    asked_at: float
    polls: int = 0


class SmscHlr:
    """The requests that are known; an id is one of a number."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._lock = threading.Lock()
        self._questions: OrderedDict[tuple[str, str], _Question] = OrderedDict()

    def ask(self, message_id: int, number: str) -> None:
        """Take a request about a number."""
        with self._lock:
            self._questions[str(message_id), number] = _Question(self._switchboard.clock())
            while len(self._questions) > _MAX_QUESTIONS:
                self._questions.popitem(last=False)

    def knows(self, message_id: str, number: str) -> bool:
        """Say whether an id and a number, as they were sent, are those of a request."""
        with self._lock:
            return (message_id, parse_address(number) or "") in self._questions

    def state(self, message_id: str, number: str, *, detail: int) -> dict[str, object] | None:
        """Tell the state of a request as `all` wants it; None where there is no such request."""
        with self._lock:
            question = self._questions.get((message_id, number))
            if question is None:
                return None
            question.polls += 1
            is_waiting = question.polls <= self._switchboard.settings.hlr_polls_before_answer
        row = self._row(number, is_waiting=is_waiting)
        if detail >= 1:
            sent_at = int(question.asked_at)
            row |= {"send_timestamp": sent_at, "phone": number, "cost": "0.20", "sender_id": "HLR"}
            row |= {"status_name": "", "message": "", "comment": "", "type": 3}
        if detail >= 2:
            network = network_of(number)
            row |= {"country": network.country_name, "operator": network.name, "region": ""}
        return row

    def _row(self, number: str, *, is_waiting: bool) -> dict[str, object]:
        row: dict[str, object] = {
            "status": 0,
            "last_date": "",
            "last_timestamp": int(self._switchboard.clock()),
            "err": 0,
        }
        if is_waiting:
            return row
        handset = self._switchboard.handsets.look(number)
        failed = _LANDLINE if is_fixed_line(number) else _FAILED.get(handset.state)
        if failed is not None:
            return {**row, "status": failed[0], "err": failed[1]}
        network = network_of(number)
        return {
            **row,
            "status": 1,
            "imsi": handset.imsi,
            "msc": switch_of(number, roaming=handset.roaming),
            "mcc": network.mcc_mnc[:3],
            "mnc": network.mcc_mnc[3:],
            "cn": network.country_name,
            "net": network.name,
            "rcn": ABROAD.country_name if handset.roaming else "",
            "rnet": ABROAD.name if handset.roaming else "",
        }
