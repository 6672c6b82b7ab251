"""JSON of providers' answers, with every digit kept; leaves its meaning to each provider."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

# Numbers stay texts: ids have more digits than some readers of JSON keep, amounts are no binary fractions.
_JSON: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")


def read_json(body: bytes) -> object:
    """Read JSON with its numbers as texts; None where it is not JSON. Never raises."""
    try:
        read: object = _JSON.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # RecursionError: nested deeper than any answer of theirs
        return None
    return read


def members(read: object) -> Mapping[str, object]:
    """Give the members of a JSON object by their names in lower case; none where it is anything else."""
    return {name.lower(): value for name, value in read.items()} if isinstance(read, dict) else {}


def text(read: object) -> str:
    """Give a text or number as a text; empty where it is anything else."""
    return read if isinstance(read, str) else ""


def whole(read: object) -> int | None:
    """Give a whole number of at most 18 digits, which JSON had as a number or as a text; else None."""
    found = _WHOLE.fullmatch(read) if isinstance(read, str) else None
    return None if found is None else int(found[0])
