"""XML in the DataContract form of .NET clients. Leaves the meaning of members to `members`.

Reads any namespace and any order of members; writes the members in alphabetical order in the namespace of the
style, because a .NET reader drops what is out of order and throws on a strange namespace.
"""

from __future__ import annotations

import html
from typing import Final, final

from lxml import etree

from security_service.web.wire.codec import MAX_DEPTH, read_text
from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.members import NamedValues, check_code_request, generate_code_request
from security_service.web.wire.messages import (
    Answer,
    AnswerStyle,
    CheckCodeRequest,
    GenerateCodeRequest,
    OperationName,
)

_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NIL: Final = f"{{{_INSTANCE}}}nil"
_BELOW_MAX_DEPTH: Final = "/".join("*" * MAX_DEPTH)
# Numbers of libxml2's xmlParserErrors: XML_ERR_INVALID_CHAR, XML_ERR_RESOURCE_LIMIT.
_INVALID_CHARACTER: Final = 9
_RESOURCE_LIMIT: Final = 114
# Elements with text beside them: neither a text nor a list.
_MIXED: Final = object()


@final
class XmlCodec:
    """`<GenerateCode><DestinationNumber>79169492211</DestinationNumber></GenerateCode>` and its answer."""

    name = "xml"
    media_types = ("application/xml", "text/xml")
    content_type = "application/xml; charset=utf-8"

    def decode_generate(self, body: bytes) -> GenerateCodeRequest:
        """Read the body of a GenerateCode request; raise `WireFault`."""
        return generate_code_request(_members(body, OperationName.GENERATE_CODE))

    def decode_check(self, body: bytes) -> CheckCodeRequest:
        """Read the body of a CheckCode request; raise `WireFault`."""
        return check_code_request(_members(body, OperationName.CHECK_CODE))

    def encode(self, answer: Answer, operation: OperationName, style: AnswerStyle) -> bytes:
        """Write an answer with a declaration and without a byte order mark."""
        root = f"{operation.value}Response"
        namespace = html.escape(style.xml_namespace)
        description = html.escape(answer.description, quote=False)
        return (
            '<?xml version="1.0" encoding="utf-8"?>'
            f'<{root} xmlns:i="{_INSTANCE}" xmlns="{namespace}">'
            f"<Code>{answer.code}</Code><Description>{description}</Description></{root}>"
        ).encode()


def _members(body: bytes, operation: OperationName) -> NamedValues:
    """Give the members of the one element in the body, which bears the operation's name."""
    root = _parse(body)
    if _local_name(root).lower() != operation.value.lower():
        raise WireFault(FaultCode.WRONG_SHAPE, f"The XML's root element is not {operation.value}.")
    if root.find(_BELOW_MAX_DEPTH) is not None:
        raise WireFault(FaultCode.TOO_DEEP)
    if _has_text_beside(root):
        raise WireFault(FaultCode.WRONG_SHAPE, "The XML's root element holds text beside its members.")
    return [(_local_name(member), _value(member)) for member in root]


def _parse(body: bytes) -> etree._Element:
    """Parse a body; raise `WireFault` (100, 106 to 110)."""
    read_text(body)
    # Entities are declared in a document type declaration only, and this is its only spelling: without it
    # nothing can be expanded or fetched. That some CDATA section holds the same letters is nobody's request.
    if b"<!DOCTYPE" in body:
        raise WireFault(FaultCode.FORBIDDEN_XML)
    # A parser of its own for each body: a shared one makes threads wait for each other. The encoding is given
    # because what the declaration says is often wrong (.NET's StringWriter writes utf-16 into UTF-8 bodies).
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        number = error.code  # type: ignore[attr-defined]  # the stubs leave it out
        if number == _RESOURCE_LIMIT:
            raise WireFault(FaultCode.TOO_DEEP) from None
        if number == _INVALID_CHARACTER:
            raise WireFault(FaultCode.FORBIDDEN_CHARACTER) from None
        line, column = error.position
        sentence = f"The body cannot be read as XML: see line {line}, column {column}."
        raise WireFault(FaultCode.UNREADABLE_BODY, sentence) from None


def _local_name(element: etree._Element) -> str:
    """Give an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _value(element: etree._Element) -> object:
    """Give an element's text, None where it is nil, or the list of the values of its child elements."""
    if element.get(_NIL) in {"true", "1"}:
        return None
    if len(element) == 0:
        return element.text or ""
    if _has_text_beside(element):
        return _MIXED
    return [_value(child) for child in element]


def _has_text_beside(element: etree._Element) -> bool:
    """True if there is more than white space between an element's child elements."""
    texts = (element.text, *(child.tail for child in element))
    return any(text and not text.isspace() for text in texts)
