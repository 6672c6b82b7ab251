"""One run through all that the store does with people: every script, and every event of theirs."""

from __future__ import annotations

from dataclasses import replace

from security_service.domain.access import Role
from security_service.domain.audit import Event, EventKind
from security_service.domain.people import Person, PersonState
from security_service.domain.people_answers import EntryEnd, RefusedReason, SaveEnd
from security_service.domain.people_ports import Attempt, Entry, MayTry, PersonWrite, SessionRules
from security_service.domain.secret import Secret
from security_service.store.people import StoredPeople, StoredSessions
from security_service.store.person_records import person_text
from security_service.store.sign_in_book import StoredSignInBook
from tests.store.rig import StoreRig

RULES = SessionRules(900, 43_200)
ANNA = Person("anna", frozenset({Role.ADMIN}), state=PersonState.ACTIVE)
SAVED = Event(EventKind.PERSON_SAVED, {"person": "anna"})
SESSION, DEVICE = Secret("s" * 64), Secret("d" * 32)


def attempt(request: str, device: Secret = Secret("")) -> Attempt:
    return Attempt("anna", "192.0.2.1", device, request)


def do_all(rig: StoreRig) -> None:
    """Bring every script of people to run."""
    people, book = StoredPeople(rig.frame), StoredSignInBook(rig.frame, RULES)
    sessions = StoredSessions(rig.frame, RULES)
    assert people.save(PersonWrite(ANNA, b"", SAVED)) is SaveEnd.SAVED
    for at in range(22):
        admitted = book.admit(attempt(f"r{at}"))
        if isinstance(admitted, MayTry):
            book.refuse(attempt(f"r{at}"), RefusedReason.WRONG_CODE, is_known=True)
    book.release(attempt("r1"))
    entry = Entry(
        attempt("r2"),
        ANNA,
        person_text(ANNA),
        SESSION,
        DEVICE,
        Event(EventKind.SIGNED_IN, {"person": "anna"}),
        once="a state",
    )
    assert book.enter(entry) is EntryEnd.ENTERED
    assert book.enter(replace(entry, session=Secret("t" * 64))) is EntryEnd.USED
    assert book.admit(attempt("known", DEVICE)) == MayTry(known_device=True)
    other = replace(ANNA, locale="en")
    assert people.save(PersonWrite(other, person_text(ANNA), SAVED, ends_sessions=True, keeps=SESSION)) == (
        SaveEnd.SAVED
    )
    opened = sessions.open(SESSION)
    assert opened is not None
    assert opened.person == other
    assert sessions.open(Secret("x")) is None
