"""Tell an account what became of its messages, and its tenant's counts of them; leaves words to faces."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from security_service.domain.count_ports import Counts
from security_service.domain.counts import Counted, Step
from security_service.domain.ports import Clock
from security_service.domain.relay import MessageView, NoSuchMessage
from security_service.domain.untaken_ids import Untaken, read_untaken
from security_service.usecases.sign_in_account import SignedInAccount
from security_service.usecases.thin_counts import KEPT_DAYS
from security_service.usecases.view_message import ViewMessage

TOLD_FOR_MS: Final = 48 * 3600 * 1000
"""How long after it was sent a message's state is told (Devino manual 1.5)."""


@dataclass(frozen=True, slots=True)
class MessageCounts:
    """How many of a tenant's relayed messages came to what in a period.

    Each counts where it happened: a message that was taken before the period and delivered within it is
    among `delivered` alone.
    """

    taken: int = 0
    refused: int = 0
    withdrawn: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    expired: int = 0
    delivered: int = 0
    undelivered: int = 0
    expired_on_the_way: int = 0
    never_told: int = 0


_NAMES: Final = tuple(MessageCounts.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class FollowMessages:
    """Reads single messages from the store and counts from the archive."""

    view: ViewMessage
    counts: Counts
    clock: Clock

    def state(self, entered: SignedInAccount, segment_id: str) -> MessageView | Untaken | NoSuchMessage:
        """Give what is known of a message that this account brought; raises StoreUnavailable.

        Another account's message, one that ended or was sent 48 hours ago, and what never was are alike.
        """
        untaken = read_untaken(segment_id)
        if untaken is not None:
            return untaken if self._is_told(untaken.at_ms) else NoSuchMessage()
        view = self.view.run(entered.tenant.id, segment_id)
        if isinstance(view, NoSuchMessage) or view.account != entered.account.login:
            return NoSuchMessage()
        left_ms = view.sent_at_ms or view.final_at_ms
        return view if not left_ms or self._is_told(left_ms) else NoSuchMessage()

    def _is_told(self, at_ms: int) -> bool:
        return at_ms > self.clock.unix_ms() - TOLD_FOR_MS

    def count(self, entered: SignedInAccount, since_ms: int, until_ms: int) -> MessageCounts:
        """Count what happened in a period (Unix milliseconds); raises ArchiveUnavailable.

        The period is widened to whole steps of what counts are kept by so long ago: minutes, hours, days.
        """
        step = _finest(self.clock.unix_ms() - since_ms)
        rows = self.counts.rows(
            entered.tenant.id, step, step.begin(since_ms), _up(until_ms, step), (Counted.MESSAGE,)
        )
        found = Counter[str]()
        for row in rows:
            found[row.name] += row.count
        return MessageCounts(**{name: found[name] for name in _NAMES})


def _finest(age_ms: int) -> Step:
    kept = (Step.MINUTE, Step.HOUR)
    return next((step for step in kept if age_ms < KEPT_DAYS[step] * Step.DAY.ms), Step.DAY)


def _up(at_ms: int, step: Step) -> int:
    return -(-at_ms // step.ms) * step.ms
