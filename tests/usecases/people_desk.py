"""People and sign-in over a real store, a clock moved by hand and hashes that are counted; judges nothing."""

from __future__ import annotations

import json
from typing import Any, Final

import pyotp

from security_service.domain.access import Role
from security_service.domain.people import PersonState
from security_service.domain.people_ports import SessionRules
from security_service.domain.secret import KeyRing, Secret
from security_service.links.authenticator import AuthenticatorApp
from security_service.links.operating_system import SystemChance
from security_service.links.sealed_text import TextSealer
from security_service.store.people import StoredPeople, StoredSessions
from security_service.store.sign_in_book import StoredSignInBook
from security_service.usecases.change_own import ChangeOwn
from security_service.usecases.change_person import ChangePerson
from security_service.usecases.console_sessions import ConsoleSessions, OpenSession
from security_service.usecases.invite_person import Invitation, Invited, InvitePerson
from security_service.usecases.list_people import ListPeople
from security_service.usecases.prove_person import ProvePerson
from security_service.usecases.sign_in import Doorkeeper, SignedIn, SignIn, SignInAttempt, SignInOutcome
from security_service.usecases.welcome_person import AppOffered, WelcomeAttempt, Welcomed, WelcomePerson
from tests.fakes.passwords import CountedPasswords
from tests.store.rig import StoreRig

HOME: Final = "192.0.2.10"
OUTSIDE: Final = "198.51.100.7"
PASSWORD: Final = Secret("a quiet green river")
NO_DEVICE: Final = Secret("")
RULES: Final = SessionRules(900, 12 * 3600)
SEALER: Final = TextSealer(KeyRing({1: b"v" * 32}), "people")


class RigClock:
    """The Clock port over the rig's hand-moved time."""

    def __init__(self, rig: StoreRig) -> None:
        self._rig = rig

    def monotonic(self) -> float:
        return self._rig.now_ms / 1000

    def unix_ms(self) -> int:
        return self._rig.now_ms

    def pause(self, seconds: float) -> None:
        self._rig.now_ms += round(seconds * 1000)


class PeopleDesk:
    """Every use case of people, and short ways to do the usual things."""

    def __init__(self, rig: StoreRig) -> None:
        self.rig, self.clock, self.chance = rig, RigClock(rig), SystemChance()
        self.passwords = CountedPasswords()
        self.people = StoredPeople(rig.frame)
        self.book = StoredSignInBook(rig.frame, RULES)
        self.door = Doorkeeper(self.book, self.chance)
        self.prove = ProvePerson(self.people, self.passwords, AuthenticatorApp(), SEALER, self.clock)
        self.signing = SignIn(self.prove, self.door)
        self.sessions = ConsoleSessions(StoredSessions(rig.frame, RULES))
        self.welcoming = WelcomePerson(self.people, self.prove, self.door, self.chance, self.clock)
        self.inviting = InvitePerson(self.people, self.chance, self.clock)
        self.changing = ChangePerson(self.people, self.chance, self.clock)
        self.own = ChangeOwn(self.people, self.prove, self.door, self.chance)
        self.listing = ListPeople(self.people)
        self.secrets: dict[str, Secret] = {}

    def invite(self, name: str, *roles: Role) -> Invited:
        """Invite somebody new."""
        invited = self.inviting.run(
            Invitation(name, frozenset(roles or {Role.LEAD}), frozenset(), "cli:root")
        )
        assert isinstance(invited, Invited)
        return invited

    def welcome(self, invited: Invited, source: str = HOME) -> Welcomed:
        """Go through both steps of an invitation; the time step after it is a new one."""
        attempt = WelcomeAttempt(invited.name, invited.code, source, NO_DEVICE)
        offered = self.welcoming.begin(attempt)
        assert isinstance(offered, AppOffered)
        self.secrets[invited.name] = offered.secret
        welcomed = self.welcoming.finish(attempt, PASSWORD, self.code(invited.name))
        assert isinstance(welcomed, Welcomed)
        self.rig.advance(30)
        return welcomed

    def arrive(self, name: str = "anna", *roles: Role) -> Welcomed:
        """Invite and welcome somebody."""
        return self.welcome(self.invite(name, *roles))

    def code(self, name: str, steps: int = 0) -> Secret:
        """The code that the person's app shows now, or so many steps later."""
        return Secret(pyotp.TOTP(self.secrets[name].reveal()).at(self.rig.now_ms // 1000 + 30 * steps))

    def sign_in(
        self,
        name: str = "anna",
        password: Secret = PASSWORD,
        code: Secret | None = None,
        source: str = HOME,
        device: Secret = NO_DEVICE,
    ) -> SignInOutcome:
        """Try to sign in, with the right code where none is given."""
        given = self.code(name) if code is None else code
        return self.signing.run(SignInAttempt(name, password, given, source, device))

    def enter(self, name: str = "anna", device: Secret = NO_DEVICE) -> SignedIn:
        """Sign in, and let the time step go by."""
        signed_in = self.sign_in(name, device=device)
        assert isinstance(signed_in, SignedIn), signed_in
        self.rig.advance(30)
        return signed_in

    def is_open(self, session: Secret) -> bool:
        """Whether a session is open now."""
        return isinstance(self.sessions.open(session), OpenSession)

    def state(self, name: str) -> PersonState:
        """The state of a person who is there."""
        found = self.people.get(name)
        assert found is not None
        return found.person.state

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """The events of the management shard, oldest first."""
        found = [json.loads(text) for text in self.rig.texts("m")]
        return [event for event in found if not kind or event["kind"] == kind]

    def reasons(self) -> list[str]:
        """Why sign-ins were refused, oldest first."""
        return [event["outcome"]["reason"] for event in self.events("sign_in_refused")]
