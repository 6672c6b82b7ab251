"""The sandbox's own JSON API: handsets and faults; leaves the page for people to `pages`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.faults import LONGEST_SECONDS, Fault, FaultMode, FaultTarget
from security_service.sandbox.handsets import HandsetRecord, HandsetState
from security_service.sandbox.switchboard import Switchboard

_MOST_CODE: Final = 9


class WrongRequestError(Exception):
    """A request to the sandbox's own API that cannot be read; the words say what is wrong."""


def read_number(text: str) -> str:
    """Give the digits of a number in any documented form. Raises WrongRequestError."""
    number = parse_address(text)
    if number is None:
        raise WrongRequestError("a number has 7 to 15 digits, such as 79031234567")
    return number


def read_state(text: object) -> HandsetState:
    """Give the state that a caller names. Raises WrongRequestError."""
    try:
        return HandsetState(str(text))
    except ValueError:
        raise WrongRequestError(f"state is one of {_names(HandsetState)}") from None


def read_fault(members: Mapping[str, Any]) -> tuple[FaultTarget, Fault]:
    """Give the fault that a caller describes by target, mode, seconds, code, accepts.

    Raises WrongRequestError.
    """
    try:
        target = FaultTarget(str(members.get("target")))
        mode = FaultMode(str(members.get("mode")))
    except ValueError:
        raise WrongRequestError(
            f"target is one of {_names(FaultTarget)}, mode is one of {_names(FaultMode)}"
        ) from None
    try:
        seconds, code = float(members.get("seconds") or 0), int(members.get("code") or _MOST_CODE)
    except (TypeError, ValueError):
        raise WrongRequestError("seconds and code are numbers") from None
    if not 0 <= seconds <= LONGEST_SECONDS or not 1 <= code <= _MOST_CODE:
        raise WrongRequestError(f"seconds run from 0 to {LONGEST_SECONDS:.0f}, codes from 1 to {_MOST_CODE}")
    if mode is FaultMode.SLOW and seconds == 0:
        raise WrongRequestError("slow needs seconds")
    return target, Fault(mode, seconds, code, accepts=bool(members.get("accepts")))


class HandsetApi:
    """Handsets and faults for programs."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def blueprint(self) -> Blueprint:
        """Give the routes; access is for everyone on this machine, as the guard decides."""
        blueprint = Blueprint("handset_api", __name__)
        blueprint.add_url_rule("/handsets/<number>", view_func=self.show)
        blueprint.add_url_rule("/handsets/<number>/swap", view_func=self.swap, methods=["POST"])
        blueprint.add_url_rule("/handsets/<number>/state", view_func=self.switch, methods=["POST"])
        blueprint.add_url_rule("/handsets/<number>/messages", view_func=self.clear, methods=["DELETE"])
        blueprint.add_url_rule("/faults", view_func=self.faults)
        blueprint.add_url_rule("/faults", view_func=self.set_fault, methods=["POST"])
        return blueprint

    def show(self, number: str) -> Response:
        """Give one handset: number, imsi, state, roaming, messages."""
        return _answer(lambda: self._switchboard.handsets.look(read_number(number)))

    def swap(self, number: str) -> Response:
        """Put a new SIM into a handset; when the answer is there, it is on disk."""
        return self._change(lambda: self._switchboard.handsets.swap(read_number(number)))

    def switch(self, number: str) -> Response:
        """Set a handset's state, and whether it is abroad."""

        def change() -> HandsetRecord:
            members = _members()
            roaming = members.get("roaming", False)
            if not isinstance(roaming, bool):
                raise WrongRequestError("roaming is true or false")
            state = read_state(members.get("state"))
            return self._switchboard.handsets.switch(read_number(number), state, roaming=roaming)

        return self._change(change)

    def clear(self, number: str) -> Response:
        """Empty a handset's inbox."""
        return self._change(lambda: self._switchboard.handsets.clear(read_number(number)))

    def faults(self) -> Response:
        """Give the fault of every service."""
        return jsonify(
            {
                target: {
                    "mode": fault.mode,
                    "seconds": fault.seconds,
                    "code": fault.code,
                    "accepts": fault.accepts,
                }
                for target, fault in self._switchboard.faults.all().items()
            }
        )

    def set_fault(self) -> Response:
        """Set the fault of one service, and give them all."""
        try:
            target, fault = read_fault(_members())
        except WrongRequestError as error:
            return _wrong(error)
        self._switchboard.faults.put(target, fault)
        return self.faults()

    def _change(self, change: Callable[[], HandsetRecord]) -> Response:
        def change_and_save() -> HandsetRecord:
            record = change()
            self._switchboard.saver.now()
            return record

        return _answer(change_and_save)


def handset_document(record: HandsetRecord) -> dict[str, object]:
    """Give a handset as JSON members; times are ISO 8601 in UTC, the oldest message first."""
    return {
        "number": record.number,
        "imsi": record.imsi,
        "state": record.state,
        "roaming": record.roaming,
        "messages": [
            {
                "text": message.text,
                "sender": message.sender,
                "received_at": datetime.fromtimestamp(message.received_at, UTC).isoformat(
                    timespec="milliseconds"
                ),
            }
            for message in record.messages
        ],
    }


def _answer(find: Callable[[], HandsetRecord]) -> Response:
    try:
        return jsonify(handset_document(find()))
    except WrongRequestError as error:
        return _wrong(error)


def _wrong(error: WrongRequestError) -> Response:
    response = jsonify({"error": str(error)})
    response.status_code = 400
    return response


def _members() -> Mapping[str, Any]:
    document = request.get_json(force=True, silent=True)
    if not isinstance(document, dict):
        raise WrongRequestError("the body is a JSON object")
    return document


def _names(choices: type[HandsetState | FaultTarget | FaultMode]) -> str:
    return ", ".join(choices)
