"""Proposals in memory: the same compare-and-set and expiry as the store's, over the store's moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from security_service.domain.audit import Event
from security_service.domain.policy_ports import PolicyChange
from security_service.domain.policy_versions import KeptDocuments, PolicyHead
from security_service.domain.ports import SimCheck, Tenants
from security_service.domain.proposal_ports import Draft, Kept, StateMove
from security_service.domain.proposals import Proposal, ProposalState, number_of
from security_service.domain.secret import Msisdn
from security_service.usecases.add_sim import AddSim
from security_service.usecases.carry_out import CarryOut
from security_service.usecases.check_policy import CheckPolicy
from security_service.usecases.four_eyes import FourEyes
from security_service.usecases.policy_desk import PolicyDesk
from security_service.usecases.publish_policy import PublishPolicy, RollBackPolicy
from security_service.usecases.read_policies import ReadPolicies
from security_service.usecases.reverify import Reverify
from security_service.usecases.set_mode import SetMode
from security_service.usecases.unlock import Unlock
from tests.fakes.store import CountedChance, MemoryStore, MemorySubscribers

NOBODY = Msisdn("70000000000")


class MemoryProposals:
    """The Proposals port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.held: dict[tuple[str, str], Proposal] = {}

    def put(self, draft: Draft, event: Event) -> Proposal:
        self.store.check()
        now = self.store.now_ms
        proposal = Proposal(
            draft.id,
            draft.tenant,
            draft.deed,
            draft.proposer,
            draft.reason,
            now,
            now + draft.hours * 3_600_000,
            ProposalState.WAITING,
        )
        self.held[draft.tenant, draft.id] = proposal
        self._emit(proposal, event)
        return proposal

    def find(self, tenant: str, proposals: Sequence[str]) -> Kept:
        self.store.check()
        found = [self.held.get((tenant, one)) for one in proposals]
        return Kept(self.store.now_ms, tuple(one for one in found if one is not None))

    def newest(self, tenant: str, count: int) -> Kept:
        ids = [one for owner, one in self.held if owner == tenant]
        return self.find(tenant, ids[::-1][:count])

    def move(self, proposal: Proposal, move: StateMove, event: Event) -> bool:
        self.store.check()
        with self.store.lock:
            held = self.held[proposal.tenant, proposal.id]
            is_late = move.before is ProposalState.WAITING and self.store.now_ms >= held.expires_ms
            if held.state is not move.before or is_late:
                return False
            if move.before is ProposalState.WAITING:
                after = replace(
                    held,
                    state=move.after,
                    decided_by=move.by,
                    decided_ms=self.store.now_ms,
                    decision_reason=move.words,
                )
            else:
                after = replace(held, state=move.after, result=move.words)
            self.held[proposal.tenant, proposal.id] = after
            self._emit(proposal, event)
            return True

    def _emit(self, proposal: Proposal, event: Event) -> None:
        number = number_of(proposal.deed) or NOBODY
        self.store.emit(event.kind.value, proposal.tenant, number, event.facts)


class OneTenant:
    """The TenantIds port."""

    def __init__(self, *tenants: str) -> None:
        self.tenants = tenants

    def ids(self) -> list[str]:
        return list(self.tenants)


class NoPolicies:
    """The PolicyBook port of a store in which nothing was published and nothing can be."""

    def heads(self) -> Mapping[str, PolicyHead]:
        return {}

    def head(self, name: str) -> PolicyHead:
        return PolicyHead(name)

    def kept(self, name: str) -> KeptDocuments:
        return KeptDocuments()

    def put(self, change: PolicyChange) -> bool:
        return False


def four_eyes_over(
    subscribers: MemorySubscribers,
    sim: SimCheck,
    tenants: Tenants,
    proposals: MemoryProposals,
    desk: PolicyDesk | None = None,
) -> FourEyes:
    """Four eyes over ports in memory; without a desk there are no policies."""
    store, chance, book = subscribers.store, CountedChance(), NoPolicies()
    read = ReadPolicies(book, {})
    carry_out = CarryOut(
        subscribers,
        SetMode(subscribers),
        Reverify(subscribers, sim, tenants, store.jobs, chance),
        AddSim(subscribers, sim),
        Unlock(subscribers),
        desk.publish if desk else PublishPolicy(book, read, CheckPolicy()),
        desk.roll_back if desk else RollBackPolicy(book, read),
    )
    return FourEyes(carry_out, proposals, tenants, OneTenant("bank"), chance)
