"""The IMSI web service (Devino manual 19.2; contract: `imsi.wsdl`); leaves envelopes to `soap_envelope`."""

from __future__ import annotations

from enum import Enum
from importlib.resources import files
from typing import Final

from flask import Blueprint, Response, request
from lxml import etree

from security_service.sandbox.addresses import parse_address
from security_service.sandbox.faults import FaultMode, FaultTarget
from security_service.sandbox.handsets import HandsetRecord, HandsetState
from security_service.sandbox.networks import ABROAD, is_fixed_line, network_of, switch_of
from security_service.sandbox.sessions import SessionCheck
from security_service.sandbox.soap_envelope import (
    SoapError,
    SoapRequest,
    SoapVersion,
    read_request,
    write_answer,
    write_fault,
)
from security_service.sandbox.switchboard import Switchboard

NAMESPACE: Final = "urn:etalon:imsi:1"
_PLACEHOLDER: Final = "http://service-address.invalid/soap/imsi"
_PATH: Final = "/soap/imsi"
_SERVER_ERROR: Final = 500
_CALLER_ERROR: Final = 400


class ImsiError(Enum):
    """The errors of the contract: name, number in the mobile network (MAP) or 0, words."""

    UNKNOWN_SUBSCRIBER = ("UnknownSubscriber", 1, "Unknown subscriber")
    ABSENT_SUBSCRIBER = ("AbsentSubscriber", 27, "Absent subscriber")
    CALL_BARRED = ("CallBarred", 13, "Call barred")
    NOT_SUPPORTED = ("NotSupported", 21, "Facility not supported")
    SYSTEM_FAILURE = ("SystemFailure", 34, "System failure")
    SESSION_EXPIRED = ("InvalidSession", 0, "SessionID expired")
    SESSION_UNKNOWN = ("InvalidSession", 0, "Invalid session id")
    INVALID_LOGIN = ("InvalidLogin", 0, "Invalid user login or password")
    INVALID_ADDRESS = ("InvalidAddress", 0, "Invalid destination address")


class _RefusedError(Exception):
    """An operation that ends in a fault."""

    def __init__(self, error: ImsiError) -> None:
        super().__init__(error.name)
        self.error = error


_BY_HANDSET: Final[dict[HandsetState, ImsiError]] = {
    HandsetState.OFF: ImsiError.ABSENT_SUBSCRIBER,
    HandsetState.UNKNOWN: ImsiError.UNKNOWN_SUBSCRIBER,
    HandsetState.BARRED: ImsiError.CALL_BARRED,
}


class ImsiSoap:
    """The three operations over SOAP 1.1 and 1.2, and their description."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._wsdl = files("security_service.sandbox").joinpath("imsi.wsdl").read_text(encoding="utf-8")
        self._operations = {
            "GetSessionID": self._get_session_id,
            "GetImsi": self._get_imsi,
            "GetServiceStatus": self._get_service_status,
        }

    def blueprint(self) -> Blueprint:
        """Give the routes; access is by the session in each message, the description is open."""
        blueprint = Blueprint("imsi_soap", __name__)
        blueprint.add_url_rule(_PATH, view_func=self.describe)
        blueprint.add_url_rule(_PATH, view_func=self.call, methods=["POST"])
        return blueprint

    def describe(self) -> Response:
        """Give the WSDL with the address at which it was asked for."""
        address = f"{request.host_url.rstrip('/')}{_PATH}"
        return Response(self._wsdl.replace(_PLACEHOLDER, address), content_type="text/xml; charset=utf-8")

    def call(self) -> Response:
        """Carry out one operation, as the fault that is set wants it."""
        return self._switchboard.faults.answer(FaultTarget.IMSI, self._call, lambda _fault: self._call())

    def _call(self) -> Response:
        try:
            message = read_request(request.get_data(), NAMESPACE)
        except SoapError as error:
            return _caller_fault(str(error))
        operation = self._operations.get(message.operation)
        if operation is None:
            return _caller_fault("The service has no such operation")
        version = message.version
        try:
            body = write_answer(version, operation(message))
        except _RefusedError as refused:
            body = _fault(version, refused.error)
            return Response(body, _SERVER_ERROR, content_type=version.content_type)
        return Response(body, content_type=version.content_type)

    def _get_session_id(self, message: SoapRequest) -> etree._Element:
        login, password = message.parameters.get("login", ""), message.parameters.get("password", "")
        if not self._switchboard.sessions.admits(login, password):
            raise _RefusedError(ImsiError.INVALID_LOGIN)
        answer = _element("GetSessionIDResponse")
        _add(answer, "GetSessionIDResult", self._switchboard.sessions.open())
        return answer

    def _get_imsi(self, message: SoapRequest) -> etree._Element:
        self._authorise(message)
        number = parse_address(message.parameters.get("destinationAddress", ""))
        if number is None:
            raise _RefusedError(ImsiError.INVALID_ADDRESS)
        if self._in_trouble():
            raise _RefusedError(ImsiError.SYSTEM_FAILURE)
        if is_fixed_line(number):
            raise _RefusedError(ImsiError.NOT_SUPPORTED)
        handset = self._switchboard.handsets.look(number)
        if handset.state is not HandsetState.ON:
            raise _RefusedError(_BY_HANDSET[handset.state])
        answer = _element("GetImsiResponse")
        _describe_sim(_add(answer, "GetImsiResult"), handset)
        return answer

    def _get_service_status(self, message: SoapRequest) -> etree._Element:
        self._authorise(message)
        down = self._in_trouble()
        answer = _element("GetServiceStatusResponse")
        result = _add(answer, "GetServiceStatusResult")
        _add(result, "Available", _truth(not down))
        _add(result, "Description", "The network does not answer" if down else "Operating")
        return answer

    def _authorise(self, message: SoapRequest) -> None:
        match self._switchboard.sessions.check(message.parameters.get("sessionID", "")):
            case SessionCheck.VALID:
                return
            case SessionCheck.EXPIRED:
                raise _RefusedError(ImsiError.SESSION_EXPIRED)
            case SessionCheck.UNKNOWN:
                raise _RefusedError(ImsiError.SESSION_UNKNOWN)

    def _in_trouble(self) -> bool:
        """Say whether the network behind the service is down: sessions and the status still work."""
        return self._switchboard.faults.of(FaultTarget.IMSI).mode is FaultMode.ERROR


def _describe_sim(result: etree._Element, handset: HandsetRecord) -> None:
    home = network_of(handset.number)
    visited = ABROAD if handset.roaming else home
    _add(result, "Imsi", handset.imsi)
    _add(result, "Switch", switch_of(handset.number, roaming=handset.roaming))
    _add(result, "Operator", home.mcc_mnc)
    _add(result, "OperatorName", home.name)
    _add(result, "Country", visited.country)
    _add(result, "Roaming", _truth(handset.roaming))
    _add(result, "Live", _truth(answer=True))


def _element(name: str) -> etree._Element:
    return etree.Element(f"{{{NAMESPACE}}}{name}", nsmap={None: NAMESPACE})  # type: ignore[dict-item] # stubs know no default namespace


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child


def _truth(answer: bool) -> str:  # noqa: FBT001 - a value to be written, not a switch
    return "true" if answer else "false"


def _fault(version: SoapVersion, error: ImsiError) -> bytes:
    name, code, words = error.value
    detail = _element("Error")
    _add(detail, "Code", str(code))
    _add(detail, "Name", name)
    return write_fault(version, f"Server was unable to process request. ---> {words}", detail)


def _caller_fault(words: str) -> Response:
    version = SoapVersion.V12 if request.mimetype == SoapVersion.V12.media_type else SoapVersion.V11
    status = _CALLER_ERROR if version is SoapVersion.V12 else _SERVER_ERROR
    return Response(write_fault(version, words, by_caller=True), status, content_type=version.content_type)
