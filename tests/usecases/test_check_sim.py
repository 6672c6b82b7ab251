from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar

import pytest

from security_service.domain.imsi import Candidate, Grade, SimState, learnt
from security_service.domain.lookup import (
    Liveness,
    LookupAnswer,
    NoData,
    Reachable,
    SimNotSeen,
    SimSeen,
    SwapDated,
)
from security_service.domain.ports import Flight, Flights, LookupTrace, Race, SimFinding
from security_service.domain.secret import Imsi, KeyRing, Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber
from security_service.domain.tenants import Tenant
from security_service.domain.trust import Sight, TrustNews, TrustRules, TrustWord
from security_service.links.no_answer import lookup_gave_no_answer
from security_service.links.race import OrderedRace
from security_service.usecases.check_sim import CheckSim
from tests.fakes.cases import MemoryBans
from tests.fakes.clock import HandClock
from tests.fakes.lookups import FakeLookup
from tests.fakes.routing import FreePace
from tests.fakes.sim import NEW_SIM, OLD_SIM, THIRD_SIM, sealed
from tests.fakes.store import MemoryFlights, MemoryStore
from tests.fakes.trust import MemoryTrust
from tests.usecases.behind_the_scenes import CountingMeter

T = TypeVar("T")

NUMBER = Msisdn("79161112211")
BANK = Tenant("bank")
KEYS = KeyRing({1: b"k" * 32})
DAY = 86_400
NOW = HandClock().unix_ms() // 1000
DATE = SwapDated("dates", Liveness.LIVE, NOW - 20 * DAY, NOW - 30 * DAY, 120)


@dataclass
class Rig:
    """A CheckSim over sources in memory; those named `dates…` give dates only."""

    sources: list[FakeLookup]
    trust: MemoryTrust = field(default_factory=MemoryTrust)
    pace: FreePace = field(default_factory=FreePace)
    clock: HandClock = field(default_factory=HandClock)
    meter: CountingMeter = field(default_factory=CountingMeter)
    flights: Flights = field(default_factory=MemoryFlights)
    race: Race | None = None
    bans: MemoryBans = field(default_factory=lambda: MemoryBans(MemoryStore()))

    @property
    def check(self) -> CheckSim:
        names = {one.name: one for one in self.sources}
        dating = frozenset(name for name in names if name.startswith("dates"))
        race = self.race or OrderedRace(failed=lookup_gave_no_answer, clock=self.clock.monotonic)
        return CheckSim(
            names, dating, race, self.flights, KEYS, self.trust, self.pace, self.clock, self.meter, self.bans
        )

    def ask(self, subscriber: Subscriber = NEW_SUBSCRIBER, tenant: Tenant = BANK) -> SimFinding:
        return self.check.ask(tenant, NUMBER, subscriber, 5.0)

    def asked(self) -> list[str]:
        return [one.name for one in self.sources if one.asked]


def source(name: str, answer: LookupAnswer | str) -> FakeLookup:
    lookup = FakeLookup(name)
    if isinstance(answer, str):
        lookup.sims[NUMBER.digits] = answer
    else:
        lookup.then[NUMBER.digits] = replace(answer, source=name)
    return lookup


def known(imsi: str = OLD_SIM, *, seen: int = NOW - 30 * DAY) -> Subscriber:
    return replace(NEW_SUBSCRIBER, reference=learnt(sealed(imsi), seen, Grade.FIRST_SEEN), messaged=True)


def missing(kind: NoData) -> SimNotSeen:
    return SimNotSeen("", kind, "told")


# ------------------------------------------------------------------------------ several sources


def test_the_first_trusted_live_answer_decides_and_the_next_source_is_not_asked() -> None:
    rig = Rig([source("one", OLD_SIM), source("two", NEW_SIM)])
    answer = rig.ask(known()).answer
    assert (answer.state, answer.source, rig.asked()) == (SimState.SAME, "one", ["one"])


@pytest.mark.parametrize(
    "first",
    [
        missing(NoData.UNAVAILABLE),
        missing(NoData.UNKNOWN_SUBSCRIBER),
        Reachable("", "25001"),
        SimSeen("", Imsi("250***********"), Liveness.LIVE),
        SimSeen("", Imsi("2500112"), Liveness.LIVE),
        SimSeen("", Imsi("250010000000000"), Liveness.LIVE),
        SimSeen("", Imsi(OLD_SIM), Liveness.CACHED),
        SimSeen("", Imsi(OLD_SIM), Liveness.NOT_STATED),
    ],
)
def test_an_answer_that_may_not_decide_leaves_it_to_the_next_source(first: LookupAnswer) -> None:
    rig = Rig([source("one", first), source("two", NEW_SIM)])
    answer = rig.ask(known()).answer
    assert (answer.state, answer.source, rig.asked()) == (SimState.CHANGED, "two", ["one", "two"])


def test_where_no_source_names_a_sim_the_weightiest_class_speaks() -> None:
    order = [
        NoData.UNKNOWN_SUBSCRIBER,
        NoData.BARRED,
        NoData.ABSENT,
        NoData.UNTRUSTED,
        NoData.UNAVAILABLE,
        NoData.INCOMPARABLE,
        NoData.NOT_SUPPORTED,
    ]
    for heavier, lighter in pairwise(order):
        rig = Rig([source("one", missing(lighter)), source("two", missing(heavier))])
        assert rig.ask().answer.no_data is heavier


def test_a_masked_answer_is_never_a_reference_and_never_a_match() -> None:
    rig = Rig([source("one", SimSeen("", Imsi("***************"), Liveness.LIVE, mcc_mnc="25001"))])
    for subscriber in (NEW_SUBSCRIBER, known()):
        answer = rig.ask(subscriber).answer
        assert (answer.token(), answer.imsi) == ("no_data:untrusted", None)


def test_a_tenant_without_a_source_has_no_answer() -> None:
    rig = Rig([source("one", OLD_SIM)])
    answer = rig.ask(tenant=replace(BANK, lookups=("gone",))).answer
    assert (answer.token(), answer.detail) == ("no_data:unavailable", "no_source_configured")


class EveryAnswer:
    """The Race port where all answers come in before one can decide, as with a hedge."""

    def first(
        self,
        attempts: Sequence[tuple[str, Callable[[float], T]]],
        within_s: float,
        decides: Callable[[T], bool],
    ) -> list[T]:
        return [ask(within_s) for _, ask in attempts]


@pytest.mark.parametrize("imsis", [(OLD_SIM, NEW_SIM), (NEW_SIM, OLD_SIM)])
def test_with_two_answers_in_hand_changed_beats_same(imsis: tuple[str, str]) -> None:
    rig = Rig([source("one", imsis[0]), source("two", imsis[1])], race=EveryAnswer())
    assert rig.ask(known()).answer.state is SimState.CHANGED


def test_without_a_reference_two_different_answers_store_nothing() -> None:
    rig = Rig([source("one", OLD_SIM), source("two", NEW_SIM)], race=EveryAnswer())
    answer = rig.ask().answer
    assert (answer.token(), answer.detail, answer.imsi) == ("no_data:untrusted", "sources_disagree", None)
    rig = Rig([source("one", OLD_SIM), source("two", OLD_SIM)], race=EveryAnswer())
    assert rig.ask().answer.state is SimState.FIRST_SEEN


def test_sources_of_different_representations_cannot_disagree() -> None:
    hashed = SimSeen("", Imsi("a3f5c1d2e4b6978812345678"), Liveness.LIVE, "two")
    rig = Rig([source("one", OLD_SIM), source("two", hashed)], race=EveryAnswer())
    assert rig.ask().answer.state is SimState.FIRST_SEEN


# --------------------------------------------------------------------------------------- dates


def test_a_first_sight_asks_for_a_date_too() -> None:
    rig = Rig([source("dates", DATE), source("one", OLD_SIM)])
    finding = rig.ask()
    assert finding.answer.state is SimState.FIRST_SEEN
    assert (finding.answer.swapped_at, finding.answer.swapped_from) == (DATE.latest, DATE.earliest)
    assert finding.traces == (LookupTrace("one", "seen", 0), LookupTrace("dates", "dated", 0))
    assert rig.meter.events == [("one", "seen"), ("dates", "dated")]


def test_a_known_sim_needs_no_date() -> None:
    rig = Rig([source("dates", DATE), source("one", OLD_SIM)])
    assert rig.ask(known()).answer.swapped_at is None
    assert rig.asked() == ["one"]


def test_a_source_that_dates_the_swap_itself_spares_the_other() -> None:
    seen = SimSeen("", Imsi(OLD_SIM), Liveness.LIVE, swapped_at=NOW - DAY)
    rig = Rig([source("one", seen), source("dates", DATE)])
    assert rig.ask().answer.swapped_at == NOW - DAY
    assert rig.asked() == ["one"]


@pytest.mark.parametrize("kind", [NoData.UNAVAILABLE, NoData.ABSENT, NoData.UNKNOWN_SUBSCRIBER])
def test_without_an_imsi_the_date_stands_beside_its_class(kind: NoData) -> None:
    rig = Rig([source("one", missing(kind)), source("dates", DATE)])
    answer = rig.ask(known()).answer
    assert (answer.no_data, answer.swapped_at) == (kind, DATE.latest)


def test_a_date_alone_is_not_supported_with_the_swap_known() -> None:
    answer = Rig([source("dates", DATE)]).ask(known()).answer
    assert (answer.token(), answer.detail) == ("no_data:not_supported", "date_only")
    assert answer.swapped_at == DATE.latest


def test_the_first_source_that_gives_a_date_is_enough() -> None:
    rig = Rig(
        [
            source("dates_1", missing(NoData.NOT_SUPPORTED)),
            source("dates_2", DATE),
            source("dates_3", replace(DATE, latest=NOW)),
        ]
    )
    assert rig.ask().answer.swapped_at == DATE.latest
    assert rig.asked() == ["dates_1", "dates_2"]


def test_a_date_that_fails_leaves_the_first_sight_as_it_is() -> None:
    rig = Rig([source("one", OLD_SIM), source("dates", missing(NoData.UNAVAILABLE))])
    finding = rig.ask()
    assert (finding.answer.state, finding.answer.swapped_at) == (SimState.FIRST_SEEN, None)
    assert [trace.outcome for trace in finding.traces] == ["seen", "unavailable"]


def test_a_source_of_imsis_that_dates_a_replaced_sim_is_heard() -> None:
    rig = Rig([source("one", replace(DATE, latest=NOW)), source("two", missing(NoData.UNAVAILABLE))])
    answer = rig.ask(known()).answer
    assert (answer.no_data, answer.swapped_at) == (NoData.UNAVAILABLE, NOW)


def test_a_date_that_may_not_decide_is_left_out() -> None:
    rules = TrustRules({"dates": TrustWord.NEVER})
    rig = Rig([source("one", OLD_SIM), source("dates", DATE)], MemoryTrust(rules))
    assert rig.ask().answer.swapped_at is None


def test_no_time_is_left_for_a_date_after_a_slow_answer() -> None:
    slow = FakeLookup("one")
    rig = Rig([slow, source("dates", DATE)])

    def answer(_: Msisdn) -> LookupAnswer:
        rig.clock.move(5.0)
        return SimSeen("one", Imsi(OLD_SIM), Liveness.LIVE)

    slow.then[NUMBER.digits] = answer
    assert rig.ask().answer.state is SimState.FIRST_SEEN
    assert rig.asked() == ["one"]


# ------------------------------------------------------------------------------------ one flight


class OneFlight:
    """The Flights port: whoever asks after a landing has come second, and reads what landed."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    def join(self, tenant: str, number: Msisdn, lease_s: float) -> Flight:
        return Flight("f1", is_mine=not self.text)

    def land(self, tenant: str, number: Msisdn, flight: Flight, answer: str) -> None:
        self.text = answer

    def wait(self, tenant: str, number: Msisdn, flight: Flight, within_s: float) -> str:
        return self.text.strip()


@pytest.mark.parametrize(
    ("first", "subscriber"),
    [
        (OLD_SIM, NEW_SUBSCRIBER),
        (OLD_SIM, known()),
        (NEW_SIM, known()),
        (missing(NoData.ABSENT), known()),
    ],
)
def test_who_comes_second_gets_the_same_answer_with_its_dates(
    first: LookupAnswer | str, subscriber: Subscriber
) -> None:
    rig = Rig([source("one", first), source("dates", DATE)], flights=OneFlight())
    own, joined = rig.ask(subscriber), rig.ask(subscriber)
    assert joined.answer == own.answer
    assert [trace.outcome for trace in joined.traces] == [f"joined_{trace.outcome}" for trace in own.traces]
    assert len(rig.sources[0].asked) == 1
    # It was seen once, however many wait for it.
    assert len(rig.trust.seen) == (0 if own.answer.imsi is None else 1)


def test_nothing_of_an_imsi_is_left_for_those_who_wait() -> None:
    flights = OneFlight()
    Rig([source("one", OLD_SIM), source("dates", DATE)], flights=flights).ask()
    assert OLD_SIM not in flights.text
    assert sealed(OLD_SIM).newest().digest.hex() in flights.text


def test_a_flight_that_is_lost_is_no_answer() -> None:
    answer = Rig([source("one", OLD_SIM)], flights=OneFlight(" ")).ask().answer
    assert (answer.token(), answer.detail) == ("no_data:unavailable", "flight_lost")


# --------------------------------------------------------------------------------------- trust


def test_a_source_that_is_not_believed_decides_nothing() -> None:
    rules = TrustRules(never=frozenset({("one", "25001")}))
    rig = Rig([source("one", OLD_SIM)], MemoryTrust(rules))
    answer = rig.ask(known(NEW_SIM)).answer
    assert (answer.token(), answer.detail) == ("no_data:untrusted", "operator_not_trusted")
    assert rig.trust.seen == []


def test_a_source_that_learns_is_heard_but_does_not_end_the_search() -> None:
    rules = TrustRules({"new": TrustWord.LEARN})
    rig = Rig([source("new", OLD_SIM), source("old", NEW_SIM)], MemoryTrust(rules))
    answer = rig.ask(known()).answer
    # The one that is believed speaks, though the other one knows the SIM.
    assert (answer.state, answer.source, rig.asked()) == (SimState.CHANGED, "old", ["new", "old"])


def test_a_change_told_by_a_learning_source_alone_is_untrusted() -> None:
    rules = TrustRules({"new": TrustWord.LEARN})
    rig = Rig([source("new", NEW_SIM)], MemoryTrust(rules))
    assert rig.ask(known()).answer.token() == "no_data:untrusted"
    assert rig.ask().answer.state is SimState.FIRST_SEEN


def test_an_easing_goes_with_the_answer() -> None:
    rig = Rig([source("one", NEW_SIM)])
    assert not rig.ask(known()).answer.eased
    rig.trust.eased.add(("one", NEW_SIM[:5]))
    assert rig.ask(known()).answer.eased


@pytest.mark.parametrize(
    ("imsi", "subscriber", "sight", "others"),
    [
        (OLD_SIM, NEW_SUBSCRIBER, Sight.FIRST, 0),
        (OLD_SIM, known(), Sight.SAME, 0),
        (NEW_SIM, known(), Sight.CHANGED, 0),
        (NEW_SIM, known(seen=NOW - 60), Sight.CHANGED, 1),
        (
            NEW_SIM,
            replace(known(), candidate=Candidate(sealed(NEW_SIM).newest(), NOW - 60, NOW - 60)),
            Sight.CHANGED_AGAIN,
            0,
        ),
        (
            NEW_SIM,
            replace(known(seen=NOW), candidate=Candidate(sealed(THIRD_SIM).newest(), NOW, NOW)),
            Sight.CHANGED,
            2,
        ),
    ],
)
def test_every_usable_answer_is_shown_to_the_trust_book(
    imsi: str, subscriber: Subscriber, sight: Sight, others: int
) -> None:
    rig = Rig([source("one", imsi)])
    rig.ask(subscriber)
    (sighting,) = rig.trust.seen
    assert (sighting.source, sighting.mcc_mnc, sighting.number) == ("one", imsi[:5], NUMBER)
    assert (sighting.sight, len(sighting.others)) == (sight, others)
    assert sighting.imsi == sealed(imsi).newest().digest.hex()[:16]
    assert sighting.imsi not in sighting.others


def test_a_learning_source_raises_no_rate_of_changes() -> None:
    rig = Rig([source("new", NEW_SIM)], MemoryTrust(TrustRules({"new": TrustWord.LEARN})))
    rig.ask(known())
    assert [one.sight for one in rig.trust.seen] == [Sight.CHANGED_AGAIN]


def test_what_cannot_be_compared_is_not_shown() -> None:
    rig = Rig([source("one", OLD_SIM)])
    other_key = sealed(OLD_SIM, KeyRing({9: b"o" * 32}))
    rig.ask(replace(NEW_SUBSCRIBER, reference=learnt(other_key, NOW, Grade.CONFIRMED)))
    assert rig.trust.seen == []


def test_what_the_book_finds_is_counted_for_the_operators() -> None:
    rig = Rig([source("one", OLD_SIM)])
    rig.trust.news = [TrustNews.DEMOTED, TrustNews.MASS_CHANGE]
    rig.ask()
    assert rig.meter.events[1:] == [("trust", "demoted"), ("trust", "mass_change")]
