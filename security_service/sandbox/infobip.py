"""Infobip's Number Lookup and Mobile Identity (SIM swap); leaves who has which SIM to the handsets."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, request

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.faults import Fault, FaultTarget
from security_service.sandbox.handsets import HandsetRecord, HandsetState
from security_service.sandbox.networks import ABROAD, is_fixed_line, network_of, switch_of
from security_service.sandbox.switchboard import Switchboard

_LONGEST_PERIOD_H: Final = 2400
_HOUR: Final = 3600

_ERRORS: Final[dict[HandsetState, tuple[int, int, str, bool]]] = {
    HandsetState.OFF: (1, 27, "EC_ABSENT_SUBSCRIBER", False),
    HandsetState.UNKNOWN: (1, 1, "EC_UNKNOWN_SUBSCRIBER", True),
    HandsetState.BARRED: (1, 13, "EC_CALL_BARRED", False),
}
"""Group, id, name of the error, and whether it is permanent."""

_NO_ERROR: Final = (0, 0, "NO_ERROR", False)
_LANDLINE: Final = (1, 11, "EC_TELESERVICE_NOT_PROVISIONED", True)


class Infobip:
    """The services under `/infobip`. The account's API key is its password."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def blueprint(self) -> Blueprint:
        """Give the routes; access is by the key of each request."""
        blueprint = Blueprint("infobip", __name__, url_prefix="/infobip")
        blueprint.add_url_rule("/number/1/query", "query", self.query, methods=["POST"])
        blueprint.add_url_rule("/mi/simswap/1/check", "sim_swap", self.sim_swap, methods=["POST"])
        return blueprint

    def query(self) -> Response:
        """Tell network, SIM and state of each number of `to`."""
        return self._with_faults(self._query)

    def sim_swap(self) -> Response:
        """Tell whether a number changed its SIM within so many hours."""
        return self._with_faults(self._sim_swap)

    def _with_faults(self, carry_out: Callable[[], Response]) -> Response:
        def admitted() -> Response:
            key = f"App {self._switchboard.settings.password}".encode()
            given = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(given, key):
                return _exception(401, "UNAUTHORIZED", "Invalid login details")
            return carry_out()

        return self._switchboard.faults.answer(FaultTarget.IMSI, admitted, _fault)

    def _query(self) -> Response:
        asked = request.get_json(force=True, silent=True)
        to = asked.get("to") if isinstance(asked, dict) else None
        if not isinstance(to, list) or not to:
            return _exception(400, "BAD_REQUEST", "Bad Request")
        return _json({"bulkId": secrets.token_hex(8), "results": [self._result(one) for one in to]})

    def _result(self, text: object) -> dict[str, object]:
        number = parse_address(text) if isinstance(text, str) else None
        if number is None:
            rejected = {"groupId": 5, "groupName": "REJECTED", "id": 8, "name": "REJECTED_PREFIX_MISSING"}
            return {"to": text, "status": rejected, "error": _error_document(_NO_ERROR)}
        handset = self._switchboard.handsets.look(number)
        error = _LANDLINE if is_fixed_line(number) else _ERRORS.get(handset.state)
        if error is not None:
            undelivered = {
                "groupId": 2,
                "groupName": "UNDELIVERABLE",
                "id": 9,
                "name": "UNDELIVERABLE_NOT_DELIVERED",
            }
            return {"to": number, "status": undelivered, "error": _error_document(error)}
        return {**_seen(handset), "error": _error_document(_NO_ERROR)}

    def _sim_swap(self) -> Response:
        asked = request.get_json(force=True, silent=True)
        members = asked if isinstance(asked, dict) else {}
        period, phone = members.get("period"), members.get("phoneNumber")
        number = parse_address(phone) if isinstance(phone, str) else None
        if not isinstance(period, int) or isinstance(period, bool) or number is None:
            return _exception(400, "BAD_REQUEST", "Bad Request")
        if not 1 <= period <= _LONGEST_PERIOD_H:
            return _exception(400, "BAD_REQUEST", "Bad Request")
        if members.get("consentGranted") is not True:
            return _exception(400, "BAD_REQUEST", "Consent is required")
        handset = self._switchboard.handsets.look(number)
        if is_fixed_line(number) or handset.state is HandsetState.UNKNOWN:
            error = {"id": 10, "name": "EC_NO_COVERAGE", "description": "No coverage"}
            return _json({"requestId": _id(), "simSwapOccurred": None, "error": error}, 400)
        ago = self._switchboard.clock() - handset.swapped_at
        occurred = handset.swapped_at > 0 and ago <= period * _HOUR
        told: dict[str, object] = {"requestId": _id(), "simSwapOccurred": occurred}
        if occurred:
            moment = datetime.fromtimestamp(handset.swapped_at, UTC)
            told["networkInfo"] = {"simSwapTimestamp": moment.isoformat(timespec="milliseconds")}
        return _json(told)


def _seen(handset: HandsetRecord) -> dict[str, object]:
    network = network_of(handset.number)
    seen: dict[str, object] = {
        "to": handset.number,
        "mccMnc": network.mcc_mnc,
        "imsi": handset.imsi,
        "originalNetwork": {"networkName": network.name, "countryName": network.country_name},
        "ported": False,
        "roaming": handset.roaming,
        "servingMSC": switch_of(handset.number, roaming=handset.roaming),
        "status": {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"},
    }
    if handset.roaming:
        seen["roamingNetwork"] = {"networkName": ABROAD.name, "countryName": ABROAD.country_name}
    return seen


def _error_document(error: tuple[int, int, str, bool]) -> dict[str, object]:
    group, number, name, permanent = error
    groups = ("OK", "HANDSET_ERRORS", "USER_ERRORS", "OPERATOR_ERRORS")
    return {
        "groupId": group,
        "groupName": groups[group],
        "id": number,
        "name": name,
        "description": name.capitalize().replace("_", " "),
        "permanent": permanent,
    }


def _id() -> str:
    return secrets.token_hex(16)


def _fault(_: Fault) -> Response:
    return _exception(500, "GENERAL_ERROR", "Something went wrong. Please contact support.")


def _exception(status: int, message_id: str, words: str) -> Response:
    return _json({"requestError": {"serviceException": {"messageId": message_id, "text": words}}}, status)


def _json(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), status, content_type="application/json")
