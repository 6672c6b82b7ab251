"""Step by step, the archive is verified as an export is: whatever an insider does to it is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from security_service.domain.log_file import Leaf
from security_service.domain.log_verdict import FaultCode
from security_service.domain.merkle import leaf_hash
from security_service.usecases.check_log import (
    PART,
    CheckLog,
    LogCheck,
    LogFaulty,
    read_check,
    written_check,
)
from security_service.usecases.seal_log import LogAltered, NothingToSeal, SealLog
from tests.domain.log_attack import AT, SIGNER, THIEF, TRUSTED, signed, texts
from tests.fakes.clock import HandClock
from tests.fakes.sealing import HeldHeads, HeldJournal, HeldLog, event_text
from tests.usecases.behind_the_scenes import CountingMeter

SIZE = 2 * PART + 500


class SlowLog(HeldLog):
    """A log of which each part takes as long as a step may."""

    def __init__(self, held: list[str], clock: HandClock) -> None:
        super().__init__(held)
        self.clock = clock

    def leaves(self, first: int, end: int) -> Iterator[Leaf]:
        self.clock.move(1.0)
        return super().leaves(first, end)


class Rig:
    """An archive, its heads, and what verifies it."""

    def __init__(self, size: int = SIZE) -> None:
        self.clock = HandClock()
        self.log, self.heads = SlowLog(texts(size), self.clock), HeldHeads()
        seal = SealLog(
            self.log,
            self.heads,
            SIGNER,
            HeldJournal(),
            publishers=[],
            installation="i1",
            now=lambda: AT + 10_000_000,
            meter=CountingMeter(),
        )
        self.check = CheckLog(seal, self.log, self.heads, TRUSTED.check, self.clock)

    def begun(self, newest: int = 0) -> LogCheck:
        begun = self.check.begin(newest)
        assert isinstance(begun, LogCheck), begun
        return begun

    def end(self, check: LogCheck | None = None) -> LogCheck | LogFaulty:
        """Take every step, each from the text that the last one left."""
        going: LogCheck | LogFaulty = check or self.begun()
        while isinstance(going, LogCheck) and not going.is_done:
            going = self.check.step(read_check(written_check(going)))
        return going

    def fault(self, check: LogCheck | None = None) -> FaultCode:
        ended = self.end(check)
        assert isinstance(ended, LogFaulty)
        return ended.fault.code


def test_a_sound_log_is_verified_in_steps_of_a_second() -> None:
    rig = Rig()
    check = rig.begun()
    seen = [check.percent]
    while not check.is_done:
        stepped = rig.check.step(check)
        assert isinstance(stepped, LogCheck)
        check = stepped
        seen.append(check.percent)
    assert seen == [0, 44, 88, 100]
    assert check.is_whole
    assert check.position == check.size == SIZE


def test_the_newest_part_verifies_alone_and_says_so() -> None:
    ended = Rig().end(Rig().begun(700))
    assert isinstance(ended, LogCheck)
    assert (ended.first, ended.position, ended.is_whole) == (SIZE - 700, SIZE, False)


@pytest.mark.parametrize("leaf", [0, PART - 1, PART, SIZE - 1])
def test_a_changed_text_is_found_wherever_it_stands(leaf: int) -> None:
    rig = Rig()
    check = rig.begun()
    rig.log.texts[leaf] = event_text(leaf // 3 + 1, f"s{leaf % 3:03d}", facts={"verdict": "send"})
    assert rig.fault(check) is FaultCode.CHANGED


@pytest.mark.parametrize("leaf", [3, PART, SIZE - 2])
def test_a_text_that_was_changed_with_its_hash_is_found_by_the_signed_root(leaf: int) -> None:
    rig = Rig()
    check = rig.begun()
    forged = event_text(leaf // 3 + 1, f"s{leaf % 3:03d}", facts={"verdict": "send"})
    held = [text or "" for text in rig.log.texts]
    held[leaf] = forged
    rig.log.__init__(held, rig.clock)  # type: ignore[misc]  # an insider writes the whole tree anew
    assert rig.log.tile(0, leaf // 256)[leaf % 256] == leaf_hash(forged.encode())
    assert rig.fault(check) is FaultCode.ROOT_DIFFERS
    assert rig.check.begin() == LogAltered(SIZE)


def test_a_number_that_is_missing_between_two_steps_is_found() -> None:
    clock = HandClock()
    held = texts(PART + 10)
    del held[PART - 1]
    rig = Rig(1)
    rig.log = SlowLog(held, clock)
    rig.heads.held.clear()
    seal = SealLog(
        rig.log,
        rig.heads,
        SIGNER,
        HeldJournal(),
        publishers=[],
        installation="i1",
        now=lambda: AT + 10_000_000,
        meter=CountingMeter(),
    )
    rig.check = CheckLog(seal, rig.log, rig.heads, TRUSTED.check, clock)
    assert rig.fault() is FaultCode.GAP


def test_a_text_that_nothing_says_was_pruned_is_missed_at_the_end() -> None:
    rig = Rig()
    check = rig.begun()
    rig.log.texts[5] = None
    assert rig.fault(check) is FaultCode.NOT_WHOLE


def test_heads_that_were_kept_on_the_way_are_compared_and_those_of_other_keys_counted() -> None:
    rig = Rig()
    for size in (10, PART, PART + 1):
        rig.heads.keep(signed(rig.log, size))
    rig.heads.keep(signed(rig.log, 20, signer=THIEF))
    ended = rig.end()
    assert isinstance(ended, LogCheck)
    assert (ended.heads, ended.other_keys) == (4, 1)  # the newest one too


def test_a_kept_head_with_another_root_is_found() -> None:
    rig = Rig()
    check = rig.begun()
    rig.heads.keep(signed(HeldLog(texts(20, shards=1)), 20))
    assert rig.fault(check) is FaultCode.ROOT_DIFFERS


def test_an_empty_log_has_nothing_to_verify() -> None:
    assert Rig(0).check.begin() == NothingToSeal()
