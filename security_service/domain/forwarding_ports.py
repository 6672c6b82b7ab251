"""The ports of forwarding events as they happen, and what passes through; no behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from security_service.domain.forwarding import ForwardedEvent


@dataclass(frozen=True, slots=True)
class ForwardState:
    """How far a target is; times are Unix milliseconds, 0 for never.

    `next_leaf` is the first leaf that it may not have. `failures` counts deliveries that failed in a
    row, `reason` is the last one's, and nothing is tried before `retry_at_ms`. With `off_at_ms` nothing
    is tried until a person says so. `told_at_ms` is when it last took something.
    """

    next_leaf: int
    failures: int = 0
    reason: str = ""
    retry_at_ms: int = 0
    off_at_ms: int = 0
    told_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants to serve a target until when, and where one begins that never was served."""

    target: str
    holder: str
    now_ms: int
    until_ms: int
    from_begin: bool = False


@dataclass(frozen=True, slots=True)
class HeldElsewhere:
    """Another worker serves the target now."""


@dataclass(frozen=True, slots=True)
class KeptLeaf:
    """An event of the log with its place: leaf, time of its entry in Unix milliseconds, canonical text."""

    leaf: int
    at_ms: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the log: the events of it that were asked for, and the leaf after its last.

    `size` is how many leaves the whole log has, `oldest_ms` when the stretch's first event came.
    """

    events: tuple[KeptLeaf, ...]
    end: int
    size: int
    oldest_ms: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """The target took the first `count` of the events."""

    count: int


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """It is not known that the target took any; `reason` is a token. They are delivered again."""

    reason: str


@dataclass(frozen=True, slots=True)
class TurnedOff:
    """The target said that it wants none, ever; `reason` is a token."""

    reason: str


Delivery = Delivered | NotDelivered | TurnedOff


class ForwardLog(Protocol):
    """The log as it is forwarded. May raise ArchiveUnavailable."""

    def stretch(self, first: int, kinds: Sequence[str], most: int) -> Stretch:
        """Give the next `most` events of these kinds (none: all) from leaf `first` on, in their order.

        It looks at a bounded part of the log, so that it may give none although there are more. What
        was pruned is passed over.
        """
        ...


class ForwardBook(Protocol):
    """Remembers how far each target is, and who serves it. May raise ArchiveUnavailable."""

    def take(self, claim: Claim) -> ForwardState | HeldElsewhere:
        """Serve a target, or go on serving it; at least half the time until `until_ms` is then left."""
        ...

    def keep(self, target: str, holder: str, state: ForwardState) -> bool:
        """Remember how far a target is, durably; False, and nothing done, where another serves it now."""
        ...

    def release(self, target: str, holder: str) -> None:
        """Serve a target no longer, so that another may at once."""
        ...


class ForwardDesk(Protocol):
    """What people see and do about targets. May raise ArchiveUnavailable."""

    def states(self) -> Mapping[str, ForwardState]:
        """Give how far every target is that ever was served."""
        ...

    def size(self) -> int:
        """Tell how many leaves the log has."""
        ...

    def resume(self, target: str) -> bool:
        """Have a target tried again at once, on if it was off; False where it never was served."""
        ...


class ForwardLink(Protocol):
    """Carries events to one target. Never raises for what the target or the network does."""

    def deliver(self, events: Sequence[ForwardedEvent]) -> Delivery:
        """Hand over events in their order, as many of the first ones as fit."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class ForwardMeter(Protocol):
    """Figures of forwarding for the operators."""

    def forwarded(self, target: str, events: int) -> None:
        """Count events that a target took."""
        ...

    def behind(self, target: str, events: int, seconds: float) -> None:
        """Show how many leaves a target is behind, and how old the oldest of them is."""
        ...

    def event(self, name: str, label: str) -> None:
        """Count a delivery that failed, a target that was turned off: a name and one label."""
        ...
