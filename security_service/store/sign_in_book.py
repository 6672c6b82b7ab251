"""The SignInBook port over its scripts: attempts by device, network and name; decides nothing itself."""

from __future__ import annotations

from typing import Final

from security_service.domain.audit import Json, canonical
from security_service.domain.people import network_of, token_digest
from security_service.domain.people_answers import EntryEnd, RefusedReason
from security_service.domain.people_ports import (
    Attempt,
    Entry,
    MayTry,
    SessionRules,
    TooMany,
)
from security_service.domain.secret import Secret
from security_service.store.connection import Argument
from security_service.store.frame import MANAGED, StoreFrame, seconds_up, words
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.people import session_key
from security_service.store.person_records import person_text
from security_service.store.scripts import load

DEVICE_S: Final = 180 * 86_400
"""How long a device is known after a sign-in."""

DEVICE_WINDOWS: Final = "device_quarter,10,900000,0;device_day,50,86400000,0;"
NETWORK_WINDOWS: Final = "network_quarter,20,900000,0;network_day,200,86400000,0;"
NAME_WINDOWS: Final = "name_hour,20,3600000,0;name_day,100,86400000,0;"

_ONCE_MS: Final = 3_600_000


class StoredSignInBook:
    """What a stranger uses up is what strangers have: attempts of a known device are counted apart.

    Names and tokens stand in keys as digests. The name that was typed stands in an event only where it is
    somebody's: people type passwords into the wrong field.
    """

    def __init__(self, frame: StoreFrame, rules: SessionRules) -> None:
        self._frame, self._rules = frame, rules
        self._admit, self._refuse = load("admit_sign_in"), load("refuse_sign_in")
        self._release, self._enter = load("release_sign_in"), load("sign_in")

    def admit(self, attempt: Attempt) -> MayTry | TooMany:
        """Take a place for an attempt. The first refusal of a window is an event, the rest are counted."""
        facts: dict[str, Json] = {"source": attempt.source}
        places = _places(attempt)
        reply = self._frame.run_ours(
            self._admit,
            [
                _device(attempt.name, attempt.device),
                *places,
                *(f"{place}:told" for place in places),
                *(_key(what) for what in ("refusals", "people", "events", "seq")),
            ],
            MANAGED,
            [
                *self._frame_arguments(),
                DEVICE_WINDOWS,
                NETWORK_WINDOWS,
                NAME_WINDOWS if attempt.counts_name else "",
                attempt.request,
                attempt.name,
                canonical(facts),
                canonical({**facts, "person": attempt.name}),
            ],
        )
        status = words(reply[0])
        return TooMany(seconds_up(reply[1])) if status == "full" else MayTry(status == "known")

    def refuse(self, attempt: Attempt, reason: RefusedReason, *, is_known: bool) -> None:
        """Write that an attempt failed."""
        facts: dict[str, Json] = {"source": attempt.source}
        if is_known:
            facts["person"] = attempt.name
        self._frame.run_ours(
            self._refuse,
            [_key(what) for what in ("refusals", "events", "seq")],
            MANAGED,
            [*self._frame_arguments(), canonical(facts), reason.value],
        )

    def release(self, attempt: Attempt) -> None:
        """Give the place of an attempt back that was no guess."""
        self._frame.scripts.run(self._release, _places(attempt), [attempt.request])

    def enter(self, entry: Entry) -> EntryEnd:
        """Write a session with its event, know the device, give the places of the attempt back."""
        attempt, person = entry.attempt, entry.person
        reply = self._frame.run_ours(
            self._enter,
            [
                *(_key(what) for what in ("people", "people:generations")),
                session_key(entry.session),
                _device(attempt.name, entry.device),
                *_places(attempt),
                _key(f"once:{entry.once or '-'}"),
                *(_key(what) for what in ("events", "seq")),
            ],
            MANAGED,
            [
                *self._frame_arguments(),
                person.name,
                entry.stored,
                person_text(person),
                self._rules.idle_s * 1000,
                self._rules.longest_s * 1000,
                DEVICE_S * 1000,
                attempt.request,
                _ONCE_MS if entry.once else 0,
                canonical(entry.event.facts),
            ],
        )
        return EntryEnd(words(reply[0]))

    def _frame_arguments(self) -> list[Argument]:
        return [self._frame.now(), "{}", MANAGEMENT]


def _key(what: str) -> str:
    return shard_key(MANAGEMENT, what)


def _device(name: str, device: Secret) -> str:
    """The key that makes a device known, for one name: a token of somebody else's device is a stranger's."""
    return _key(f"device:{token_digest(f'device {name}', device)}")


def _places(attempt: Attempt) -> list[str]:
    """The attempts of the device, of its network, and of strangers for the name."""
    device = token_digest(f"device {attempt.name}", attempt.device)
    network = token_digest("network", Secret(network_of(attempt.source)))
    name = token_digest("name", Secret(attempt.name))
    return [_key(f"tries:device:{device}"), _key(f"tries:network:{network}"), _key(f"tries:name:{name}")]
