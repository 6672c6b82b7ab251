"""The messages of the two-factor face, free of any format: two requests, one answer, the answer's styles.

Leaves the reading of members to `members`, the formats to the codecs and the meaning to the use cases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, final

DEFAULT_XML_NAMESPACE: Final = "http://schemas.datacontract.org/2004/07/Devino.PhoneVerification"


@final
class OperationName(StrEnum):
    """The two resources of the Devino manual 18.2, as they stand in paths and in XML root elements."""

    GENERATE_CODE = "GenerateCode"
    CHECK_CODE = "CheckCode"


@final
@dataclass(frozen=True, slots=True)
class GenerateCodeRequest:
    """A request of the Devino manual 18.3 with the optional members of the design, section 2.

    Texts are as the client wrote them; a number keeps every digit it was written with. `None` is a member
    that was absent or empty; a number that was absent is the empty text, which is no valid number.
    Whatever identifies a person is kept out of `repr`.
    """

    destination_number: str = field(default="", repr=False)
    imsi_code: str | None = field(default=None, repr=False)
    purpose: str | None = None
    amount: str | None = field(default=None, repr=False)
    currency: str | None = None
    payee: str | None = field(default=None, repr=False)
    locale: str | None = None
    client_reference: str | None = field(default=None, repr=False)
    limit_keys: tuple[str, ...] = field(default=(), repr=False)


@final
@dataclass(frozen=True, slots=True)
class CheckCodeRequest:
    """A request of the Devino manual 18.4 with the optional members of the design, section 2.

    As `GenerateCodeRequest`; a code that was absent is the empty text. `code_was_number` tells that the
    code came as a JSON number and may have lost zeros at its front: whoever knows its length puts them back.
    """

    destination_number: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    code_was_number: bool = False
    purpose: str | None = None
    amount: str | None = field(default=None, repr=False)
    currency: str | None = None
    payee: str | None = field(default=None, repr=False)
    client_reference: str | None = field(default=None, repr=False)
    limit_keys: tuple[str, ...] = field(default=(), repr=False)


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """The envelope of every answer (Devino manual 18.1): a code and its description in our own words."""

    code: int
    description: str


@final
class CodeType(StrEnum):
    """How the answer's code is written where a format tells text from numbers."""

    DOCUMENTED = "documented"
    INTEGER = "integer"
    STRING = "string"


@final
class MemberCase(StrEnum):
    """How the answer's member names are written in JSON and JSV."""

    PASCAL = "pascal"
    CAMEL = "camel"


@final
@dataclass(frozen=True, slots=True)
class AnswerStyle:
    """How a tenant's clients want answers written; the default is what the manual prints.

    `member_case` touches JSON and JSV only, as in ServiceStack: CSV headers and XML elements keep the
    contract's names, without which a .NET reader finds nothing. `xml_namespace` is the one it expects.
    """

    code_type: CodeType = CodeType.DOCUMENTED
    member_case: MemberCase = MemberCase.PASCAL
    xml_namespace: str = DEFAULT_XML_NAMESPACE
