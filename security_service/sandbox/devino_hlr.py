"""Devino's HLR messages over REST (Devino manual 16): asked now, answered later; it never tells an IMSI."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from flask import Blueprint, Response

from security_service.sandbox.devino_wire import (
    DevinoError,
    Face,
    Parameters,
    authorise,
    destination,
    fault_answer,
    guarded,
    json_answer,
    minutes,
)
from security_service.sandbox.faults import FaultTarget
from security_service.sandbox.handsets import HandsetState
from security_service.sandbox.networks import network_of
from security_service.sandbox.switchboard import Switchboard

_MOST_ADDRESSES: Final = 200
_MAX_QUESTIONS: Final = 50_000


class HlrState(IntEnum):
    """The states of an HLR message (Devino manual 16.2)."""

    SENDING = 0
    AVAILABLE = 1
    ABSENT = 2
    NO_SUBSCRIBER = 3
    REQUEST_ERROR = 4
    UNKNOWN = 99


_DESCRIPTIONS: Final[dict[HlrState, str]] = {
    HlrState.SENDING: "Отправляется",
    HlrState.AVAILABLE: "Абонент доступен",
    HlrState.ABSENT: "Абонент временно недоступен",
    HlrState.NO_SUBSCRIBER: "Абонент не существует",
    HlrState.REQUEST_ERROR: "Ошибка запроса",
    HlrState.UNKNOWN: "Неизвестно",
}

_BY_HANDSET: Final[dict[HandsetState, HlrState]] = {
    HandsetState.ON: HlrState.AVAILABLE,
    HandsetState.OFF: HlrState.ABSENT,
    HandsetState.UNKNOWN: HlrState.NO_SUBSCRIBER,
    HandsetState.BARRED: HlrState.REQUEST_ERROR,
}


@dataclass(slots=True)
class _Question:
    """A number that was asked about, and how many times the answer was fetched."""

    number: str
    polls: int = 0


class DevinoHlr:
    """The HLR service on both of its faces."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._lock = threading.Lock()
        self._questions: OrderedDict[str, _Question] = OrderedDict()

    def blueprint(self) -> Blueprint:
        """Give the routes, in lower case; access is by the session or login of each request."""
        blueprint = Blueprint("devino_hlr", __name__)
        for face in Face:
            for path, view, method in (("sendbulk", self.send_bulk, "POST"), ("state", self.state, "GET")):
                blueprint.add_url_rule(
                    f"{face.value}/hlr/{path}",
                    f"{face.name}_{view.__name__}",
                    view,
                    methods=[method],
                    defaults={"face": face},
                )
        return blueprint

    def send_bulk(self, face: Face) -> Response:
        """Ask about up to 200 numbers (Devino manual 16.1): one id for each, in their order."""
        return self._with_faults(lambda: self._send_bulk(face))

    def state(self, face: Face) -> Response:
        """Tell what is known of the numbers asked about (Devino manual 16.2)."""
        return self._with_faults(lambda: self._state(face))

    def _with_faults(self, carry_out: Callable[[], Response]) -> Response:
        return self._switchboard.faults.answer(FaultTarget.HLR, lambda: guarded(carry_out), fault_answer)

    def _send_bulk(self, face: Face) -> Response:
        parameters = Parameters()
        addresses, validity = parameters.every("DestinationAddresses"), parameters.one("Validity")
        authorise(face, parameters, self._switchboard.sessions)
        minutes(validity)
        if len(addresses) > _MOST_ADDRESSES:
            raise DevinoError(2, "Too many destination addresses")
        numbers = [destination(address) for address in addresses]
        first = 10**17 + secrets.randbelow(8 * 10**17)
        asked = {str(first + index): _Question(number) for index, number in enumerate(numbers)}
        with self._lock:
            self._questions.update(asked)
            while len(self._questions) > _MAX_QUESTIONS:
                self._questions.popitem(last=False)
        return json_answer(list(asked))

    def _state(self, face: Face) -> Response:
        parameters = Parameters()
        message_ids = parameters.every("MessageIds")
        authorise(face, parameters, self._switchboard.sessions)
        return json_answer([self._answer(message_id) for message_id in message_ids])

    def _answer(self, message_id: str) -> dict[str, object]:
        with self._lock:
            question = self._questions.get(message_id)
            if question is None:
                return _entry(message_id, None, HlrState.UNKNOWN)
            question.polls += 1
            waiting = question.polls <= self._switchboard.settings.hlr_polls_before_answer
        if waiting:
            return _entry(message_id, question.number, HlrState.SENDING)
        handset = self._switchboard.handsets.look(question.number)
        return _entry(message_id, question.number, _BY_HANDSET[handset.state])


def _entry(message_id: str, number: str | None, state: HlrState) -> dict[str, object]:
    answered = number is not None and state in {HlrState.AVAILABLE, HlrState.ABSENT}
    network = network_of(number) if number is not None and answered else None
    return {
        "messageId": message_id,
        "DestinationAddress": number and f"+{number}",
        "StateCode": state.value,
        "StateDesc": _DESCRIPTIONS[state],
        "Country": network and network.country_name,
        "MobileOperator": network and network.name,
    }
