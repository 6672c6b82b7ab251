"""What an HTTP status tells of a request where the body tells nothing; leaves bodies to each provider."""

from __future__ import annotations

from typing import Final

from security_service.links.http_answer import HttpAnswer

# 408 is not among them: the request may come through to the provider late.
_TURNED_AWAY: Final = frozenset({400, 401, 402, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422, 429, 431})


def turned_away(status: int) -> bool:
    """Tell whether a request was turned away unread, so that what it asked for was surely not done."""
    return status in _TURNED_AWAY


def unread(answer: HttpAnswer) -> str:
    """Give the reason where an answer holds nothing of the provider's protocol."""
    return "answer_unreadable" if answer.status == 200 else f"http_{answer.status}"
