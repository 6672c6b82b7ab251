"""SOAP 1.1 and 1.2 envelopes, read with care and written; leaves what the messages mean to the service."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from lxml import etree

LARGEST_BYTES: Final = 64 * 1024
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


class SoapVersion(Enum):
    """A version of SOAP: the namespace of its envelope and the media type of its messages."""

    V11 = ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml")
    V12 = ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml")

    @property
    def namespace(self) -> str:
        """The namespace of the envelope."""
        return self.value[0]

    @property
    def media_type(self) -> str:
        """The media type of its messages."""
        return self.value[1]

    @property
    def content_type(self) -> str:
        """The Content-Type of an answer."""
        return f"{self.media_type}; charset=utf-8"


@dataclass(frozen=True, slots=True)
class SoapRequest:
    """A request that was read: its version, the operation's name, its parameters by name.

    `element` is the operation as it stands, for parameters that have members.
    """

    version: SoapVersion
    operation: str
    parameters: dict[str, str] = field(repr=False)
    element: etree._Element = field(repr=False)


class SoapError(Exception):
    """A message that is no SOAP request for this service; the words say why."""


def read_request(body: bytes, namespace: str) -> SoapRequest:
    """Read an envelope whose body holds one element of `namespace` with plain text members.

    A document type, and with it any entity, is refused before it is looked at, whatever it
    declares; nothing is fetched. Raises SoapError.
    """
    if len(body) > LARGEST_BYTES:
        raise SoapError("The request is larger than 64 KiB")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        envelope = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise SoapError("The request is not well-formed XML") from None
    if envelope.getroottree().docinfo.doctype:  # type: ignore[union-attr] # missing in the stubs
        raise SoapError("A document type is not allowed")
    version = next((known for known in SoapVersion if envelope.tag == f"{{{known.namespace}}}Envelope"), None)
    if version is None:
        raise SoapError("The request is not a SOAP 1.1 or 1.2 envelope")
    message = envelope.find(f"{{{version.namespace}}}Body/*")
    if message is None:
        raise SoapError("The envelope has no message")
    name = etree.QName(message)
    if name.namespace != namespace:
        raise SoapError("The message is not of this service")
    parameters = {etree.QName(child).localname: (child.text or "").strip() for child in message}
    return SoapRequest(version, name.localname, parameters, message)


def write_answer(version: SoapVersion, message: etree._Element) -> bytes:
    """Put a message into an envelope: XML in UTF-8."""
    envelope = etree.Element(f"{{{version.namespace}}}Envelope", nsmap={"soap": version.namespace})
    etree.SubElement(envelope, f"{{{version.namespace}}}Body").append(message)
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def write_fault(
    version: SoapVersion, text: str, detail: etree._Element | None = None, *, by_caller: bool = False
) -> bytes:
    """Write a fault; `by_caller` says that the request is to blame and not the service.

    The form is that of the Devino manual, chapter 7.1 (`soap:Receiver` and a reason in English),
    and its equivalent in SOAP 1.1 (`soap:Server`).
    """
    namespace = version.namespace
    fault = etree.Element(f"{{{namespace}}}Fault", nsmap={"soap": namespace})
    match version:
        case SoapVersion.V12:
            code = etree.SubElement(fault, f"{{{namespace}}}Code")
            value = etree.SubElement(code, f"{{{namespace}}}Value")
            value.text = "soap:Sender" if by_caller else "soap:Receiver"
            reason = etree.SubElement(fault, f"{{{namespace}}}Reason")
            words = etree.SubElement(reason, f"{{{namespace}}}Text")
            words.set(_XML_LANG, "en")
            words.text = text
        case SoapVersion.V11:
            etree.SubElement(fault, "faultcode").text = "soap:Client" if by_caller else "soap:Server"
            etree.SubElement(fault, "faultstring").text = text
    if detail is not None:
        name = f"{{{namespace}}}Detail" if version is SoapVersion.V12 else "detail"
        etree.SubElement(fault, name).append(detail)
    return write_answer(version, fault)
