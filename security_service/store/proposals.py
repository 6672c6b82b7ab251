"""The Proposals port: what waits for a second person, among what is managed; leaves judging to use cases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from security_service.domain.audit import Event, Json, canonical
from security_service.domain.proposal_ports import Draft, Kept, StateMove
from security_service.domain.proposals import (
    Deed,
    Proposal,
    ProposalState,
    deed_document,
    number_of,
    read_deed,
)
from security_service.store.connection import Reply
from security_service.store.frame import MANAGED, StoreFrame, subject_text, whole, words
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load

_KEPT_MS: Final = 30 * 86_400_000
_HOUR_MS: Final = 3_600_000


class StoredProposals:
    """Keeps proposals for 30 days, each a hash; a tenant's are found by their time."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._put, self._move, self._read = (
            load("put_proposal"),
            load("move_proposal"),
            load("read_proposals"),
        )

    def put(self, draft: Draft, event: Event) -> Proposal:
        """Keep a new proposal. Raises StoreUnavailable."""
        waits_ms = draft.hours * _HOUR_MS
        body: dict[str, Json] = {
            "deed": deed_document(draft.deed),
            "proposer": draft.proposer,
            "reason": draft.reason,
        }
        reply = self._frame.run_ours(
            self._put,
            [_key(draft.tenant, draft.id), _index(draft.tenant), *_journal()],
            MANAGED,
            [
                self._frame.now(),
                _subject(draft.tenant, draft.deed),
                MANAGEMENT,
                draft.id,
                canonical(body),
                waits_ms,
                _KEPT_MS,
                canonical(event.facts),
            ],
        )
        at_ms = whole(reply[0])
        return Proposal(
            draft.id,
            draft.tenant,
            draft.deed,
            draft.proposer,
            draft.reason,
            at_ms,
            at_ms + waits_ms,
            ProposalState.WAITING,
        )

    def find(self, tenant: str, proposals: Sequence[str]) -> Kept:
        """Give those of the named proposals of a tenant that are there. Raises StoreUnavailable."""
        reply = self._frame.scripts.run(
            # without a proposal there is still a moment to be told, and a cluster routes by a key
            self._read,
            [_key(tenant, one) for one in proposals] or [_key(tenant, "")],
            [self._frame.now()],
        )
        found = [_read(tenant, one, row) for one, row in zip(proposals, reply[1:], strict=False)]
        return Kept(whole(reply[0]), tuple(one for one in found if one is not None))

    def newest(self, tenant: str, count: int) -> Kept:
        """Give a tenant's newest proposals, whatever became of them. Raises StoreUnavailable."""
        reply = self._frame.scripts.command("ZREVRANGE", _index(tenant), 0, count - 1)
        return self.find(tenant, [words(one) for one in reply] if isinstance(reply, list) else [])

    def move(self, proposal: Proposal, move: StateMove, event: Event) -> bool:
        """Take a step; False, and nothing written, where it has left that state or its time is over.

        Raises StoreUnavailable.
        """
        reply = self._frame.run_ours(
            self._move,
            [_key(proposal.tenant, proposal.id), *_journal()],
            MANAGED,
            [
                self._frame.now(),
                _subject(proposal.tenant, proposal.deed),
                MANAGEMENT,
                move.before.value,
                move.after.value,
                move.by,
                move.words,
                event.kind.value,
                canonical(event.facts),
            ],
        )
        return reply[0] == 1


def _read(tenant: str, proposal: str, row: Reply) -> Proposal | None:
    if not isinstance(row, list):
        raise TypeError("a proposal is a row of the script's")
    body, state, at_ms, expires_ms, decided_by, decided_ms, reason, result = [words(one) for one in row]
    if not body:
        return None
    read = json.loads(body)
    return Proposal(
        proposal,
        tenant,
        read_deed(read["deed"]),
        read["proposer"],
        read["reason"],
        int(at_ms),
        int(expires_ms),
        ProposalState(state),
        decided_by,
        int(decided_ms or 0),
        reason,
        result,
    )


def _subject(tenant: str, deed: Deed) -> str:
    number = number_of(deed)
    return canonical({"tenant": tenant}) if number is None else subject_text(tenant, number)


def _journal() -> list[str]:
    return [shard_key(MANAGEMENT, what) for what in ("events", "seq")]


def _index(tenant: str) -> str:
    return shard_key(MANAGEMENT, f"proposals:{tenant}")


def _key(tenant: str, proposal: str) -> str:
    return shard_key(MANAGEMENT, f"proposal:{tenant}:{proposal}")
