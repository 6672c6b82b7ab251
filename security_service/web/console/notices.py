"""Words that wait for the next page after a form was taken: kept in a cookie, sealed by the visit's token."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

_BYTES: Final = 16


class Tone(StrEnum):
    """How a notice is meant."""

    GOOD = "good"
    INFO = "info"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence by its key, with facts that are no one's secret: they lie in the browser for a moment."""

    tone: Tone
    word: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


def good(word: str, **facts: str | int) -> Notice:
    """Give the notice of what was done."""
    return Notice(Tone.GOOD, word, facts)


def info(word: str, **facts: str | int) -> Notice:
    """Give the notice of what goes on, or was so before."""
    return Notice(Tone.INFO, word, facts)


def warn(word: str, **facts: str | int) -> Notice:
    """Give the notice of what was not done, or needs a look."""
    return Notice(Tone.WARN, word, facts)


def bad(word: str, **facts: str | int) -> Notice:
    """Give the notice of what went wrong."""
    return Notice(Tone.BAD, word, facts)


def packed(notice: Notice, token: str) -> str:
    """Give the cookie's value, which only a visit with the same token takes back."""
    document = json.dumps([notice.tone.value, notice.word, dict(notice.facts)], ensure_ascii=False)
    body = base64.urlsafe_b64encode(document.encode("utf-8")).decode("ascii").rstrip("=")
    return f"{body}.{_seal(body, token)}"


def unpacked(value: str, token: str) -> Notice | None:
    """Give the notice that `packed` put away, None for anything else."""
    body, _, seal = value.partition(".")
    if not token or not hmac.compare_digest(seal.encode("utf-8"), _seal(body, token).encode("ascii")):
        return None
    try:
        tone, word, facts = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return Notice(Tone(tone), str(word), dict(facts))
    except (ValueError, TypeError, binascii.Error):
        return None


def _seal(body: str, token: str) -> str:
    return hmac.new(token.encode("utf-8"), b"notice " + body.encode("utf-8"), "sha256").hexdigest()[
        : _BYTES * 2
    ]
