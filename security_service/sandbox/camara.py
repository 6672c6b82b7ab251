"""CAMARA SIM Swap v2 with its token endpoint; leaves when a SIM was swapped to the handsets."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flask import Blueprint, Response, request

from security_service.sandbox.assertions import refusal_of
from security_service.sandbox.faults import Fault, FaultTarget
from security_service.sandbox.handsets import HandsetRecord, HandsetState
from security_service.sandbox.networks import is_fixed_line
from security_service.sandbox.switchboard import Switchboard

TOKEN_SECONDS: Final = 300
MONITORED_DAYS: Final = 120
_DEFAULT_MAX_AGE_H: Final = 240
_LONGEST_MAX_AGE_H: Final = 2400
_PHONE: Final = re.compile(r"\+[1-9][0-9]{4,14}")
_CORRELATOR: Final = re.compile(r"[a-zA-Z0-9-_:;.\/<>{}]{0,256}")
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class _Refused(Exception):
    """A request that the API refuses, with a row of its table of errors."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class _Token:
    """A token that was given out: what it opens, and until when in Unix seconds."""

    scopes: frozenset[str]
    until: float


class Camara:
    """The API under `/camara/sim-swap/v2`, tokens from `/camara/token`. The client's id is the login."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._lock = threading.Lock()
        self._tokens: dict[str, _Token] = {}
        self._used: set[str] = set()

    def blueprint(self) -> Blueprint:
        """Give the routes; access is by the token of each request."""
        blueprint = Blueprint("camara", __name__, url_prefix="/camara")
        blueprint.add_url_rule("/token", "token", self.token, methods=["POST"])
        base = "/sim-swap/v2"
        blueprint.add_url_rule(f"{base}/check", "check", self.check, methods=["POST"])
        blueprint.add_url_rule(f"{base}/retrieve-date", "retrieve_date", self.retrieve_date, methods=["POST"])
        return blueprint

    def token(self) -> Response:
        """Give a token to a client that proves by its signature who it is (RFC 7523)."""
        form = request.form
        client = self._switchboard.settings.login
        if form.get("grant_type") != "client_credentials":
            return _oauth_error("unsupported_grant_type")
        scopes = form.get("scope", "").split()
        if sum(scope.startswith("dpv:") for scope in scopes) != 1:
            return _oauth_error("invalid_scope")
        if form.get("client_assertion_type") != _ASSERTION_TYPE or form.get("client_id", client) != client:
            return _oauth_error("invalid_client", 401)
        with self._lock:
            refused = refusal_of(
                form.get("client_assertion", ""),
                client=client,
                audience=request.base_url,
                public_key=self._switchboard.settings.public_key,
                now=self._switchboard.clock(),
                used=self._used,
            )
            if refused:
                return _oauth_error("invalid_client", 401, refused)
            token = secrets.token_urlsafe(24)
            until = self._switchboard.clock() + TOKEN_SECONDS
            self._tokens[token] = _Token(frozenset(scopes), until)
        given = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        return _json({**given, "scope": " ".join(scopes)})

    def check(self) -> Response:
        """Say whether the number changed its SIM within `maxAge` hours."""
        return self._answered("check", self._check)

    def retrieve_date(self) -> Response:
        """Say when the number changed its SIM last."""
        return self._answered("retrieve-date", lambda handset, _: self._date(handset))

    def _answered(
        self, scope: str, carry_out: Callable[[HandsetRecord, dict[str, Any]], dict[str, object]]
    ) -> Response:
        def answer() -> Response:
            try:
                self._admit(scope)
                asked = _body()
                return _json(carry_out(self._handset(asked), asked))
            except _Refused as refused:
                return _error(refused)

        response = self._switchboard.faults.answer(FaultTarget.IMSI, answer, _fault)
        correlator = request.headers.get("x-correlator", "")
        if correlator and _CORRELATOR.fullmatch(correlator):
            response.headers["x-correlator"] = correlator
        return response

    def _admit(self, scope: str) -> None:
        if not _CORRELATOR.fullmatch(request.headers.get("x-correlator", "")):
            raise _Refused(400, "INVALID_ARGUMENT", "x-correlator does not match its pattern.")
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        with self._lock:
            known = self._tokens.get(token) if kind == "Bearer" else None
        if known is None or known.until <= self._switchboard.clock():
            raise _Refused(401, "UNAUTHENTICATED", "Request not authenticated.")
        if not known.scopes & {"sim-swap", f"sim-swap:{scope}"}:
            raise _Refused(403, "PERMISSION_DENIED", "Client does not have sufficient permissions.")

    def _handset(self, asked: dict[str, Any]) -> HandsetRecord:
        phone = asked.get("phoneNumber")
        if phone is None:
            raise _Refused(422, "MISSING_IDENTIFIER", "The device cannot be identified.")
        if not isinstance(phone, str) or not _PHONE.fullmatch(phone):
            raise _Refused(400, "INVALID_ARGUMENT", "phoneNumber does not match its pattern.")
        handset = self._switchboard.handsets.look(phone.removeprefix("+"))
        if handset.state is HandsetState.UNKNOWN:
            raise _Refused(404, "IDENTIFIER_NOT_FOUND", "Device identifier not found.")
        if is_fixed_line(handset.number):
            raise _Refused(422, "SERVICE_NOT_APPLICABLE", "The service is not available for the number.")
        return handset

    def _check(self, handset: HandsetRecord, asked: dict[str, Any]) -> dict[str, object]:
        hours = asked.get("maxAge", _DEFAULT_MAX_AGE_H)
        if not isinstance(hours, int) or isinstance(hours, bool):
            raise _Refused(400, "INVALID_ARGUMENT", "maxAge must be a whole number.")
        if not 1 <= hours <= _LONGEST_MAX_AGE_H:
            raise _Refused(400, "OUT_OF_RANGE", "maxAge must be from 1 to 2400.")
        ago = self._switchboard.clock() - handset.swapped_at
        return {"swapped": handset.swapped_at > 0 and ago <= hours * 3600}

    def _date(self, handset: HandsetRecord) -> dict[str, object]:
        ago = self._switchboard.clock() - handset.swapped_at
        if handset.swapped_at == 0 or ago > MONITORED_DAYS * 86_400:
            return {"latestSimChange": None, "monitoredPeriod": MONITORED_DAYS}
        moment = datetime.fromtimestamp(handset.swapped_at, UTC).isoformat(timespec="milliseconds")
        return {"latestSimChange": moment.replace("+00:00", "Z")}


def _body() -> dict[str, Any]:
    asked = request.get_json(force=True, silent=True)
    if not isinstance(asked, dict):
        raise _Refused(400, "INVALID_ARGUMENT", "The body must be a JSON object.")
    return asked


def _fault(_: Fault) -> Response:
    return _error(_Refused(503, "UNAVAILABLE", "Service Unavailable."))


def _error(refused: _Refused) -> Response:
    document = {"status": refused.status, "code": refused.code, "message": refused.message}
    return _json(document, refused.status)


def _oauth_error(code: str, status: int = 400, words: str = "") -> Response:
    described = {"error_description": words} if words else {}
    return _json({"error": code, **described}, status)


def _json(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")
