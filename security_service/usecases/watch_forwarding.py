"""Tell people how far the targets of forwarding are, try one, turn one on; forwards nothing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.audit import canonical
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.forwarding import TEST_KIND, Numbers, forwarded
from security_service.domain.forwarding_ports import (
    Delivery,
    ForwardDesk,
    ForwardLink,
    ForwardState,
)
from security_service.domain.ports import Clock

_NOTED_FAILURES: Final = 3


class ForwardStanding(StrEnum):
    """How a target is."""

    WAITING = "waiting"
    GOOD = "good"
    FAILING = "failing"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ForwardView:
    """A target as people see it: how many leaves of the log it is behind; its state if it was ever served."""

    name: str
    standing: ForwardStanding
    behind: int
    state: ForwardState | None


@dataclass(frozen=True, slots=True)
class WatchForwarding:
    """Sees the targets that are set, by their names."""

    targets: Sequence[str]
    desk: ForwardDesk
    clock: Clock

    def views(self) -> Sequence[ForwardView]:
        """Give every target that is set. Raises ArchiveUnavailable."""
        if not self.targets:
            return ()
        states, size = self.desk.states(), self.desk.size()
        return [_view(name, states, size) for name in self.targets]

    def notes(self) -> Sequence[str]:
        """Give a sentence for each target that fails or is off; for none where the archive is away."""
        try:
            views = self.views()
        except ArchiveUnavailable:
            return ()
        return [note for view in views if (note := _note(view))]

    def resume(self, name: str) -> bool:
        """Have a target tried again at once; False where no worker ever served it."""
        return self.desk.resume(name)

    def test(self, link: ForwardLink, numbers: Numbers) -> Delivery:
        """Send one made-up event, which stands in no log, and tell what came of it."""
        event = canonical(
            {
                "at": self.clock.unix_ms(),
                "facts": {},
                "kind": TEST_KIND,
                "outcome": {},
                "seq": 0,
                "shard": "",
                "subject": {},
                "v": 1,
            }
        )
        try:
            return link.deliver([forwarded(-1, event, numbers)])
        finally:
            link.close()


def _view(name: str, states: Mapping[str, ForwardState], size: int) -> ForwardView:
    state = states.get(name)
    if state is None:
        return ForwardView(name, ForwardStanding.WAITING, 0, None)
    if state.off_at_ms:
        standing = ForwardStanding.OFF
    else:
        standing = ForwardStanding.FAILING if state.failures else ForwardStanding.GOOD
    return ForwardView(name, standing, max(0, size - state.next_leaf), state)


def _note(view: ForwardView) -> str:
    if view.state is None:
        return ""
    if view.standing is ForwardStanding.OFF:
        return f"forward.{view.name} is off ({view.state.reason}): see `forward resume`"
    if view.state.failures >= _NOTED_FAILURES:
        return f"forward.{view.name} fails ({view.state.reason}); {view.behind} events wait"
    return ""
