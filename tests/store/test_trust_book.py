from __future__ import annotations

import json
from typing import Any

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.errors import StoreUnavailable
from security_service.domain.secret import Msisdn
from security_service.domain.trust import (
    Sight,
    Sighting,
    TrustCause,
    TrustEntry,
    TrustNews,
    TrustRules,
    TrustThresholds,
    TrustWord,
)
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.frame import StoreFrame
from security_service.store.keys import Layout
from security_service.store.trust_book import StoredTrustBook
from tests.fakes.clock import HandClock
from tests.store.rig import StoreRig

HOUR, DAY = 3600, 86_400
HLR = ("hlr", "25001")
LEARNING = TrustRules({"hlr": TrustWord.LEARN})
FEW = TrustThresholds(numbers_to_learn=3, numbers_to_demote=3)
FEW_CHANGES = TrustThresholds(mass_changes=4)


class Book:
    """A trust book whose second is over at each question, in a store whose clock is moved by hand."""

    def __init__(
        self, rig: StoreRig, rules: TrustRules | None = None, thresholds: TrustThresholds = FEW
    ) -> None:
        self.rig = rig
        self.clock = HandClock()
        self.stored = StoredTrustBook(rig.frame, self.clock, rules or TrustRules(), thresholds)

    def sees(
        self,
        number: int,
        imsi: str,
        sight: Sight = Sight.SAME,
        others: tuple[str, ...] = (),
        pair: tuple[str, str] = HLR,
    ) -> list[TrustNews]:
        self.clock.move(1.0)
        sighting = Sighting(*pair, Msisdn(f"7916{number:07}"), imsi, sight, others)
        return list(self.stored.observe(sighting))

    def move(self, seconds: float) -> None:
        self.rig.advance(seconds)
        self.clock.move(seconds)

    def word(self, pair: tuple[str, str] = HLR) -> TrustWord:
        self.clock.move(1.0)
        return self.stored.word(*pair)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.rig.texts("m")]


@pytest.fixture
def book(rig: StoreRig) -> Book:
    return Book(rig)


@pytest.fixture
def learning(rig: StoreRig) -> Book:
    return Book(rig, LEARNING)


# ----------------------------------------------------------------------------- learning


def test_a_source_has_learnt_when_enough_numbers_gave_one_imsi_twice(learning: Book) -> None:
    for number in range(3):
        assert learning.sees(number, f"i{number}", Sight.FIRST) == []
    learning.move(HOUR)
    assert learning.sees(0, "i0") == []
    assert learning.sees(1, "i1") == []
    assert learning.word() is TrustWord.LEARN
    assert learning.sees(2, "i2") == [TrustNews.LEARNT]
    assert learning.word() is TrustWord.STABLE
    (event,) = learning.events()[-1:]
    assert event["kind"] == "trust_learnt"
    assert event["facts"].items() >= {"numbers": 3, "reason": "one_imsi_twice"}.items()
    assert event["subject"] == {"mcc_mnc": "25001", "source": "hlr"}


def test_less_than_an_hour_proves_nothing(learning: Book) -> None:
    for _ in range(4):
        for number in range(3):
            assert learning.sees(number, f"i{number}") == []
    learning.move(HOUR - 60)
    for number in range(3):
        assert learning.sees(number, f"i{number}") == []
    assert learning.word() is TrustWord.LEARN


def test_another_imsi_lets_a_number_begin_anew(learning: Book) -> None:
    for number in range(3):
        learning.sees(number, f"i{number}")
    learning.move(HOUR)
    for number in range(2):
        learning.sees(number, f"i{number}")
    assert learning.sees(2, "other") == []
    assert learning.sees(2, "i2") == []
    learning.move(HOUR)
    assert learning.sees(2, "i2") == [TrustNews.LEARNT]


def test_the_same_number_twice_counts_once(learning: Book) -> None:
    learning.sees(0, "i0")
    for _ in range(5):
        learning.move(HOUR)
        assert learning.sees(0, "i0") == []
    assert learning.word() is TrustWord.LEARN


def test_each_operator_learns_for_itself(learning: Book) -> None:
    other = ("hlr", "25002")
    for number in range(3):
        learning.sees(number, f"i{number}")
        learning.sees(number, f"i{number}", pair=other)
    learning.move(HOUR)
    for number in range(3):
        learning.sees(number, f"i{number}")
    assert (learning.word(), learning.word(other)) == (TrustWord.STABLE, TrustWord.LEARN)


def test_a_source_that_nobody_lets_learn_leaves_no_trace_of_its_numbers(book: Book) -> None:
    for number in range(5):
        book.sees(number, f"i{number}")
    keys = {key.decode() for key in book.rig.redis.keys("{trust:*")}
    assert keys == {"{trust:hlr}:rate:25001"}


# --------------------------------------------------------------------------- home routing


def scramble(book: Book, number: int) -> list[TrustNews]:
    """Three questions about one number, each with an IMSI that was never seen before."""
    news = book.sees(number, f"a{number}", Sight.FIRST)
    news += book.sees(number, f"b{number}", Sight.CHANGED, (f"a{number}",))
    return news + book.sees(number, f"c{number}", Sight.CHANGED, (f"a{number}", f"b{number}"))


def test_a_network_that_makes_imsis_up_ends_the_trust_in_its_source(book: Book) -> None:
    assert [scramble(book, number) for number in range(3)] == [[], [], [TrustNews.DEMOTED]]
    assert book.word() is TrustWord.NEVER
    assert book.word(("hlr", "25002")) is TrustWord.STABLE
    (event,) = [event for event in book.events() if event["kind"] == "trust_demoted"]
    assert event["facts"].items() >= {"numbers": 3, "reason": "three_imsis_a_day"}.items()
    entry = book.stored.entry(*HLR)
    assert entry is not None
    assert (entry.word, entry.cause) == (TrustWord.NEVER, TrustCause.DEMOTED)


def test_what_one_question_does_not_tell_is_remembered(book: Book) -> None:
    pairs = [(number, imsi) for number in range(3) for imsi in "bcd"]
    news = [book.sees(number, f"{imsi}{number}", Sight.CHANGED) for number, imsi in pairs]
    assert news[-1][:1] == [TrustNews.DEMOTED]


def test_single_changes_never_end_the_trust(book: Book) -> None:
    for number in range(60):
        assert TrustNews.DEMOTED not in book.sees(number, f"b{number}", Sight.CHANGED, (f"a{number}",))
        assert TrustNews.DEMOTED not in book.sees(number, f"b{number}", Sight.CHANGED_AGAIN, (f"a{number}",))
    assert book.word() is TrustWord.STABLE


def test_three_imsis_over_more_than_a_day_are_no_sign(book: Book) -> None:
    for number in range(3):
        book.sees(number, f"a{number}", Sight.CHANGED)
        book.sees(number, f"b{number}", Sight.CHANGED)
    book.move(DAY)
    for number in range(3):
        assert book.sees(number, f"c{number}", Sight.CHANGED) == []


def test_numbers_that_showed_three_are_forgotten_after_a_day(book: Book) -> None:
    scramble(book, 1)
    scramble(book, 2)
    book.move(DAY)
    assert scramble(book, 3) == []


def test_a_source_that_learns_can_be_demoted_too(learning: Book) -> None:
    assert [scramble(learning, number)[:1] for number in range(3)] == [[], [], [TrustNews.DEMOTED]]


def test_a_person_restores_it_and_the_past_does_not_count(book: Book) -> None:
    for number in range(3):
        scramble(book, number)
    known = book.stored.entry(*HLR)
    book.stored.forget(*HLR)
    restored = TrustEntry(TrustWord.STABLE, TrustCause.PERSON, "olga", 1)
    assert book.stored.put(*HLR, known, restored, Event(EventKind.TRUST_SET, {"actor": "olga"}))
    assert book.stored.word(*HLR) is TrustWord.STABLE
    assert scramble(book, 4) == []
    assert book.word() is TrustWord.STABLE


# ---------------------------------------------------------------------------- mass changes


def test_a_mass_change_is_told_once_an_hour_with_its_figures(rig: StoreRig) -> None:
    book = Book(rig, thresholds=FEW_CHANGES)
    for number in range(40):
        book.sees(number, f"i{number}")
    book.move(2 * HOUR)
    news = [book.sees(number, f"n{number}", Sight.CHANGED) for number in range(6)]
    assert news == [[], [], [], [TrustNews.MASS_CHANGE], [], []]
    (incident,) = [event for event in book.events() if event["kind"] == "incident"]
    assert incident["facts"] == {
        "what": "mass_change",
        "source": "hlr",
        "mcc_mnc": "25001",
        "changed": 4,
        "compared": 4,
        "base_changed": 0,
        "base_compared": 40,
    }
    book.move(2 * HOUR)
    assert [book.sees(number, f"m{number}", Sight.CHANGED) for number in range(4)][-1] == [
        TrustNews.MASS_CHANGE
    ]


def test_an_operator_that_often_changes_sims_is_held_against_itself(rig: StoreRig) -> None:
    book = Book(rig, thresholds=TrustThresholds(mass_changes=4, mass_times=3))
    for hour in range(7):
        for number in range(100):
            sight = Sight.CHANGED if number < 30 else Sight.SAME
            book.rig.now_ms += 10
            book.clock.move(0.01)
            book.stored.observe(Sighting(*HLR, Msisdn(f"79{hour:02}{number:07}"), "x", sight))
        book.move(HOUR)
    # Ten changes among seventy answers are below three times what is usual there.
    mixed = [Sight.CHANGED] * 10 + [Sight.SAME] * 60
    assert [book.sees(number, f"n{number}", sight) for number, sight in enumerate(mixed[::-1])] == [[]] * 70


def test_a_candidate_that_is_seen_again_is_no_further_change(book: Book) -> None:
    for number in range(20):
        assert book.sees(number, f"n{number}", Sight.CHANGED_AGAIN) == []


# ---------------------------------------------------------------------- the book itself


def test_an_entry_is_written_with_its_event_where_nobody_was_faster(book: Book) -> None:
    first = TrustEntry(TrustWord.LEARN, TrustCause.PERSON, "olga", 5)
    event = Event(EventKind.TRUST_SET, {"actor": "olga"})
    assert book.stored.put(*HLR, None, first, event)
    assert not book.stored.put(*HLR, None, first, event)
    assert book.stored.entry(*HLR) == first
    second = TrustEntry(None, TrustCause.PERSON, "ivan", 6, 7)
    assert book.stored.put(*HLR, first, second, event)
    assert book.stored.entries() == {HLR: second}
    assert len(book.events()) == 2 + len([e for e in book.events() if e["kind"] == "store_initialised"])


def test_what_another_process_wrote_is_known_within_a_second(book: Book, rig: StoreRig) -> None:
    assert book.stored.word(*HLR) is TrustWord.STABLE
    other = StoredTrustBook(rig.frame, HandClock(), TrustRules(), FEW)
    entry = TrustEntry(TrustWord.NEVER, TrustCause.PERSON, "olga", 5)
    other.put(*HLR, None, entry, Event(EventKind.TRUST_SET, {}))
    assert book.stored.word(*HLR) is TrustWord.STABLE
    book.clock.move(1.0)
    assert book.stored.word(*HLR) is TrustWord.NEVER


def test_an_easing_ends_by_itself(book: Book) -> None:
    until = book.clock.unix_ms() // 1000 + 60
    entry = TrustEntry(None, TrustCause.PERSON, "olga", 5, until)
    book.stored.put(*HLR, None, entry, Event(EventKind.TRUST_EASED, {}))
    assert book.stored.eases(*HLR)
    assert not book.stored.eases("hlr", "25002")
    book.clock.move(60.0)
    assert not book.stored.eases(*HLR)


def test_what_is_seen_within_a_second_is_one_script(book: Book) -> None:
    calls = book.rig.scripts.calls
    calls.clear()
    for number in range(100):
        book.stored.observe(Sighting(*HLR, Msisdn(f"7916{number:07}"), "x", Sight.SAME))
    assert [name for name, _, _ in calls] == []
    book.sees(1, "x")
    assert [name for name, _, _ in calls] == ["observe_trust"]
    assert book.rig.redis.hvals("{trust:hlr}:rate:25001")[0] == b"101"


def test_a_store_that_is_away_loses_statistics_and_nothing_else(book: Book) -> None:
    gone = ThinScripts(parse_address("unix:///nowhere"), within_s=0.1)
    frame = StoreFrame(gone, lambda: Layout(64), "i1")
    stored = StoredTrustBook(frame, book.clock, TrustRules(), FEW)
    with pytest.raises(StoreUnavailable):
        stored.word(*HLR)
    stored._known = (book.clock.monotonic() + 60, {})  # noqa: SLF001 - read before the store went away
    book.clock.move(1.0)
    assert not stored.observe(Sighting(*HLR, Msisdn("79161112211"), "x", Sight.CHANGED))


def test_evidence_ends_by_itself_and_entries_do_not(learning: Book) -> None:
    for number in range(2):
        learning.sees(number, f"i{number}", Sight.FIRST)
        scramble(learning, number + 10)
    learning.move(HOUR)
    learning.sees(0, "i0")
    entry = TrustEntry(TrustWord.LEARN, TrustCause.PERSON, "olga", 5)
    learning.stored.put(*HLR, None, entry, Event(EventKind.TRUST_SET, {}))
    redis = learning.rig.redis
    names = list(redis.keys("{trust:*"))
    assert {key.decode().split(":")[2] for key in names} == {
        "first",
        "proved",
        "changed",
        "scrambled",
        "rate",
    }
    assert [key for key in names if redis.ttl(key) < 0] == []
    assert redis.ttl("{m}:trust") == -1
