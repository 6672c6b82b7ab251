"""A few lines of the provider's SOAP services for the tests: sessions, ids, states, balance and faults."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from tests.links.imsi_service import SOAP_12, envelope
from tests.links.peer import Answer, Reply, Request

LOGIN = "bank"
PASSWORD = "pa55 <&>"
NAMESPACE = "http://ws.devinosms.com"
PREFIX = "Server was unable to process request. ---> "


def fault(words: str, *, by_caller: bool = False) -> Answer:
    """A fault as the manual prints it (7.1)."""
    code = "s:Sender" if by_caller else "s:Receiver"
    return envelope(
        SOAP_12,
        f"<s:Fault><s:Code><s:Value>{code}</s:Value></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{PREFIX.replace(">", "&gt;")}{words}</s:Text></s:Reason></s:Fault>',
        500,
    )


def result(operation: str, inner: str, namespace: str = SOAP_12) -> Answer:
    body = f"<{operation}Result>{inner}</{operation}Result>"
    return envelope(namespace, f'<{operation}Response xmlns="{NAMESPACE}">{body}</{operation}Response>')


def ids(*given: str) -> Answer:
    return result("SendMessage", "".join(f"<string>{one}</string>" for one in given))


def state(code: int, reported: str = "") -> Answer:
    told = f"<ReportedDateUtc>{reported}</ReportedDateUtc>" if reported else ""
    return result("GetMessageState", f"<State>{code}</State>{told}<Price>1.5</Price>")


@dataclass
class DevinoSoapService:
    """Answers both services; `says` is what a test has it say for everything but logging in."""

    says: Reply | None = None
    login: Reply | None = None
    valid_session: str = ""
    logins: int = 0
    calls: list[etree._Element] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        parsed = etree.fromstring(request.body)
        call = parsed[0][0]
        self.calls.append(call)
        values = {etree.QName(child).localname: child.text or "" for child in call}
        operation = etree.QName(call).localname
        if operation == "GetSessionID":
            return self._open_session(values)
        if "sessionID" in values and values["sessionID"] != self.valid_session:
            return fault("Invalid session id")
        if "sessionID" not in values and (values.get("login"), values.get("password")) != (LOGIN, PASSWORD):
            return fault("Invalid user login or password")
        if self.says is not None:
            return self.says
        answers = {
            "SendMessage": ids("579700854169272358"),
            "GetMessageState": state(-1),
            "GetBalance": result("GetBalance", "20015.30"),
        }
        return answers[operation]

    def _open_session(self, values: dict[str, str]) -> Reply:
        self.logins += 1
        if self.login is not None:
            return self.login
        if values != {"login": LOGIN, "password": PASSWORD}:
            return fault("Invalid user login or password")
        self.valid_session = f"SESSION{self.logins:029}"
        return result("GetSessionID", self.valid_session)
