"""People invited, welcomed, changed and let go, over a real store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from security_service.domain.access import Role
from security_service.domain.people import PasswordFault, Person, PersonState
from security_service.domain.people_answers import SaveEnd
from security_service.domain.people_ports import PersonWrite, StoredPerson
from security_service.domain.secret import Secret
from security_service.usecases.change_own import OwnAttempt, OwnPasswordSet, RecoveryCodesMade
from security_service.usecases.change_person import (
    ChangeOutcome,
    ChangePerson,
    LastAdmin,
    NoSuchPerson,
    PersonChanged,
)
from security_service.usecases.console_sessions import OpenSession
from security_service.usecases.invite_person import Invitation, Invited, NameTaken, PersonFault, person_event
from security_service.usecases.sign_in import SignedIn, SignInRefused
from security_service.usecases.welcome_person import (
    AppOffered,
    CodeWrong,
    PasswordRefused,
    WelcomeAttempt,
    Welcomed,
)
from tests.store.rig import StoreRig
from tests.usecases.people_desk import HOME, NO_DEVICE, PASSWORD, PeopleDesk

NEW = Secret("another green river")
LEADS = frozenset({Role.LEAD})
NOBODYS = Secret("0123-4567-89ab-cdef-0123")


@pytest.fixture
def desk(redis_url: str) -> Iterator[PeopleDesk]:
    rig = StoreRig(redis_url)
    yield PeopleDesk(rig)
    rig.close()


def own(desk: PeopleDesk, session: SignedIn, password: Secret = PASSWORD) -> OwnAttempt:
    return OwnAttempt("anna", password, desk.code("anna"), session.session, HOME, session.device)


# --- invitations ----------------------------------------------------------------------------


def test_an_invited_person_chooses_a_password_and_an_app_and_is_in(desk: PeopleDesk) -> None:
    welcomed = desk.arrive("anna", Role.LEAD)
    opened = desk.sessions.open(welcomed.signed_in.session)
    assert isinstance(opened, OpenSession)
    assert opened.roles == {Role.LEAD}
    assert desk.state("anna") is PersonState.ACTIVE
    assert desk.events("signed_in")[-1]["facts"]["method"] == "invitation"
    changes = [one["facts"]["change"] for one in desk.events("person_saved")]
    assert changes == ["invited", "app_offered", "welcomed"]
    assert desk.enter("anna", welcomed.signed_in.device).device == welcomed.signed_in.device


def test_the_invitation_is_of_use_once(desk: PeopleDesk) -> None:
    invited = desk.invite("anna")
    desk.welcome(invited)
    again = WelcomeAttempt("anna", invited.code, HOME, NO_DEVICE)
    assert desk.welcoming.begin(again) == SignInRefused()
    assert desk.welcoming.finish(again, NEW, desk.code("anna")) == SignInRefused()


def test_the_invitation_ends_after_a_day(desk: PeopleDesk) -> None:
    invited = desk.invite("anna")
    desk.rig.advance(24 * 3600)
    attempt = WelcomeAttempt("anna", invited.code, HOME, NO_DEVICE)
    assert desk.welcoming.begin(attempt) == SignInRefused()


@pytest.mark.parametrize("code", [NOBODYS, Secret(""), Secret("---")])
@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_a_wrong_invitation_is_answered_alike_for_everybody(
    desk: PeopleDesk, name: str, code: Secret
) -> None:
    desk.invite("anna")
    attempt = WelcomeAttempt(name, code, HOME, NO_DEVICE)
    assert desk.welcoming.begin(attempt) == SignInRefused()
    assert desk.reasons() == ["wrong_invitation"]


def test_the_invitation_of_somebody_else_is_none(desk: PeopleDesk) -> None:
    desk.invite("anna")
    boris = desk.invite("boris")
    attempt = WelcomeAttempt("anna", boris.code, HOME, NO_DEVICE)
    assert desk.welcoming.begin(attempt) == SignInRefused()


def test_guessing_invitations_is_counted_and_slowed(desk: PeopleDesk) -> None:
    desk.invite("anna")
    outcomes = [desk.welcoming.begin(WelcomeAttempt("anna", NOBODYS, HOME, NO_DEVICE)) for _ in range(25)]
    assert [isinstance(one, SignInRefused) and one.retry_after_s > 0 for one in outcomes].count(True) == 5


def test_asked_twice_the_same_app_is_offered(desk: PeopleDesk) -> None:
    attempt = WelcomeAttempt("anna", desk.invite("anna").code, HOME, NO_DEVICE)
    first, second = desk.welcoming.begin(attempt), desk.welcoming.begin(attempt)
    assert isinstance(first, AppOffered)
    assert first == second
    assert "<svg" in first.qr_svg.reveal()
    assert first.secret.reveal() in first.uri.reveal()


def test_a_poor_password_or_a_wrong_code_leaves_the_invitation_as_it_is(desk: PeopleDesk) -> None:
    invited = desk.invite("anna")
    attempt = WelcomeAttempt("anna", invited.code, HOME, NO_DEVICE)
    assert desk.welcoming.finish(attempt, PASSWORD, Secret("000000")) == CodeWrong()
    offered = desk.welcoming.begin(attempt)
    assert isinstance(offered, AppOffered)
    desk.secrets["anna"] = offered.secret
    for _ in range(30):
        refused = desk.welcoming.finish(attempt, Secret("short"), desk.code("anna"))
        assert refused == PasswordRefused(PasswordFault.TOO_SHORT)
    assert desk.welcoming.finish(attempt, PASSWORD, Secret("000000")) == CodeWrong()
    assert desk.state("anna") is PersonState.INVITED
    assert isinstance(desk.welcoming.finish(attempt, PASSWORD, desk.code("anna")), Welcomed)


def test_the_first_code_of_the_app_does_not_sign_in_again(desk: PeopleDesk) -> None:
    invited = desk.invite("anna")
    attempt = WelcomeAttempt("anna", invited.code, HOME, NO_DEVICE)
    offered = desk.welcoming.begin(attempt)
    assert isinstance(offered, AppOffered)
    desk.secrets["anna"] = offered.secret
    code = desk.code("anna")
    assert isinstance(desk.welcoming.finish(attempt, PASSWORD, code), Welcomed)
    assert desk.sign_in("anna", code=code) == SignInRefused()


def test_nobody_is_invited_over_somebody_and_nobody_without_name_or_role(desk: PeopleDesk) -> None:
    desk.invite("anna")
    nobody: frozenset[str] = frozenset()
    assert desk.inviting.run(Invitation("Anna", LEADS, nobody, "root")) == NameTaken()
    for name in ("", "oidc:anna", "an na", "../x"):
        fault = desk.inviting.run(Invitation(name, LEADS, nobody, "root"))
        assert isinstance(fault, PersonFault)
        assert fault.member == "name"
    roleless = desk.inviting.run(Invitation("boris", frozenset(), nobody, "root"))
    assert isinstance(roleless, PersonFault)
    assert roleless.member == "roles"
    foreign = desk.inviting.run(Invitation("boris", LEADS, nobody, "root", "fr"))
    assert isinstance(foreign, PersonFault)
    assert foreign.member == "locale"


def test_the_store_and_the_audit_hold_nothing_that_was_shown_once(desk: PeopleDesk) -> None:
    invited = desk.invite("anna")
    welcomed = desk.welcome(invited)
    held = b"\n".join([*desk.rig.redis.hvals("{m}:people"), *desk.rig.texts("m")]).decode()
    shown = [desk.secrets["anna"], invited.code, *welcomed.recovery_codes]
    assert all(secret.reveal() not in held for secret in shown)
    assert all(secret.reveal().replace("-", "") not in held for secret in shown)


# --- changes of others ----------------------------------------------------------------------


def test_rights_are_those_of_this_moment(desk: PeopleDesk) -> None:
    desk.arrive("anna", Role.LEAD)
    session = desk.enter("anna").session
    changed = desk.changing.rights("anna", "root", frozenset({Role.AUDITOR}), frozenset({"bank"}))
    assert isinstance(changed, PersonChanged)
    assert (changed.view.roles, changed.view.tenants) == ((Role.AUDITOR,), ("bank",))
    assert not desk.is_open(session)
    opened = desk.sessions.open(desk.enter("anna").session)
    assert isinstance(opened, OpenSession)
    assert (opened.roles, opened.tenants) == (frozenset({Role.AUDITOR}), frozenset({"bank"}))
    facts = desk.events("person_saved")[-1]["facts"]
    assert facts == {
        "actor": "root",
        "change": "rights",
        "person": "anna",
        "roles": ["auditor"],
        "state": "active",
        "tenants": ["bank"],
    }


def test_a_disabled_person_gets_no_further_than_a_wrong_password(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    desk.changing.disable("anna", "root")
    assert desk.sign_in("anna") == SignInRefused()
    assert desk.reasons() == ["not_active"]


def test_a_reset_forgets_all_that_the_person_proved_themselves_by(desk: PeopleDesk) -> None:
    codes = desk.arrive("anna").recovery_codes
    session = desk.enter("anna").session
    invited = desk.changing.reset("anna", "root")
    assert isinstance(invited, Invited)
    assert not desk.is_open(session)
    assert desk.sign_in("anna") == SignInRefused()
    assert desk.sign_in("anna", code=codes[0]) == SignInRefused()
    desk.welcome(invited)
    assert isinstance(desk.sign_in("anna"), SignedIn)


def test_one_that_was_disabled_before_coming_is_invited_again_when_enabled(desk: PeopleDesk) -> None:
    invited = desk.invite("anna")
    desk.changing.disable("anna", "root")
    attempt = WelcomeAttempt("anna", invited.code, HOME, NO_DEVICE)
    assert desk.welcoming.begin(attempt) == SignInRefused()
    desk.changing.enable("anna", "root")
    assert desk.state("anna") is PersonState.INVITED
    assert isinstance(desk.welcome(invited), Welcomed)


def test_only_who_is_disabled_is_enabled_or_removed(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    assert isinstance(desk.changing.enable("anna", "root"), PersonFault)
    assert isinstance(desk.changing.remove("anna", "root"), PersonFault)
    desk.changing.disable("anna", "root")
    assert isinstance(desk.changing.remove("anna", "root"), PersonChanged)
    assert desk.people.get("anna") is None
    assert desk.events("person_removed")[-1]["facts"] == {"actor": "root", "person": "anna"}
    assert desk.changing.disable("anna", "root") == NoSuchPerson()


def test_a_session_of_one_who_was_removed_is_not_that_of_a_namesake(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    session = desk.enter("anna").session
    desk.changing.disable("anna", "root")
    desk.changing.remove("anna", "root")
    desk.arrive("anna", Role.ADMIN)
    assert not desk.is_open(session)


def test_the_last_active_admin_stays_one(desk: PeopleDesk) -> None:
    desk.arrive("root", Role.ADMIN)
    desk.arrive("second", Role.ADMIN, Role.LEAD)
    assert isinstance(desk.changing.rights("second", "root", LEADS, frozenset()), PersonChanged)
    nobody: frozenset[str] = frozenset()
    outcomes: list[ChangeOutcome | Invited] = [
        desk.changing.disable("root", "root"),
        desk.changing.rights("root", "root", LEADS, nobody),
        desk.changing.reset("root", "second"),
    ]
    assert outcomes == [LastAdmin()] * 3
    assert isinstance(desk.changing.rights("root", "root", frozenset(Role), nobody), PersonChanged)
    assert isinstance(desk.changing.reset("root", "cli:root", even_last=True), Invited)


def test_two_admins_who_disable_each_other_at_once_leave_one(desk: PeopleDesk) -> None:
    desk.arrive("root", Role.ADMIN)
    desk.arrive("second", Role.ADMIN)
    both, outcomes = threading.Barrier(2), list[ChangeOutcome]()

    class Meeting:
        """The records, whose two writers meet before they write."""

        get, all = desk.people.get, desk.people.all

        def save(self, write: PersonWrite) -> SaveEnd:
            both.wait(10)
            return desk.people.save(write)

    changing = ChangePerson(Meeting(), desk.chance, desk.clock)
    pairs = (("root", "second"), ("second", "root"))
    threads = [
        threading.Thread(target=lambda pair=pair: outcomes.append(changing.disable(*pair))) for pair in pairs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert LastAdmin() in outcomes
    assert sum(person.is_local_admin for person in desk.people.all()) == 1


def test_a_write_over_a_record_that_moved_changes_nothing(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    found = desk.people.get("anna")
    assert isinstance(found, StoredPerson)
    desk.own.locale("anna", "en")
    event = desk.events("person_saved")
    stale: Person = replace(found.person, roles=frozenset(Role))
    write = PersonWrite(stale, found.stored, person_event("rights", "root", stale))
    assert desk.people.save(write) is SaveEnd.MOVED
    assert desk.events("person_saved") == event


# --- changes of oneself ---------------------------------------------------------------------


def test_ones_own_password_ends_every_other_session(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    here, elsewhere = desk.enter("anna"), desk.enter("anna")
    assert desk.own.password(own(desk, here), NEW) == OwnPasswordSet()
    assert (desk.is_open(here.session), desk.is_open(elsewhere.session)) == (True, False)
    desk.rig.advance(30)
    assert desk.sign_in("anna") == SignInRefused()
    desk.rig.advance(30)
    assert isinstance(desk.sign_in("anna", NEW), SignedIn)


def test_a_session_alone_changes_no_password(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    here = desk.enter("anna")
    wrong = replace(own(desk, here), password=Secret("not the password"))
    assert desk.own.password(wrong, NEW) == SignInRefused()
    codeless = replace(own(desk, here), code=Secret("000000"))
    assert desk.own.recovery_codes(codeless) == SignInRefused()
    outcomes = [desk.own.password(wrong, NEW) for _ in range(12)]
    assert isinstance(outcomes[-1], SignInRefused)
    assert outcomes[-1].retry_after_s > 0


def test_the_session_of_somebody_else_does_not_outlive_a_change_of_password(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    desk.arrive("boris")
    here, boris = desk.enter("anna"), desk.enter("boris")
    attempt = replace(own(desk, here), session=boris.session)
    assert desk.own.password(attempt, NEW) == OwnPasswordSet()
    assert not desk.is_open(here.session)
    opened = desk.sessions.open(boris.session)
    assert isinstance(opened, OpenSession)
    assert opened.name == "boris"


def test_a_poor_password_is_not_taken_for_ones_own_either(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    refused = desk.own.password(own(desk, desk.enter("anna")), Secret("anna anna anna"))
    assert refused == PasswordRefused(PasswordFault.HOLDS_NAME)


def test_new_recovery_codes_take_the_place_of_those_before(desk: PeopleDesk) -> None:
    before = desk.arrive("anna").recovery_codes
    made = desk.own.recovery_codes(own(desk, desk.enter("anna")))
    assert isinstance(made, RecoveryCodesMade)
    assert desk.sign_in("anna", code=before[0]) == SignInRefused()
    assert isinstance(desk.sign_in("anna", code=made.codes[0]), SignedIn)


def test_ones_language_is_one_of_two(desk: PeopleDesk) -> None:
    desk.arrive("anna")
    session = desk.enter("anna").session
    desk.own.locale("anna", "en")
    opened = desk.sessions.open(session)
    assert isinstance(opened, OpenSession)
    assert opened.locale == "en"
    assert isinstance(desk.own.locale("anna", "fr"), PersonFault)
    assert desk.own.locale("nobody", "en") == NoSuchPerson()


def test_everybody_is_listed_without_what_they_prove_themselves_by(desk: PeopleDesk) -> None:
    desk.arrive("boris", Role.ANALYST)
    desk.invite("anna", Role.ADMIN)
    listed = desk.listing.run()
    assert [(one.name, one.state) for one in listed] == [
        ("anna", PersonState.INVITED),
        ("boris", PersonState.ACTIVE),
    ]
    assert (listed[0].invited_until_ms > 0, listed[1].invited_until_ms) == (True, 0)
    assert "cheap:" not in repr(listed)
    assert desk.listing.one("nobody") is None
