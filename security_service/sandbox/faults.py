"""Faults that people set to see how a caller copes; leaves what an error looks like to each face."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask import Response, request

LONGEST_SECONDS: Final = 600.0


class FaultTarget(StrEnum):
    """Which service of the operator is at fault."""

    SMS = "sms"
    HLR = "hlr"
    IMSI = "imsi"


class FaultMode(StrEnum):
    """How a service misbehaves."""

    NONE = "none"
    SLOW = "slow"
    ERROR = "error"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: its mode, the seconds that pass before the answer or the broken connection.

    `code` is the error of the manual's table 17 that a REST service gives in `error` mode.
    `accepts` makes `drop` carry the request out before the connection breaks, so that the caller
    cannot know that it was.
    """

    mode: FaultMode = FaultMode.NONE
    seconds: float = 0.0
    code: int = 9
    accepts: bool = False


class Faults:
    """The faults that are set now, one a service; in memory only."""

    def __init__(self, pause: Callable[[float], object]) -> None:
        self._pause = pause
        self._lock = threading.Lock()
        self._set = dict.fromkeys(FaultTarget, Fault())

    def put(self, target: FaultTarget, fault: Fault) -> None:
        """Set the fault of one service; it holds from the next request on."""
        with self._lock:
            self._set[target] = fault

    def all(self) -> dict[FaultTarget, Fault]:
        """Give the fault of every service."""
        with self._lock:
            return dict(self._set)

    def of(self, target: FaultTarget) -> Fault:
        """Give the fault of one service."""
        with self._lock:
            return self._set[target]

    def answer(
        self, target: FaultTarget, carry_out: Callable[[], Response], fail: Callable[[Fault], Response]
    ) -> Response:
        """Answer a request as the fault of its service wants it.

        `carry_out` does what was asked and gives the answer; `fail` gives the service's own server
        error. A slow service does at once what was asked, and is late only with its answer. No
        lock is held while time passes.
        """
        fault = self.of(target)
        match fault.mode:
            case FaultMode.NONE:
                return carry_out()
            case FaultMode.SLOW:
                response = carry_out()
                self._pause(fault.seconds)
                return response
            case FaultMode.ERROR:
                self._pause(fault.seconds)
                return fail(fault)
            case FaultMode.DROP:
                # Even if nothing is done with it: a server can wait for the rest of an unread body.
                request.get_data()
                if fault.accepts:
                    carry_out()
                self._pause(fault.seconds)
                return broken_response()


def broken_response() -> Response:
    """Give a response after which the server can only close the connection.

    WSGI has no word for closing a connection. A body shorter than its Content-Length has the same
    effect: the server notices and closes, and the caller sees a disconnect or a truncated answer.
    """
    return Response(iter(()), headers={"Content-Length": "2"}, content_type="application/octet-stream")
