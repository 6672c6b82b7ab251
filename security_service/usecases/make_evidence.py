"""Put together the evidence pack of one code: its events and the decisions that were in force; signs it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from security_service.domain.audit import Event, EventKind, Json, canonical
from security_service.domain.evidence import PackSubject, ProvedEvent, body_bytes, pack_body, pack_document
from security_service.domain.log_head import LogHead
from security_service.domain.log_ports import FoundLeaf, LogJournal, LogLeaves, LogSearch, Now, Signer
from security_service.domain.merkle import inclusion_proof, leaf_hash, verify_inclusion
from security_service.domain.secret import Msisdn
from security_service.usecases.seal_log import LogAltered, NoSigningKey, NothingToSeal, Sealed, SealLog

_MOST_OF_A_CODE: Final = 1000
_MOST_MANAGED: Final = 10_000
_LONGEST_ID: Final = 64

_REPLACES: Final = frozenset({EventKind.REVERIFIED.value, EventKind.REFERENCE_LEARNT.value})
"""Kinds after which nothing of an older reference holds."""
_OF_NUMBER: Final = (
    EventKind.MODE_SET.value,
    EventKind.SIM_ADDED.value,
    EventKind.REVERIFIED.value,
    EventKind.REFERENCE_LEARNT.value,
    EventKind.SUBSCRIBER_UNLOCKED.value,
    EventKind.SUBSCRIBER_FROZEN.value,
    EventKind.SUBSCRIBER_IMPORTED.value,
)
_OF_TRUST: Final = (
    EventKind.TRUST_SET.value,
    EventKind.TRUST_EASED.value,
    EventKind.TRUST_LEARNT.value,
    EventKind.TRUST_DEMOTED.value,
)


@dataclass(frozen=True, slots=True)
class EvidenceMade:
    """The pack as canonical JSON in UTF-8, with how many events it holds."""

    pack: bytes = field(repr=False)
    events: int


@dataclass(frozen=True, slots=True)
class NoSuchCode:
    """The archive holds no decision about such a code of this tenant (yet)."""


@dataclass(frozen=True, slots=True)
class EventAltered:
    """An event in the archive is not the one that was sealed as this leaf: no pack is made of it."""

    leaf: int


EvidenceOutcome = EvidenceMade | NoSuchCode | EventAltered | NothingToSeal | NoSigningKey | LogAltered


@dataclass(frozen=True, slots=True)
class MakeEvidence:
    """Makes packs; each leaves the event `evidence_made`."""

    seal: SealLog
    log: LogLeaves
    search: LogSearch
    journal: LogJournal
    signer: Signer | None
    now: Now

    def run(self, tenant: str, code_id: str, actor: str) -> EvidenceOutcome:
        """Make the pack of a code. Raises ArchiveUnavailable and StoreUnavailable."""
        if not code_id or len(code_id) > _LONGEST_ID:
            return NoSuchCode()
        sealed = self.seal.seal()
        if not isinstance(sealed, Sealed):
            return sealed
        if self.signer is None:
            return NoSigningKey(sealed.signed.head)
        size = sealed.signed.head.size
        of_code = [_Read.of(found) for found in self.search.of_code(tenant, code_id, _MOST_OF_A_CODE)]
        of_code = [one for one in of_code if one.found.leaf < size]
        decision = next((one for one in of_code if one.kind == EventKind.GATE_DECIDED), None)
        if decision is None:
            return NoSuchCode()
        number = str(decision.read["subject"].get("number", ""))
        before = self._in_force(tenant, Msisdn(number), decision)
        leaves = {one.leaf: one for one in (*before, *(one.found for one in of_code))}
        events = [
            ProvedEvent(leaf, leaves[leaf].text, inclusion_proof(self.log, leaf, size))
            for leaf in sorted(leaves)
        ]
        altered = next((one for one in events if not _is_included(one, sealed.signed.head)), None)
        if altered is not None:
            return EventAltered(altered.leaf)
        subject = PackSubject(tenant, number, code_id, actor, self.now())
        body = pack_body(subject, events, sealed.signed)
        signature = self.signer.sign(body_bytes(body))
        facts: dict[str, Json] = {"actor": actor, "code_id": code_id, "events": len(events), "size": size}
        self.journal.tell(tenant, Msisdn(number), Event(EventKind.EVIDENCE_MADE, facts))
        pack = canonical(pack_document(body, self.signer.key_id, signature))
        return EvidenceMade(f"{pack}\n".encode(), len(events))

    def _in_force(self, tenant: str, number: Msisdn, decision: _Read) -> Sequence[FoundLeaf]:
        """What people had decided before, and what the reference then rested on."""
        leaf = decision.found.leaf
        of_number = map(_Read.of, self.search.latest(tenant, number, _OF_NUMBER, leaf))
        kept = [*_of_number(of_number)]
        sources = _sources(decision.read["facts"])
        kept += _newest_of_each(self._managed(_OF_TRUST, leaf), sources)
        published = self._managed((EventKind.POLICY_PUBLISHED.value,), leaf)
        in_force = (one.found for one in published if _policy(one) == decision.read["facts"].get("policy"))
        newest = next(in_force, None)
        return kept if newest is None else [*kept, newest]

    def _managed(self, kinds: Sequence[str], before: int) -> Iterator[_Read]:
        for count, found in enumerate(self.search.managed(kinds, before)):
            if count >= _MOST_MANAGED:
                return
            yield _Read.of(found)


@dataclass(frozen=True, slots=True)
class _Read:
    """A found event, parsed."""

    found: FoundLeaf
    read: Mapping[str, Any]

    @staticmethod
    def of(found: FoundLeaf) -> _Read:
        return _Read(found, json.loads(found.text))

    @property
    def kind(self) -> str:
        return str(self.read["kind"])


def _is_included(event: ProvedEvent, head: LogHead) -> bool:
    return verify_inclusion(event.leaf, head.size, leaf_hash(event.text.encode()), event.proof, head.root)


def _of_number(newest_first: Iterator[_Read]) -> Iterator[FoundLeaf]:
    """The last mode, the last unlocking, and every change of the reference since it was replaced whole."""
    seen: set[str] = set()
    is_replaced = False
    for one in newest_first:
        changes_reference = one.kind in _REPLACES or one.kind == EventKind.SIM_ADDED
        if (changes_reference and is_replaced) or (not changes_reference and one.kind in seen):
            continue
        seen.add(one.kind)
        is_replaced = is_replaced or one.kind in _REPLACES
        yield one.found


def _policy(published: _Read) -> str:
    """The policy with its version, as a decision names it."""
    return f"{published.read['facts'].get('name')}@{published.read['facts'].get('version')}"


def _sources(facts: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """The (source, MCC-MNC) pairs whose word the decision rested on; '' stands for every operator."""
    sim = facts.get("sim") or {}
    operators = {sim.get("mcc_mnc", ""), *(one.get("mcc_mnc", "") for one in facts.get("reference") or ())}
    names = {sim.get("source", ""), *(one.get("source", "") for one in facts.get("lookups") or ())}
    return frozenset((name, operator) for name in names - {""} for operator in operators)


def _newest_of_each(
    newest_first: Iterator[_Read], sources: frozenset[tuple[str, str]]
) -> Iterator[FoundLeaf]:
    """The newest word on each pair, whoever gave it, and the newest easing."""
    seen: set[tuple[str, str, bool]] = set()
    for one in newest_first:
        subject = one.read["subject"]
        pair = str(subject.get("source", "")), str(subject.get("mcc_mnc", ""))
        key = (*pair, one.kind == EventKind.TRUST_EASED)
        if pair in sources and key not in seen:
            seen.add(key)
            yield one.found
