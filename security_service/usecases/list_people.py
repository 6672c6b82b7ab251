"""List the people of the console without anything they prove themselves by; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.access import Role
from security_service.domain.people import Person, PersonState
from security_service.domain.people_ports import People


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person as they are shown. Times are Unix milliseconds; 0: no invitation is open."""

    name: str
    roles: tuple[Role, ...]
    tenants: tuple[str, ...]
    state: PersonState
    locale: str
    is_federated: bool
    recovery_codes: int
    invited_until_ms: int
    created_ms: int
    created_by: str


@dataclass(frozen=True, slots=True)
class ListPeople:
    """Everybody, by name."""

    people: People

    def run(self) -> tuple[PersonView, ...]:
        """Give everybody. Raises StoreUnavailable."""
        return tuple(view_of_person(person) for person in self.people.all())

    def one(self, name: str) -> PersonView | None:
        """Give one person; None where nobody has the name. Raises StoreUnavailable."""
        found = self.people.get(name)
        return None if found is None else view_of_person(found.person)


def view_of_person(person: Person) -> PersonView:
    """Give a person as they are shown."""
    kept = person.credentials
    return PersonView(
        person.name,
        tuple(sorted(person.roles)),
        tuple(sorted(person.tenants)),
        person.state,
        person.locale,
        person.is_federated,
        len(kept.recovery),
        kept.invited_until_ms if person.state is PersonState.INVITED else 0,
        person.created_ms,
        person.created_by,
    )
