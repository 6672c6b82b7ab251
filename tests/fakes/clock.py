"""A clock that is moved by hand; whoever pauses moves it too."""

from __future__ import annotations


class HandClock:
    """The Clock port. Starts at a second that is not 0, so that forgotten additions show."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def unix_ms(self) -> int:
        return round((1_700_000_000 + self.now) * 1000)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def move(self, seconds: float) -> None:
        self.now += seconds
