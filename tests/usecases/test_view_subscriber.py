"""Viewing and listing subscribers."""

from __future__ import annotations

from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER
from security_service.usecases.list_subscribers import ListSubscribers
from security_service.usecases.view_subscriber import SubscriberView, ViewSubscriber
from tests.fakes.store import START, MemoryStore, MemorySubscribers
from tests.usecases.acting import BANK, NUMBER, known


def test_a_number_that_was_never_met_has_an_empty_record() -> None:
    view = ViewSubscriber(MemorySubscribers(MemoryStore())).run(BANK.id, NUMBER)
    assert view == SubscriberView(NUMBER, NEW_SUBSCRIBER, START, 0, 0, disabled=False)


def test_a_lock_shows_its_end_rounded_up_and_only_while_it_holds() -> None:
    store = MemoryStore()
    store.guess_wrongly(BANK.id, NUMBER, 5, 60)
    store.clock.move(0.5)
    views = ViewSubscriber(MemorySubscribers(store))
    assert views.run(BANK.id, NUMBER).locked_until == START + 60
    store.clock.move(59.5)
    view = views.run(BANK.id, NUMBER)
    assert (view.locked_until, view.failures) == (0, 5)


def test_a_list_holds_the_tenants_numbers_that_begin_as_asked_page_by_page() -> None:
    store = MemoryStore()
    for digits in ("79161112201", "79161112202", "79161112203", "79031112204"):
        store.put(BANK.id, Msisdn(digits), known())
    store.put("other", Msisdn("79161112205"), known())
    listing = ListSubscribers(MemorySubscribers(store))
    first = listing.run(BANK.id, "7916", "", 2)
    second = listing.run(BANK.id, "7916", first.next, 2)
    given = [view.number.digits for view in (*first.subscribers, *second.subscribers)]
    assert given == ["79161112201", "79161112202", "79161112203"]
    assert first.next
    assert second.next == ""
    assert first.subscribers[0].subscriber == known()
