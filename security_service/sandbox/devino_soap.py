"""Devino's SMS over SOAP, with a session and without (manual 7 and 8); leaves delivery to the handsets."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from flask import Blueprint, Response, request
from lxml import etree

from security_service.sandbox.devino_wire import ERRORS, DevinoError, destination, minutes
from security_service.sandbox.faults import Fault, FaultTarget
from security_service.sandbox.segments import count_segments
from security_service.sandbox.sessions import SessionCheck
from security_service.sandbox.soap_envelope import (
    SoapError,
    SoapRequest,
    SoapVersion,
    read_request,
    write_answer,
    write_fault,
)
from security_service.sandbox.submissions import DESCRIPTIONS, Order
from security_service.sandbox.switchboard import Switchboard

NAMESPACE: Final = "http://ws.devinosms.com"
_MOST_ADDRESSES: Final = 1000
_LONGEST_TEXT: Final = 2000
_DEFAULT_VALIDITY_MINUTES: Final = 2880
_PRICE: Final = "1.5"
_NO_DATE: Final = "0001-01-01T00:00:00"
_SENDER: Final = re.compile(r"[0-9]{1,15}|[ -~]{1,11}")
_PREFIX: Final = "Server was unable to process request. ---> "


class Service(Enum):
    """How a caller says who it is, and where: by a session (chapter 7) or each time anew (chapter 8)."""

    SESSION = "/ws/smsservice.asmx"
    V2 = "/ws/smsservicev2.asmx"


class DevinoSoap:
    """The SMS service at its two addresses, over SOAP 1.1 and 1.2."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._operations = {
            "GetBalance": self._get_balance,
            "SendMessage": self._send_message,
            "GetMessageState": self._get_message_state,
        }

    def blueprint(self) -> Blueprint:
        """Give the routes, in lower case; access is by the session or login in each message."""
        blueprint = Blueprint("devino_soap", __name__)
        for service in Service:
            blueprint.add_url_rule(
                service.value, service.name, self.call, methods=["POST"], defaults={"service": service}
            )
        return blueprint

    def call(self, service: Service) -> Response:
        """Carry out one operation, as the fault that is set wants it."""
        return self._switchboard.faults.answer(FaultTarget.SMS, lambda: self._call(service), _fault_answer)

    def _call(self, service: Service) -> Response:
        try:
            message = read_request(request.get_data(), NAMESPACE)
        except SoapError as error:
            return _wrong_request(str(error))
        if service is Service.SESSION and message.operation == "GetSessionID":
            return self._guarded(message, self._get_session_id)
        operation = self._operations.get(message.operation)
        if operation is None:
            return _wrong_request("The service has no such operation")

        def carry_out(message: SoapRequest) -> etree._Element:
            self._authorise(service, message)
            return operation(message)

        return self._guarded(message, carry_out)

    def _guarded(self, message: SoapRequest, carry_out: Callable[[SoapRequest], etree._Element]) -> Response:
        version = message.version
        try:
            body = write_answer(version, carry_out(message))
        except DevinoError as error:
            return _refusal(version, error.words)
        return Response(body, content_type=version.content_type)

    def _get_session_id(self, message: SoapRequest) -> etree._Element:
        self._log_in(message)
        return _result("GetSessionID", self._switchboard.sessions.open())

    def _get_balance(self, _message: SoapRequest) -> etree._Element:
        return _result("GetBalance", str(self._switchboard.settings.balance))

    def _send_message(self, message: SoapRequest) -> etree._Element:
        """Check in the order of the manual: parameters, balance, numbers, sender, length."""
        wanted = _Message(message.element)
        text, sender, addresses = wanted.one("Data"), wanted.one("SourceAddress"), wanted.addresses()
        if self._switchboard.settings.balance <= 0:
            raise DevinoError(5)
        if len(addresses) > _MOST_ADDRESSES:
            raise DevinoError(2, "Too many destination addresses")
        numbers = [destination(address) for address in addresses]
        if not _SENDER.fullmatch(sender):
            raise DevinoError(6, "Invalid source address")
        if len(text) > _LONGEST_TEXT:
            raise DevinoError(2, "Message text is longer than 2000 characters")
        now = self._switchboard.clock()
        begins = max(now, wanted.moment("DelayUntilUtc", now))
        ends = begins + 60 * (minutes(wanted.optional("Validity") or "0") or _DEFAULT_VALIDITY_MINUTES)
        segments = count_segments(text)
        orders = [Order(_new_ids(segments), number, text, sender, now, begins, ends) for number in numbers]
        self._switchboard.handsets.accept(orders)
        answer, result = _empty_result("SendMessage")
        for order in orders:
            for message_id in order.ids:
                _add(result, "string", message_id)
        return answer

    def _get_message_state(self, message: SoapRequest) -> etree._Element:
        message_id = message.parameters.get("messageID", "")
        if not message_id:
            raise DevinoError(1, "MessageID can not be null or empty Parameter name: messageId")
        receipt = self._switchboard.handsets.receipt(message_id)
        answer, result = _empty_result("GetMessageState")
        _add(result, "State", str(receipt.state.value))
        _add(result, "CreationDateUtc", _written(receipt.created_at))
        _add(result, "SubmittedDateUtc", _written(receipt.submitted_at))
        _add(result, "ReportedDateUtc", _written(receipt.reported_at))
        _add(result, "StateDescription", DESCRIPTIONS[receipt.state])
        _add(result, "Price", _PRICE)
        return answer

    def _authorise(self, service: Service, message: SoapRequest) -> None:
        if service is Service.V2:
            self._log_in(message)
            return
        match self._switchboard.sessions.check(message.parameters.get("sessionID", "")):
            case SessionCheck.VALID:
                return
            case SessionCheck.EXPIRED:
                raise DevinoError(4, "SessionID expired")
            case SessionCheck.UNKNOWN:
                raise DevinoError(3)

    def _log_in(self, message: SoapRequest) -> None:
        login, password = message.parameters.get("login", ""), message.parameters.get("password", "")
        if not self._switchboard.sessions.admits(login, password):
            raise DevinoError(4, "Invalid user login or password")


class _Message:
    """The members of the `message` of `SendMessage`."""

    def __init__(self, call: etree._Element) -> None:
        self._element = call.find(f"{{{NAMESPACE}}}message")

    def optional(self, name: str) -> str:
        found = None if self._element is None else self._element.findtext(f"{{{NAMESPACE}}}{name}")
        return found or ""

    def one(self, name: str) -> str:
        found = self.optional(name)
        if not found:
            raise DevinoError(1, f"{name} can not be null or empty Parameter name: message")
        return found

    def addresses(self) -> list[str]:
        path = f"{{{NAMESPACE}}}DestinationAddresses/{{{NAMESPACE}}}string"
        found = [] if self._element is None else self._element.findall(path)
        texts = [one.text for one in found if one.text]
        if not texts:
            raise DevinoError(1, "DestinationAddresses can not be null or empty Parameter name: message")
        return texts

    def moment(self, name: str, otherwise: float) -> float:
        text = self.optional(name)
        if not text:
            return otherwise
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise DevinoError(2, f"Invalid argument Parameter name: {name}") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _new_ids(segments: int) -> tuple[str, ...]:
    first = 10**17 + secrets.randbelow(8 * 10**17)
    return tuple(str(first + index) for index in range(segments))


def _written(moment: float | None) -> str:
    if moment is None:
        return _NO_DATE
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


def _element(name: str) -> etree._Element:
    return etree.Element(f"{{{NAMESPACE}}}{name}", nsmap={None: NAMESPACE})  # type: ignore[dict-item] # stubs know no default namespace


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child


def _empty_result(operation: str) -> tuple[etree._Element, etree._Element]:
    answer = _element(f"{operation}Response")
    return answer, _add(answer, f"{operation}Result")


def _result(operation: str, text: str) -> etree._Element:
    answer, result = _empty_result(operation)
    result.text = text
    return answer


def _refusal(version: SoapVersion, words: str) -> Response:
    return Response(write_fault(version, f"{_PREFIX}{words}"), 500, content_type=version.content_type)


def _fault_answer(fault: Fault) -> Response:
    return _refusal(_version(), ERRORS[fault.code].words)


def _wrong_request(words: str) -> Response:
    version = _version()
    status = 400 if version is SoapVersion.V12 else 500
    return Response(write_fault(version, words, by_caller=True), status, content_type=version.content_type)


def _version() -> SoapVersion:
    return SoapVersion.V12 if request.mimetype == SoapVersion.V12.media_type else SoapVersion.V11
