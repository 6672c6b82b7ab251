"""Change a person of the console: rights, state, a new invitation; who may ask is for the faces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.access import Role
from security_service.domain.audit import Event, EventKind
from security_service.domain.people import Person, PersonState
from security_service.domain.people_answers import SaveEnd
from security_service.domain.people_ports import People, PersonWrite, StoredPerson
from security_service.domain.ports import Chance, Clock
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.invite_person import (
    Invited,
    PersonFault,
    invite,
    person_event,
    rights_fault,
)
from security_service.usecases.list_people import PersonView, view_of_person

_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class PersonChanged:
    """The person as they are now; gone where they were removed."""

    view: PersonView


@dataclass(frozen=True, slots=True)
class NoSuchPerson:
    """Nobody has the name; nothing was written."""


@dataclass(frozen=True, slots=True)
class LastAdmin:
    """They are the last active admin with a password here; nothing was written."""


ChangeFailed = NoSuchPerson | LastAdmin | PersonFault | RecordKeepsMoving
ChangeOutcome = PersonChanged | ChangeFailed


@dataclass(frozen=True, slots=True)
class ChangePerson:
    """Changes of a person by another; each ends their sessions at once, and none lets the last admin go."""

    people: People
    chance: Chance
    clock: Clock

    def rights(self, name: str, actor: str, roles: frozenset[Role], tenants: frozenset[str]) -> ChangeOutcome:
        """Set roles and tenants (none: all). Raises StoreUnavailable, as each of these does."""
        fault = rights_fault(roles)
        if fault is not None:
            return fault
        return self._change(
            name, actor, "rights", lambda person: replace(person, roles=roles, tenants=tenants)
        )

    def disable(self, name: str, actor: str) -> ChangeOutcome:
        """Let a person in no more, until they are enabled."""
        return self._change(
            name, actor, "disabled", lambda person: replace(person, state=PersonState.DISABLED)
        )

    def enable(self, name: str, actor: str) -> ChangeOutcome:
        """Let a disabled person in again; one that never chose a password is invited as before."""
        return self._change(name, actor, "enabled", _enabled)

    def reset(self, name: str, actor: str, *, even_last: bool = False) -> Invited | ChangeFailed:
        """Give a person a new invitation; password, app and recovery codes are forgotten."""
        invited: list[Invited] = []

        def renewed(person: Person) -> Person | PersonFault:
            if person.is_federated:
                return PersonFault("name", "The identity provider vouches for this person.")
            told, after = invite(person, self.chance, self.clock.unix_ms())
            invited.append(told)
            return after

        outcome = self._change(name, actor, "reset", renewed, even_last=even_last)
        return invited[-1] if isinstance(outcome, PersonChanged) else outcome

    def remove(self, name: str, actor: str) -> ChangeOutcome:
        """Forget a person that is disabled; the audit keeps what they did."""

        def gone(person: Person) -> Person | PersonFault:
            if person.state is PersonState.DISABLED:
                return person
            return PersonFault("state", "Disable the person first.")

        return self._change(name, actor, "removed", gone)

    def _change(
        self,
        name: str,
        actor: str,
        change: str,
        judge: Callable[[Person], Person | PersonFault],
        *,
        even_last: bool = False,
    ) -> ChangeOutcome:
        for _ in range(_ATTEMPTS):
            found = self.people.get(name)
            if found is None:
                return NoSuchPerson()
            after = judge(found.person)
            if isinstance(after, PersonFault):
                return after
            match self.people.save(_write(found, after, change, actor, even_last=even_last)):
                case SaveEnd.SAVED:
                    return PersonChanged(view_of_person(after))
                case SaveEnd.LAST_ADMIN:
                    return LastAdmin()
                case SaveEnd.MOVED:
                    continue
        return RecordKeepsMoving()


def _write(found: StoredPerson, after: Person, change: str, actor: str, *, even_last: bool) -> PersonWrite:
    forget = change == "removed"
    event = person_event(change, actor, after)
    if forget:
        event = Event(EventKind.PERSON_REMOVED, {"actor": actor, "person": after.name})
    return PersonWrite(after, found.stored, event, ends_sessions=True, forget=forget, even_last=even_last)


def _enabled(person: Person) -> Person | PersonFault:
    if person.state is not PersonState.DISABLED:
        return PersonFault("state", "Only a disabled person can be enabled.")
    has_way_in = person.is_federated or bool(person.credentials.password)
    return replace(person, state=PersonState.ACTIVE if has_way_in else PersonState.INVITED)
