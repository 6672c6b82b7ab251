"""The IMSI of a number over SOAP, by this product's own contract `imsi_soap.wsdl`.

Chapter 19.2 of the Devino manual names such a service and does not print its messages; this contract
follows the style of its chapter 7. Leaves judging an IMSI (masked, cut short) to the domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final, assert_never

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi, Msisdn, Secret
from security_service.links.deadline import Deadline
from security_service.links.http_answer import NoReply, NotSent, NotSentReason
from security_service.links.http_settings import HttpAccountSettings
from security_service.links.map_errors import no_data_of
from security_service.links.session import NoSession, NoSessionReason, SessionKeeper
from security_service.links.soap import SoapFault, SoapLink, SoapReply, SoapResult, SoapVersion

_SESSION_LIFE_S: Final = 115 * 60.0
_LONGEST_SWITCH: Final = 20


@dataclass(frozen=True, kw_only=True)
class ImsiSoapSettings(HttpAccountSettings):
    """Settings of one `imsi_soap` lookup. Raises ValueError for values that cannot work."""

    soap_version: SoapVersion = field(
        default=SoapVersion.SOAP_12,
        metadata={"help": "version of the envelope: 1.1 or 1.2"},
    )


FAULTS: Final[Mapping[str, NoData]] = {
    "UnknownSubscriber": NoData.UNKNOWN_SUBSCRIBER,
    "AbsentSubscriber": NoData.ABSENT,
    "CallBarred": NoData.BARRED,
    "NotSupported": NoData.NOT_SUPPORTED,
    "SystemFailure": NoData.UNAVAILABLE,
    "InvalidSession": NoData.UNAVAILABLE,
    "InvalidLogin": NoData.UNAVAILABLE,
    # The number is valid by the public plan, so it is the source that cannot be asked about it.
    "InvalidAddress": NoData.NOT_SUPPORTED,
}
"""Names of faults, used where the fault bears no MAP error number."""


def fault_answer(source: str, fault: SoapFault) -> SimNotSeen:
    """Read a fault: the MAP error number decides, then the name."""
    code, name = fault.detail.get("Code", ""), fault.detail.get("Name", "")
    if code.isascii() and code.isdigit() and int(code[:6]) > 0:
        return SimNotSeen(source, no_data_of(int(code[:6])), f"map_{code[:6]}")
    return SimNotSeen(source, FAULTS.get(name, NoData.UNAVAILABLE), name if name in FAULTS else "fault")


def imsi_answer(source: str, value: object) -> LookupAnswer:
    """Read a `GetImsiResult`; the IMSI is passed on as it stands."""
    found = value if isinstance(value, dict) else {}
    imsi = _text(found.get("Imsi"))
    operator = _text(found.get("Operator"))
    country = _text(found.get("Country"))
    mcc_mnc = operator if operator.isascii() and operator.isdigit() and len(operator) in {5, 6} else ""
    country = country if country.isascii() and country.isupper() and len(country) == 2 else ""
    if not imsi:
        return SimNotSeen(source, NoData.UNTRUSTED, "imsi_missing", mcc_mnc, country)
    roaming, live = found.get("Roaming"), found.get("Live")
    liveness = Liveness.NOT_STATED
    if isinstance(live, bool):
        liveness = Liveness.LIVE if live else Liveness.CACHED
    return SimSeen(
        source,
        Imsi(imsi),
        liveness,
        mcc_mnc=mcc_mnc,
        msc=_text(found.get("Switch"))[:_LONGEST_SWITCH],
        country=country,
        roaming=roaming if isinstance(roaming, bool) else None,
    )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _is_session_refused(reply: SoapReply | NoSession) -> bool:
    return isinstance(reply, SoapFault) and reply.detail.get("Name") == "InvalidSession"


class ImsiSoapLookup:
    """Asks for the IMSI under a session that is renewed in time. Implements the port `SimLookup`.

    Safe to share between threads.
    """

    def __init__(self, name: str, settings: ImsiSoapSettings) -> None:
        self._name = name
        self._login = settings.login
        self._password = settings.password
        wsdl = files("security_service.lookups").joinpath("imsi_soap.wsdl").read_bytes()
        self._soap = SoapLink(wsdl, settings.link(), settings.soap_version)
        self._sessions = SessionKeeper(self._log_in, life_s=_SESSION_LIFE_S)

    @property
    def name(self) -> str:
        """The short stable name of the configured source."""
        return self._name

    def find(self, number: Msisdn, within_s: float) -> LookupAnswer:
        """Ask which SIM a number has now, within `within_s` seconds in all."""
        deadline = Deadline.after(within_s)
        session = self._sessions.current(within_s)
        reply = self._ask(session, number, deadline)
        if _is_session_refused(reply) and isinstance(session, Secret):
            reply = self._ask(self._sessions.renewed(session, deadline.left()), number, deadline)
        match reply:
            case SoapResult():
                return imsi_answer(self._name, reply.value)
            case SoapFault():
                return fault_answer(self._name, reply)
            case NotSent() | NoReply() | NoSession():
                return SimNotSeen(self._name, NoData.UNAVAILABLE, reply.reason.value)
            case _:
                assert_never(reply)

    def _ask(self, session: Secret | NoSession, number: Msisdn, deadline: Deadline) -> SoapReply | NoSession:
        if isinstance(session, NoSession):
            return session
        arguments = {"sessionID": session.reveal(), "destinationAddress": number.digits}
        return self._soap.call("GetImsi", arguments, deadline.left())

    def _log_in(self, within_s: float) -> Secret | NoSession:
        arguments = {"login": self._login, "password": self._password.reveal()}
        reply = self._soap.call("GetSessionID", arguments, within_s)
        match reply:
            case SoapResult():
                session = _text(reply.value)
                return Secret(session) if session else NoSession(NoSessionReason.UNREADABLE)
            case SoapFault():
                refused = reply.detail.get("Name") == "InvalidLogin"
                return NoSession(NoSessionReason.REFUSED if refused else NoSessionReason.UNREACHABLE)
            case NotSent(NotSentReason.NO_TIME):
                return NoSession(NoSessionReason.NO_TIME)
            case NotSent() | NoReply():
                return NoSession(NoSessionReason.UNREACHABLE)
            case _:
                assert_never(reply)
