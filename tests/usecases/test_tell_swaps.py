"""Swaps that the log has reach the sinks of their subscribers: once, across restarts, until the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from security_service.archive.forwarding import ArchivedForwarding
from security_service.archive.writer import EventWriter
from security_service.domain.audit import Event, EventKind
from security_service.domain.forwarding import Numbers
from security_service.domain.oauth_clients import SWAPPED_SCOPE, OAuthClient
from security_service.domain.secret import KeyRing, Secret
from security_service.domain.swap_subscriptions import SinkEnd, SwapRequest, SwapSubscription
from security_service.links.operating_system import SystemChance
from security_service.links.sealed_text import TextSealer
from security_service.store.oauth_clients import StoredOAuthClients
from security_service.store.swap_subscriptions import StoredSwapSubscriptions
from security_service.store.tenants import StoredTenants
from security_service.usecases.forward_events import ForwardEvents, ForwardTarget
from security_service.usecases.keep_swap_subscriptions import KeepSwapSubscriptions
from security_service.usecases.tell_swaps import SWAP_KINDS, SendSwapLetters, WriteSwapLetters
from tests.archive.rig import database_of, entry
from tests.fakes.clock import HandClock
from tests.fakes.forwarding import ForwardFigures
from tests.fakes.sinks import ScriptedSink
from tests.store.rig import FREE, RING, StoreRig
from tests.usecases.behind_the_scenes import CountingMeter

PHONE = "+79031234567"
TARGET = ForwardTarget("swaps", kinds=SWAP_KINDS, numbers=Numbers.FULL)


class Scene:
    """A log, a store, a client with the scope, and the worker's two parts."""

    def __init__(self, store: StoreRig, folder: Path) -> None:
        self.clock, self.meter, self.sink = HandClock(), CountingMeter(), ScriptedSink()
        self.database, self.frame = database_of("", folder), store.frame
        self.tenants = StoredTenants(store.frame, KeyRing({1: b"k" * 32}), self.clock)
        self.tenants.save(FREE, "op")
        self.clients = StoredOAuthClients(store.frame)
        client = OAuthClient("app", FREE.id, "{}", frozenset({SWAPPED_SCOPE}))
        self.clients.save(client, Event(EventKind.CLIENT_SAVED, {}))
        self.store, self.sealer = StoredSwapSubscriptions(store.frame), TextSealer(RING, "sink tokens")
        self.keep = KeepSwapSubscriptions(
            self.store, self.sink, self.sealer, SystemChance(), self.clock, self.meter
        )
        self._seq = 0
        self.work()

    def subscribe(self, **asked: object) -> SwapSubscription:
        members = {"number": PHONE, "sink": "https://bank.example/in", **asked}
        made = self.keep.create(FREE, "app", SwapRequest(**members))  # type: ignore[arg-type]  # any member
        assert isinstance(made, SwapSubscription)
        return made

    def swap(self, imsi: str, kind: str = "candidate_seen", **facts: object) -> None:
        self._seq += 1
        at_ms = self.clock.unix_ms()
        written = entry("s001", self._seq, at_ms=at_ms, kind=kind, imsi=imsi, **facts)
        EventWriter(self.database, "i1", self.clock, ()).append({"s001": [written]})

    def write(self) -> None:
        """Write letters, as a worker does that just started."""
        kept = ArchivedForwarding(self.database, "i1")
        writing = WriteSwapLetters(self.store, self.store, self.clients, self.clock)
        archive = EventWriter(self.database, "i1", self.clock, ())
        served = ForwardEvents(
            TARGET, kept, kept, writing, archive, self.clock, ForwardFigures(), SystemChance().token()
        )
        served.run()
        served.release()

    def work(self) -> list[str]:
        """Write letters, send what is due; gives what the sink got."""
        self.write()
        SendSwapLetters(
            self.tenants,
            self.store,
            self.store,
            self.store,
            self.sink,
            self.sealer,
            self.clock,
            self.meter,
            "https://codes.bank.example",
        ).run()
        return self.sink.taken()


@pytest.fixture
def scene(redis_url: str, tmp_path: Path) -> Iterator[Scene]:
    store = StoreRig(redis_url)
    scene = Scene(store, tmp_path)
    yield scene
    scene.database.close()
    store.close()


def test_a_swap_is_told_once_with_an_id_of_its_leaf(scene: Scene) -> None:
    one = scene.subscribe()
    scene.swap("a")
    scene.write()
    SendSwapLetters(
        scene.tenants, scene.store, scene.store, scene.store, scene.sink, scene.sealer, scene.clock,
        scene.meter, "https://codes.bank.example",
    ).run()  # fmt: skip
    [event] = scene.sink.got
    assert event["data"] == {"subscriptionId": one.id, "phoneNumber": PHONE}
    assert (event["specversion"], event["source"]) == ("1.0", "https://codes.bank.example")
    assert event["id"] == f"{one.id}.0"
    assert scene.sink.taken() == ["swapped"]
    assert scene.work() == []


def test_a_leaf_that_comes_again_behind_a_crash_is_told_no_second_time(scene: Scene) -> None:
    scene.subscribe()
    scene.swap("a")
    kept = ArchivedForwarding(scene.database, "i1")
    before = kept.states()["swaps"]
    assert scene.work() == ["swapped"]
    # the worker died before the archive knew how far it was
    kept.resume("swaps")
    from_before = ForwardTarget("again", kinds=SWAP_KINDS, numbers=Numbers.FULL, from_begin=True)
    writing = WriteSwapLetters(scene.store, scene.store, scene.clients, scene.clock)
    archive = EventWriter(scene.database, "i1", scene.clock, ())
    ForwardEvents(
        from_before, kept, kept, writing, archive, scene.clock, ForwardFigures(), "another"
    ).run()  # fmt: skip
    assert before.next_leaf == 0
    assert scene.work() == []


def test_the_late_change_of_a_swap_that_was_told_is_no_second_swap_and_a_ban_is_none(scene: Scene) -> None:
    scene.subscribe()
    scene.swap("a")
    scene.swap("a", "late_change", banned=False)
    scene.swap("b", "late_change", banned=True)
    scene.swap("c", "mode_set")
    assert scene.work() == ["swapped"]
    scene.swap("b", "late_change", banned=False)
    assert scene.work() == ["swapped"]


def test_swaps_of_another_tenant_of_another_number_and_of_before_are_told_to_nobody(scene: Scene) -> None:
    scene.swap("a")
    scene.clock.move(60)
    scene.subscribe()
    scene.swap("b", tenant="other")
    scene.swap("c", number="79160000001")
    assert scene.work() == []


def test_a_sink_that_is_away_gets_it_later_with_growing_pauses_for_a_day(scene: Scene) -> None:
    scene.subscribe()
    scene.swap("a")
    scene.sink.answer = SinkEnd.NOT_TAKEN
    tries = []
    for _ in range(100_000 // 100):
        tries.append(len(scene.work()))
        scene.clock.move(100)
    assert 20 < sum(tries) < 60
    assert ("swap_letter", "dropped") in scene.meter.events
    assert sum(tries[-30:]) == 0


def test_the_most_events_end_it_and_the_end_is_told(scene: Scene) -> None:
    scene.subscribe(most_events=1)
    scene.swap("a")
    scene.swap("b")
    told = scene.work()
    scene.clock.move(1)
    assert told + scene.work() == ["swapped", "subscription-endsMAX_EVENTS_REACHED"]


def test_its_time_ends_it_and_so_does_the_end_of_its_token(scene: Scene) -> None:
    now = scene.clock.unix_ms()
    scene.subscribe(asked_end_ms=now + 60_000)
    scene.subscribe(asked_end_ms=now + 90_000, token=Secret("t0ken"), token_ends_ms=now + 70_000)
    assert scene.work() == []
    scene.clock.move(60)
    assert scene.work() == ["subscription-endsSUBSCRIPTION_EXPIRED"]
    scene.clock.move(10)
    assert scene.work() == ["subscription-endsACCESS_TOKEN_EXPIRED"]
    assert scene.sink.tokens == ["", "t0ken"]
    scene.swap("a")
    assert scene.work() == []


def test_a_deleted_one_says_so_and_tells_nothing_more(scene: Scene) -> None:
    one = scene.subscribe()
    assert scene.keep.delete(FREE, "app", one.id)
    scene.swap("a")
    assert scene.work() == ["subscription-endsSUBSCRIPTION_DELETED"]


def test_a_client_that_was_removed_learns_of_no_swap(scene: Scene) -> None:
    scene.subscribe()
    assert scene.clients.remove("app", Event(EventKind.CLIENT_REMOVED, {}))
    scene.swap("a")
    assert scene.work() == ["subscription-endsNETWORK_TERMINATED"]


def test_a_token_lies_sealed_in_the_store(scene: Scene) -> None:
    one = scene.subscribe(token=Secret("t0ken"), token_ends_ms=scene.clock.unix_ms() + 60_000)
    assert one.sealed_token
    assert b"t0ken" not in one.sealed_token
    assert scene.store.find(FREE.id, one.id) == one
