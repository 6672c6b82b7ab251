"""The ImportRuns and RefusedRows ports: each run is a hash that goes away some days after its last step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

from security_service.domain.audit import Event, canonical
from security_service.domain.import_rows import RowFault, RowRefused
from security_service.domain.transfers import MOST_REFUSED_KEPT, ImportCounts, ImportRun, ImportState
from security_service.store.connection import Reply
from security_service.store.frame import MANAGED, StoreFrame, raw, whole
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load

LIFE_MS: Final = 14 * 86_400_000
_PLAIN: Final = ("id", "tenant", "actor", "file", "replaces", "fault")


class StoredImportRuns:
    """Imports of all tenants; a run is written by the one process that does it."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame, self._put = frame, load("put_run")

    def begin(self, run: ImportRun, event: Event) -> ImportRun | None:
        """Begin a run with its event; None where the id is taken."""
        reply = self._write(replace(run, revision=1), (), event)
        began = whole(reply[1])
        return replace(run, revision=1, started_ms=began, told_ms=began) if reply[0] == 1 else None

    def step(self, run: ImportRun, refused: Sequence[RowRefused], event: Event | None = None) -> ImportRun:
        """Keep where a run is; one that went away meanwhile stays away."""
        after = replace(run, revision=run.revision + 1)
        reply = self._write(after, refused, event)
        return replace(after, told_ms=whole(reply[1])) if reply[0] == 1 else run

    def get(self, run_id: str) -> ImportRun | None:
        """Give a run as its last step left it."""
        reply = self._frame.scripts.command("HMGET", _key(run_id), "run", "began", "told", "revision")
        values = reply if isinstance(reply, list) else []
        return _read(values) if values and values[0] is not None else None

    def every(self, tenant: str, count: int) -> Sequence[ImportRun]:
        """Give a tenant's newest runs, newest first; one round trip each."""
        reply = self._frame.scripts.command("ZREVRANGE", _index(tenant), 0, count - 1)
        ids = [raw(one).decode() for one in reply] if isinstance(reply, list) else []
        found = (self.get(one) for one in ids)
        return [run for run in found if run is not None]

    def page(self, run_id: str, first: int, count: int) -> Sequence[RowRefused]:
        """Give refused rows in the order of the file."""
        reply = self._frame.scripts.command("LRANGE", _lines(run_id), first, first + count - 1)
        lines = [raw(one).decode().split(" ") for one in reply] if isinstance(reply, list) else []
        return [RowRefused(int(line), RowFault(fault)) for line, fault in lines]

    def _write(self, run: ImportRun, refused: Sequence[RowRefused], event: Event | None) -> list[Reply]:
        body = {**{name: getattr(run, name) for name in _PLAIN}, "state": run.state.value}
        return self._frame.run_ours(
            self._put,
            [
                _key(run.id),
                _index(run.tenant),
                _lines(run.id),
                shard_key(MANAGEMENT, "events"),
                shard_key(MANAGEMENT, "seq"),
            ],
            MANAGED,
            [
                self._frame.now(),
                canonical({"tenant": run.tenant}),
                MANAGEMENT,
                run.revision,
                run.id,
                json.dumps({**body, "counts": asdict(run.counts)}, ensure_ascii=False),
                LIFE_MS,
                "" if event is None else event.kind.value,
                "" if event is None else canonical(event.facts),
                MOST_REFUSED_KEPT,
                *(f"{row.line} {row.fault.value}" for row in refused),
            ],
        )


def _key(run_id: str) -> str:
    return shard_key(MANAGEMENT, f"import:{run_id}")


def _lines(run_id: str) -> str:
    return shard_key(MANAGEMENT, f"import:{run_id}:refused")


def _index(tenant: str) -> str:
    return shard_key(MANAGEMENT, f"imports:{tenant}")


def _read(values: list[Reply]) -> ImportRun:
    body, began, told, revision = values
    written = json.loads(raw(body))
    return ImportRun(
        **{name: written[name] for name in _PLAIN},
        state=ImportState(written["state"]),
        counts=ImportCounts(**written["counts"]),
        started_ms=whole(began),
        told_ms=whole(told),
        revision=whole(revision),
    )
