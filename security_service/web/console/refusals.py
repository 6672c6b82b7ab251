"""What ends a page early: a status and the sentence that tells the person why."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final


class PageRefused(Exception):
    """Ends a request of the console with an error page; `word` is the key of its sentence."""

    def __init__(self, status: HTTPStatus, word: str, **facts: object) -> None:
        self.status: Final = status
        self.word: Final = word
        self.facts: Final = facts
        super().__init__(word)
