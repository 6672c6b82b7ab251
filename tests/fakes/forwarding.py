"""A target of forwarding that answers as a test says, and a meter that remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from security_service.domain.forwarding import ForwardedEvent
from security_service.domain.forwarding_ports import Delivered, Delivery


class ScriptedLink:
    """Implements ForwardLink: takes everything, unless `answer` says otherwise."""

    def __init__(self) -> None:
        self.answer: Callable[[Sequence[ForwardedEvent]], Delivery] = lambda events: Delivered(len(events))
        self.offered: list[list[int]] = []
        self.taken: list[ForwardedEvent] = []
        self.closed = 0

    def deliver(self, events: Sequence[ForwardedEvent]) -> Delivery:
        self.offered.append([one.leaf for one in events])
        outcome = self.answer(events)
        if isinstance(outcome, Delivered):
            self.taken += events[: outcome.count]
        return outcome

    def close(self) -> None:
        self.closed += 1

    @property
    def leaves(self) -> list[int]:
        return [one.leaf for one in self.taken]


class ForwardFigures:
    """Implements ForwardMeter."""

    def __init__(self) -> None:
        self.taken = 0
        self.waiting: tuple[int, float] = (0, 0.0)
        self.told: list[tuple[str, str]] = []

    def forwarded(self, target: str, events: int) -> None:
        self.taken += events

    def behind(self, target: str, events: int, seconds: float) -> None:
        self.waiting = (events, seconds)

    def event(self, name: str, label: str) -> None:
        self.told.append((name, label))
