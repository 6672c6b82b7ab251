"""The PoliciesInForce and PolicyBook ports: published documents among what is managed, files beneath them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from security_service.domain.audit import canonical
from security_service.domain.errors import StoreUnavailable
from security_service.domain.policy import Policy
from security_service.domain.policy_ports import PolicyChange
from security_service.domain.policy_rows import (
    head_row,
    is_head,
    read_head,
    read_version,
    row_without_time,
    shadow_field,
    version_field,
    version_row,
)
from security_service.domain.policy_versions import (
    KeptDocuments,
    PolicyDocument,
    PolicyHead,
    read_document,
    version_order,
)
from security_service.domain.ports import Clock
from security_service.store.connection import Argument
from security_service.store.frame import MANAGED, StoreFrame
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load

_FRESH_S: Final = 1.0
_MOST_REMEMBERED: Final = 1_000
_POLICIES: Final = shard_key(MANAGEMENT, "policies")


class StoredPolicyBook:
    """What was read is believed for a second, so that a publish is in force everywhere within one.

    A document is parsed once. `files` are the documents of the installation, in force by their names
    until one of that name is published.
    """

    def __init__(self, frame: StoreFrame, clock: Clock, files: Mapping[str, PolicyDocument]) -> None:
        self._frame, self._clock, self.files = frame, clock, files
        self._put = load("put_policy")
        self._lock = threading.Lock()
        self._heads: dict[str, tuple[float, PolicyHead]] = {}
        self._parsed: dict[tuple[str, str], Policy] = {}

    # --- the port PoliciesInForce

    def get(self, name: str) -> Policy:
        """Give the version in force; raises KeyError for a name that no document has.

        Raises StoreUnavailable also where the published document cannot be read by this release:
        no other policy may stand in for it unseen.
        """
        head = self._fresh(name)
        if not head.in_force:
            return self.files[name].policy
        policy = self._policy(version_field(name, head.in_force), head.in_force)
        if policy is None:
            raise StoreUnavailable("policy_unreadable")
        return policy

    def shadow(self, name: str) -> Policy | None:
        """Give the policy on trial under that name, None where there is none.

        A document that this release cannot read is none: a trial never stops a decision.
        """
        head = self._fresh(name)
        return self._policy(shadow_field(name), head.shadow_sha256) if head.shadow_sha256 else None

    def names(self) -> list[str]:
        """Give the names that a tenant may choose from, sorted."""
        published = (name for name, head in self.heads().items() if head.in_force)
        return sorted({*self.files, *published})

    # --- the port PolicyBook

    def heads(self) -> Mapping[str, PolicyHead]:
        """Give what holds for each name that was ever touched."""
        names = [field for field in self._fields() if is_head(field)]
        return {name: read_head(name, row) for name, row in self._rows(names).items()}

    def head(self, name: str) -> PolicyHead:
        """Give what holds for one name now; one that was never touched has an empty head."""
        row = self._frame.scripts.command("HGET", _POLICIES, name)
        return read_head(name, row.decode()) if isinstance(row, bytes) else PolicyHead(name)

    def kept(self, name: str) -> KeptDocuments:
        """Give the documents that are kept of a name, the highest version first."""
        shadow, first = shadow_field(name), version_field(name, "")
        rows = self._rows([one for one in self._fields() if one == shadow or one.startswith(first)])
        on_trial = rows.pop(shadow, None)
        versions = sorted(
            map(read_version, rows.values()), key=lambda one: version_order(one.version), reverse=True
        )
        return KeptDocuments(tuple(versions), None if on_trial is None else read_version(on_trial))

    def put(self, change: PolicyChange) -> bool:
        """Write a change where `known` still holds; False, and nothing written, where it moved.

        The event tells the head without the trial, which a rebuild of the store leaves out.
        """
        known, head = change.known, change.head
        rows: list[Argument] = []
        for version in change.keep:
            # what came with the files was put in force by nobody, at no time
            row = row_without_time(version) if version.actor else version_row(version)
            rows += [version_field(head.name, version.version), row]
        if change.shadow is not None:
            rows += [shadow_field(head.name), row_without_time(change.shadow)]
        elif not head.shadow_sha256:
            rows += [shadow_field(head.name), ""]
        untried = replace(head, shadow="", shadow_sha256="")
        reply = self._frame.run_ours(
            self._put,
            [_POLICIES, shard_key(MANAGEMENT, "events"), shard_key(MANAGEMENT, "seq")],
            MANAGED,
            [
                self._frame.now(),
                canonical({"policy": head.name}),
                MANAGEMENT,
                head.name,
                head_row(known) if known.revision else "",
                head_row(head),
                change.event.kind.value,
                canonical({**change.event.facts, "head": head_row(untried)}),
                *rows,
            ],
        )
        with self._lock:
            self._heads.pop(head.name, None)
        return reply[0] == 1

    def _fields(self) -> list[str]:
        reply = self._frame.scripts.command("HKEYS", _POLICIES)
        return [one.decode() for one in reply if isinstance(one, bytes)] if isinstance(reply, list) else []

    def _rows(self, fields: list[str]) -> dict[str, str]:
        """Rows by their fields; one that went away meanwhile is left out."""
        reply = self._frame.scripts.command("HMGET", _POLICIES, *fields) if fields else []
        rows = reply if isinstance(reply, list) else []
        return {
            field: row.decode() for field, row in zip(fields, rows, strict=True) if isinstance(row, bytes)
        }

    # --- what is remembered

    def _fresh(self, name: str) -> PolicyHead:
        now = self._clock.monotonic()
        remembered = self._heads.get(name)
        if remembered is None or now - remembered[0] >= _FRESH_S:
            remembered = (now, self.head(name))
            with self._lock:
                if len(self._heads) >= _MOST_REMEMBERED:
                    self._heads.clear()
                self._heads[name] = remembered
        return remembered[1]

    def _policy(self, field: str, known_by: str) -> Policy | None:
        """Give a kept document parsed, None where it is gone or this release cannot read it.

        A version's text never changes; a document on trial is known by its digest.
        """
        remembered = self._parsed.get((field, known_by))
        if remembered is not None:
            return remembered
        row = self._frame.scripts.command("HGET", _POLICIES, field)
        read = read_document(read_version(row.decode()).text) if isinstance(row, bytes) else None
        if not isinstance(read, PolicyDocument) or known_by not in {read.policy.version, read.sha256}:
            # another document on trial took its place since the head was read: the next second knows of it
            return None
        with self._lock:
            if len(self._parsed) >= _MOST_REMEMBERED:
                self._parsed.clear()
            self._parsed[field, known_by] = read.policy
        return read.policy
