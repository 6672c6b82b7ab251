"""SMS through Devino SOAP under a session id (Devino manual, chapter 7).

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
from security_service.domain.secret import Secret
from security_service.links.deadline import Deadline
from security_service.links.devino_session import SESSION_LIFE_S
from security_service.links.devino_soap import (
    DevinoSoapReply,
    DevinoSoapSettings,
    balance_answer,
    is_session_refused,
    receipt_answer,
    send_arguments,
    send_outcome,
    session_answer,
)
from security_service.links.session import NoSession, SessionKeeper
from security_service.links.soap import SoapLink

_WSDL: Final = "devino_soap.wsdl"


@dataclass(frozen=True, kw_only=True)
class DevinoSoapSessionSettings(DevinoSoapSettings):
    """Settings of one `devino_soap` gateway. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default="https://ws.devinotele.com/SmsService.asmx",
        metadata={"help": "address of the service, in full"},
    )


class DevinoSoapGateway:
    """Sends over SOAP under a session that is fetched when needed. Implements the port `Gateway`.

    Safe to share between threads. A call whose session the provider refuses is made once more under
    a new one: the session is checked before anything is done.
    """

    def __init__(self, name: str, settings: DevinoSoapSessionSettings) -> None:
        self._name = name
        self._settings = settings
        wsdl = files("security_service.gateways").joinpath(_WSDL).read_bytes()
        self._soap = SoapLink(wsdl, settings.link(), settings.soap_version)
        self._sessions = SessionKeeper(self._log_in, life_s=SESSION_LIFE_S)

    @property
    def name(self) -> str:
        """The short stable name of the configured gateway."""
        return self._name

    @property
    def channel(self) -> Channel:
        """What its messages arrive by."""
        return Channel.SMS

    def send(self, message: Message, within_s: float) -> SendOutcome:
        """Hand one message over (Devino manual 7.4.2) within `within_s` seconds in all."""
        arguments = send_arguments(self._name, message, self._settings.sender)
        if isinstance(arguments, Failed):
            return arguments
        return send_outcome(self._name, self._call("SendMessage", {"message": arguments}, within_s))

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        """Ask what became of one segment (Devino manual 7.5) within `within_s` seconds in all."""
        return receipt_answer(self._call("GetMessageState", {"messageID": message_id}, within_s))

    def balance(self, within_s: float) -> BalanceAnswer:
        """Ask what is left on the account (Devino manual 7.3) within `within_s` seconds in all."""
        return balance_answer(self._call("GetBalance", {}, within_s))

    def _call(self, operation: str, arguments: Mapping[str, object], within_s: float) -> DevinoSoapReply:
        deadline = Deadline.after(within_s)
        session = self._sessions.current(within_s)
        reply = self._ask(session, operation, arguments, deadline)
        if is_session_refused(reply) and isinstance(session, Secret):
            renewed = self._sessions.renewed(session, deadline.left())
            reply = self._ask(renewed, operation, arguments, deadline)
        return reply

    def _ask(
        self,
        session: Secret | NoSession,
        operation: str,
        arguments: Mapping[str, object],
        deadline: Deadline,
    ) -> DevinoSoapReply:
        if isinstance(session, NoSession):
            return session
        return self._soap.call(operation, {"sessionID": session.reveal(), **arguments}, deadline.left())

    def _log_in(self, within_s: float) -> Secret | NoSession:
        account = {"login": self._settings.login, "password": self._settings.password.reveal()}
        return session_answer(self._soap.call("GetSessionID", account, within_s))
