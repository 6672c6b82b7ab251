"""The Arrivals and ArrivalBook ports: cohorts of codes by gateway and operator, and what they add up to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from security_service.domain.arrivals import COHORT_S, RIPE_S, Move, Pair, PairState, Tally
from security_service.domain.audit import EventKind, Json, canonical
from security_service.domain.ports import Clock
from security_service.store.batches import Batch
from security_service.store.frame import MANAGED, StoreFrame, whole, words
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load

_COHORTS: Final = shard_key(MANAGEMENT, "cohorts")
_PAIRS: Final = shard_key(MANAGEMENT, "pairs")
_KEPT_MS: Final = 3_600_000
_FRESH_S: Final = 1.0
_KINDS: Final = {
    PairState.AWAY: EventKind.GATEWAY_AWAY,
    PairState.ARRIVES: EventKind.GATEWAY_BACK,
}


class StoredArrivals:
    """Counts by cohort, handed over once a second; reads where pairs stand at most a second old."""

    def __init__(self, frame: StoreFrame, clock: Clock) -> None:
        self._frame, self._clock = frame, clock
        self._count = load("count_arrivals")
        self._batch = Batch(self._hand_over, frame.scripts.close)
        self._states: dict[str, PairState] = {}
        self._until = -1.0

    def state(self, gateway: str, operator: str) -> PairState:
        """Give where a pair stands; one that was never judged arrives."""
        now = self._clock.monotonic()
        if now >= self._until:
            self._until = now + _FRESH_S
            pairs = _read_pairs(self._frame)
            self._states = {_pair_field(*name): pair.state for name, pair in pairs.items()}
        return self._states.get(_pair_field(gateway, operator), PairState.ARRIVES)

    def sent(self, gateway: str, operator: str) -> None:
        """Count a code that a gateway accepted."""
        cohort = self._clock.unix_ms() // 1000 // COHORT_S
        self._batch.add(f"{_pair_field(gateway, operator)}|{cohort}|s")

    def entered(self, gateway: str, operator: str, sent_at_ms: int) -> None:
        """Count a code that its subscriber entered, in the cohort of its sending."""
        self._batch.add(f"{_pair_field(gateway, operator)}|{sent_at_ms // 1000 // COHORT_S}|e")

    def flush(self) -> None:
        """Hand what was counted to the store now."""
        self._batch.flush()

    def _hand_over(self, counts: Mapping[str, int]) -> None:
        arguments = [argument for field, count in counts.items() for argument in (field, count)]
        self._frame.scripts.run(self._count, [_COHORTS], [_KEPT_MS, *arguments])


class StoredArrivalBook:
    """Cohorts and pairs for the one who judges them."""

    def __init__(self, frame: StoreFrame, clock: Clock) -> None:
        self._frame, self._clock = frame, clock
        self._take, self._save = load("take_ripe"), load("save_pair")

    def ripe(self) -> Mapping[tuple[str, str], Tally]:
        """Take the cohorts that have ripened since the last call, by gateway and operator."""
        newest = (self._clock.unix_ms() // 1000 - RIPE_S) // COHORT_S - 1
        reply = self._frame.scripts.run(self._take, [_COHORTS], [newest])
        ripe: dict[tuple[str, str], Tally] = {}
        for place in range(0, len(reply), 5):
            pair = (words(reply[place]), words(reply[place + 1]))
            tally = Tally(whole(reply[place + 3]), whole(reply[place + 4]))
            ripe[pair] = ripe.get(pair, Tally()).plus(tally)
        return ripe

    def pairs(self) -> Mapping[tuple[str, str], Pair]:
        """Read all pairs."""
        return _read_pairs(self._frame)

    def save(self, gateway: str, operator: str, pair: Pair, move: Move | None) -> None:
        """Write a pair, and the event of its move where there is one."""
        facts: dict[str, Json] = {}
        if move is not None:
            facts = {
                "baseline_entered": move.baseline_entered,
                "baseline_sent": move.baseline_sent,
                "entered": move.entered,
                "gateway": gateway,
                "operator": operator,
                "sent": move.sent,
            }
        self._frame.run_ours(
            self._save,
            [_PAIRS, shard_key(MANAGEMENT, "events"), shard_key(MANAGEMENT, "seq")],
            MANAGED,
            [
                self._frame.now(),
                _pair_field(gateway, operator),
                json.dumps(asdict(pair)),
                MANAGEMENT,
                _KINDS[move.to].value if move is not None else "",
                canonical(facts),
            ],
        )


def _pair_field(gateway: str, operator: str) -> str:
    return f"{gateway}|{operator}"


def _read_pairs(frame: StoreFrame) -> dict[tuple[str, str], Pair]:
    reply = frame.scripts.command("HGETALL", _PAIRS)
    flat = [words(one) for one in reply] if isinstance(reply, list) else []
    pairs = {}
    for field, text in zip(flat[::2], flat[1::2], strict=True):
        gateway, _, operator = field.partition("|")
        read = json.loads(text)
        pairs[gateway, operator] = Pair(
            PairState(read["state"]),
            read["since"],
            Tally(**read["baseline"]),
            tuple(Tally(**one) for one in read["recent"]),
        )
    return pairs
