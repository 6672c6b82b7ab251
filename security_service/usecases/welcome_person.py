"""Welcome an invited person: password, authenticator app, recovery codes; leaves the pages to `web`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from security_service.domain.link_ports import NotOpened
from security_service.domain.people import (
    ISSUER,
    RECOVERY_CODES,
    Credentials,
    PasswordFault,
    Person,
    PersonState,
    code_digest,
    has_code,
    password_fault,
    spoken_code,
)
from security_service.domain.people_answers import RefusedReason, SaveEnd
from security_service.domain.people_ports import (
    Attempt,
    Busy,
    MayTry,
    People,
    PersonWrite,
    StoredPerson,
)
from security_service.domain.ports import Chance, Clock
from security_service.domain.secret import Secret
from security_service.usecases.invite_person import INVITATION, person_event
from security_service.usecases.prove_person import RECOVERY, NotProven, ProvePerson, sealed_about
from security_service.usecases.sign_in import BUSY_S, Doorkeeper, SignedIn, SignInRefused


@dataclass(frozen=True, slots=True)
class WelcomeAttempt:
    """Who says that they were invited, by which code, from where."""

    name: str
    invitation: Secret
    source: str
    device: Secret


@dataclass(frozen=True, slots=True)
class AppOffered:
    """The secret of an authenticator app, for the page alone: as text, as the app's address, as an image."""

    secret: Secret
    uri: Secret
    qr_svg: Secret


@dataclass(frozen=True, slots=True)
class Welcomed:
    """The person is in, and has codes for the day on which the phone is lost, shown this once."""

    signed_in: SignedIn
    recovery_codes: tuple[Secret, ...]


@dataclass(frozen=True, slots=True)
class PasswordRefused:
    """The password may not be chosen; nothing was written and the invitation still holds."""

    fault: PasswordFault


@dataclass(frozen=True, slots=True)
class CodeWrong:
    """The app's code is not right; nothing was written and the invitation still holds."""


WelcomeOutcome = Welcomed | PasswordRefused | CodeWrong | SignInRefused


@dataclass(frozen=True, slots=True)
class WelcomePerson:
    """Two steps under one invitation: the app is offered, then password and code are taken together."""

    people: People
    prove: ProvePerson
    door: Doorkeeper
    chance: Chance
    clock: Clock

    def begin(self, attempt: WelcomeAttempt) -> AppOffered | SignInRefused:
        """Offer an authenticator app; asked again, the same one. Raises StoreUnavailable."""
        tried, admitted = self.door.admit(attempt.name, attempt.source, attempt.device)
        if isinstance(admitted, SignInRefused):
            return admitted
        found = self._invited(tried, attempt.invitation)
        if isinstance(found, SignInRefused):
            return found
        secret = self._offered(found.person)
        if secret is None:
            secret = self.prove.authenticator.new_secret()
            name = found.person.name
            sealed = self.prove.sealer.seal(secret.reveal().encode("ascii"), sealed_about(name))
            after = replace(found.person, credentials=replace(found.person.credentials, offered=sealed))
            event = person_event("app_offered", name, after)
            if self.people.save(PersonWrite(after, found.stored, event)) is not SaveEnd.SAVED:
                return SignInRefused(BUSY_S)
        uri = self.prove.authenticator.uri(secret, found.person.name, ISSUER)
        return AppOffered(secret, uri, Secret(self.prove.authenticator.qr_svg(uri)))

    def finish(self, attempt: WelcomeAttempt, password: Secret, code: Secret) -> WelcomeOutcome:
        """Take the password and the app's first code, and let the person in. Raises StoreUnavailable."""
        tried, admitted = self.door.admit(attempt.name, attempt.source, attempt.device)
        if isinstance(admitted, SignInRefused):
            return admitted
        found = self._invited(tried, attempt.invitation)
        if isinstance(found, SignInRefused):
            return found
        fault = password_fault(found.person.name, password)
        if fault is not None:
            return PasswordRefused(fault)
        kept = found.person.credentials
        step = self.prove.app_step(kept.offered, found.person.name, code)
        if step is None or step <= kept.last_step:
            return CodeWrong()
        hashed = self.prove.passwords.hashed(password)
        if isinstance(hashed, Busy):
            return SignInRefused(BUSY_S)
        return self._welcome(tried, admitted, found, hashed, step)

    def _welcome(
        self, tried: Attempt, admitted: MayTry, found: StoredPerson, hashed: str, step: int
    ) -> Welcomed | SignInRefused:
        codes, digests = new_recovery_codes(found.person.name, self.chance)
        kept = Credentials(hashed, found.person.credentials.offered, recovery=digests, last_step=step)
        person = replace(found.person, state=PersonState.ACTIVE, credentials=kept)
        event = person_event("welcomed", person.name, person)
        if self.people.save(PersonWrite(person, found.stored, event)) is not SaveEnd.SAVED:
            return SignInRefused(BUSY_S)
        stored = self.people.get(person.name)
        if stored is None or stored.person != person:
            return SignInRefused(BUSY_S)
        entered = self.door.enter(tried, stored, INVITATION, known_device=admitted.known_device)
        return Welcomed(entered, codes) if isinstance(entered, SignedIn) else SignInRefused(BUSY_S)

    def _invited(self, tried: Attempt, invitation: Secret) -> StoredPerson | SignInRefused:
        """Give the invited person; an invitation that holds is no guess, and its place is given back."""
        found = self.people.get(tried.name)
        digest = code_digest(INVITATION, tried.name, invitation)
        kept = Credentials() if found is None else found.person.credentials
        is_right = has_code((kept.invitation,), digest) and kept.invited_until_ms > self.clock.unix_ms()
        if found is None or not is_right or found.person.state is not PersonState.INVITED:
            return self.door.refuse(tried, NotProven(RefusedReason.WRONG_INVITATION, found is not None))
        self.door.book.release(tried)
        return found

    def _offered(self, person: Person) -> Secret | None:
        opened = self.prove.sealer.open(person.credentials.offered, sealed_about(person.name))
        return None if isinstance(opened, NotOpened) else Secret(opened.decode("ascii"))


def new_recovery_codes(name: str, chance: Chance) -> tuple[tuple[Secret, ...], tuple[str, ...]]:
    """Draw recovery codes; gives them and the digests that are kept of them."""
    codes = tuple(spoken_code(chance.token()) for _ in range(RECOVERY_CODES))
    return codes, tuple(code_digest(RECOVERY, name, code) for code in codes)
