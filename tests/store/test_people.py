"""People's keys in the store: what goes away by itself, what stays, and whose store is written to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.access import Role
from security_service.domain.errors import StoreUnavailable
from security_service.domain.people import Credentials, Person, PersonState
from security_service.domain.people_answers import RefusedReason
from security_service.domain.people_ports import MayTry, PersonWrite
from security_service.store.keys import NEVER_EXPIRE
from security_service.store.people import StoredPeople, StoredSessions
from security_service.store.person_records import person_text, read_person
from security_service.store.sign_in_book import StoredSignInBook
from tests.store.people import ANNA, RULES, SAVED, SESSION, attempt, do_all
from tests.store.rig import StoreRig

TEXTS = st.text(max_size=20)

PEOPLE = st.builds(
    Person,
    name=TEXTS,
    roles=st.frozensets(st.sampled_from(Role)),
    tenants=st.frozensets(TEXTS),
    locale=st.sampled_from(["ru", "en"]),
    state=st.sampled_from(PersonState),
    credentials=st.builds(
        Credentials,
        password=TEXTS,
        totp=st.binary(max_size=80),
        offered=st.binary(max_size=80),
        recovery=st.lists(TEXTS).map(tuple),
        last_step=st.integers(0, 2**53),
        invitation=TEXTS,
        invited_until_ms=st.integers(0, 2**53),
    ),
    created_ms=st.integers(0, 2**53),
    created_by=TEXTS,
    is_federated=st.booleans(),
)


@given(PEOPLE)
def test_a_person_is_read_as_written(person: Person) -> None:
    assert read_person(person_text(person)) == person


def test_all_goes_away_by_itself_but_the_people(rig: StoreRig) -> None:
    do_all(rig)
    left = {key.decode(): rig.redis.pttl(key) for key in rig.redis.scan_iter("{m}:*")}
    stay = {key for key, milliseconds in left.items() if milliseconds == -1}
    assert {key for key in stay if not any(part in key for part in NEVER_EXPIRE)} == set()
    assert {key for key in stay if ":people" in key} == {
        "{m}:people",
        "{m}:people:generations",
        "{m}:people:admins",
    }
    assert max(left.values()) <= 181 * 86_400_000
    assert StoredSessions(rig.frame, RULES).end(SESSION)
    assert {name for name, _, _ in rig.scripts.calls} >= {
        *("admit_sign_in", "refuse_sign_in", "release_sign_in", "sign_in"),
        *("open_session", "end_session", "put_person"),
    }


def test_a_session_key_ends_when_the_session_does(rig: StoreRig) -> None:
    do_all(rig)
    (key,) = rig.redis.scan_iter("{m}:session:*")
    assert 0 < rig.redis.pttl(key) <= 900_000
    rig.redis.hset(key, "ends", rig.now_ms + 1000)
    assert StoredSessions(rig.frame, RULES).open(SESSION) is not None
    assert 0 < rig.redis.pttl(key) <= 1000


def test_a_repeated_call_whose_reply_was_lost_takes_one_place(rig: StoreRig) -> None:
    book = StoredSignInBook(rig.frame, RULES)
    for _ in range(50):
        assert book.admit(attempt("the same")) == MayTry(known_device=False)
    book.release(attempt("the same"))
    assert list(rig.redis.scan_iter("{m}:tries:*")) == []


def test_in_a_store_that_was_emptied_nobody_is_let_in_and_nothing_is_written(rig: StoreRig) -> None:
    do_all(rig)
    rig.redis.flushall()
    people, book = StoredPeople(rig.frame), StoredSignInBook(rig.frame, RULES)
    sessions = StoredSessions(rig.frame, RULES)
    with pytest.raises(StoreUnavailable):
        book.admit(attempt("r"))
    with pytest.raises(StoreUnavailable):
        people.save(PersonWrite(ANNA, b"", SAVED))
    with pytest.raises(StoreUnavailable):
        sessions.open(SESSION)
    with pytest.raises(StoreUnavailable):
        sessions.end(SESSION)
    with pytest.raises(StoreUnavailable):
        book.refuse(attempt("r"), RefusedReason.STATE, is_known=False)
    assert rig.redis.dbsize() == 0
