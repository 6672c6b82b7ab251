"""Ports of sealing the log in memory: leaves, heads, places to publish, a journal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from security_service.domain.audit import Event, canonical
from security_service.domain.log_file import Leaf
from security_service.domain.log_head import SignedHead
from security_service.domain.log_ports import FoundLeaf, NotPublished, Published, PublishOutcome
from security_service.domain.merkle import leaf_hash
from security_service.domain.secret import Msisdn
from tests.fakes.hashes import HeldHashes


def event_text(seq: int, shard: str = "s001", kind: str = "mode_set", **more: Any) -> str:  # noqa: ANN401 - any JSON
    """The canonical text of one event; `facts`, `outcome`, `subject` and `at` may be given."""
    event: dict[str, Any] = {"at": 1_800_000_000_000 + seq, "facts": {}, "outcome": {}, "subject": {}}
    return canonical({**event, **more, "kind": kind, "seq": seq, "shard": shard, "v": 1})


class HeldLog:
    """The log port over texts in a list; `texts` may be changed as an insider would."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self.texts: list[str | None] = []
        self.hashes = HeldHashes()
        self.append(texts)

    def append(self, texts: Sequence[str]) -> None:
        self.texts += texts
        self.hashes.append([leaf_hash(text.encode()) for text in texts])

    @property
    def size(self) -> int:
        return self.hashes.size

    def tile(self, level: int, index: int) -> Sequence[bytes]:
        return self.hashes.tile(level, index)

    def leaves(self, first: int, end: int) -> Iterator[Leaf]:
        for number in range(first, end):
            text = self.texts[number]
            digest = self.hashes.tile(0, number // 256)[number % 256]
            yield Leaf(number, digest, None if text is None else text.encode())

    def of_code(self, tenant: str, code_id: str, most: int) -> Sequence[FoundLeaf]:
        return [
            one
            for one in self._found()
            if code_id in (self._read(one)["facts"].get("code_id"), self._read(one)["outcome"].get("code_id"))
            and self._read(one)["subject"].get("tenant") == tenant
        ][:most]

    def latest(self, tenant: str, number: Msisdn, kinds: Sequence[str], before: int) -> Sequence[FoundLeaf]:
        whose = {"number": number.digits, "tenant": tenant}
        return [one for one in self._newest(kinds, before) if self._read(one)["subject"] == whose]

    def managed(self, kinds: Sequence[str], before: int) -> Iterator[FoundLeaf]:
        return (one for one in self._newest(kinds, before) if "number" not in self._read(one)["subject"])

    def _newest(self, kinds: Sequence[str], before: int) -> list[FoundLeaf]:
        return [
            one for one in reversed(self._found()) if one.leaf < before and self._read(one)["kind"] in kinds
        ]

    def _found(self) -> list[FoundLeaf]:
        return [FoundLeaf(leaf, text) for leaf, text in enumerate(self.texts) if text is not None]

    @staticmethod
    def _read(found: FoundLeaf) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(found.text)
        return read


class HeldHeads:
    """The port Heads over a dictionary by size."""

    def __init__(self) -> None:
        self.held: dict[int, SignedHead] = {}

    def latest(self) -> SignedHead | None:
        return self.held[max(self.held)] if self.held else None

    def keep(self, signed: SignedHead) -> SignedHead:
        return self.held.setdefault(signed.head.size, signed)

    def after(self, size: int, most: int) -> Sequence[SignedHead]:
        return [self.held[one] for one in sorted(self.held) if one > size][:most]


class Place:
    """A place to publish; it is away while `away` is set."""

    name = "place"

    def __init__(self) -> None:
        self.published: list[SignedHead] = []
        self.away = False

    def last(self) -> SignedHead | None:
        return self.published[-1] if self.published else None

    def since(self, latest: int) -> int:
        return self.published[-1].head.size if self.published else 0

    def publish(self, signed: SignedHead) -> PublishOutcome:
        if self.away:
            return NotPublished("away")
        self.published.append(signed)
        return Published()


class HeldJournal:
    """The port LogJournal over a list."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Msisdn | None, Event]] = []

    def tell(self, tenant: str, number: Msisdn | None, event: Event) -> None:
        self.told.append((tenant, number, event))
