"""SMS through Devino SOAP with login and password in each call (Devino manual, chapter 8).

Leaves tables and mapping, which both SOAP gateways share, to `links/devino_soap.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final

from security_service.domain.messages import (
    BalanceAnswer,
    Channel,
    Failed,
    Message,
    ReceiptAnswer,
    SendOutcome,
)
from security_service.links.devino_soap import (
    DevinoSoapSettings,
    balance_answer,
    receipt_answer,
    send_arguments,
    send_outcome,
)
from security_service.links.soap import SoapLink, SoapReply

_WSDL: Final = "devino_soap_v2.wsdl"


@dataclass(frozen=True, kw_only=True)
class DevinoSoapV2Settings(DevinoSoapSettings):
    """Settings of one `devino_soap_v2` gateway. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default="https://ws.devinotele.com/SmsServicev2.asmx",
        metadata={"help": "address of the service, in full"},
    )


class DevinoSoapV2Gateway:
    """Sends over SOAP without a session. Implements the port `Gateway`; safe to share between threads."""

    def __init__(self, name: str, settings: DevinoSoapV2Settings) -> None:
        self._name = name
        self._settings = settings
        wsdl = files("security_service.gateways").joinpath(_WSDL).read_bytes()
        self._soap = SoapLink(wsdl, settings.link(), settings.soap_version)

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return Channel.SMS

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over (Devino manual 8.3.2) within `within_s` seconds in all."""
        arguments = send_arguments(self._name, message, self._settings.sender)
        if isinstance(arguments, Failed):
            return arguments
        return send_outcome(self._name, self._call("SendMessage", {"message": arguments}, within_s))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one segment (Devino manual 8.4) within `within_s` seconds in all."""
        return receipt_answer(self._call("GetMessageState", {"messageID": message_id}, within_s))

    def balance(self, within_s: float) -> BalanceAnswer:
        """Ask what is left on the account (Devino manual 8.2) within `within_s` seconds in all."""
        return balance_answer(self._call("GetBalance", {}, within_s))

    def _call(self, operation: str, arguments: Mapping[str, object], within_s: float) -> SoapReply:
        account = {"login": self._settings.login, "password": self._settings.password.reveal()}
        return self._soap.call(operation, {**account, **arguments}, within_s)
