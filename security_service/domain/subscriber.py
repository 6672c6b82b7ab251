"""What is kept of one subscriber between messages; leaves its packing to the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from security_service.domain.imsi import Candidate, ImsiMember, Reference

_CARRIED_OUT: Final = 8
"""Proposals that a record remembers; more of one number are never open at once but by intent."""


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
    """A re-verify that waits for an answer; times are Unix seconds.

    `approved_by` is the second person and `proposal` the proposal that it carries out, '' for none.
    """

    actor: str
    reason: str
    asked_at: int
    until: int
    expected: ImsiMember | None = None
    age_waived: bool = False
    approved_by: str = ""
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One tenant's number: reference, candidate, override, and whether a message ever left for it.

    `carried_out` holds the ids of the last proposals that changed this record, so that none does so
    twice.
    """

    reference: Reference = Reference()
    candidate: Candidate | None = None
    override: Override | None = None
    pending: PendingReverify | None = None
    messaged: bool = False
    carried_out: tuple[str, ...] = ()

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

    def has_carried_out(self, proposal: str) -> bool:
        """True where a proposal has changed this record before."""
        return proposal in self.carried_out

    def carrying_out(self, proposal: str) -> Subscriber:
        """The subscriber that remembers a proposal by which it was changed."""
        return replace(self, carried_out=(*self.carried_out, proposal)[-_CARRIED_OUT:])


NEW_SUBSCRIBER = Subscriber()
