"""Verify the archived log in steps of about a second, by what verifies an export; leaves asking to the faces.

Each step verifies the next leaves as a part that stands under one signed head: their texts, their hashes,
and their place in the tree, which the hashes around the part lead up to the head's root. The numbers of the
shards go on from step to step. So what all steps together find is what `audit verify` finds on the whole
export, but for this: it is the service that says so, with its own key. Whoever does not trust it takes the
export and the public key away and verifies them there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from security_service.domain.audit import canonical
from security_service.domain.log_check import verify_log
from security_service.domain.log_file import LogHeader, header_line, leaf_line
from security_service.domain.log_head import CheckSignature, SignedHead, signed_head_of
from security_service.domain.log_numbers import ShardNumbers, demand_told
from security_service.domain.log_ports import Heads, LogLeaves
from security_service.domain.log_verdict import Fault, FaultFound
from security_service.domain.merkle import roots_of
from security_service.domain.ports import Clock
from security_service.usecases.prove_log import Unsealed
from security_service.usecases.seal_log import Sealed, SealLog

PART: Final = 2_000
"""Leaves that are verified in one go; between two of them the clock is looked at."""
_STEP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class LogCheck:
    """A verification between two of its steps: leaves `first` to `position - 1` are as they were sealed.

    `heads` counts the kept heads that agreed on the way, `other_keys` those of other keys, which were
    not looked at.
    """

    signed: SignedHead
    first: int
    position: int
    heads: int = 0
    other_keys: int = 0
    numbers: ShardNumbers = field(default_factory=lambda: ShardNumbers(from_first=True))

    @property
    def size(self) -> int:
        """How many leaves there are under the head."""
        return self.signed.head.size

    @property
    def percent(self) -> int:
        """How much is behind it; 100 only once it is done."""
        if self.is_done:
            return 100
        return min((self.position - self.first) * 100 // max(self.size - self.first, 1), 99)

    @property
    def is_done(self) -> bool:
        """True where every leaf that was asked for was verified."""
        return self.position >= self.size

    @property
    def is_whole(self) -> bool:
        """True where the log is verified from its first leaf on."""
        return self.first == 0


@dataclass(frozen=True, slots=True)
class LogFaulty:
    """The first fault, and how far the verification had come before it."""

    check: LogCheck
    fault: Fault


@dataclass(frozen=True, slots=True)
class CheckLog:
    """Begins verifications and takes their steps; `trusted` knows the service's own key."""

    seal: SealLog
    log: LogLeaves
    heads: Heads
    trusted: CheckSignature
    clock: Clock

    def begin(self, newest: int = 0) -> LogCheck | Unsealed:
        """Begin to verify the whole log, or its `newest` leaves alone, under a head sealed now.

        Raises ArchiveUnavailable.
        """
        sealed = self.seal.seal()
        if not isinstance(sealed, Sealed):
            return sealed
        first = max(sealed.signed.head.size - newest, 0) if newest else 0
        return LogCheck(sealed.signed, first, first, numbers=ShardNumbers(from_first=first == 0))

    def step(self, check: LogCheck) -> LogCheck | LogFaulty:
        """Go on for about a second. Raises ArchiveUnavailable."""
        ends = self.clock.monotonic() + _STEP_S
        while not check.is_done:
            stepped = self._part(check)
            if isinstance(stepped, LogFaulty):
                return stepped
            check = stepped
            if self.clock.monotonic() >= ends:
                break
        if check.is_done and check.is_whole:
            try:
                demand_told(check.numbers)
            except FaultFound as found:
                return LogFaulty(check, found.fault)
        return check

    def _part(self, check: LogCheck) -> LogCheck | LogFaulty:
        signed, first = check.signed, check.position
        end = min(first + PART, check.size)
        before, after = roots_of(self.log, 0, first), roots_of(self.log, end, check.size)
        held = [one for one in self.heads.after(first, PART) if one.head.size <= end]
        heads = [one for one in held if one.key_id == signed.key_id]
        header = LogHeader(signed, first, end, before, after)
        numbers = replace(check.numbers, seen=dict(check.numbers.seen))
        result = verify_log(self._lines(header), self.trusted, heads, numbers=numbers)
        if isinstance(result, Fault):
            return LogFaulty(check, result)
        return replace(
            check,
            position=end,
            heads=check.heads + len(heads),
            other_keys=check.other_keys + len(held) - len(heads),
            numbers=numbers,
        )

    def _lines(self, header: LogHeader) -> Iterator[bytes]:
        lines: Iterable[bytes] = map(leaf_line, self.log.leaves(header.first, header.end))
        # A file's lines come to the verifier without their ends.
        yield from (line.rstrip(b"\n") for line in (header_line(header), *lines))


def written_check(check: LogCheck) -> str:
    """Give a check as text that `read_check` reads; whoever lets it out of hand seals it."""
    numbers = check.numbers
    return canonical(
        {
            "first": check.first,
            "first_pruned": numbers.first_pruned,
            "heads": check.heads,
            "other_keys": check.other_keys,
            "position": check.position,
            "pruned": numbers.pruned,
            "seen": [[shard, *pair] for shard, pair in sorted(numbers.seen.items())],
            "signed": check.signed.members(),
            "told_pruned": numbers.told_pruned,
        }
    )


def read_check(text: str) -> LogCheck:
    """Read what `written_check` gave."""
    read: dict[str, Any] = json.loads(text)
    numbers = ShardNumbers(
        from_first=read["first"] == 0,
        pruned=read["pruned"],
        first_pruned=read["first_pruned"],
        told_pruned=read["told_pruned"],
        seen={shard: (seq, pruned) for shard, seq, pruned in read["seen"]},
    )
    signed = signed_head_of(read["signed"])
    return LogCheck(signed, read["first"], read["position"], read["heads"], read["other_keys"], numbers)
