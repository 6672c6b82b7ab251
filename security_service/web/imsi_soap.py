"""The IMSI web service at /soap/imsi (Devino manual 19.2; contract: imsi_service.wsdl); asks one use case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from html import escape
from http import HTTPStatus
from importlib.resources import files
from typing import Final, assert_never

from flask import Blueprint, Response, request

from security_service.domain.accounts import AccountRefusal, Face
from security_service.domain.errors import StoreUnavailable
from security_service.domain.limits import LimitReached
from security_service.domain.lookup import NoData
from security_service.domain.secret import Secret
from security_service.usecases.ask_imsi import ImsiTold, ImsiUntold, NotANumber
from security_service.usecases.sign_in_account import SignedInAccount
from security_service.web.callers import ClientAddresses
from security_service.web.secured_response import SecuredResponse
from security_service.web.services import OlderFaces, WebServices
from security_service.web.wire.soap_codec import (
    Members,
    NotSoap,
    SoapCall,
    SoapVersion,
    read_call,
    version_of,
    write_answer,
    write_fault,
)

BLUEPRINT: Final = "imsi_soap"
NAMESPACE: Final = "urn:etalon:imsi:1"
_PATH: Final = "/soap/imsi"
_PLACEHOLDER: Final = "http://service-address.invalid/soap/imsi"


class ImsiError(Enum):
    """The errors of the contract: name, number in the mobile network (MAP) or 0, words."""

    UNKNOWN_SUBSCRIBER = ("UnknownSubscriber", 1, "Unknown subscriber")
    ABSENT_SUBSCRIBER = ("AbsentSubscriber", 27, "Absent subscriber")
    CALL_BARRED = ("CallBarred", 13, "Call barred")
    NOT_SUPPORTED = ("NotSupported", 21, "Facility not supported")
    SYSTEM_FAILURE = ("SystemFailure", 34, "System failure")
    SESSION = ("InvalidSession", 0, "SessionID expired")
    LOGIN = ("InvalidLogin", 0, "Invalid user login or password")
    ADDRESS = ("InvalidAddress", 0, "Invalid destination address")
    LIMIT = ("LimitReached", 0, "A limit is reached, try again later")


_UNTOLD: Final[Mapping[NoData, ImsiError]] = {
    NoData.UNKNOWN_SUBSCRIBER: ImsiError.UNKNOWN_SUBSCRIBER,
    NoData.ABSENT: ImsiError.ABSENT_SUBSCRIBER,
    NoData.BARRED: ImsiError.CALL_BARRED,
    NoData.NOT_SUPPORTED: ImsiError.NOT_SUPPORTED,
    NoData.UNTRUSTED: ImsiError.NOT_SUPPORTED,
    NoData.INCOMPARABLE: ImsiError.NOT_SUPPORTED,
    NoData.UNAVAILABLE: ImsiError.SYSTEM_FAILURE,
}


class ImsiSoap:
    """Seven operations over SOAP 1.1 and 1.2, and their description."""

    def __init__(self, services: WebServices, older: OlderFaces) -> None:
        self._sign_in, self._ask, self._chance = older.sign_in, older.ask_imsi, services.chance
        self._addresses = ClientAddresses(services.trusted_proxies)
        self._wsdl = files("security_service.web").joinpath("imsi_service.wsdl").read_text(encoding="utf-8")
        self._operations: Mapping[str, Callable[[SoapCall], Members | ImsiError]] = {
            "GetSessionID": self._session,
            "GetImsi": self._imsi,
            "GetImsiByLogin": self._imsi,
            "GetSwitch": self._switch,
            "GetSwitchByLogin": self._switch,
            "GetServiceStatus": self._status,
            "GetServiceStatusByLogin": self._status,
        }

    def describe(self) -> Response:
        """Give the WSDL with the address at which it was asked for."""
        address = escape(f"{request.host_url.rstrip('/')}{_PATH}")
        wsdl = self._wsdl.replace(_PLACEHOLDER, address)
        return SecuredResponse(wsdl, content_type="text/xml; charset=utf-8")

    def call(self) -> Response:
        """Carry out one operation."""
        call = read_call(request.get_data(), NAMESPACE)
        if isinstance(call, NotSoap):
            return _caller_fault(version_of(request.content_type or ""), call.sentence)
        operation = self._operations.get(call.operation)
        if operation is None:
            return _caller_fault(call.version, "The service has no such operation")
        try:
            answer = operation(call)
        except StoreUnavailable:
            answer = ImsiError.SYSTEM_FAILURE
        if isinstance(answer, ImsiError):
            return _fault(call.version, answer)
        name = f"{call.operation}Response"
        body = write_answer(call.version, NAMESPACE, name, {f"{call.operation}Result": _result(answer)})
        return SecuredResponse(body, content_type=call.version.content_type)

    def _session(self, call: SoapCall) -> Members | ImsiError:
        login, password = call.members.get("login", ""), Secret(call.members.get("password", ""))
        address = self._addresses.of(request.environ)
        begun = self._sign_in.begin_session(login, password, Face.SOAP, address)
        if isinstance(begun, AccountRefusal):
            return _refusal(begun)
        return {"": begun.token.reveal()}

    def _imsi(self, call: SoapCall) -> Members | ImsiError:
        told = self._told(call)
        if isinstance(told, ImsiError):
            return told
        return {"Imsi": told.imsi.reveal(), **_place(told)}

    def _switch(self, call: SoapCall) -> Members | ImsiError:
        told = self._told(call)
        return told if isinstance(told, ImsiError) else _place(told)

    def _told(self, call: SoapCall) -> ImsiTold | ImsiError:
        entered = self._entered(call)
        if isinstance(entered, ImsiError):
            return entered
        number = call.members.get("destinationAddress", "")
        token = self._chance.token()
        outcome = self._ask.run(entered.tenant, number, entered.account.login, token)
        match outcome:
            case ImsiTold():
                return outcome
            case ImsiUntold():
                return _UNTOLD[outcome.no_data]
            case NotANumber():
                return ImsiError.ADDRESS
            case LimitReached():
                return ImsiError.LIMIT
            case _:
                assert_never(outcome)

    def _status(self, call: SoapCall) -> Members | ImsiError:
        entered = self._entered(call)
        if isinstance(entered, ImsiError):
            return entered
        available = self._ask.is_available()
        words = "Operating" if available else "The service is not ready"
        return {"Available": _truth(available), "Description": words}

    def _entered(self, call: SoapCall) -> SignedInAccount | ImsiError:
        """Who calls: by session, or in the twins by login and password."""
        sign_in, address = self._sign_in, self._addresses.of(request.environ)
        if call.operation.endswith("ByLogin"):
            password = Secret(call.members.get("password", ""))
            entered = sign_in.by_password(call.members.get("login", ""), password, Face.SOAP, address)
        else:
            entered = sign_in.by_session(Secret(call.members.get("sessionID", "")), Face.SOAP, address)
        return _refusal(entered) if isinstance(entered, AccountRefusal) else entered


def create_imsi_soap(services: WebServices, older: OlderFaces) -> Blueprint:
    """Give the blueprint; access is by session or password in each message, the description is open."""
    face = ImsiSoap(services, older)
    blueprint = Blueprint(BLUEPRINT, __name__)
    blueprint.add_url_rule(_PATH, endpoint="describe", view_func=face.describe, methods=["GET"])
    blueprint.add_url_rule(_PATH, endpoint="call", view_func=face.call, methods=["POST"])
    return blueprint


def _place(told: ImsiTold) -> dict[str, str]:
    """Where the SIM is registered; names of operators are nothing that a source vouches for."""
    return {
        "Switch": told.switch,
        "Operator": told.mcc_mnc,
        "OperatorName": "",
        "Country": told.country,
        "Roaming": _truth(told.roaming),
        "Live": _truth(told.is_live),
    }


def _result(answer: Members) -> str | Members:
    """The result of an operation: a plain text where its only member has no name."""
    return answer.get("", answer)


def _refusal(refusal: AccountRefusal) -> ImsiError:
    return ImsiError.SESSION if refusal is AccountRefusal.SESSION else ImsiError.LOGIN


def _truth(answer: bool) -> str:  # noqa: FBT001 - a value to be written, not a switch
    return "true" if answer else "false"


def _fault(version: SoapVersion, error: ImsiError) -> Response:
    name, code, words = error.value
    detail = (NAMESPACE, "Error", {"Code": str(code), "Name": name})
    body = write_fault(version, f"Server was unable to process request. ---> {words}", detail)
    return SecuredResponse(body, HTTPStatus.INTERNAL_SERVER_ERROR, content_type=version.content_type)


def _caller_fault(version: SoapVersion, sentence: str) -> Response:
    is_newer = version is SoapVersion.V12
    status = HTTPStatus.BAD_REQUEST if is_newer else HTTPStatus.INTERNAL_SERVER_ERROR
    return SecuredResponse(
        write_fault(version, sentence, by_caller=True), status, content_type=version.content_type
    )
