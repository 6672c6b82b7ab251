"""Sending for an account: its pace, one call to many numbers, and a store that goes away in its middle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import pytest

from security_service.domain.accounts import Account, Face
from security_service.domain.errors import StoreUnavailable
from security_service.domain.limits import LimitReached
from security_service.domain.relay import NotTaken, Refusal, Taken, TakeOutcome, TakeRequest
from security_service.domain.secret import MessageText, Msisdn
from security_service.domain.tenants import Tenant
from security_service.domain.untaken_ids import Untaken, read_untaken
from security_service.links.sealed_text import TextSealer
from security_service.usecases.send_from_account import SendFromAccount, Sent, TooFast, Wanted
from security_service.usecases.sign_in_account import SignedInAccount
from security_service.usecases.take_message import TakeMessage
from tests.fakes.clock import HandClock
from tests.fakes.relay import IdleRelay
from tests.fakes.side_by_side import OneAfterAnother
from tests.fakes.store import CountedChance, MemoryStore, SetHealth
from tests.store.rig import RING
from tests.usecases.behind_the_scenes import CountingMeter

TENANT: Final = Tenant("bank", sender="ETALON")
ENTERED: Final = SignedInAccount(Account("legacy", "bank", frozenset({Face.REST}), 1, b"d" * 16), TENANT)
NUMBERS: Final = [Msisdn(f"7916111000{number}") for number in range(5)]
WALL: Final = datetime(2027, 1, 15, 16)  # noqa: DTZ001 - a wall clock has no zone


class Free:
    """The AccountPace and WideLimits ports: free, until it is told otherwise."""

    def __init__(self) -> None:
        self.wait_ms = 0
        self.places: list[tuple[str, int, int]] = []

    def take(self, account: str, a_second: int, places: int) -> int:
        self.places.append((account, a_second, places))
        return self.wait_ms


class NoWideLimits:
    """The WideLimits port of a tenant that has none."""

    def take(self, tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> LimitReached | None:
        return None

    def give_back(self, tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> None:
        raise AssertionError(tenant)


class Zones:
    """The NumberZones port: every number is three hours ahead of UTC."""

    def moment_s(self, number: Msisdn, wall: datetime) -> int:
        return int(wall.replace(tzinfo=UTC).timestamp()) - 3 * 3600


class Troubled(IdleRelay):
    """A queue that answers some numbers as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: dict[Msisdn, Refusal] = {}

    def take(self, request: TakeRequest) -> TakeOutcome:  # type: ignore[override] # wider than a day without
        trouble = self.troubles.get(request.submission.number)
        if trouble is Refusal.STORE_AWAY:
            raise StoreUnavailable
        return super().take(request) if trouble is None else NotTaken(trouble)


class Scene:
    """The use case over queues in memory."""

    def __init__(self) -> None:
        self.queue, self.pace, self.clock = Troubled(), Free(), HandClock()
        chance = CountedChance()
        take = TakeMessage(
            self.queue, self.queue, NoWideLimits(), SetHealth(MemoryStore()), TextSealer(RING), chance,
            self.clock, CountingMeter(), RING, 640,
        )  # fmt: skip
        self.send = SendFromAccount(self.pace, take, Zones(), OneAfterAnother(), chance, self.clock)

    def run(
        self, count: int = 5, text: str = "test", at: datetime | None = None
    ) -> Sent | NotTaken | TooFast:
        wanted = Wanted(NUMBERS[:count], MessageText(text), "ETALON", 600, at)
        return self.send.run(ENTERED, wanted, Face.REST)

    def untaken(self) -> list[Untaken | None]:
        sent = self.run()
        assert isinstance(sent, Sent)
        return [read_untaken(one) for one in sent.ids]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_every_number_is_a_message_of_its_own_brought_by_the_account(scene: Scene) -> None:
    sent = scene.run()
    assert isinstance(sent, Sent)
    given = [request.submission for request in scene.queue.taken]
    assert [one.number for one in given] == NUMBERS
    assert {(one.face, one.account, one.sender, one.validity_s, one.wants_report) for one in given} == {
        ("rest", "legacy", "ETALON", 600, False)
    }
    assert scene.pace.places == [("legacy", 100, 5)]


def test_an_account_over_its_pace_brings_nothing_and_hears_whole_seconds(scene: Scene) -> None:
    scene.pace.wait_ms = 1001
    assert scene.run() == TooFast(2)
    assert scene.queue.taken == []


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        (None, 0),
        (WALL, datetime(2027, 1, 15, 13, tzinfo=UTC).timestamp()),
        (WALL.replace(tzinfo=UTC), datetime(2027, 1, 15, 16, tzinfo=UTC).timestamp()),
        (datetime(1970, 1, 1, 1), 0),  # noqa: DTZ001 - a wall clock has no zone
    ],
)
def test_a_date_with_a_zone_is_one_moment_and_without_one_the_numbers_own(
    scene: Scene, at: datetime | None, moment: float
) -> None:
    scene.clock.now = datetime(2027, 1, 15, tzinfo=UTC).timestamp() - 1_700_000_000
    scene.run(1, at=at)
    assert [request.submission.send_at_s for request in scene.queue.taken] == [moment]


def test_refused_numbers_keep_their_places_among_the_ids(scene: Scene) -> None:
    scene.queue.troubles = {NUMBERS[0]: Refusal.FROZEN, NUMBERS[3]: Refusal.LIMIT}
    refused = Untaken(scene.clock.unix_ms())
    assert scene.untaken() == [refused, None, None, refused, None]


def test_a_long_text_has_as_many_ids_for_a_refused_number(scene: Scene) -> None:
    scene.queue.troubles = {NUMBERS[0]: Refusal.FROZEN}
    sent = scene.run(2, "д" * 140)
    assert isinstance(sent, Sent)
    assert [read_untaken(one) is None for one in sent.ids] == [False] * 3 + [True] * 3


def test_where_nothing_is_taken_the_first_refusal_is_the_answer(scene: Scene) -> None:
    scene.queue.troubles = dict.fromkeys(NUMBERS, Refusal.LIMIT) | {NUMBERS[0]: Refusal.FROZEN}
    assert scene.run() == NotTaken(Refusal.FROZEN)


def test_what_the_store_went_away_under_is_unknown(scene: Scene) -> None:
    scene.queue.troubles = {NUMBERS[2]: Refusal.STORE_AWAY}
    unknown = Untaken(scene.clock.unix_ms(), is_unknown=True)
    assert scene.untaken() == [None, None, unknown, None, None]


@pytest.mark.parametrize(("away", "tried"), [(0, 128), (127, 128), (128, 256), (299, 300)])
def test_once_the_store_is_gone_the_rest_is_not_tried(scene: Scene, away: int, tried: int) -> None:
    numbers = [Msisdn(f"7916111{number:04d}") for number in range(300)]
    scene.queue.troubles = {numbers[away]: Refusal.STORE_AWAY}
    sent = scene.send.run(ENTERED, Wanted(numbers, MessageText("test"), "ETALON"), Face.REST)
    assert isinstance(sent, Sent)
    told = [read_untaken(one) for one in sent.ids]
    now_ms = scene.clock.unix_ms()
    assert told[away] == Untaken(now_ms, is_unknown=True)
    assert told.count(None) == len(scene.queue.taken) == tried - 1
    assert told[tried:] == [Untaken(now_ms)] * (300 - tried)


def test_a_store_that_is_away_from_the_start_is_told(scene: Scene) -> None:
    scene.queue.troubles = dict.fromkeys(NUMBERS, Refusal.STORE_AWAY)
    assert scene.run() == NotTaken(Refusal.STORE_AWAY)


def test_ids_of_one_call_differ(scene: Scene) -> None:
    scene.queue.troubles = dict.fromkeys(NUMBERS[1:], Refusal.LIMIT)
    sent = scene.run()
    assert isinstance(sent, Sent)
    assert len(set(sent.ids)) == len(NUMBERS)
    assert isinstance(scene.queue.take(scene.queue.taken[0]), Taken)
