"""A store that does what banks and people do, its archive, and a rebuild that can be broken off."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.state_reader import StateReader
from security_service.archive.writer import EventWriter
from security_service.domain.audit import Event, EventKind
from security_service.domain.bans import Ban
from security_service.domain.codes import Admitted, CheckMatched, FinaliseRequest
from security_service.domain.limits import GuessBudget
from security_service.domain.secret import KeyRing, Msisdn, Secret
from security_service.domain.subscriber import Subscriber
from security_service.domain.trust import TrustCause, TrustEntry, TrustRules, TrustThresholds, TrustWord
from security_service.store.bans import StoredBans
from security_service.store.connection import Argument, Reply, Scripts
from security_service.store.event_streams import StoredEventStreams
from security_service.store.keys import MANAGEMENT, all_shards
from security_service.store.rebuilding import StoredLiveStates, StoredRebuild
from security_service.store.scripts import Script
from security_service.store.tenants import StoredTenants
from security_service.store.trust_book import StoredTrustBook
from security_service.usecases.compare_states import CompareStates, Difference
from security_service.usecases.move_events import MoveEvents
from security_service.usecases.rebuild_store import RebuildRefused, RebuildStore, Rebuilt
from tests.archive.rig import ArchiveFigures
from tests.fakes.clock import HandClock
from tests.store.rig import FREE, StoreRig, subject

BUDGET: Final = GuessBudget(lifetime_warning=6, lifetime_cap=12)
TENANT: Final = replace(FREE, guesses=BUDGET)
KEPT: Final = (":b:", ":guesses:", ":tenants", ":keys", ":trust", ":bans", ":policies", ":installation")
"""What a rebuild brings back."""


class PowerCut(BaseException):
    """The machine stops."""


class CutOffScripts:
    """Works for so many calls of scripts, then the machine stops."""

    def __init__(self, inner: Scripts, calls: int) -> None:
        self.inner, self.left = inner, calls

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> list[Reply]:
        if self.left == 0:
            raise PowerCut
        self.left -= 1
        return self.inner.run(script, keys, arguments)

    def command(self, *arguments: Argument) -> Reply:
        return self.inner.command(*arguments)

    def close(self) -> None:
        self.inner.close()


class RebuildRig:
    """One installation: short ways to change its state, move its events, lose and rebuild its store."""

    def __init__(self, url: str, database: ArchiveDatabase) -> None:
        self.store = StoreRig(url)
        self.database = database
        self.clock, self.figures = HandClock(), ArchiveFigures()
        self.writer = EventWriter(database, "i1", self.clock)
        frame = self.store.frame
        self.tenants = StoredTenants(frame, KeyRing({1: b"k" * 32}), self.clock)
        self.trust = StoredTrustBook(frame, self.clock, TrustRules(), TrustThresholds())
        self.bans = StoredBans(frame, self.clock)

    def close(self) -> None:
        self.store.close()

    # --- what changes state

    def write(self, number: Msisdn, subscriber: Subscriber) -> None:
        """A person's action on a record."""
        stored = self.store.subscribers.get("demo", number).stored
        event = Event(EventKind.MODE_SET, {"actor": "анна"})
        assert self.store.subscribers.swap("demo", number, stored, subscriber, [event])

    def guess(self, number: Msisdn, times: int, source: str = "") -> None:
        """Wrong codes, where the subscriber is let in."""
        whom = subject(number, tenant=TENANT)
        if isinstance(self.store.admit(whom, self.store.caller()), Admitted):
            self.store.begin(whom)
            self.store.guess(whom, times, source)
            self.store.advance(400)

    def succeed(self, number: Msisdn, source: str = "", *, pinned: bool = False) -> None:
        """A code that is entered, and looked at again where it is pinned."""
        whom, caller = subject(number, tenant=TENANT), self.store.caller(source)
        if isinstance(self.store.admit(whom, self.store.caller()), Admitted):
            draft = self.store.begin(whom)
            checked = self.store.check(whom, draft.digits, caller, pinned=pinned)
            if isinstance(checked, CheckMatched):
                looked = Event(EventKind.CHECK_FINALISED, {})
                self.store.checks.finalise(
                    FinaliseRequest(whom, caller, draft.code.id, accepted=True, event=looked)
                )

    def entry(self, at: int, word: TrustWord) -> None:
        """A person's word on a source."""
        known = self.trust.entry("hlr", "25001")
        entry = TrustEntry(word, TrustCause.PERSON, "анна", at)
        assert self.trust.put("hlr", "25001", known, entry, Event(EventKind.TRUST_SET, {"actor": "анна"}))

    def ban(self, imsi: str, *, lift: bool) -> None:
        """A banned SIM, or its ban lifted."""
        ban = Ban("demo", imsi, Msisdn("79031234567"), f"case-{self.store.token()[-4:]}", "анна", 0)
        if lift:
            self.bans.lift(ban, Event(EventKind.IMSI_UNBANNED, {}))
        else:
            self.bans.put(ban, Event(EventKind.IMSI_BANNED, {}))

    def key(self, name: str, until_ms: int | None) -> None:
        """An API key, revoked at once (0), at a moment, or not at all (None)."""
        issued = self.tenants.issue_key("demo", Secret(f"the key {name} of a bank"), name, "анна")
        if until_ms is not None:
            assert self.tenants.end_key(issued, until_ms, "анна")

    # --- the archive and the loss

    def move(self) -> int:
        """Archive all that waits; there is never a conflict and never a gap."""
        mover = MoveEvents(StoredEventStreams(self.store.thin), self.writer, self.clock, self.figures)
        moved = mover.run()
        assert [name for name, _ in self.figures.told] == []
        return moved

    def lose(self) -> None:
        """The store's data are gone."""
        self.store.redis.flushall()

    def rebuild(self, scripts: Scripts | None = None, installation: str = "i1") -> Rebuilt | RebuildRefused:
        target: Callable[[int], StoredRebuild] = partial(
            StoredRebuild,
            scripts or self.store.scripts,
            installation,
            now=lambda: str(self.store.now_ms),
        )
        states = StateReader(self.database)
        return RebuildStore(states, target, installation, all_shards(), MANAGEMENT).run(_silent)

    def differences(self) -> list[Difference]:
        live = partial(StoredLiveStates, self.store.scripts)
        return list(CompareStates(StateReader(self.database), live, all_shards()).run())

    # --- looking in

    def state(self) -> dict[str, object]:
        """All that a rebuild brings back, by key; which sources are known is told apart from guesses."""
        found: dict[str, object] = {}
        for key in sorted(self.store.redis.scan_iter()):
            name = key.decode()
            if any(part in name for part in KEPT):
                found[name] = self._value(name)
        return found

    def sequence(self, shard: str) -> list[int]:
        """The numbers of what waits in a shard's stream."""
        return [json.loads(text)["seq"] for text in self.store.texts(shard)]

    def _value(self, name: str) -> Any:  # noqa: ANN401 - a value of the store
        redis = self.store.redis
        return redis.hgetall(name) if redis.type(name) == b"hash" else redis.get(name)


def _silent(_what: str, _done: int, _of: int) -> None:
    """Nobody looks."""
