"""The port through which proposals are kept; no behaviour here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from security_service.domain.audit import Event
from security_service.domain.proposals import Deed, Proposal, ProposalState


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal to be: the store gives it its time. `hours` is how long it may wait."""

    id: str
    tenant: str
    deed: Deed
    proposer: str
    reason: str
    hours: int


@dataclass(frozen=True, slots=True)
class StateMove:
    """One step of a proposal: from the state that it must be in to another, and by whom.

    `words` are the reason of a rejection, or the result of what was carried out.
    """

    before: ProposalState
    after: ProposalState
    by: str
    words: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Proposals as they are at the store's time `now_ms` (Unix milliseconds), newest first."""

    now_ms: int
    proposals: tuple[Proposal, ...]


class TenantIds(Protocol):
    """Which tenants there are."""

    def ids(self) -> Sequence[str]:
        """Give the ids of all tenants. May raise StoreUnavailable."""
        ...


class Proposals(Protocol):
    """Proposals with their events. Every method may raise StoreUnavailable."""

    def put(self, draft: Draft, event: Event) -> Proposal:
        """Keep a new proposal."""
        ...

    def find(self, tenant: str, proposals: Sequence[str]) -> Kept:
        """Give those of the named proposals of a tenant that are there."""
        ...

    def newest(self, tenant: str, count: int) -> Kept:
        """Give a tenant's newest proposals, whatever became of them."""
        ...

    def move(self, proposal: Proposal, move: StateMove, event: Event) -> bool:
        """Take a step; False, and nothing written, where it has left that state or its time is over."""
        ...
