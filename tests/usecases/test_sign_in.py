"""Signing in over a real store, and what an outsider can and cannot do to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from security_service.domain.access import Role
from security_service.domain.people import PersonState
from security_service.domain.people_answers import EntryEnd
from security_service.domain.people_ports import Entry
from security_service.domain.secret import Secret
from security_service.usecases.console_sessions import OpenSession
from security_service.usecases.sign_in import (
    BUSY_S,
    Doorkeeper,
    SignedIn,
    SignIn,
    SignInAttempt,
    SignInOutcome,
    SignInRefused,
)
from tests.store.rig import StoreRig
from tests.usecases.people_desk import HOME, NO_DEVICE, OUTSIDE, PASSWORD, PeopleDesk

WRONG = Secret("not the password")
LEADS = frozenset({Role.LEAD})
NOBODY: frozenset[str] = frozenset()


@pytest.fixture
def desk(redis_url: str) -> Iterator[PeopleDesk]:
    rig = StoreRig(redis_url)
    yield PeopleDesk(rig)
    rig.close()


def test_who_knows_name_password_and_code_gets_a_session(desk: PeopleDesk) -> None:
    desk.arrive("anna", Role.LEAD)
    signed_in = desk.sign_in("anna")
    assert isinstance(signed_in, SignedIn)
    opened = desk.sessions.open(signed_in.session)
    assert isinstance(opened, OpenSession)
    assert (opened.name, opened.roles, opened.tenants) == ("anna", LEADS, NOBODY)
    event = desk.events("signed_in")[-1]
    assert event["facts"] == {"device": "new", "method": "password", "person": "anna", "source": HOME}


def test_the_name_may_be_typed_in_capitals(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    assert isinstance(desk.sign_in(" Anna ", code=desk.code("anna")), SignedIn)


def test_whatever_is_wrong_is_answered_and_worked_for_alike(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    desk.invite("olga")
    good = desk.code("anna")
    attempts = {
        "unknown_person": ("nobody", PASSWORD, good),
        "wrong_password": ("anna", WRONG, good),
        "wrong_code": ("anna", PASSWORD, Secret("000000")),
    }
    for reason, (name, password, code) in attempts.items():
        before = len(desk.passwords.lanes), desk.passwords.made
        assert desk.sign_in(name, password, code) == SignInRefused()
        assert (len(desk.passwords.lanes), desk.passwords.made) == (before[0] + 1, before[1])
        assert desk.reasons()[-1] == reason
    assert desk.sign_in("olga", PASSWORD, good) == SignInRefused()


def test_what_was_typed_stands_in_no_event(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    desk.sign_in("my password by mistake", Secret("hunter2 hunter2"), Secret("123456"))
    desk.sign_in("anna", WRONG, desk.code("anna"))
    desk.enter("anna")
    texts = b"\n".join(desk.rig.texts("m")).decode()
    secrets = (PASSWORD.reveal(), "hunter2", "by mistake", WRONG.reveal(), desk.secrets["anna"].reveal())
    assert all(one not in texts for one in secrets)
    assert "cheap:" not in texts


def test_a_code_is_taken_once(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    code = desk.code("anna")
    assert isinstance(desk.sign_in("anna", code=code), SignedIn)
    assert desk.sign_in("anna", code=code) == SignInRefused()
    assert desk.reasons() == ["code_used"]


def test_a_code_of_an_earlier_step_is_not_taken_after_a_later_one(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    earlier, later = desk.code("anna", -1), desk.code("anna", 1)
    assert isinstance(desk.sign_in("anna", code=later), SignedIn)
    assert desk.sign_in("anna", code=earlier) == SignInRefused()


def test_one_code_in_two_sign_ins_at_once_opens_one_session(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    code, both = desk.code("anna"), threading.Barrier(2)
    outcomes: list[SignInOutcome] = []

    class Meeting:
        """The book, whose callers meet before they enter."""

        admit, refuse, release = desk.book.admit, desk.book.refuse, desk.book.release

        def __init__(self) -> None:
            self.met = threading.local()

        def enter(self, entry: Entry) -> EntryEnd:
            if not getattr(self.met, "once", False):
                self.met.once = True
                both.wait(10)
            return desk.book.enter(entry)

    signing = SignIn(desk.prove, Doorkeeper(Meeting(), desk.chance))

    def attack() -> None:
        outcomes.append(signing.run(SignInAttempt("anna", PASSWORD, code, HOME, NO_DEVICE)))

    threads = [threading.Thread(target=attack) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(isinstance(outcome, SignedIn) for outcome in outcomes) == 1
    assert SignInRefused() in outcomes
    assert len(list(desk.rig.redis.scan_iter("*:session:*"))) == 2  # the welcome's and this one


def test_a_recovery_code_stands_in_for_the_app_once(desk: PeopleDesk) -> None:
    codes = desk.arrive("anna").recovery_codes
    assert len(codes) == 10
    assert isinstance(desk.sign_in("anna", code=codes[0]), SignedIn)
    assert desk.events("signed_in")[-1]["facts"]["method"] == "recovery"
    assert desk.sign_in("anna", code=codes[0]) == SignInRefused()
    assert isinstance(desk.sign_in("anna", code=codes[1]), SignedIn)
    view = desk.listing.one("anna")
    assert view is not None
    assert view.recovery_codes == 8


def test_a_recovery_code_of_somebody_else_is_none(desk: PeopleDesk) -> None:
    codes = desk.arrive("anna").recovery_codes
    desk.arrive("boris")
    assert desk.sign_in("boris", code=codes[0]) == SignInRefused()


def test_a_hash_that_has_become_cheap_is_made_anew_at_sign_in(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    desk.passwords.cost = "dear"
    assert isinstance(desk.enter("anna"), SignedIn)
    found = desk.people.get("anna")
    assert found is not None
    assert found.person.credentials.password.startswith("dear:")
    made = desk.passwords.made
    desk.enter("anna")
    assert desk.passwords.made == made


def test_a_session_is_never_one_that_the_browser_brought(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    planted = Secret("f" * 64)
    first, second = desk.enter("anna", device=planted), desk.enter("anna")
    assert len({planted.reveal(), first.session.reveal(), second.session.reveal()}) == 3
    assert first.device != planted
    assert not desk.is_open(planted)


# --- what an outsider can use up ------------------------------------------------------------


def flood(desk: PeopleDesk, name: str, times: int, device: Secret = NO_DEVICE) -> list[SignInOutcome]:
    """Wrong attempts, each from another network."""
    return [
        desk.sign_in(name, WRONG, Secret("000000"), f"198.51.{at % 250}.{at // 250 + 1}", device)
        for at in range(times)
    ]


def test_a_flood_from_everywhere_does_not_lock_the_operators_own_device(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    device = desk.enter("anna").device
    outcomes = flood(desk, "anna", 60)
    assert isinstance(outcomes[-1], SignInRefused)
    assert outcomes[-1].retry_after_s > 0
    for _ in range(3):
        assert desk.enter("anna", device).device == device
    assert desk.passwords.lanes[-1] is True


def test_a_flood_for_one_name_slows_strangers_for_that_name_alone(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    desk.arrive("boris")
    flood(desk, "anna", 30)
    refused = desk.sign_in("anna")
    assert isinstance(refused, SignInRefused)
    assert 0 < refused.retry_after_s <= 3600
    assert isinstance(desk.sign_in("boris"), SignedIn)
    desk.rig.advance(3600)
    assert isinstance(desk.sign_in("anna"), SignedIn)


def test_a_flood_costs_no_hash_once_its_places_are_used_up(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    flood(desk, "anna", 20)
    hashed = len(desk.passwords.lanes)
    flood(desk, "anna", 50)
    assert len(desk.passwords.lanes) == hashed


def test_a_network_that_tries_many_names_is_slowed_itself(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    device = desk.enter("anna").device
    outcomes = [desk.sign_in(f"name{at}", WRONG, Secret("000000"), OUTSIDE) for at in range(30)]
    assert sum(isinstance(one, SignInRefused) and one.retry_after_s > 0 for one in outcomes) == 10
    refused = desk.sign_in("anna", source="198.51.100.200")
    assert isinstance(refused, SignInRefused)
    assert isinstance(desk.sign_in("anna", source=HOME), SignedIn)
    desk.rig.advance(30)
    behind_the_same_address = desk.sign_in("anna", source=OUTSIDE, device=device)
    assert isinstance(behind_the_same_address, SignedIn)


def test_anothers_device_token_is_a_strangers(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    desk.arrive("boris")
    device = desk.enter("boris").device
    flood(desk, "anna", 25, device)
    assert desk.passwords.lanes[-1] is False
    refused = desk.sign_in("anna", device=device)
    assert isinstance(refused, SignInRefused)
    assert refused.retry_after_s > 0


def test_a_stolen_device_token_buys_few_guesses_and_leaves_other_devices_free(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    stolen, own = desk.enter("anna").device, desk.enter("anna").device
    outcomes = flood(desk, "anna", 12, stolen)
    assert [isinstance(one, SignInRefused) and one.retry_after_s > 0 for one in outcomes].count(True) == 2
    assert isinstance(desk.enter("anna", own), SignedIn)


def test_signing_in_uses_nothing_up(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    for _ in range(25):
        desk.enter("anna")
    assert desk.events("sign_in_refused") == []


def test_who_finds_us_busy_has_not_guessed(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    desk.passwords.is_busy = True
    for _ in range(30):
        assert desk.sign_in("anna") == SignInRefused(BUSY_S)
    desk.passwords.is_busy = False
    assert isinstance(desk.sign_in("anna"), SignedIn)


def test_a_flood_writes_one_event_a_full_window_and_counts_the_rest(desk: PeopleDesk) -> None:
    for _ in range(60):
        desk.sign_in("nobody", WRONG, Secret("000000"), OUTSIDE)
    assert desk.reasons() == [*["unknown_person"] * 20, "too_many"]
    desk.rig.advance(900)
    desk.sign_in("another", WRONG, Secret("000000"), HOME)
    assert desk.events("sign_in_refused")[-1]["outcome"] == {"reason": "unknown_person", "unwritten": 39}


def test_a_flood_from_everywhere_writes_so_many_events_an_hour(desk: PeopleDesk) -> None:
    for at in range(700):
        source = f"203.{at // 250}.{at % 250}.1"
        desk.sign_in(f"name{at}", WRONG, Secret("000000"), source)
    assert len(desk.events("sign_in_refused")) == 600
    desk.rig.advance(3600)
    desk.sign_in("nobody", WRONG, Secret("000000"), HOME)
    assert desk.events("sign_in_refused")[-1]["outcome"]["unwritten"] == 100


def test_a_full_window_names_the_person_only_where_there_is_one(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    flood(desk, "anna", 21)
    flood(desk, "nobody", 21)
    full = [one["facts"] for one in desk.events("sign_in_refused") if one["outcome"]["reason"] == "too_many"]
    assert [facts.get("person") for facts in full] == ["anna", None]


# --- sessions -------------------------------------------------------------------------------


def test_a_session_ends_unused(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    session = desk.enter("anna").session
    for _ in range(5):
        desk.rig.advance(800)
        assert desk.is_open(session)
    desk.rig.advance(900)
    assert not desk.is_open(session)


def test_a_session_ends_at_last_however_much_it_is_used(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    session = desk.enter("anna").session
    opened = 0
    while desk.is_open(session):
        opened += 1
        desk.rig.advance(600)
        assert opened < 100
    assert opened == 72


def test_a_stolen_token_opens_nothing_after_sign_out(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    session, other = desk.enter("anna").session, desk.enter("anna").session
    desk.sessions.end(session)
    assert (desk.is_open(session), desk.is_open(other)) == (False, True)
    assert [one["facts"]["person"] for one in desk.events("signed_out")] == ["anna"]
    desk.sessions.end(session)
    assert len(desk.events("signed_out")) == 1


def test_a_stolen_token_opens_nothing_once_its_person_is_disabled_even_if_enabled_again(
    desk: PeopleDesk,
) -> None:
    desk.arrive("root", Role.ADMIN)
    desk.arrive("anna")
    session = desk.enter("anna").session
    desk.changing.disable("anna", "root")
    assert not desk.is_open(session)
    desk.changing.enable("anna", "root")
    assert desk.state("anna") is PersonState.ACTIVE
    assert not desk.is_open(session)
    assert isinstance(desk.sign_in("anna"), SignedIn)


def test_the_store_holds_no_token_in_the_clear(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    signed_in = desk.enter("anna")
    tokens = (signed_in.session.reveal(), signed_in.device.reveal())
    keys = b"\n".join(desk.rig.redis.scan_iter()).decode()
    assert all(token not in keys for token in tokens)
    assert desk.sessions.open(Secret("")) == desk.sessions.open(Secret("0" * 64))


def test_a_lost_reply_to_a_sign_in_opens_the_same_session_once(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    found = desk.people.get("anna")
    assert found is not None
    attempt, _ = desk.door.admit("anna", HOME, NO_DEVICE)
    entered = desk.door.enter(attempt, found, "password", known_device=False)
    assert isinstance(entered, SignedIn)
    _, keys, arguments = next(call for call in reversed(desk.rig.scripts.calls) if call[0] == "sign_in")
    again = desk.rig.frame.scripts.run(desk.book._enter, keys, arguments)  # noqa: SLF001 - sent once more
    assert again == [b"entered"]
    assert len(desk.events("signed_in")) == 2


def test_a_record_that_moves_under_a_sign_in_is_judged_anew(desk: PeopleDesk) -> None:
    desk.arrive("anna")

    class Meddling:
        """The book, in whose way a change of the record comes, once."""

        admit, refuse, release = desk.book.admit, desk.book.refuse, desk.book.release

        def __init__(self) -> None:
            self.has_meddled = False

        def enter(self, entry: Entry) -> EntryEnd:
            if not self.has_meddled:
                self.has_meddled = True
                desk.own.locale("anna", "en")
            return desk.book.enter(entry)

    signing = SignIn(desk.prove, replace(desk.door, book=Meddling()))
    signed_in = signing.run(SignInAttempt("anna", PASSWORD, desk.code("anna"), HOME, NO_DEVICE))
    assert isinstance(signed_in, SignedIn)
    assert signed_in.person.locale == "en"
