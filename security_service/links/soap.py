"""SOAP calls through zeep with a total deadline and a WSDL of our own; leaves meaning to the lookups."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO
from typing import Final, NoReturn
from urllib.parse import urlsplit

from lxml import etree
from zeep import Client, Settings
from zeep.exceptions import Fault
from zeep.helpers import serialize_object
from zeep.wsdl.bindings.soap import Soap11Binding, Soap12Binding

from security_service.links.deadline import Deadline
from security_service.links.http_answer import HttpAnswer, NoReply, NoReplyReason, NotSent
from security_service.links.http_link import HttpLink

_WITHIN: Final[ContextVar[Deadline]] = ContextVar("soap_deadline")
_LONGEST: Final = 200
_CALLERS: Final = frozenset({"Sender", "Client"})


class SoapVersion(StrEnum):
    """The version of the envelope."""

    SOAP_11 = "1.1"
    SOAP_12 = "1.2"


@dataclass(frozen=True, slots=True)
class SoapResult:
    """What the operation returned: a text, number or flag, or members by name."""

    value: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A fault of the peer: the texts of the leaves of its detail, by local name.

    `words` is its reason, for peers that tell their faults apart by nothing else. `by_caller` says
    that the peer holds the request to be at fault (`Sender`, in SOAP 1.1 `Client`).
    """

    detail: Mapping[str, str] = field(repr=False)
    words: str = field(default="", repr=False)
    by_caller: bool = False


SoapReply = SoapResult | SoapFault | NotSent | NoReply


class _Undelivered(Exception):  # carries an outcome through zeep, and is no error of its own
    """Carries what the link gave in place of an answer out through zeep."""

    def __init__(self, reply: NotSent | NoReply) -> None:
        super().__init__()
        self.reply = reply


@dataclass(frozen=True, slots=True)
class _Response:
    """What zeep reads of an HTTP response."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]
    encoding: str = "utf-8"


class _Transport:
    """Zeep's way out: posts over the link, loads nothing."""

    def __init__(self, link: HttpLink) -> None:
        self._link = link

    def load(self, url: str) -> NoReturn:
        raise PermissionError(f"nothing is loaded for a WSDL from elsewhere: {urlsplit(url).scheme}")

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> _Response:
        body = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        answer = self._link.post(address, body, headers, _WITHIN.get().left())
        if not isinstance(answer, HttpAnswer):
            raise _Undelivered(answer)
        media = answer.headers.get("content-type", "text/xml")
        if "xml" not in media or "multipart" in media:
            raise _Undelivered(NoReply(NoReplyReason.BROKEN_ANSWER))
        return _Response(answer.status, answer.body, {"Content-Type": media})


class SoapLink:
    """Calls the operations of one WSDL at one peer; safe to share between threads.

    `wsdl` is the document itself; what it would import from elsewhere, document types and entities
    are refused, in the WSDL and in answers. `link` leads to the address of the service. Raises
    ValueError for a WSDL that has no binding of the version asked for, and zeep's and lxml's errors
    for one that cannot be read: a fault of the package, not of the peer.
    """

    def __init__(self, wsdl: bytes, link: HttpLink, version: SoapVersion) -> None:
        settings = Settings(
            strict=True,
            forbid_dtd=True,
            forbid_entities=True,
            forbid_external=True,
            xml_huge_tree=False,
        )
        client = Client(BytesIO(wsdl), None, _Transport(link), settings=settings)  # type: ignore[no-untyped-call]  # zeep types only part of itself
        kind = Soap12Binding if version is SoapVersion.SOAP_12 else Soap11Binding
        found = [name for name, binding in client.wsdl.bindings.items() if type(binding) is kind]
        if not found:
            raise ValueError(f"the WSDL has no binding for SOAP {version.value}")
        self._service = client.create_service(found[0], "")  # type: ignore[no-untyped-call]  # zeep types only part of itself

    def call(self, operation: str, arguments: Mapping[str, object], within_s: float) -> SoapReply:
        """Call one operation within `within_s` seconds in all. Never raises for what the peer does.

        An argument is a text, a number, or a mapping where the operation has members.
        """
        token = _WITHIN.set(Deadline.after(within_s))
        try:
            result = self._service[operation](**arguments)
            plain = serialize_object(result, dict)  # type: ignore[no-untyped-call]  # zeep types only part of itself
            return SoapResult(plain)
        except _Undelivered as undelivered:
            return undelivered.reply
        except Fault as fault:
            return SoapFault(_leaves(fault.detail), _words(fault.message), by_caller=_is_callers(fault.code))
        except Exception:  # noqa: BLE001  # zeep raises whatever a malformed answer trips over, AttributeError too
            return NoReply(NoReplyReason.BROKEN_ANSWER)
        finally:
            _WITHIN.reset(token)


def _words(message: object) -> str:
    return " ".join(message.split())[:_LONGEST] if isinstance(message, str) else ""


def _is_callers(code: object) -> bool:
    return isinstance(code, str) and code.strip().rpartition(":")[2].partition(".")[0] in _CALLERS


def _leaves(detail: object) -> dict[str, str]:
    if not isinstance(detail, etree._Element):  # noqa: SLF001  # the only name that lxml gives its elements
        return {}
    return {
        etree.QName(element).localname: (element.text or "").strip()[:_LONGEST]
        for element in detail.iter(etree.Element)
        if len(element) == 0
    }
