"""hlr-lookups.com, API v2: one question, one answer; leaves who has which SIM to the handsets."""

from __future__ import annotations

import hmac
import json
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from flask import Blueprint, Response, request

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.faults import Fault, FaultTarget
from security_service.sandbox.handsets import HandsetRecord, HandsetState
from security_service.sandbox.networks import ABROAD, is_fixed_line, network_of, switch_of
from security_service.sandbox.switchboard import Switchboard

_CLOCK_SKEW_S: Final = 60
_HYBRID_ROUTES: Final = frozenset({"IP1", "IP4", "PTX"})
"""Routes that answer from portability data: connected, always, and no IMSI that could be read."""

_STATUSES: Final[dict[HandsetState, tuple[str, str | None]]] = {
    HandsetState.ON: ("CONNECTED", None),
    HandsetState.OFF: ("ABSENT", "27"),
    HandsetState.UNKNOWN: ("INVALID_MSISDN", "1"),
    HandsetState.BARRED: ("UNDETERMINED", "13"),
}
"""`connectivity_status` and `error_code`."""


class HlrLookups:
    """The service under `/hlr-lookups/api/v2`. The account's key is its login, the secret its password."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def blueprint(self) -> Blueprint:
        """Give the routes; access is by the signature of each request."""
        blueprint = Blueprint("hlr_lookups", __name__, url_prefix="/hlr-lookups/api/v2")
        blueprint.add_url_rule("/hlr-lookup", "lookup", self.lookup, methods=["POST"])
        blueprint.add_url_rule("/auth-test", "auth_test", self.auth_test, methods=["GET"])
        return blueprint

    def auth_test(self) -> Response:
        """Say whether the signature of a request is right."""
        return _json({"success": True}) if self._is_signed("/auth-test") else _error(401, "unauthorised")

    def lookup(self) -> Response:
        """Tell the state, network and SIM of one number."""
        return self._switchboard.faults.answer(FaultTarget.IMSI, self._lookup, _fault)

    def _lookup(self) -> Response:
        if not self._is_signed("/hlr-lookup"):
            return _error(401, "unauthorised")
        asked = request.get_json(force=True, silent=True)
        msisdn = asked.get("msisdn") if isinstance(asked, dict) else None
        number = parse_address(msisdn) if isinstance(msisdn, str) and msisdn.startswith("+") else None
        if not isinstance(asked, dict) or number is None:
            return _error(400, "msisdn must be a number in international format")
        if self._switchboard.settings.balance <= 0:
            return _error(402, "insufficient credits")
        handset = self._switchboard.handsets.look(number)
        return _json(self._document(handset, str(asked.get("route", ""))))

    def _is_signed(self, path: str) -> bool:
        """Hold the signature against path, time, method and body, put together without separators."""
        settings = self._switchboard.settings
        stamp = request.headers.get("X-Digest-Timestamp", "")
        if not stamp.isdigit() or abs(int(stamp) - self._switchboard.clock()) > _CLOCK_SKEW_S:
            return False
        body = b"" if request.method == "GET" else request.get_data()
        signed = f"{path}{stamp}{request.method}".encode() + body
        right = hmac.new(settings.password.encode(), signed, sha256).hexdigest()
        given = request.headers.get("X-Digest-Signature", "")
        is_key = hmac.compare_digest(
            request.headers.get("X-Digest-Key", "").encode(), settings.login.encode()
        )
        return is_key and hmac.compare_digest(given.encode(), right.encode())

    def _document(self, handset: HandsetRecord, route: str) -> dict[str, object]:
        network = network_of(handset.number)
        status, error = _STATUSES[handset.state]
        if is_fixed_line(handset.number):
            status, error = "INVALID_MSISDN", "193"
        is_hybrid = route in _HYBRID_ROUTES
        if is_hybrid:
            status, error = "CONNECTED", None
        is_there = status == "CONNECTED"
        imsi = ("*" * 15 if is_hybrid else handset.imsi) if is_there else None
        roaming = is_there and handset.roaming and not is_hybrid
        switch = switch_of(handset.number, roaming=handset.roaming)
        return {
            "id": secrets.token_hex(6),
            "msisdn": f"+{handset.number}",
            "connectivity_status": status,
            "mccmnc": network.mcc_mnc if is_there else None,
            "mcc": network.mcc_mnc[:3] if is_there else None,
            "mnc": network.mcc_mnc[3:] if is_there else None,
            "imsi": imsi,
            "msin": None if imsi is None else imsi[5:],
            "msc": None if not is_there else "*" * 12 if is_hybrid else switch,
            "original_network_name": network.name,
            "original_country_name": network.country_name,
            "original_country_code": network.country,
            "is_ported": False,
            "ported_network_name": None,
            "ported_country_code": None,
            "is_roaming": roaming if is_there else None,
            "roaming_network_name": ABROAD.name if roaming else None,
            "roaming_country_code": ABROAD.country if roaming else None,
            "cost": "0.0100",
            "timestamp": datetime.fromtimestamp(self._switchboard.clock(), UTC).isoformat(" "),
            "storage": "SYNC-API",
            "route": route or "LIV",
            "processing_status": "COMPLETED",
            "error_code": error,
            "data_source": "MNP_DB" if is_hybrid else "LIVE_HLR",
        }


def _fault(_: Fault) -> Response:
    return _error(500, "internal error")


def _error(status: int, words: str) -> Response:
    return _json({"errors": [words]}, status)


def _json(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document, ensure_ascii=False), status, content_type="application/json")
