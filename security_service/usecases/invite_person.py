"""Invite a person: a record, and a code shown once with which they choose a password; lets nobody in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from security_service.domain.access import Role
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.people import (
    INVITATION_S,
    LOCALES,
    Credentials,
    Person,
    PersonState,
    code_digest,
    is_name,
    normal_name,
    spoken_code,
)
from security_service.domain.people_answers import SaveEnd
from security_service.domain.people_ports import People, PersonWrite
from security_service.domain.ports import Chance, Clock
from security_service.domain.secret import Secret

INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who is invited, with which rights (no tenants: all), and who invites."""

    name: str
    roles: frozenset[Role]
    tenants: frozenset[str]
    actor: str
    locale: str = "ru"


@dataclass(frozen=True, slots=True)
class Invited:
    """The code that the person needs, shown this once, and when it ends (Unix ms)."""

    name: str
    code: Secret
    until_ms: int


@dataclass(frozen=True, slots=True)
class NameTaken:
    """Somebody has the name; nothing was written."""


@dataclass(frozen=True, slots=True)
class PersonFault:
    """The change means nothing: which member is at fault and why. Nothing was written."""

    member: str
    sentence: str


InviteOutcome = Invited | NameTaken | PersonFault


@dataclass(frozen=True, slots=True)
class InvitePerson:
    """Makes the record of a person who is not let in yet."""

    people: People
    chance: Chance
    clock: Clock

    def run(self, invitation: Invitation) -> InviteOutcome:
        """Invite somebody new. Raises StoreUnavailable."""
        name = normal_name(invitation.name)
        fault = _fault(name, invitation)
        if fault is not None:
            return fault
        now = self.clock.unix_ms()
        person = Person(
            name,
            invitation.roles,
            invitation.tenants,
            invitation.locale,
            created_ms=now,
            created_by=invitation.actor,
        )
        invited, person = invite(person, self.chance, now)
        event = person_event("invited", invitation.actor, person)
        match self.people.save(PersonWrite(person, b"", event)):
            case SaveEnd.SAVED:
                return invited
            case SaveEnd.MOVED | SaveEnd.LAST_ADMIN:
                return NameTaken()


def invite(person: Person, chance: Chance, now_ms: int) -> tuple[Invited, Person]:
    """Give a person an invitation in place of all that they proved themselves by."""
    code, until = spoken_code(chance.token()), now_ms + INVITATION_S * 1000
    kept = Credentials(
        invitation=code_digest(INVITATION, person.name, code),
        invited_until_ms=until,
        # A code of the app before is not accepted a second time whatever happens.
        last_step=person.credentials.last_step,
    )
    return Invited(person.name, code, until), replace(person, state=PersonState.INVITED, credentials=kept)


def person_event(change: str, actor: str, person: Person) -> Event:
    """Give the event of a change of a person: their rights and state after it, and nothing they know."""
    facts: dict[str, Json] = {
        "actor": actor,
        "change": change,
        "person": person.name,
        "roles": sorted(role.value for role in person.roles),
        "state": person.state.value,
        "tenants": sorted(person.tenants),
    }
    return Event(EventKind.PERSON_SAVED, facts)


def rights_fault(roles: frozenset[Role], locale: str = LOCALES[0]) -> PersonFault | None:
    """Say what is wrong with somebody's rights or language."""
    if not roles:
        return PersonFault("roles", "Name at least one role.")
    if locale not in LOCALES:
        return PersonFault("locale", f"The language is one of {', '.join(LOCALES)}.")
    return None


def _fault(name: str, invitation: Invitation) -> PersonFault | None:
    if not is_name(name):
        sentence = "A name has 2 to 48 characters: a letter, then letters, digits, dots, dashes, underscores."
        return PersonFault("name", sentence)
    return rights_fault(invitation.roles, invitation.locale)
