"""The People and Sessions ports over their scripts: records, and sessions that end with their rights."""

from __future__ import annotations

from collections.abc import Sequence

from security_service.domain.audit import canonical
from security_service.domain.people import Person, PersonState, token_digest
from security_service.domain.people_answers import SaveEnd
from security_service.domain.people_ports import (
    PersonWrite,
    Session,
    SessionRules,
    StoredPerson,
)
from security_service.domain.secret import Secret
from security_service.store.frame import MANAGED, StoreFrame, raw, words
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.person_records import person_text, read_person
from security_service.store.scripts import load


def session_key(token: Secret) -> str:
    """The name of a session's key; the token itself is nowhere in the store."""
    return shard_key(MANAGEMENT, f"session:{token_digest('session', token)}")


class StoredPeople:
    """People by name in one hash, beside it how often the sessions of each were ended."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._put = load("put_person")

    def get(self, name: str) -> StoredPerson | None:
        """Give a person by name; None where nobody has it."""
        text = self._frame.scripts.command("HGET", shard_key(MANAGEMENT, "people"), name)
        return StoredPerson(read_person(text), text) if isinstance(text, bytes) else None

    def all(self) -> Sequence[Person]:
        """Give everybody, by name."""
        reply = self._frame.scripts.command("HVALS", shard_key(MANAGEMENT, "people"))
        texts = [one for one in reply if isinstance(one, bytes)] if isinstance(reply, list) else []
        return sorted((read_person(text) for text in texts), key=lambda person: person.name)

    def save(self, write: PersonWrite) -> SaveEnd:
        """Write or forget a person with its event, where the record still is what was read."""
        person, event = write.person, write.event
        names = ("people", "people:generations", "people:admins")
        reply = self._frame.run_ours(
            self._put,
            [
                *(shard_key(MANAGEMENT, what) for what in names),
                session_key(write.keeps),
                *(shard_key(MANAGEMENT, what) for what in ("events", "seq")),
            ],
            MANAGED,
            [
                self._frame.now(),
                "{}",
                MANAGEMENT,
                person.name,
                write.stored,
                b"" if write.forget else person_text(person),
                int(person.is_local_admin and not write.forget),
                int(write.ends_sessions),
                int(write.even_last),
                event.kind.value,
                canonical(event.facts),
            ],
        )
        return SaveEnd(words(reply[0]))


class StoredSessions:
    """Sessions by the digests of their tokens; one that was ended is not in the store any more."""

    def __init__(self, frame: StoreFrame, rules: SessionRules) -> None:
        self._frame, self._rules = frame, rules
        self._open, self._end = load("open_session"), load("end_session")

    def open(self, token: Secret) -> Session | None:
        """Give the session and count it as used; None for one that is unknown or has ended."""
        names = ("people", "people:generations")
        reply = self._frame.run_ours(
            self._open,
            [session_key(token), *(shard_key(MANAGEMENT, what) for what in names)],
            MANAGED,
            [self._frame.now(), self._rules.idle_s * 1000],
        )
        text = raw(reply[0])
        person = read_person(text) if text else None
        if person is None or person.state is not PersonState.ACTIVE:
            return None
        return Session(person)

    def end(self, token: Secret) -> bool:
        """End a session with its event; False where there was none."""
        reply = self._frame.run_ours(
            self._end,
            [session_key(token), *(shard_key(MANAGEMENT, what) for what in ("events", "seq"))],
            MANAGED,
            [self._frame.now(), MANAGEMENT],
        )
        return reply[0] == 1
