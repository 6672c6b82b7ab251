"""What callers of Devino REST want (manual 1.4, 2.3), as they wrote it; leaves doing it to the face."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from security_service.domain.phone import parse_msisdn
from security_service.domain.relay import LONGEST_VALIDITY_S
from security_service.domain.secret import MessageText, Msisdn
from security_service.usecases.send_from_account import Wanted
from security_service.web.wire.rest_codec import (
    LONGEST_REQUEST,
    MOST_NUMBERS,
    Parameters,
    RestError,
    RestRefusal,
    in_utc,
    read_date,
    read_pairs,
)

_LONGEST_TEXT: Final = 2000
_SENDER: Final = re.compile(r"[0-9]{1,15}|[ -~]{1,11}")
_MINUTES: Final = re.compile(r"[0-9]{1,6}", re.ASCII)


def take_longer_bodies(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Let a request of this face be as long as a call to the most numbers."""
    # One byte more than is taken, as for every face: a body that is cut there is seen to be.
    request.max_content_length = LONGEST_REQUEST + 1


def told_parameters() -> Parameters:
    """Give the parameters of the request; refuses (code 2) other encodings than UTF-8."""
    pairs = read_pairs(request.query_string)
    if request.method != "POST":
        return Parameters(pairs)
    if request.mimetype == "multipart/form-data":
        form = list(request.form.items(multi=True))
        if any("\N{REPLACEMENT CHARACTER}" in value for _, value in form):
            raise RestRefusal(RestError.ARGUMENT_INVALID, "The parameters are not in UTF-8")
        return Parameters([*pairs, *form])
    body = request.get_data()
    if len(body) > LONGEST_REQUEST:
        raise RequestEntityTooLarge
    return Parameters([*pairs, *read_pairs(body)])


def told_numbers(written: Sequence[str], region: str) -> list[Msisdn]:
    """Read destinations; one that is none keeps all from being sent to (Devino manual 2.3.3)."""
    if len(written) > MOST_NUMBERS:
        raise RestRefusal(RestError.ARGUMENT_INVALID, "Too many destination addresses")
    numbers = [parse_msisdn(one, region) for one in written]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        raise RestRefusal(RestError.ARGUMENT_INVALID, "Invalid destination address")
    return known


def wanted_of(parameters: Parameters, numbers: list[Msisdn], *, by_zone: bool) -> Wanted:
    """Read what is to be sent; the length is judged by characters here, by segments where it is taken."""
    sender, text = parameters.one("SourceAddress"), parameters.one("Data")
    if not _SENDER.fullmatch(sender):
        raise RestRefusal(RestError.OPERATION_INVALID, "Invalid source address")
    if len(text) > _LONGEST_TEXT:
        raise RestRefusal(RestError.ARGUMENT_INVALID, "Message is longer than 2000 characters")
    return Wanted(
        numbers,
        MessageText(text),
        sender,
        _validity_s(parameters.one("Validity")),
        _send_at(parameters.one("SendDate"), by_zone=by_zone),
    )


def _send_at(text: str, *, by_zone: bool) -> datetime | None:
    if not text:
        return None
    moment = read_date(text, "sendDate", zone_may_be_told=not by_zone)
    return moment if by_zone else in_utc(moment)


def _validity_s(text: str) -> int | None:
    """Read minutes; 0 is the usual validity, as where there is none."""
    if text and (not _MINUTES.fullmatch(text) or int(text) * 60 > LONGEST_VALIDITY_S):
        raise RestRefusal(RestError.ARGUMENT_INVALID, "Invalid argument Parameter name: validity")
    return int(text or "0") * 60 or None
