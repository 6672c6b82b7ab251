"""Prove that somebody is who they say, at the same cost whoever it is; letting in is for `sign_in`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from security_service.domain.link_ports import NotOpened, Sealer
from security_service.domain.people import PersonState, code_digest, has_code
from security_service.domain.people_answers import PasswordAnswer, RefusedReason
from security_service.domain.people_ports import (
    Attempt,
    Authenticator,
    Busy,
    Passwords,
    People,
    StoredPerson,
)
from security_service.domain.ports import Clock
from security_service.domain.secret import Secret

RECOVERY: Final = "recovery"
_NOBODYS_SECRET: Final = Secret("A" * 32)
_APP_CODE_DIGITS: Final = 6


def sealed_about(name: str) -> str:
    """Give what the secret of a person's authenticator app is sealed to."""
    return f"console person {name}"


@dataclass(frozen=True, slots=True)
class Proven:
    """They are: the record as it was read, and as it becomes where the code is used up by this.

    `by_recovery`: a recovery code was used in place of the app.
    """

    stored: StoredPerson
    after: StoredPerson
    by_recovery: bool = False
    password_hash: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NotProven:
    """They are not, or cannot be told: why, and whether the name is somebody's."""

    reason: RefusedReason
    is_known: bool


@dataclass(frozen=True, slots=True)
class ProvePerson:
    """Compares; one password is hashed a call, for a name that nobody has as well (OWASP ASVS 2.2)."""

    people: People
    passwords: Passwords
    authenticator: Authenticator
    sealer: Sealer
    clock: Clock

    def run(
        self, attempt: Attempt, password: Secret, code: Secret, *, known_device: bool
    ) -> Proven | NotProven:
        """Hold password and code against the record of a name. Raises StoreUnavailable."""
        found = self.people.get(attempt.name)
        before = "" if found is None else found.person.credentials.password
        answer = self.passwords.check(before, password, known_device=known_device)
        proven = self._with_code(found, code)
        match answer:
            case PasswordAnswer.BUSY:
                return NotProven(RefusedReason.BUSY, found is not None)
            case PasswordAnswer.WRONG:
                reason = RefusedReason.UNKNOWN_PERSON if found is None else RefusedReason.WRONG_PASSWORD
                return NotProven(reason, found is not None)
            case PasswordAnswer.OUTGROWN:
                return self._hashed_anew(proven, password) if isinstance(proven, Proven) else proven
            case PasswordAnswer.RIGHT:
                return proven

    def again(self, before: Proven, code: Secret) -> Proven | NotProven:
        """Judge anew where the record moved since: the password is right as long as its hash is the same."""
        found = self.people.get(before.stored.person.name)
        if found is None or found.person.credentials.password != before.stored.person.credentials.password:
            return NotProven(RefusedReason.WRONG_PASSWORD, found is not None)
        proven = self._with_code(found, code)
        if isinstance(proven, Proven) and before.password_hash:
            return _with_hash(proven, before.password_hash)
        return proven

    def app_step(self, sealed: bytes, name: str, code: Secret) -> int | None:
        """Give the time step of an app's code, None for a wrong one; one of nobody's app costs the same."""
        opened = self.sealer.open(sealed, sealed_about(name))
        is_open = not isinstance(opened, NotOpened)
        secret = _NOBODYS_SECRET if isinstance(opened, NotOpened) else Secret(opened.decode("ascii"))
        step = self.authenticator.matching_step(secret, code, self.clock.unix_ms() // 1000)
        return step if is_open else None

    def _hashed_anew(self, proven: Proven, password: Secret) -> Proven:
        """Give the record with a hash as costly as hashes are now; a busy moment leaves it as it is."""
        hashed = self.passwords.hashed(password)
        return proven if isinstance(hashed, Busy) else _with_hash(proven, hashed)

    def _with_code(self, found: StoredPerson | None, code: Secret) -> Proven | NotProven:
        if found is None:
            self.app_step(b"", "", code)
            return NotProven(RefusedReason.UNKNOWN_PERSON, is_known=False)
        person, kept = found.person, found.person.credentials
        step = self.app_step(kept.totp, person.name, code)
        if person.state is not PersonState.ACTIVE or person.is_federated:
            return NotProven(RefusedReason.NOT_ACTIVE, is_known=True)
        if step is not None:
            if step <= kept.last_step:
                return NotProven(RefusedReason.CODE_USED, is_known=True)
            after = replace(person, credentials=replace(kept, last_step=step))
            return Proven(found, StoredPerson(after, found.stored))
        digest = code_digest(RECOVERY, person.name, code)
        if len(code.reveal()) <= _APP_CODE_DIGITS or not has_code(kept.recovery, digest):
            return NotProven(RefusedReason.WRONG_CODE, is_known=True)
        left = tuple(one for one in kept.recovery if one != digest)
        after = replace(person, credentials=replace(kept, recovery=left))
        return Proven(found, StoredPerson(after, found.stored), by_recovery=True)


def _with_hash(proven: Proven, hashed: str) -> Proven:
    person = proven.after.person
    after = replace(person, credentials=replace(person.credentials, password=hashed))
    return replace(proven, after=StoredPerson(after, proven.after.stored), password_hash=hashed)
