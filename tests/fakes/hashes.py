"""Hashes of a log held in memory, grown as the archive grows them."""

from __future__ import annotations

from collections.abc import Sequence

from security_service.domain.merkle import TILE, grown


class HeldHashes:
    """Port `Hashes` over rows of hashes; tells which tiles were asked for."""

    def __init__(self, leaves: Sequence[bytes] = ()) -> None:
        self._rows: dict[int, list[bytes]] = {0: []}
        self.asked: list[tuple[int, int]] = []
        self.append(leaves)

    @property
    def size(self) -> int:
        return len(self._rows[0])

    def tile(self, level: int, index: int) -> Sequence[bytes]:
        self.asked.append((level, index))
        return self._rows.get(level, [])[TILE * index : TILE * (index + 1)]

    def append(self, leaves: Sequence[bytes]) -> None:
        for due in grown(self, self.size, leaves):
            row = self._rows.setdefault(due.level, [])
            assert due.index == len(row), "a hash of a row was left out or given twice"
            row.append(due.digest)
        self._rows[0].extend(leaves)
