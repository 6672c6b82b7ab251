"""Web forms with the members' names, which ServiceStack takes as well; requests only.

Leaves answers to the other formats and the meaning of members to `members`.
"""

from __future__ import annotations

from typing import Final, final
from urllib.parse import parse_qsl

from security_service.web.wire.codec import read_text
from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.members import NamedValues, check_code_request, generate_code_request
from security_service.web.wire.messages import CheckCodeRequest, GenerateCodeRequest

_MAX_FIELDS: Final = 64


@final
class FormCodec:
    """`DestinationNumber=79169492211&IMSICode=D92C`."""

    name = "form"
    media_types = ("application/x-www-form-urlencoded",)

    def decode_generate(self, body: bytes) -> GenerateCodeRequest:
        """Read the body of a GenerateCode request; raise `WireFault`."""
        return generate_code_request(_members(body))

    def decode_check(self, body: bytes) -> CheckCodeRequest:
        """Read the body of a CheckCode request; raise `WireFault`."""
        return check_code_request(_members(body))


def _members(body: bytes) -> NamedValues:
    """Give the fields of a form."""
    text = read_text(body)
    try:
        return parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except UnicodeDecodeError:
        raise WireFault(FaultCode.NOT_UTF8, "A value of the form is not UTF-8 text.") from None
    except ValueError:
        sentence = f"The body cannot be read as a form of at most {_MAX_FIELDS} fields."
        raise WireFault(FaultCode.UNREADABLE_BODY, sentence) from None
