"""The one way in which these tests wait: for a condition, with a deadline, and never for a time alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")

LONG_S = 40.0
"""Seconds after which even a busy machine should have done anything that is waited for here."""

_ASK_EVERY_S = 0.02


def wait_for(what: str, found: Callable[[], T], within_s: float = LONG_S) -> T:
    """Give the first answer of `found` that counts as true; fail the test where none comes in time."""
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {within_s:g} s, but {answer!r}")
        pause.wait(_ASK_EVERY_S)
