from __future__ import annotations

from security_service.domain.arrivals import PairState, Tally
from security_service.domain.audit import AuditQuery
from security_service.store.arrivals import StoredArrivalBook, StoredArrivals
from security_service.usecases.judge_arrivals import JudgeArrivals
from tests.fakes.clock import HandClock
from tests.store.rig import StoreRig
from tests.usecases.behind_the_scenes import CountingMeter


class Route:
    """One gateway at one operator, with a judge who comes by every two seconds."""

    def __init__(self, rig: StoreRig) -> None:
        self.clock = HandClock()
        self.arrivals = StoredArrivals(rig.frame, self.clock)
        self.judge = JudgeArrivals(StoredArrivalBook(rig.frame, self.clock), self.clock, CountingMeter())

    def traffic(self, sends: int, entered: int) -> None:
        """Send codes within a cohort, of which some are entered ten seconds later."""
        sent_at_ms = self.clock.unix_ms()
        for _ in range(sends):
            self.arrivals.sent("sms", "25001")
        for _ in range(entered):
            self.arrivals.entered("sms", "25001", sent_at_ms)
        self.arrivals.flush()
        self.pass_time(4)

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds // 2):
            self.clock.move(2.0)
            self.judge.run()

    def state(self) -> PairState:
        self.clock.move(1.0)
        return self.arrivals.state("sms", "25001")


def moves(rig: StoreRig) -> list[str]:
    kinds = ("gateway_away", "gateway_back")
    return [event for kind in kinds for event in rig.log.page(AuditQuery(kind=kind)).events]


def test_a_pair_whose_codes_stop_arriving_is_left_within_half_a_minute_and_comes_back(rig: StoreRig) -> None:
    route = Route(rig)
    for _ in range(20):
        route.traffic(10, 8)
    route.pass_time(40)
    assert route.state() is PairState.ARRIVES
    began = route.clock.monotonic()
    route.traffic(20, 0)
    while route.state() is PairState.ARRIVES:
        route.pass_time(2)
    assert route.clock.monotonic() - began <= 30
    assert '"baseline_entered":' in moves(rig)[0]
    route.pass_time(300)
    assert route.state() is PairState.PROBED
    route.traffic(20, 16)
    route.pass_time(30)
    assert route.state() is PairState.ARRIVES
    assert ['"kind":"gateway_back"' in event for event in moves(rig)] == [False, True]


def test_a_code_that_is_entered_after_its_cohort_ripened_counts_for_nothing(rig: StoreRig) -> None:
    clock = HandClock()
    arrivals, book = StoredArrivals(rig.frame, clock), StoredArrivalBook(rig.frame, clock)
    sent_at_ms = clock.unix_ms()
    arrivals.sent("sms", "")
    arrivals.flush()
    assert book.ripe() == {}
    clock.move(30.0)
    assert book.ripe() == {("sms", ""): Tally(1, 0)}
    arrivals.entered("sms", "", sent_at_ms)
    arrivals.flush()
    assert book.ripe() == {}


def test_what_is_known_of_a_pair_is_kept_in_the_store(rig: StoreRig) -> None:
    route = Route(rig)
    for _ in range(20):
        route.traffic(10, 8)
    route.pass_time(40)
    pair = StoredArrivalBook(rig.frame, route.clock).pairs()["sms", "25001"]
    assert pair.baseline.rate == 0.8
