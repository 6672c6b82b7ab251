"""A few lines of the IMSI web service for the tests: sessions, answers and faults in both SOAP versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from tests.links.peer import Answer, Reply, Request

LOGIN = "bank"
PASSWORD = "pa55 <&>"
IMSI = "250011234567890"
NAMESPACE = "urn:etalon:imsi:1"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
REASON = "Server was unable to process request. ---> about 79031234567"

FOUND = {
    "Imsi": IMSI,
    "Switch": "79037011111",
    "Operator": "25001",
    "OperatorName": "МТС",
    "Country": "RU",
    "Roaming": "false",
    "Live": "true",
}


@dataclass(frozen=True)
class Fault:
    code: str
    name: str


def envelope(namespace: str, body: str, status: int = 200) -> Answer:
    text = (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{namespace}">'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )
    media = "application/soap+xml" if namespace == SOAP_12 else "text/xml"
    return Answer(text.encode(), status, {"Content-Type": f"{media}; charset=utf-8"})


def fault_answer(namespace: str, fault: Fault) -> Answer:
    error = f'<Error xmlns="{NAMESPACE}"><Code>{fault.code}</Code><Name>{fault.name}</Name></Error>'
    if namespace == SOAP_12:
        return envelope(
            namespace,
            "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code>"
            f'<s:Reason><s:Text xml:lang="en">{REASON}</s:Text></s:Reason>'
            f"<s:Detail>{error}</s:Detail></s:Fault>",
            500,
        )
    return envelope(
        namespace,
        f"<s:Fault><faultcode>s:Server</faultcode><faultstring>{REASON}</faultstring>"
        f"<detail>{error}</detail></s:Fault>",
        500,
    )


def imsi_answer(namespace: str, members: Mapping[str, str]) -> Answer:
    found = "".join(f"<{name}>{value}</{name}>" for name, value in members.items())
    result = f"<GetImsiResult>{found}</GetImsiResult>"
    return envelope(namespace, f'<GetImsiResponse xmlns="{NAMESPACE}">{result}</GetImsiResponse>')


@dataclass
class ImsiService:
    """Answers `GetSessionID` and `GetImsi`. `imsi` is what the test has it say: members, fault or bytes."""

    imsi: Mapping[str, str] | Fault | Reply = field(default_factory=lambda: dict(FOUND))
    session: Fault | Reply | None = None
    valid_session: str = ""
    logins: int = 0

    def __call__(self, request: Request) -> Reply:
        parsed = etree.fromstring(request.body)
        namespace = str(etree.QName(parsed).namespace)
        call = parsed[0][0]
        values = {etree.QName(child).localname: child.text or "" for child in call}
        operation = etree.QName(call).localname
        if operation == "GetSessionID":
            return self._open_session(namespace, values)
        if values["sessionID"] != self.valid_session:
            return fault_answer(namespace, Fault("0", "InvalidSession"))
        match self.imsi:
            case Fault():
                return fault_answer(namespace, self.imsi)
            case Mapping():
                return imsi_answer(namespace, self.imsi)
            case _:
                return self.imsi

    def _open_session(self, namespace: str, values: Mapping[str, str]) -> Reply:
        self.logins += 1
        if isinstance(self.session, Fault):
            return fault_answer(namespace, self.session)
        if self.session is not None:
            return self.session
        if values != {"login": LOGIN, "password": PASSWORD}:
            return fault_answer(namespace, Fault("0", "InvalidLogin"))
        self.valid_session = f"session-{self.logins}"
        return envelope(
            namespace,
            f'<GetSessionIDResponse xmlns="{NAMESPACE}"><GetSessionIDResult>{self.valid_session}'
            "</GetSessionIDResult></GetSessionIDResponse>",
        )
