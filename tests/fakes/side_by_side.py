"""Calls one after another, in the test's own thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class OneAfterAnother:
    """The SideBySide port."""

    def results(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        return [call() for call in calls]
