"""SOAP 1.1 and 1.2 envelopes: read with care, written; leaves what the messages mean to the face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from lxml import etree

Members = Mapping[str, "str | Members"]

_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_MOST_MEMBERS: Final = 32


class SoapVersion(Enum):
    """A version of SOAP: the namespace of its envelope and the media type of its messages."""

    V11 = ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml")
    V12 = ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml")

    @property
    def namespace(self) -> str:
        """The namespace of the envelope."""
        return self.value[0]

    @property
    def content_type(self) -> str:
        """The Content-Type of an answer."""
        return f"{self.value[1]}; charset=utf-8"


def version_of(content_type: str) -> SoapVersion:
    """Tell the version that a request's Content-Type speaks of: 1.1 unless it is that of 1.2."""
    media_type = content_type.partition(";")[0].strip().lower()
    return SoapVersion.V12 if media_type == SoapVersion.V12.value[1] else SoapVersion.V11


@dataclass(frozen=True, slots=True)
class SoapCall:
    """A request that was read: its version, the operation's name, its plain members by name."""

    version: SoapVersion
    operation: str
    members: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotSoap:
    """A message that is no call of this service; the sentence says why and repeats nothing of it."""

    sentence: str


def read_call(body: bytes, namespace: str) -> SoapCall | NotSoap:
    """Read an envelope whose body holds one element of `namespace` with plain text members.

    A document type, and with it any entity, is refused before it is looked at; nothing is fetched. lxml
    bounds depth and the size of texts by itself.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        envelope = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return NotSoap("The request is not well-formed XML")
    if envelope.getroottree().docinfo.doctype:  # type: ignore[union-attr] # missing in the stubs
        return NotSoap("A document type is not allowed")
    version = next((known for known in SoapVersion if envelope.tag == f"{{{known.namespace}}}Envelope"), None)
    if version is None:
        return NotSoap("The request is not a SOAP 1.1 or 1.2 envelope")
    message = envelope.find(f"{{{version.namespace}}}Body/*")
    if message is None:
        return NotSoap("The envelope has no message")
    name = etree.QName(message)
    if name.namespace != namespace:
        return NotSoap("The message is not of this service")
    if len(message) > _MOST_MEMBERS:
        return NotSoap("The message has too many members")
    members = {etree.QName(child).localname: (child.text or "").strip() for child in message}
    return SoapCall(version, name.localname, members)


def write_answer(version: SoapVersion, namespace: str, name: str, members: Members) -> bytes:
    """Put a message of `namespace` into an envelope: XML in UTF-8."""
    return _enveloped(version, _message(namespace, name, members))


def write_fault(
    version: SoapVersion,
    sentence: str,
    detail: tuple[str, str, Members] | None = None,
    *,
    by_caller: bool = False,
) -> bytes:
    """Write a fault; `by_caller` says that the request is to blame, `detail` is (namespace, name, members).

    The form is that of the Devino manual, chapter 7.1: `soap:Receiver` and a reason in English.
    """
    namespace = version.namespace
    fault = etree.Element(f"{{{namespace}}}Fault", nsmap={"soap": namespace})
    match version:
        case SoapVersion.V12:
            code = etree.SubElement(fault, f"{{{namespace}}}Code")
            etree.SubElement(code, f"{{{namespace}}}Value").text = (
                "soap:Sender" if by_caller else "soap:Receiver"
            )
            reason = etree.SubElement(fault, f"{{{namespace}}}Reason")
            words = etree.SubElement(reason, f"{{{namespace}}}Text")
            words.set(_XML_LANG, "en")
            words.text = sentence
        case SoapVersion.V11:
            etree.SubElement(fault, "faultcode").text = "soap:Client" if by_caller else "soap:Server"
            etree.SubElement(fault, "faultstring").text = sentence
    if detail is not None:
        holder = f"{{{namespace}}}Detail" if version is SoapVersion.V12 else "detail"
        etree.SubElement(fault, holder).append(_message(*detail))
    return _enveloped(version, fault)


def _message(namespace: str, name: str, members: Members) -> etree._Element:
    element = etree.Element(f"{{{namespace}}}{name}", nsmap={None: namespace})  # type: ignore[dict-item] # stubs know no default namespace
    _fill(element, namespace, members)
    return element


def _fill(element: etree._Element, namespace: str, members: Members) -> None:
    for name, value in members.items():
        child = etree.SubElement(element, f"{{{namespace}}}{name}")
        if isinstance(value, str):
            child.text = value
        else:
            _fill(child, namespace, value)


def _enveloped(version: SoapVersion, message: etree._Element) -> bytes:
    envelope = etree.Element(f"{{{version.namespace}}}Envelope", nsmap={"soap": version.namespace})
    etree.SubElement(envelope, f"{{{version.namespace}}}Body").append(message)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
