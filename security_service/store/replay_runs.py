"""The ReplayRuns port: each run is one key that goes away a day after its last step."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from security_service.domain.audit import Event, canonical
from security_service.domain.replay import Compared, ReplayRun, Ruling, Tally
from security_service.store.frame import MANAGED, StoreFrame
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load

_LIFE_MS: Final = 86_400_000


class StoredReplayRuns:
    """Replays that any process may go on with."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame, self._put = frame, load("put_replay")

    def get(self, run_id: str) -> ReplayRun | None:
        """Give a run as its last step left it, None where there is none."""
        packed = self._frame.scripts.command("HGET", _key(run_id), "run")
        return _read(json.loads(packed)) if isinstance(packed, bytes) else None

    def put(self, run: ReplayRun, event: Event | None = None) -> bool:
        """Write a step, whose revision is one above the last one's; False where another was faster."""
        reply = self._frame.run_ours(
            self._put,
            [_key(run.id), shard_key(MANAGEMENT, "events"), shard_key(MANAGEMENT, "seq")],
            MANAGED,
            [
                self._frame.now(),
                canonical({"policy": run.name}),
                MANAGEMENT,
                run.revision,
                json.dumps(_written(run), ensure_ascii=False, separators=(",", ":")),
                _LIFE_MS,
                "" if event is None else event.kind.value,
                "" if event is None else canonical(event.facts),
            ],
        )
        return reply[0] == 1


def _key(run_id: str) -> str:
    return shard_key(MANAGEMENT, f"replay:{run_id}")


def _written(run: ReplayRun) -> dict[str, object]:
    return {
        **{name: getattr(run, name) for name in _PLAIN},
        "listed": [_written_comparison(one) for one in run.tally.listed],
        "passed_over": run.tally.passed_over,
        "rows": [[*row, count] for row, count in run.tally.rows.items()],
    }


_PLAIN: Final = (
    "id", "text", "name", "version", "sha256", "tenant", "of_policy", "since_ms", "until_ms", "actor",
    "position_ms", "cursor", "done", "revision",
)  # fmt: skip


def _written_comparison(one: Compared) -> list[object]:
    return [
        one.at_ms,
        one.tenant,
        one.number,
        one.amount,
        one.currency,
        *_parts(one.before),
        *_parts(one.after),
    ]


def _parts(ruling: Ruling) -> tuple[str, str, str, str]:
    return ruling.verdict, ruling.reason, ruling.rule, ruling.policy


def _read(written: dict[str, Any]) -> ReplayRun:
    rows: Counter[tuple[str, str, str, str]] = Counter()
    for was, by, becomes, through, count in written["rows"]:
        rows[was, by, becomes, through] = count
    tally = Tally(rows, [_read_comparison(one) for one in written["listed"]], written["passed_over"])
    return ReplayRun(**{name: written[name] for name in _PLAIN}, tally=tally)


def _read_comparison(written: list[Any]) -> Compared:
    at_ms, tenant, number, amount, currency, *rulings = written
    before, after = Ruling(*rulings[:4]), Ruling(*rulings[4:])
    return Compared(at_ms, tenant, number, amount, currency, before, after)
