"""SMSC's HTTP API: SMS, voice calls, states, sender names, balance; leaves delivery to the handsets."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.faults import FaultTarget
from security_service.sandbox.segments import count_segments
from security_service.sandbox.smsc_hlr import SmscHlr
from security_service.sandbox.smsc_wire import (
    PerMinute,
    SmscError,
    fault_answer,
    guarded,
    json_answer,
    one,
    optional,
)
from security_service.sandbox.submissions import Order, Receipt, SmsState
from security_service.sandbox.switchboard import Switchboard

_LARGEST_ID: Final = 2**31 - 1
_LONGEST_TEXT: Final = 1000
_DEFAULT_VALID_SECONDS: Final = 24 * 3600
_POLLS_A_MINUTE: Final = 5
_LISTS_A_MINUTE: Final = 3
_CREATIONS_A_MINUTE: Final = 5
_MODERATION_SECONDS: Final = 60.0
_DETAILS: Final = {"1": 1, "2": 2}
_VALID: Final = re.compile(r"([0-9]{2}):([0-5][0-9])")
_SENDER: Final = re.compile(r"\+?[0-9]{1,15}|[ -~]{1,11}")

_STATUS: Final[dict[SmsState, tuple[int, int]]] = {
    SmsState.QUEUED: (-1, 0),
    SmsState.SENT: (0, 0),
    SmsState.DELIVERED: (1, 0),
    SmsState.EXPIRED: (3, 6),
    SmsState.ADDRESS_NOT_ALLOWED: (20, 1),
    SmsState.REJECTED: (20, 13),
    SmsState.NOT_FOUND: (-3, 0),
}
"""`status` and `err` of each state of a message."""


@dataclass(frozen=True, slots=True)
class _Sender:
    """A sender name; it waits for a moderator, who takes a minute."""

    name: str
    id: int
    created_at: float

    def status(self, now: float) -> int:
        return int(now - self.created_at >= _MODERATION_SECONDS)


class Smsc:
    """The scripts under `/sys`; access is by the login or key of each request."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._equal = PerMinute(switchboard.clock)
        self._hlr = SmscHlr(switchboard)
        self._lock = threading.Lock()
        self._senders: list[_Sender] = []

    def blueprint(self) -> Blueprint:
        """Give the routes, each by GET or POST."""
        blueprint = Blueprint("smsc", __name__, url_prefix="/sys")
        for script, view in (
            ("send", self.send),
            ("status", self.status),
            ("senders", self.senders),
            ("balance", self.balance),
        ):
            blueprint.add_url_rule(f"/{script}.php", script, view, methods=["GET", "POST"])
        return blueprint

    def send(self) -> Response:
        """Send a text, call with `call=1`, ask the HLR with `hlr=1`: `{"id": <id>, "cnt": <n>}`."""
        if optional("hlr") == "1":
            return self._with_faults(self._ask, FaultTarget.HLR)
        return self._with_faults(self._send)

    def status(self) -> Response:
        """Tell the state of a message or HLR request, or of several whose numbers and ids are lists."""
        target = FaultTarget.HLR if self._hlr.knows(optional("id"), optional("phone")) else FaultTarget.SMS
        return self._with_faults(self._status, target)

    def senders(self) -> Response:
        """List the sender names (`get=1`) or register one (`add=1`)."""
        return guarded(self._switchboard, self._list_or_add)

    def balance(self) -> Response:
        """Tell the balance."""
        balance = str(self._switchboard.settings.balance)
        return guarded(self._switchboard, lambda: json_answer({"balance": balance}))

    def _with_faults(
        self, carry_out: Callable[[], Response], target: FaultTarget = FaultTarget.SMS
    ) -> Response:
        return self._switchboard.faults.answer(
            target, lambda: guarded(self._switchboard, carry_out), fault_answer
        )

    def _ask(self) -> Response:
        number = parse_address(one("phones"))
        if number is None:
            raise SmscError(7, "invalid number")
        if self._switchboard.settings.balance <= 0:
            raise SmscError(3, "no money")
        message_id = _own_id()
        self._equal.admit(1, "hlr", number, optional("id"))
        self._hlr.ask(message_id, number)
        return json_answer({"id": message_id, "cnt": 1})

    def _send(self) -> Response:
        phones, text, sender = one("phones"), one("mes"), optional("sender")
        is_call = optional("call") == "1"
        number = parse_address(phones)
        if number is None:
            raise SmscError(7, "invalid number")
        if len(text) > _LONGEST_TEXT or (sender and not _SENDER.fullmatch(sender)):
            raise SmscError(1, "parameters error")
        if self._switchboard.settings.balance <= 0:
            raise SmscError(3, "no money")
        message_id, valid = _own_id(), _valid_seconds(optional("valid"))
        self._equal.admit(1, "send", number, text, sender, str(is_call), optional("id"))
        now = self._switchboard.clock()
        shown = "call" if is_call else sender or "SMSC.RU"
        key = _key(str(message_id), number)
        self._switchboard.handsets.accept([Order((key,), number, text, shown, now, now, now + valid)])
        return json_answer({"id": message_id, "cnt": 1 if is_call else count_segments(text)})

    def _status(self) -> Response:
        phones, ids = one("phone"), one("id")
        several = "," in ids
        asked = list(zip(_listed(phones), _listed(ids), strict=False))
        if len(_listed(phones)) != len(_listed(ids)) or not asked:
            raise SmscError(1, "parameters error")
        for phone, message_id in asked:
            self._equal.admit(_POLLS_A_MINUTE, "status", phone, message_id)
        rows = [self._state(phone, message_id, several=several) for phone, message_id in asked]
        return json_answer(rows if several else rows[0])

    def _state(self, phone: str, message_id: str, *, several: bool) -> dict[str, object]:
        number = parse_address(phone)
        if number is None:
            raise SmscError(1, "parameters error")
        asked = self._hlr.state(message_id, number, detail=_DETAILS.get(optional("all"), 0))
        if asked is not None:
            return {**asked, "id": int(message_id), "phone": number} if several else asked
        receipt = self._switchboard.handsets.receipt(_key(message_id, number))
        status, err = _STATUS[receipt.state]
        moment = _last_moment(receipt)
        row: dict[str, object] = {
            "status": status,
            "last_date": datetime.fromtimestamp(moment, UTC).strftime("%d.%m.%Y %H:%M:%S") if moment else "",
            "last_timestamp": moment,
            "err": err,
        }
        return {**row, "id": int(message_id), "phone": number} if several else row

    def _list_or_add(self) -> Response:
        if optional("get") == "1":
            self._equal.admit(_LISTS_A_MINUTE, "senders", optional("all"))
            return json_answer(self._listed_senders(every=optional("all") == "1"))
        if optional("add") == "1":
            name = one("sender")
            self._equal.admit(_CREATIONS_A_MINUTE, "add")
            return json_answer({"sender": self._add(name)})
        raise SmscError(1, "parameters error")

    def _listed_senders(self, *, every: bool) -> list[dict[str, object]]:
        now = self._switchboard.clock()
        with self._lock:
            senders = list(self._senders)
        if every:
            return [{"sender": each.name, "status": each.status(now), "id": each.id} for each in senders]
        return [{"sender": each.name, "id": each.id} for each in senders if each.status(now) == 1]

    def _add(self, name: str) -> int:
        with self._lock:
            if not _SENDER.fullmatch(name) or any(each.name == name for each in self._senders):
                raise SmscError(5, "the sender name was not saved")
            sender = _Sender(name, 1000 + len(self._senders), self._switchboard.clock())
            self._senders.append(sender)
        return sender.id


def _own_id() -> int:
    """Give the id that the sender gave the message, else one that nobody gave."""
    text = optional("id")
    if not text:
        return 1 + secrets.randbelow(_LARGEST_ID)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:11]) <= _LARGEST_ID or len(text) > 10:
        raise SmscError(1, "parameters error: id")
    return int(text)


def _valid_seconds(text: str) -> int:
    """Read a message's life, `hh:mm` from 00:01 to 24:00."""
    if not text:
        return _DEFAULT_VALID_SECONDS
    found = _VALID.fullmatch(text)
    seconds = 0 if found is None else int(found[1]) * 3600 + int(found[2]) * 60
    if not 60 <= seconds <= _DEFAULT_VALID_SECONDS:
        raise SmscError(5, "invalid date")
    return seconds


def _listed(text: str) -> list[str]:
    return text.removesuffix(",").split(",")


def _key(message_id: str, number: str) -> str:
    """Give the id of a message among those of all services: an id here is one of a number."""
    if not message_id.isascii() or not message_id.isdigit() or len(message_id) > 10:
        raise SmscError(1, "parameters error: id")
    return f"smsc:{message_id}:{number}"


def _last_moment(receipt: Receipt) -> int:
    moments = (receipt.reported_at, receipt.submitted_at, receipt.created_at)
    return int(next((moment for moment in moments if moment is not None), 0))
