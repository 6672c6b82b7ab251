"""Change one's own password, recovery codes and language; other people's are for `change_person`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.people import LOCALES, Credentials, Person, password_fault
from security_service.domain.people_answers import SaveEnd
from security_service.domain.people_ports import Busy, People, PersonWrite
from security_service.domain.ports import Chance
from security_service.domain.secret import Secret
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.change_person import NoSuchPerson
from security_service.usecases.invite_person import PersonFault, person_event
from security_service.usecases.prove_person import NotProven, Proven, ProvePerson
from security_service.usecases.sign_in import BUSY_S, Doorkeeper, SignInRefused
from security_service.usecases.welcome_person import PasswordRefused, new_recovery_codes

_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class OwnAttempt:
    """Who is signed in and proves themselves again: by their password and a code not used before."""

    name: str
    password: Secret
    code: Secret
    session: Secret
    source: str
    device: Secret


@dataclass(frozen=True, slots=True)
class OwnPasswordSet:
    """The new password holds; every other session of the person has ended."""


@dataclass(frozen=True, slots=True)
class RecoveryCodesMade:
    """New codes, shown this once; those before no longer hold."""

    codes: tuple[Secret, ...]


@dataclass(frozen=True, slots=True)
class LocaleSet:
    """The language is set."""


@dataclass(frozen=True, slots=True)
class ChangeOwn:
    """What people change of themselves; guessing here is counted like signing in."""

    people: People
    prove: ProvePerson
    door: Doorkeeper
    chance: Chance

    def password(self, attempt: OwnAttempt, new: Secret) -> OwnPasswordSet | PasswordRefused | SignInRefused:
        """Choose another password. Raises StoreUnavailable, as each of these does."""
        fault = password_fault(attempt.name, new)
        if fault is not None:
            return PasswordRefused(fault)
        proven = self._proven(attempt)
        if isinstance(proven, SignInRefused):
            return proven
        hashed = self.prove.passwords.hashed(new)
        if isinstance(hashed, Busy):
            return SignInRefused(BUSY_S)
        kept = replace(proven.after.person.credentials, password=hashed)
        refused = self._save(attempt, proven, kept, "password")
        return refused or OwnPasswordSet()

    def recovery_codes(self, attempt: OwnAttempt) -> RecoveryCodesMade | SignInRefused:
        """Draw new recovery codes in place of those before."""
        proven = self._proven(attempt)
        if isinstance(proven, SignInRefused):
            return proven
        codes, digests = new_recovery_codes(attempt.name, self.chance)
        kept = replace(proven.after.person.credentials, recovery=digests)
        return self._save(attempt, proven, kept, "recovery_codes") or RecoveryCodesMade(codes)

    def locale(self, name: str, locale: str) -> LocaleSet | PersonFault | NoSuchPerson | RecordKeepsMoving:
        """Choose the language of one's pages."""
        if locale not in LOCALES:
            return PersonFault("locale", f"The language is one of {', '.join(LOCALES)}.")
        for _ in range(_ATTEMPTS):
            found = self.people.get(name)
            if found is None:
                return NoSuchPerson()
            after: Person = replace(found.person, locale=locale)
            write = PersonWrite(after, found.stored, person_event("locale", name, after))
            if after == found.person or self.people.save(write) is SaveEnd.SAVED:
                return LocaleSet()
        return RecordKeepsMoving()

    def _proven(self, attempt: OwnAttempt) -> Proven | SignInRefused:
        tried, admitted = self.door.admit(attempt.name, attempt.source, attempt.device)
        if isinstance(admitted, SignInRefused):
            return admitted
        known = admitted.known_device
        proven = self.prove.run(tried, attempt.password, attempt.code, known_device=known)
        if isinstance(proven, NotProven):
            return self.door.refuse(tried, proven)
        self.door.book.release(tried)
        return proven

    def _save(
        self, attempt: OwnAttempt, proven: Proven, kept: Credentials, change: str
    ) -> SignInRefused | None:
        after = replace(proven.after.person, credentials=kept)
        event = person_event(change, attempt.name, after)
        write = PersonWrite(after, proven.stored.stored, event, ends_sessions=True, keeps=attempt.session)
        return None if self.people.save(write) is SaveEnd.SAVED else SignInRefused(BUSY_S)


OwnPasswordOutcome = OwnPasswordSet | PasswordRefused | SignInRefused
OwnCodesOutcome = RecoveryCodesMade | SignInRefused
