"""Events reach a target in order and at least once, whatever it answers and whoever serves it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.forwarding import ArchivedForwarding
from security_service.archive.writer import EventWriter
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.forwarding import Numbers
from security_service.domain.forwarding_ports import Delivered, NotDelivered, TurnedOff
from security_service.usecases.forward_events import LEASE_S, ForwardEvents, ForwardTarget
from security_service.usecases.watch_forwarding import ForwardStanding, WatchForwarding
from tests.archive.rig import database_of, entry
from tests.fakes.clock import HandClock
from tests.fakes.forwarding import ForwardFigures, ScriptedLink

SIEM = ForwardTarget("siem", batch=4)


class Scene:
    """A log, a target of it, and those who serve it."""

    def __init__(self, database: ArchiveDatabase) -> None:
        self.clock, self.figures, self.link = HandClock(), ForwardFigures(), ScriptedLink()
        self.database = database
        self.writer = EventWriter(database, "i1", self.clock, ())
        self.kept = ArchivedForwarding(database, "i1")
        self.served = self.worker()
        self._seq = 0

    def worker(self, target: ForwardTarget = SIEM, holder: str = "one") -> ForwardEvents:
        return ForwardEvents(
            target, self.kept, self.kept, self.link, self.writer, self.clock, self.figures, holder
        )

    def write(self, count: int, kind: str = "mode_set") -> None:
        entries = [
            entry("s001", self._seq + one, at_ms=self.clock.unix_ms(), kind=kind)
            for one in range(1, count + 1)
        ]
        self._seq += count
        self.writer.append({"s001": entries})

    @property
    def watch(self) -> WatchForwarding:
        return WatchForwarding(["siem"], self.kept, self.clock)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    database = database_of("", tmp_path)
    scene = Scene(database)
    scene.served.run()
    yield scene
    database.close()


def test_events_arrive_in_bounded_batches_in_their_order(scene: Scene) -> None:
    scene.write(10)
    scene.served.run()
    assert scene.link.offered == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    scene.served.run()
    assert len(scene.link.offered) == 3
    assert (scene.figures.taken, scene.figures.waiting) == (10, (0, 0.0))


def test_numbers_are_masked_unless_the_target_is_to_have_them(scene: Scene) -> None:
    scene.write(1)
    scene.served.run()
    full = replace(SIEM, name="full", numbers=Numbers.FULL, from_begin=True)
    scene.worker(full).run()
    masked, whole = (json.loads(one.text)["subject"]["number"] for one in scene.link.taken)
    assert (masked, whole) == ("7903***4567", "79031234567")


def test_only_the_kinds_of_a_target_are_sent_and_nothing_else_makes_it_wait(scene: Scene) -> None:
    scene.write(3, "code_sent")
    scene.write(1, "incident")
    scene.write(6000, "code_sent")
    rare = replace(SIEM, name="rare", kinds=("incident",), from_begin=True)
    scene.worker(rare).run()
    assert scene.link.leaves == [3]
    assert scene.kept.states()["rare"].next_leaf == 6004


def test_a_target_that_took_a_part_gets_the_rest_next(scene: Scene) -> None:
    scene.link.answer = lambda _: Delivered(1)
    scene.write(3)
    scene.served.run()
    assert scene.link.offered == [[0, 1, 2], [1, 2], [2]]
    assert scene.link.leaves == [0, 1, 2]


def test_pauses_grow_to_an_hour_and_nothing_is_sent_within_them(scene: Scene) -> None:
    scene.link.answer = lambda _: NotDelivered("http_503")
    scene.write(1)
    pauses = []
    for _ in range(15):
        scene.served.run()
        tries = len(scene.link.offered)
        waited = scene.kept.states()["siem"].retry_at_ms - scene.clock.unix_ms()
        scene.clock.move(waited / 1000 - 0.5)
        scene.served.run()
        assert len(scene.link.offered) == tries
        scene.clock.move(0.5)
        pauses.append(waited // 1000)
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-3:] == [3600] * 3
    assert scene.figures.told == [("forward_failed", "siem")] * 15
    assert scene.figures.waiting[0] == 1
    assert scene.figures.waiting[1] > 3600
    scene.link.answer = lambda events: Delivered(len(events))
    scene.served.run()
    assert scene.link.leaves == [0]
    assert scene.kept.states()["siem"].failures == 0


def test_pauses_outlive_the_worker(scene: Scene) -> None:
    scene.link.answer = lambda _: NotDelivered("timeout")
    scene.write(1)
    scene.served.run()
    scene.served.release()
    scene.worker(holder="two").run()
    assert len(scene.link.offered) == 1


def test_what_was_not_taken_is_offered_again_before_anything_else(scene: Scene) -> None:
    scene.write(2)
    scene.link.answer = lambda _: NotDelivered("timeout")
    scene.served.run()
    scene.write(3)
    scene.link.answer = lambda events: Delivered(len(events))
    scene.clock.move(1)
    scene.served.run()
    assert scene.link.offered == [[0, 1], [0, 1, 2, 3], [4]]


def test_a_target_that_wants_no_more_is_off_with_an_incident_until_a_person_says_so(scene: Scene) -> None:
    scene.write(1)
    scene.link.answer = lambda _: TurnedOff("http_410")
    scene.served.run()
    scene.clock.move(10_000)
    scene.served.run()
    assert len(scene.link.offered) == 1
    (view,) = scene.watch.views()
    assert (view.standing, view.behind) == (ForwardStanding.OFF, 2)
    assert scene.watch.notes() == ["forward.siem is off (http_410): see `forward resume`"]
    scene.link.answer = lambda events: Delivered(len(events))
    assert scene.watch.resume("siem")
    scene.served.run()
    assert scene.link.leaves == [0, 1]
    incident = scene.link.taken[1].told
    assert incident["kind"] == "incident"
    assert incident["facts"] == {"reason": "http_410", "target": "siem", "what": "forward_off"}
    assert scene.watch.notes() == []


def test_of_two_workers_one_serves_a_target_until_it_dies_or_lets_go(scene: Scene) -> None:
    second = scene.worker(holder="two")
    scene.write(1)
    second.run()
    assert scene.link.leaves == []
    scene.served.run()
    scene.write(1)
    scene.clock.move(LEASE_S + 1)
    second.run()
    assert scene.link.leaves == [0, 1]
    scene.write(1)
    scene.served.run()
    assert scene.link.leaves == [0, 1]
    second.release()
    scene.served.run()
    assert scene.link.leaves == [0, 1, 2]


def test_a_worker_that_lost_its_target_amid_a_delivery_does_not_move_it(scene: Scene) -> None:
    second = scene.worker(holder="two")

    def slow(events: object) -> Delivered:
        scene.clock.move(LEASE_S + 1)
        scene.link.answer = lambda given: Delivered(len(given))
        second.run()
        return Delivered(2)

    scene.write(2)
    scene.link.answer = slow
    scene.served.run()
    assert scene.link.offered == [[0, 1], [0, 1]]
    assert scene.kept.states()["siem"].next_leaf == 2
    scene.write(1)
    second.run()
    assert scene.link.offered[-1] == [2]


def test_a_stop_is_heard_between_two_batches(scene: Scene) -> None:
    scene.write(20)
    scene.served.run(lambda: len(scene.link.offered) == 2)
    assert scene.link.leaves == list(range(8))


def test_an_archive_that_is_away_after_a_delivery_makes_it_come_twice_and_never_not_at_all(
    scene: Scene,
) -> None:
    class AwayOnce:
        """A book whose first word of progress is lost."""

        is_away = True
        take, release = scene.kept.take, scene.kept.release

        def keep(self, target: str, holder: str, state: object) -> bool:
            if self.is_away:
                self.is_away = False
                raise ArchiveUnavailable("away")
            return scene.kept.keep(target, holder, state)  # type: ignore[arg-type]  # handed on as it came

    served = replace(scene.served, book=AwayOnce())
    scene.write(2)
    with pytest.raises(ArchiveUnavailable):
        served.run()
    served.run()
    assert scene.link.leaves == [0, 1, 0, 1]


def test_targets_are_told_of_and_tried(scene: Scene) -> None:
    watch = WatchForwarding(["siem", "new"], scene.kept, scene.clock)
    scene.write(2)
    siem, new = watch.views()
    assert (siem.standing, siem.behind) == (ForwardStanding.GOOD, 2)
    assert (new.standing, new.state) == (ForwardStanding.WAITING, None)
    scene.link.answer = lambda _: NotDelivered("timeout")
    for _ in range(3):
        scene.served.run()
        scene.clock.move(100)
    assert watch.notes() == ["forward.siem fails (timeout); 2 events wait"]
    assert watch.test(scene.link, Numbers.MASKED) == NotDelivered("timeout")
    assert scene.link.offered[-1] == [-1]
    assert scene.link.closed == 1
    assert WatchForwarding([], scene.kept, scene.clock).views() == ()
