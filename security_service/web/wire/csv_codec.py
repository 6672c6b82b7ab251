"""CSV as ServiceStack writes it: a row of names, a row of values. Leaves meaning to `members`."""

from __future__ import annotations

import csv
import io
import re
from typing import Final, final

from security_service.web.wire.codec import read_text
from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.members import NamedValues, check_code_request, generate_code_request
from security_service.web.wire.messages import (
    Answer,
    AnswerStyle,
    CheckCodeRequest,
    GenerateCodeRequest,
    OperationName,
)

_NEEDS_QUOTES: Final = re.compile(r'[,"\r\n]')
_ROWS: Final = 2


@final
class CsvCodec:
    """`DestinationNumber,IMSICode` over `79169492211,D92C`; the answer has `Code,Description` on top."""

    name = "csv"
    media_types = ("text/csv", "application/csv")
    content_type = "text/csv; charset=utf-8"

    def decode_generate(self, body: bytes) -> GenerateCodeRequest:
        """Read the body of a GenerateCode request; raise `WireFault`."""
        return generate_code_request(_members(body))

    def decode_check(self, body: bytes) -> CheckCodeRequest:
        """Read the body of a CheckCode request; raise `WireFault`."""
        return check_code_request(_members(body))

    def encode(self, answer: Answer, operation: OperationName, style: AnswerStyle) -> bytes:
        """Write an answer with CRLF after each row; no style changes it."""
        del operation, style  # all answers have the same columns, and only XML names the operation
        description = answer.description
        if _NEEDS_QUOTES.search(description):
            description = '"' + description.replace('"', '""') + '"'
        return f"Code,Description\r\n{answer.code},{description}\r\n".encode()


def _members(body: bytes) -> NamedValues:
    """Give the one row of values with the names above them; empty lines do not count."""
    text = read_text(body)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        sentence = "The body cannot be read as CSV: quotes or line ends are not as they should be."
        raise WireFault(FaultCode.UNREADABLE_BODY, sentence) from None
    if len(rows) != _ROWS:
        raise WireFault(FaultCode.WRONG_SHAPE, "The CSV is not one row of names and one row of values.")
    names, values = rows
    if len(names) != len(values):
        raise WireFault(FaultCode.WRONG_SHAPE, "The CSV's two rows are not of the same length.")
    return [(name.strip(), value) for name, value in zip(names, values, strict=True)]
