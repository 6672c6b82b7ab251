"""The numbers of events, shard by shard: gaps, repetitions, what was pruned; leaves reading to others."""

from __future__ import annotations

from dataclasses import dataclass, field

from security_service.domain.log_verdict import FaultCode, FaultFound, Place


@dataclass(slots=True)
class ShardNumbers:
    """The numbers of the events of each shard, which go up by one; what was pruned may have taken some.

    `from_first` says that the log's first leaf was seen, so that every shard begins with 1. `seen` holds
    the last number of each shard, with how many leaves had been pruned by then.
    """

    from_first: bool
    pruned: int = 0
    first_pruned: int | None = None
    told_pruned: int = 0
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def prune(self, leaf: int) -> None:
        """Pass over a leaf without text."""
        self.pruned += 1
        if self.first_pruned is None:
            self.first_pruned = leaf

    def take(self, place: Place) -> None:
        """Take an event's number; raises FaultFound for a gap or a repetition."""
        shard, seq = place.shard, place.seq or 0
        last, pruned_then = self.seen.get(shard, (0, 0) if self.from_first else (None, 0))
        self.seen[shard] = (seq, self.pruned)
        if last is None:
            return
        if seq <= last:
            sentence = f"leaf {place.leaf}: event {seq} of shard {shard} stands behind its event {last}"
            raise FaultFound(FaultCode.REPETITION, sentence, place)
        missing = seq - last - 1
        if missing > self.pruned - pruned_then:
            raise FaultFound(FaultCode.GAP, _gap(place, last, missing), place)


def demand_told(numbers: ShardNumbers) -> None:
    """Raise FaultFound where a whole log lacks more texts than it tells were pruned."""
    if numbers.pruned <= numbers.told_pruned:
        return
    sentence = (
        f"{numbers.pruned} leaves lack their texts, the first is leaf {numbers.first_pruned}, but the log "
        f"tells of {numbers.told_pruned} that were pruned: others were taken, or it was pruned while it was "
        "exported (then export it again)"
    )
    raise FaultFound(FaultCode.NOT_WHOLE, sentence, Place(numbers.first_pruned))


def _gap(place: Place, last: int, missing: int) -> str:
    after = f"after its event {last}" if last else "at its beginning"
    return f"leaf {place.leaf}: shard {place.shard} lacks {missing} event(s) {after}, before {place.seq}"
