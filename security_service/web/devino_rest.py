"""Gated sending for systems that speak Devino REST (manual 1 and 2): decode, one use case, encode."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import product
from pathlib import PurePath
from typing import Final, assert_never

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from security_service.domain.accounts import AccountRefusal, Face
from security_service.domain.relay import NotTaken
from security_service.domain.secret import Secret
from security_service.usecases.send_from_account import Sent, TooFast
from security_service.usecases.sign_in_account import SignedInAccount
from security_service.web.callers import ClientAddresses
from security_service.web.devino_rest_answers import (
    REFUSALS,
    incoming_document,
    state_document,
    statistics_document,
)
from security_service.web.devino_rest_requests import (
    take_longer_bodies,
    told_numbers,
    told_parameters,
    wanted_of,
)
from security_service.web.secured_response import SecuredResponse
from security_service.web.services import OlderFaces, RestUses, WebServices
from security_service.web.wire.rest_codec import (
    Parameters,
    RestError,
    RestRefusal,
    milliseconds,
    read_date,
    write_error,
    write_json,
)

BLUEPRINT: Final = "devino_rest"

_CONTENT_TYPE: Final = "application/json; charset=utf-8"
_SPELLINGS: Final = ",".join(map("".join, product("rR", "eE", "sS", "tT")))
_PATH: Final = f"/<any({_SPELLINGS}):root>/<path:resource>"
_SESSION_LENGTH: Final = 36
_DAY_MS: Final = 86_400_000
_LONGEST_STATISTICS_MS: Final = 90 * _DAY_MS
_OLDEST_INCOMING_MS: Final = 366 * _DAY_MS
_MOST_INCOMING: Final = 10_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Call:
    """A request that was read: its parameters, whether it is of chapter 2, and whence it comes."""

    parameters: Parameters
    is_v2: bool
    address: str

    def demand(self, *names: str) -> None:
        """Refuse (code 1) where a parameter is missing, those that tell the caller first."""
        callers = ("Login", "Password") if self.is_v2 else ("SessionID",)
        self.parameters.demand(*callers, *names)


class DevinoRest:
    """The SMS half of both chapters; Viber is answered with an error."""

    def __init__(self, services: WebServices, older: OlderFaces, uses: RestUses) -> None:
        self._sign_in, self._uses = older.sign_in, uses
        self._addresses = ClientAddresses(services.trusted_proxies)
        self._asked: Mapping[str, Callable[[_Call], object]] = {
            "user/balance": self._balance,
            "sms/state": self._state,
            "sms/in": self._incoming,
            "sms/statistics": self._statistics,
        }
        self._sends: Mapping[str, Callable[[_Call], object]] = {
            "sms/send": lambda call: self._send(call, to_many=False, by_zone=False),
            "sms/sendbulk": lambda call: self._send(call, to_many=True, by_zone=False),
            "sms/sendbytimezone": lambda call: self._send(call, to_many=False, by_zone=True),
            "sms/sendbytimezonetoaddresses": lambda call: self._send(call, to_many=True, by_zone=True),
        }

    def blueprint(self) -> Blueprint:
        """Give the blueprint; access is by the session, or by login and password, of each request."""
        blueprint = Blueprint(BLUEPRINT, __name__)
        blueprint.url_value_preprocessor(take_longer_bodies)
        blueprint.add_url_rule(_PATH, endpoint="call", view_func=self.call, methods=["GET", "POST"])
        blueprint.register_error_handler(RestRefusal, _refused)
        blueprint.register_error_handler(RequestEntityTooLarge, _too_large)
        blueprint.register_error_handler(Exception, _broken)
        return blueprint

    def call(self, root: str, resource: str) -> Response:
        """Carry out one operation; its name is read in any letter case, as `root` was."""
        del root
        path = resource.lower().strip("/")
        name = path.removeprefix("v2/")
        operation = self._operation(name, is_v2=name != path)
        read = _Call(told_parameters(), name != path, self._addresses.of(request.environ))
        return _written(write_json(operation(read)), HTTPStatus.OK)

    def _operation(self, name: str, *, is_v2: bool) -> Callable[[_Call], object]:
        """Find an operation. A GET may be repeated by whatever stands between, so it sends nothing."""
        if name.startswith("viber/"):
            raise RestRefusal(RestError.FORBIDDEN, "Viber messages are not sent here")
        asked = self._session if name == "user/sessionid" and not is_v2 else self._asked.get(name)
        operation = asked or (self._sends.get(name) if request.method == "POST" else None)
        if operation is None:
            raise RestRefusal(RestError.OPERATION_INVALID)
        return operation

    # --- who calls

    def _session(self, call: _Call) -> object:
        """Begin a session (Devino manual 1.2): its id as a bare text."""
        call.parameters.demand("Login", "Password")
        entered = self._by_password(call)
        _let_pass(self._uses.send.admit(entered))
        login, password = entered.account.login, Secret(call.parameters.one("Password"))
        begun = self._sign_in.begin_session(login, password, Face.REST, call.address)
        if isinstance(begun, AccountRefusal):
            raise RestRefusal(RestError.UNAUTHORIZED, "Invalid user login or password")
        return begun.token.reveal()

    def _entered(self, call: _Call) -> SignedInAccount:
        if call.is_v2:
            return self._by_password(call)
        token = Secret(call.parameters.one("SessionID"))
        if len(token.reveal()) != _SESSION_LENGTH:
            raise RestRefusal(RestError.SESSION_INVALID)
        entered = self._sign_in.by_session(token, Face.REST, call.address)
        if isinstance(entered, AccountRefusal):
            raise RestRefusal(RestError.UNAUTHORIZED, "SessionID expired")
        return entered

    def _by_password(self, call: _Call) -> SignedInAccount:
        """Every refusal reads alike: it tells nobody which logins there are, or whence they may come."""
        password = Secret(call.parameters.one("Password"))
        entered = self._sign_in.by_password(call.parameters.one("Login"), password, Face.REST, call.address)
        if isinstance(entered, AccountRefusal):
            raise RestRefusal(RestError.UNAUTHORIZED, "Invalid user login or password")
        return entered

    # --- what is sent

    def _send(self, call: _Call, *, to_many: bool, by_zone: bool) -> object:
        """Send (Devino manual 1.4, 2.3), checked in the manual's order; gives the ids of all segments."""
        parameters = call.parameters
        addresses = "DestinationAddresses" if to_many else "DestinationAddress"
        if to_many and parameters.every("DestinationAddress") and not parameters.every(addresses):
            # The table of chapter 2 names it so, the example beside it in the plural.
            addresses = "DestinationAddress"
        call.demand(addresses, "Data", "SourceAddress", *(("SendDate",) if by_zone else ()))
        entered = self._entered(call)
        written = parameters.every(addresses)[: None if to_many else 1]
        numbers = told_numbers(written, entered.tenant.region)
        outcome = self._uses.send.run(entered, wanted_of(parameters, numbers, by_zone=by_zone), Face.REST)
        match outcome:
            case Sent():
                return list(outcome.ids)
            case TooFast():
                _let_pass(outcome)
            case NotTaken():
                error, words = REFUSALS[outcome.reason]
                raise RestRefusal(error, words, retry_after_s=outcome.retry_after_s)
            case _:
                assert_never(outcome)
        return []

    # --- what is asked

    def _balance(self, call: _Call) -> object:
        """Tell the balance that the tenant has set (Devino manual 1.3, 2.2): a bare number."""
        call.demand()
        return self._entered(call).tenant.balance_told

    def _state(self, call: _Call) -> object:
        """Tell the state of one segment (Devino manual 1.5, 2.4)."""
        call.demand("MessageID")
        entered = self._entered(call)
        return state_document(self._uses.follow.state(entered, call.parameters.one("MessageID")))

    def _incoming(self, call: _Call) -> object:
        """List what came in within a period (Devino manual 1.6, 2.5, 11.2.2)."""
        call.demand()
        entered = self._entered(call)
        until, since = call.parameters.one("maxDateUTC"), call.parameters.one("minDateUTC")
        if not until:
            words = "maxDateUTC can not be null or empty Parameter name: maxDateUTC"
            raise RestRefusal(RestError.INTERNAL, words)
        oldest_ms = self._uses.clock.unix_ms() - _OLDEST_INCOMING_MS
        until_ms = milliseconds(read_date(until, "maxDateUTC"))
        since_ms = milliseconds(read_date(since, "minDateUTC")) if since else oldest_ms
        if since_ms < oldest_ms:
            raise RestRefusal(RestError.ARGUMENT_INVALID, "minDateUTC is more than a year ago")
        if since_ms >= until_ms:
            raise RestRefusal(RestError.ARGUMENT_INVALID, "maxDateUTC must be greater than minDateUTC")
        found = self._uses.incoming.of(entered.tenant.id, since_ms, until_ms, _MOST_INCOMING)
        return [incoming_document(one) for one in found]

    def _statistics(self, call: _Call) -> object:
        """Count the tenant's messages of a period (Devino manual 1.7, 2.6)."""
        call.demand("startDateTime", "endDateTime")
        entered = self._entered(call)
        since_ms, until_ms = (
            milliseconds(read_date(call.parameters.one(name), name))
            for name in ("startDateTime", "endDateTime")
        )
        if since_ms > until_ms:
            raise RestRefusal(RestError.ARGUMENT_INVALID, "endDateTime must not be before startDateTime")
        if until_ms - since_ms > _LONGEST_STATISTICS_MS:
            raise RestRefusal(RestError.ARGUMENT_INVALID, "Нельзя указывать диапазон дат более 90 дней.")
        return statistics_document(self._uses.follow.count(entered, since_ms, until_ms))


def create_devino_rest(services: WebServices, older: OlderFaces, uses: RestUses) -> Blueprint:
    """Give the blueprint of the face."""
    return DevinoRest(services, older, uses).blueprint()


# --- writing


def _let_pass(wait: TooFast | None) -> None:
    """Refuse (code 7) who is too fast; the table has no code for it."""
    if wait is not None:
        raise RestRefusal(RestError.FORBIDDEN, "Too many requests", retry_after_s=wait.wait_s)


def _written(text: str, status: HTTPStatus, retry_after_s: int = 0) -> Response:
    response = SecuredResponse(text, status.value, content_type=_CONTENT_TYPE)
    response.headers["Cache-Control"] = "private, no-store"
    if retry_after_s:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def _refused(refusal: RestRefusal) -> Response:
    text = write_error(refusal.error, refusal.words)
    return _written(text, refusal.error.status, refusal.retry_after_s)


def _too_large(_error: RequestEntityTooLarge) -> Response:
    text = write_error(RestError.ARGUMENT_INVALID, "The request is too large")
    return _written(text, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _broken(error: Exception) -> Response:
    """Promise nothing (code 9): a message may have been taken. Logs what broke, never its words."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    _log.error("devino_rest_broken", fault=type(error).__name__, where=where)
    return _written(
        write_error(RestError.INTERNAL, RestError.INTERNAL.words), HTTPStatus.INTERNAL_SERVER_ERROR
    )
