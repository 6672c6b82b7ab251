"""Policies in memory: what was published and tried, replays, and all that people do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from security_service.domain.audit import Event
from security_service.domain.policy import Policy
from security_service.domain.policy_ports import PolicyChange
from security_service.domain.policy_versions import (
    KeptDocuments,
    PolicyDocument,
    PolicyHead,
    PolicyVersion,
    read_document,
    version_order,
)
from security_service.domain.ports import Chance
from security_service.domain.replay import ReplayRun
from security_service.domain.secret import Msisdn
from security_service.usecases.check_policy import CheckPolicy, DiffPolicy
from security_service.usecases.policy_desk import PolicyDesk
from security_service.usecases.publish_policy import PublishPolicy, RollBackPolicy
from security_service.usecases.read_policies import ReadPolicies
from security_service.usecases.replay_policy import ReplayPolicy
from security_service.usecases.shadow_policy import ShadowPolicy
from tests.fakes.clock import HandClock
from tests.fakes.store import MemoryAuditLog, MemoryStore

NOBODY: Final = Msisdn("70000000000")


class MemoryPolicyBook:
    """The PolicyBook and PoliciesInForce ports."""

    def __init__(self, store: MemoryStore, files: Mapping[str, PolicyDocument]) -> None:
        self.store, self.files = store, files
        self._heads: dict[str, PolicyHead] = {}
        self._kept: dict[str, KeptDocuments] = {}

    def get(self, name: str) -> Policy:
        head = self.head(name)
        kept = self.kept(name).of(head.in_force)
        return self.files[name].policy if kept is None else _policy(kept)

    def shadow(self, name: str) -> Policy | None:
        kept = self.kept(name).shadow
        return None if kept is None else _policy(kept)

    def heads(self) -> Mapping[str, PolicyHead]:
        self.store.check()
        return dict(self._heads)

    def head(self, name: str) -> PolicyHead:
        self.store.check()
        return self._heads.get(name, PolicyHead(name))

    def kept(self, name: str) -> KeptDocuments:
        self.store.check()
        return self._kept.get(name, KeptDocuments())

    def put(self, change: PolicyChange) -> bool:
        with self.store.lock:
            name = change.head.name
            if self.head(name) != change.known:
                return False
            now = self.store.now_ms
            new = [replace(one, at_ms=now) if one.actor else one for one in change.keep]
            versions = {one.version: one for one in (*self.kept(name).versions, *new)}
            shadow = self.kept(name).shadow if change.head.shadow_sha256 else None
            if change.shadow is not None:
                shadow = replace(change.shadow, at_ms=now)
            ordered = sorted(versions.values(), key=lambda one: version_order(one.version), reverse=True)
            self._heads[name], self._kept[name] = change.head, KeptDocuments(tuple(ordered), shadow)
            self.store.emit(change.event.kind.value, "", NOBODY, change.event.facts)
            return True


class MemoryReplayRuns:
    """The ReplayRuns port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self._runs: dict[str, ReplayRun] = {}

    def get(self, run_id: str) -> ReplayRun | None:
        self.store.check()
        return self._runs.get(run_id)

    def put(self, run: ReplayRun, event: Event | None = None) -> bool:
        with self.store.lock:
            known = self.get(run.id)
            if run.revision != (0 if known is None else known.revision) + 1:
                return False
            self._runs[run.id] = run
            if event is not None:
                self.store.emit(event.kind.value, "", NOBODY, event.facts)
            return True


def memory_desk(book: MemoryPolicyBook, chance: Chance) -> PolicyDesk:
    """The use cases of policies over ports in memory."""
    log, read, check = MemoryAuditLog(book.store), ReadPolicies(book, book.files), CheckPolicy()
    return PolicyDesk(
        read=read,
        check=check,
        diff=DiffPolicy(read),
        publish=PublishPolicy(book, read, check),
        roll_back=RollBackPolicy(book, read),
        shadow=ShadowPolicy(book, read, log),
        replay=ReplayPolicy(log, MemoryReplayRuns(book.store), _StoreTime(book.store), chance),
    )


class _StoreTime(HandClock):
    """The Clock port, whose wall clock is that of the store in memory."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__()
        self.store = store

    def unix_ms(self) -> int:
        return self.store.now_ms


def _policy(kept: PolicyVersion) -> Policy:
    read = read_document(kept.text)
    assert isinstance(read, PolicyDocument)
    return read.policy
