"""Reads fields of forms, and what the browser brings beside them; leaves what they mean to the views."""

from __future__ import annotations

import unicodedata
from typing import Final

from flask import request

from security_service.domain.secret import Secret
from security_service.web.console import cookies

LONGEST_LINE: Final = 200
LONGEST_REASON: Final = 500
LONGEST_SECRET: Final = 1024


def line(name: str, most: int = LONGEST_LINE) -> str:
    """Give a field of one line: trimmed, in NFC, without control characters, cut at `most` characters."""
    text = unicodedata.normalize("NFC", request.form.get(name, ""))
    return "".join(letter for letter in text if letter.isprintable()).strip()[:most]


def text(name: str, most: int = LONGEST_REASON) -> str:
    """Give a field of several lines: as `line`, with its line ends kept, one character each."""
    lines = unicodedata.normalize("NFC", request.form.get(name, "")).splitlines()
    kept = ("".join(letter for letter in one if letter.isprintable()).rstrip() for one in lines)
    return "\n".join(kept).strip()[:most]


def secret(name: str) -> Secret:
    """Give a field that may not be shown, as it was typed; empty where it is longer than any."""
    value = request.form.get(name, "")
    return Secret(value if len(value) <= LONGEST_SECRET else "")


def ticked(name: str) -> bool:
    """True where a box was ticked."""
    return request.form.get(name, "") == "on"


def device() -> Secret:
    """Give the token of a sign-in before, by which this device is known; empty where there is none."""
    return Secret(cookies.read_cookie(request, cookies.DEVICE))
