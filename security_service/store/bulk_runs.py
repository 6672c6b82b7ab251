"""The BulkRuns and BulkSteps ports: bulk re-verifications that people begin and the worker goes on with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import islice
from typing import Any, Final

from security_service.domain.audit import Event, canonical
from security_service.domain.secret import Msisdn
from security_service.domain.transfers import BulkCounts, BulkRun, BulkSource, BulkState
from security_service.store.connection import Reply
from security_service.store.frame import MANAGED, StoreFrame, raw, whole
from security_service.store.import_runs import LIFE_MS
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load

_PLAIN: Final = (
    "id", "tenant", "actor", "reason", "rate", "before_s", "total", "cursor", "next_ms", "handed_ms",
)  # fmt: skip
_COUNTS: Final = tuple(one.name for one in fields(BulkCounts))
_RUNS: Final = shard_key(MANAGEMENT, "bulks")
_AT_ONCE: Final = 5000


class StoredBulkRuns:
    """Runs of all tenants. State and counts are fields of their own: not the worker alone writes them."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._put, self._mark, self._count = load("put_run"), load("mark_run"), load("count_run")

    def begin(self, run: BulkRun, numbers: Sequence[Msisdn], event: Event) -> BulkRun:
        """Begin a run with its event; the numbers are there before it."""
        command = self._frame.scripts.command
        for some in _groups(iter(numbers)):
            command("RPUSH", _numbers(run.id), *(one.digits for one in some))
            command("PEXPIRE", _numbers(run.id), LIFE_MS)
        reply = self._write(replace(run, revision=1), event)
        return replace(run, revision=1, started_ms=whole(reply[1]))

    def get(self, run_id: str) -> BulkRun | None:
        """Give a run as it is."""
        names = ("run", "began", "revision", "state", *(f"n:{name}" for name in _COUNTS))
        reply = self._frame.scripts.command("HMGET", _key(run_id), *names)
        values = reply if isinstance(reply, list) else []
        return _read(values) if values and values[0] is not None else None

    def every(self, count: int) -> Sequence[BulkRun]:
        """Give the newest runs of all tenants, newest first; one round trip each."""
        reply = self._frame.scripts.command("ZREVRANGE", _RUNS, 0, count - 1)
        ids = [raw(one).decode() for one in reply] if isinstance(reply, list) else []
        found = (self.get(one) for one in ids)
        return [run for run in found if run is not None]

    def mark(self, run: BulkRun, state: BulkState, event: Event) -> bool:
        """Set what people want of a run, with the event; False where it ended or was so already."""
        reply = self._frame.run_ours(
            self._mark,
            [_key(run.id), shard_key(MANAGEMENT, "events"), shard_key(MANAGEMENT, "seq")],
            MANAGED,
            [
                self._frame.now(),
                canonical({"tenant": run.tenant}),
                MANAGEMENT,
                state.value,
                canonical(event.facts),
            ],
        )
        return reply[0] == 1

    def step(self, run: BulkRun) -> bool:
        """Keep where a run is; False where another worker was faster."""
        return self._write(replace(run, revision=run.revision + 1), None)[0] == 1

    def count(self, run_id: str, what: str, by: int = 1) -> None:
        """Count numbers by a name of `BulkCounts`."""
        self._frame.scripts.run(self._count, [_key(run_id)], [what, by])

    def numbers(self, run_id: str, first: int, count: int) -> Sequence[Msisdn]:
        """Give numbers of a run's list."""
        reply = self._frame.scripts.command("LRANGE", _numbers(run_id), first, first + count - 1)
        return [Msisdn(raw(one).decode()) for one in reply] if isinstance(reply, list) else []

    def now_ms(self) -> int:
        """Give the store's time."""
        given = self._frame.now()
        if given:
            return int(given)
        reply = self._frame.scripts.command("TIME")
        seconds, micros = (whole(one) for one in reply) if isinstance(reply, list) else (0, 0)
        return seconds * 1000 + micros // 1000

    def _write(self, run: BulkRun, event: Event | None) -> list[Reply]:
        body = {**{name: getattr(run, name) for name in _PLAIN}, "source": run.source.value}
        return self._frame.run_ours(
            self._put,
            [
                _key(run.id),
                _RUNS,
                _numbers(run.id),
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
                json.dumps(body, ensure_ascii=False),
                LIFE_MS,
                "" if event is None else event.kind.value,
                "" if event is None else canonical(event.facts),
                0,
            ],
        )


def _key(run_id: str) -> str:
    return shard_key(MANAGEMENT, f"bulk:{run_id}")


def _numbers(run_id: str) -> str:
    return shard_key(MANAGEMENT, f"bulk:{run_id}:numbers")


def _groups(numbers: Iterator[Msisdn]) -> Iterator[list[Msisdn]]:
    while some := list(islice(numbers, _AT_ONCE)):
        yield some


def _read(values: list[Reply]) -> BulkRun:
    body, began, revision, state, *counts = values
    written: dict[str, Any] = json.loads(raw(body))
    return BulkRun(
        **{name: written[name] for name in _PLAIN},
        source=BulkSource(written["source"]),
        state=BulkState(raw(state).decode()) if state is not None else BulkState.RUNNING,
        counts=BulkCounts(*(0 if one is None else whole(one) for one in counts)),
        started_ms=whole(began),
        revision=whole(revision),
    )
