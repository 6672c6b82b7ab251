from __future__ import annotations

import pytest

from security_service.domain.access import Actor, Role
from security_service.domain.audit import EventKind
from security_service.domain.trust import TrustCause, TrustEntry, TrustRules, TrustWord
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.set_trust import (
    LONGEST_EASING_S,
    NeverBySettings,
    OnlyALead,
    SetTrust,
    TrustOrder,
    TrustOutcome,
    TrustSet,
    UnknownSource,
)
from tests.fakes.clock import HandClock
from tests.fakes.trust import MemoryTrust

LEAD = Actor("olga", frozenset({Role.LEAD}))
CLOCK = HandClock()
NOW = CLOCK.unix_ms() // 1000
RULES = TrustRules({"smsc": TrustWord.LEARN}, frozenset({("hlr", "25020")}))


@pytest.fixture
def book() -> MemoryTrust:
    return MemoryTrust(RULES)


@pytest.fixture
def set_trust(book: MemoryTrust) -> SetTrust:
    return SetTrust(book, frozenset({"hlr", "smsc"}), RULES, CLOCK)


def order(source: str = "hlr", mcc_mnc: str = "25001", actor: Actor = LEAD) -> TrustOrder:
    return TrustOrder(source, mcc_mnc, actor, "they route SMS home", "r1")


def entry_of(outcome: TrustOutcome) -> TrustEntry:
    assert isinstance(outcome, TrustSet)
    return outcome.entry


@pytest.mark.parametrize("word", list(TrustWord))
def test_a_lead_sets_whose_word_may_decide(book: MemoryTrust, set_trust: SetTrust, word: TrustWord) -> None:
    entry = entry_of(set_trust.set_word(order(), word))
    assert entry == TrustEntry(word, TrustCause.PERSON, "olga", NOW)
    assert book.word("hlr", "25001") is word
    (event,) = book.events
    assert event.kind is EventKind.TRUST_SET
    assert event.facts == {
        "actor": "olga",
        "reason": "they route SMS home",
        "request_id": "r1",
        "word": word.value,
    }


def test_a_source_that_was_demoted_is_restored_with_a_clean_slate(
    book: MemoryTrust, set_trust: SetTrust
) -> None:
    book.entries["hlr", "25001"] = TrustEntry(TrustWord.NEVER, TrustCause.DEMOTED, "", NOW - 60)
    set_trust.set_word(order(), TrustWord.STABLE)
    assert book.word("hlr", "25001") is TrustWord.STABLE
    assert book.forgotten == [("hlr", "25001")]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR])
def test_nobody_but_a_lead_decides(book: MemoryTrust, set_trust: SetTrust, role: Role) -> None:
    asked = order(actor=Actor("ivan", frozenset({role})))
    assert set_trust.set_word(asked, TrustWord.STABLE) == OnlyALead()
    assert set_trust.ease(asked, 3600) == OnlyALead()
    assert (book.entries, book.events, book.forgotten) == ({}, [], [])


def test_a_source_that_is_not_configured_is_not_made_up(book: MemoryTrust, set_trust: SetTrust) -> None:
    assert set_trust.set_word(order("hrl"), TrustWord.STABLE) == UnknownSource()
    assert book.events == []


@pytest.mark.parametrize("word", [TrustWord.STABLE, TrustWord.LEARN])
def test_what_the_settings_forbid_is_refused_and_not_written_in_vain(
    book: MemoryTrust, set_trust: SetTrust, word: TrustWord
) -> None:
    assert set_trust.set_word(order(mcc_mnc="25020"), word) == NeverBySettings()
    assert book.events == []
    assert isinstance(set_trust.set_word(order(mcc_mnc="25020"), TrustWord.NEVER), TrustSet)


def test_an_easing_holds_for_its_time_and_leaves_the_word(book: MemoryTrust, set_trust: SetTrust) -> None:
    entry = entry_of(set_trust.ease(order("smsc"), 7200))
    assert (entry.word, entry.eased_until) == (None, NOW + 7200)
    assert book.word("smsc", "25001") is TrustWord.LEARN
    assert [(event.kind, event.facts["until"]) for event in book.events] == [
        (EventKind.TRUST_EASED, NOW + 7200)
    ]


def test_an_easing_is_never_longer_than_three_days(set_trust: SetTrust) -> None:
    assert entry_of(set_trust.ease(order(), 10**9)).eased_until == NOW + LONGEST_EASING_S == NOW + 72 * 3600


@pytest.mark.parametrize("for_s", [0, -5])
def test_an_easing_can_be_ended(set_trust: SetTrust, for_s: int) -> None:
    set_trust.ease(order(), 7200)
    assert entry_of(set_trust.ease(order(), for_s)).eased_until == 0


def test_the_word_and_the_easing_keep_each_other(set_trust: SetTrust) -> None:
    set_trust.ease(order(), 7200)
    entry = entry_of(set_trust.set_word(order(), TrustWord.LEARN))
    assert (entry.word, entry.eased_until) == (TrustWord.LEARN, NOW + 7200)
    entry = entry_of(set_trust.ease(order(), 60))
    assert (entry.word, entry.eased_until) == (TrustWord.LEARN, NOW + 60)


def test_an_entry_that_moves_is_read_again(book: MemoryTrust, set_trust: SetTrust) -> None:
    book.moves = 3
    assert isinstance(set_trust.set_word(order(), TrustWord.NEVER), TrustSet)
    book.moves = 4
    assert set_trust.set_word(order(), TrustWord.STABLE) == RecordKeepsMoving()
    assert len(book.events) == 1
