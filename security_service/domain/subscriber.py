"""What is kept of one subscriber between messages; leaves its packing to the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from security_service.domain.imsi import Candidate, ImsiMember, Reference


class Mode(StrEnum):
    """How the gate treats a subscriber (design, section 1)."""

    CHECK = "check"
    ALWAYS_ALLOW = "always_allow"
    ALWAYS_DENY = "always_deny"


@dataclass(frozen=True, slots=True)
class Override:
    """A person's decision to stop checking a subscriber; times are Unix seconds.

    `evidence` is the IMSI known when it was made. With `bound` it holds for that IMSI only.
    """

    mode: Mode
    actor: str
    reason: str
    since: int
    until: int
    evidence: ImsiMember | None = None
    bound: bool = False


@dataclass(frozen=True, slots=True)
class PendingReverify:
    """A re-verify that waits for an answer; times are Unix seconds."""

    actor: str
    reason: str
    asked_at: int
    until: int
    expected: ImsiMember | None = None
    age_waived: bool = False


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One tenant's number: reference, candidate, override, and whether a message ever left for it."""

    reference: Reference = Reference()
    candidate: Candidate | None = None
    override: Override | None = None
    pending: PendingReverify | None = None
    messaged: bool = False

    def override_at(self, now: int) -> Override | None:
        """The override in force at `now` (Unix seconds), None where the subscriber is checked."""
        if self.override is None or self.override.until <= now:
            return None
        return self.override

    def mode_at(self, now: int) -> Mode:
        """The mode in force at `now`."""
        override = self.override_at(now)
        return Mode.CHECK if override is None else override.mode

    def with_reference(self, reference: Reference) -> Subscriber:
        """The subscriber with another reference; the candidate is gone, since it was judged."""
        return replace(self, reference=reference, candidate=None, pending=None)


NEW_SUBSCRIBER = Subscriber()
