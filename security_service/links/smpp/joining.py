"""Parts of long texts until all of them are there; leaves what a text is worth, and to whom, to the owner."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Generic, TypeVar

from security_service.links.smpp.submitted import PartMark
from security_service.links.smpp.timing import Timer, Timing

T = TypeVar("T")

WITHIN_S: Final = 30.0
"""How long the first part of a text waits for the last; no part was answered by then."""


@dataclass(slots=True)
class _Group(Generic[T]):
    timer: Timer
    parts: dict[int, T] = field(default_factory=dict)


class Joining(Generic[T]):
    """Holds parts in memory, each as whatever its owner makes of it. Lives in the thread of one loop.

    `give_up` is handed parts that will be joined no more: their time is over, or the place of one was
    taken by another. How many there may be is bounded by who lets them in.
    """

    def __init__(
        self, timing: Timing, give_up: Callable[[Sequence[T]], None], within_s: float = WITHIN_S
    ) -> None:
        self._timing, self._give_up, self._within_s = timing, give_up, within_s
        self._groups: dict[Hashable, _Group[T]] = {}

    @property
    def held(self) -> int:
        """How many parts wait."""
        return sum(len(group.parts) for group in self._groups.values())

    def put(self, source: Hashable, mark: PartMark, part: T) -> tuple[T, ...]:
        """Take a part in; gives all parts in their order where it was the last one missing, else none.

        Parts belong together that have the same `source` and the same marking, reference and total.
        """
        key = (source, mark.marking, mark.reference, mark.total)
        group = self._groups.get(key)
        if group is None:
            group = _Group(self._timing.later(self._within_s, partial(self._end, key)))
            self._groups[key] = group
        elsewhere = group.parts.pop(mark.place, None)
        group.parts[mark.place] = part
        if elsewhere is not None:
            self._give_up([elsewhere])
        if len(group.parts) < mark.total:
            return ()
        del self._groups[key]
        group.timer.cancel()
        return tuple(group.parts[place] for place in sorted(group.parts))

    def forget(self, is_gone: Callable[[T], bool]) -> None:
        """Let go of parts that nobody waits for any more, without a word."""
        for key, group in list(self._groups.items()):
            group.parts = {place: part for place, part in group.parts.items() if not is_gone(part)}
            if not group.parts:
                group.timer.cancel()
                del self._groups[key]

    def end(self) -> None:
        """Give up all that is held."""
        for key in list(self._groups):
            self._end(key)

    def _end(self, key: Hashable) -> None:
        group = self._groups.pop(key)
        group.timer.cancel()
        self._give_up(list(group.parts.values()))
