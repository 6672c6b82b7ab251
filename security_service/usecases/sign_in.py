"""Sign a person in by name, password and code: one answer for whatever was wrong; leaves cookies to `web`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.people import Person, normal_name
from security_service.domain.people_answers import EntryEnd, RefusedReason
from security_service.domain.people_ports import (
    Attempt,
    Entry,
    MayTry,
    SignInBook,
    StoredPerson,
    TooMany,
)
from security_service.domain.ports import Chance
from security_service.domain.secret import Secret
from security_service.usecases.prove_person import NotProven, Proven, ProvePerson

LONGEST_NAME: Final = 160
BUSY_S: Final = 2
_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """What the form and the browser brought. `device` is the token of a sign-in before, or empty.

    `code` is that of the authenticator app, or a recovery code.
    """

    name: str
    password: Secret
    code: Secret
    source: str
    device: Secret


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that is new whatever the browser had before, and the token that makes its device known."""

    session: Secret
    device: Secret
    person: Person


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """Not let in; why stands in the audit alone. `retry_after_s` is 0 where it may be tried at once."""

    retry_after_s: int = 0


SignInOutcome = SignedIn | SignInRefused


@dataclass(frozen=True, slots=True)
class Moved:
    """The record is no longer what was judged; nothing was written."""


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Counts attempts and writes sessions, for every way in."""

    book: SignInBook
    chance: Chance

    def admit(
        self, name: str, source: str, device: Secret, *, counts_name: bool = True
    ) -> tuple[Attempt, MayTry | SignInRefused]:
        """Take a place for an attempt. Raises StoreUnavailable."""
        known = normal_name(name)[:LONGEST_NAME]
        attempt = Attempt(known, source, device, self.chance.token(), counts_name)
        admitted = self.book.admit(attempt)
        if isinstance(admitted, TooMany):
            return attempt, SignInRefused(admitted.retry_after_s)
        return attempt, admitted

    def refuse(self, attempt: Attempt, why: NotProven) -> SignInRefused:
        """Write why, and answer what tells nothing. Who found us busy has not guessed."""
        self.book.refuse(attempt, why.reason, is_known=why.is_known)
        if why.reason is RefusedReason.BUSY:
            self.book.release(attempt)
            return SignInRefused(BUSY_S)
        return SignInRefused()

    def enter(
        self, attempt: Attempt, person: StoredPerson, method: str, *, known_device: bool, once: str = ""
    ) -> SignedIn | Moved | SignInRefused:
        """Open a session for a record as it becomes. The device keeps a token that is known already."""
        session = Secret(self.chance.token() + self.chance.token())
        device = attempt.device if known_device else Secret(self.chance.token())
        facts: dict[str, Json] = {
            "device": "known" if known_device else "new",
            "method": method,
            "person": person.person.name,
            "source": attempt.source,
        }
        event = Event(EventKind.SIGNED_IN, facts)
        end = self.book.enter(Entry(attempt, person.person, person.stored, session, device, event, once))
        match end:
            case EntryEnd.ENTERED:
                return SignedIn(session, device, person.person)
            case EntryEnd.MOVED:
                return Moved()
            case EntryEnd.USED:
                return self.refuse(attempt, NotProven(RefusedReason.STATE, is_known=True))


@dataclass(frozen=True, slots=True)
class SignIn:
    """Name, password and code to a session (OWASP ASVS 2.2, 2.8, 3.2)."""

    prove: ProvePerson
    door: Doorkeeper

    def run(self, attempt: SignInAttempt) -> SignInOutcome:
        """Let in or refuse. Raises StoreUnavailable.

        A device that signed in under this name before has attempts of its own, which nobody else
        can use up.
        """
        tried, admitted = self.door.admit(attempt.name, attempt.source, attempt.device)
        if isinstance(admitted, SignInRefused):
            return admitted
        known = admitted.known_device
        proven = self.prove.run(tried, attempt.password, attempt.code, known_device=known)
        for _ in range(_ATTEMPTS):
            if isinstance(proven, NotProven):
                return self.door.refuse(tried, proven)
            entered = self.door.enter(tried, proven.after, _method(proven), known_device=known)
            if not isinstance(entered, Moved):
                return entered
            proven = self.prove.again(proven, attempt.code)
        return self.door.refuse(tried, NotProven(RefusedReason.BUSY, is_known=True))


def _method(proven: Proven) -> str:
    return "recovery" if proven.by_recovery else "password"
