"""The store in memory: records by compare-and-set, guesses, the audit log, tenants, flights and health."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

from security_service.domain.audit import AuditPage, AuditQuery, Event, Json, canonical
from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import Job
from security_service.domain.ports import Flight, StoredSubscriber
from security_service.domain.secret import Code, Msisdn, Secret
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber
from security_service.domain.tenants import Tenant
from tests.fakes.clock import HandClock
from tests.fakes.jobs import MemoryJobs

START = 1_700_000_000


@dataclass(slots=True)
class _Guesses:
    failures: int = 0
    locked_until_ms: int = 0
    disabled: bool = False


class MemoryStore:
    """One store: its time is START and what the clock has moved since; `away` makes every call fail."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.jobs = MemoryJobs(self.clock)
        self.away = False
        self.records: dict[tuple[str, str], tuple[int, Subscriber]] = {}
        self.guesses: dict[tuple[str, str], _Guesses] = {}
        self.unlocked_by: dict[tuple[str, str], str] = {}
        self.frozen: set[tuple[str, str]] = set()
        self.log: list[str] = []
        self.lock = threading.RLock()
        self._started = self.clock.now

    @property
    def now_ms(self) -> int:
        return START * 1000 + int((self.clock.now - self._started) * 1000)

    @property
    def now(self) -> int:
        return self.now_ms // 1000

    def check(self) -> None:
        if self.away:
            raise StoreUnavailable

    def put(self, tenant: str, number: Msisdn, subscriber: Subscriber) -> None:
        """What another process writes."""
        with self.lock:
            version, _ = self.records.get((tenant, number.digits), (0, NEW_SUBSCRIBER))
            self.records[tenant, number.digits] = version + 1, subscriber

    def subscriber(self, tenant: str, number: Msisdn) -> Subscriber:
        return self.records.get((tenant, number.digits), (0, NEW_SUBSCRIBER))[1]

    def guess_wrongly(
        self, tenant: str, number: Msisdn, failures: int, locked_for_s: int = 0, *, disabled: bool = False
    ) -> None:
        """What CheckCode leaves behind."""
        locked_until = self.now_ms + locked_for_s * 1000 if locked_for_s else 0
        self.guesses[tenant, number.digits] = _Guesses(failures, locked_until, disabled)

    def emit(
        self, kind: str, tenant: str, number: Msisdn, facts: Mapping[str, Json], at_ms: int | None = None
    ) -> None:
        """Append an event in the form in which the scripts write it."""
        with self.lock:
            event: dict[str, Json] = {
                "at": self.now_ms if at_ms is None else at_ms,
                "facts": dict(facts),
                "kind": kind,
                "outcome": {},
                "seq": len(self.log) + 1,
                "shard": "000",
                "subject": {"number": number.digits, "tenant": tenant},
                "v": 1,
            }
            self.log.append(canonical(event))

    def kinds(self) -> list[str]:
        return [json.loads(event)["kind"] for event in self.log]

    def facts(self, kind: str) -> dict[str, object]:
        """Facts of the newest event of a kind."""
        found = [json.loads(event) for event in self.log if json.loads(event)["kind"] == kind]
        facts: dict[str, object] = found[-1]["facts"]
        return facts


class MemorySubscribers:
    """The Subscribers port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.before_swap: list[Callable[[], None]] = []

    def get(self, tenant: str, number: Msisdn) -> StoredSubscriber:
        self.store.check()
        version, subscriber = self.store.records.get((tenant, number.digits), (0, NEW_SUBSCRIBER))
        stored = str(version).encode() if version else b""
        guesses = self.store.guesses.get((tenant, number.digits), _Guesses())
        return StoredSubscriber(
            subscriber,
            stored,
            self.store.now_ms,
            guesses.locked_until_ms,
            guesses.failures,
            guesses.disabled,
            (tenant, number.digits) in self.store.frozen,
        )

    def swap(
        self,
        tenant: str,
        number: Msisdn,
        stored: bytes,
        subscriber: Subscriber,
        events: Sequence[Event],
        jobs: Sequence[Job] = (),
        kill_code: str = "",
    ) -> bool:
        self.store.check()
        if self.before_swap:
            self.before_swap.pop(0)()
        with self.store.lock:
            if self.get(tenant, number).stored != stored:
                return False
            self.store.put(tenant, number, subscriber)
            for event in events:
                self.store.emit(event.kind.value, tenant, number, event.facts)
            self.store.jobs.add(*jobs)
            return True

    def unlock(self, tenant: str, number: Msisdn, event: Event, once: str = "") -> bool:
        self.store.check()
        with self.store.lock:
            whom = (tenant, number.digits)
            if (once and self.store.unlocked_by.get(whom) == once) or whom not in self.store.guesses:
                return False
            del self.store.guesses[whom]
            self.store.frozen.discard(whom)
            self.store.unlocked_by[whom] = once
            self.store.emit(event.kind.value, tenant, number, event.facts)
            return True

    def freeze(self, tenant: str, number: Msisdn, events: Sequence[Event]) -> bool:
        self.store.check()
        with self.store.lock:
            whom = (tenant, number.digits)
            if whom in self.store.frozen:
                return False
            self.store.frozen.add(whom)
            self.store.guesses.setdefault(whom, _Guesses()).disabled = True
            for event in events:
                self.store.emit(event.kind.value, tenant, number, event.facts)
            return True

    def page(self, tenant: str, search: str, after: str, count: int) -> tuple[list[Msisdn], str]:
        self.store.check()
        found = sorted(
            digits
            for owner, digits in self.store.records
            if owner == tenant and digits.startswith(search) and digits > after
        )
        page = found[:count]
        return [Msisdn(digits) for digits in page], page[-1] if len(found) > count else ""


class MemoryAuditLog:
    """The AuditLog port over the store's events; a cursor is the place of the last event given."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def page(self, query: AuditQuery) -> AuditPage:
        self.store.check()
        end = len(self.store.log)
        end = min(int(query.cursor), end) if query.cursor.isdigit() else end
        places = [place for place in range(end - 1, -1, -1) if self._matches(query, place)]
        given = places[: query.count]
        following = str(given[-1]) if len(places) > query.count else ""
        return AuditPage(tuple(self.store.log[place] for place in given), following)

    def _matches(self, query: AuditQuery, place: int) -> bool:
        event = json.loads(self.store.log[place])
        facts, subject = event["facts"], event["subject"]
        return (
            query.tenant in {"", subject["tenant"]}
            and (query.number is None or query.number.digits == subject["number"])
            and query.kind in {"", event["kind"]}
            and query.verdict in {"", facts.get("verdict")}
            and query.reason in {"", facts.get("reason")}
            and query.since_ms <= event["at"]
            and (not query.until_ms or event["at"] <= query.until_ms)
        )


class MemoryTenants:
    """The Tenants port; keys are held as digests, as everywhere."""

    def __init__(self, store: MemoryStore, *tenants: tuple[str, Tenant]) -> None:
        self.store = store
        self._keys = {sha256(key.encode()).digest(): tenant for key, tenant in tenants}

    def by_key(self, api_key: Secret) -> Tenant | None:
        self.store.check()
        return self._keys.get(sha256(api_key.reveal().encode()).digest())

    def get(self, tenant: str) -> Tenant | None:
        self.store.check()
        return next((one for one in self._keys.values() if one.id == tenant), None)

    def put(self, tenant: Tenant) -> None:
        """Save a tenant's settings anew; its keys stay."""
        self._keys = {digest: tenant if one.id == tenant.id else one for digest, one in self._keys.items()}


class MemoryFlights:
    """The Flights port; who waits gets what has landed, and never waits longer than that."""

    def __init__(self) -> None:
        self._flying: dict[tuple[str, str], str] = {}
        self._landed: dict[str, str] = {}
        self._names = count(1)

    def join(self, tenant: str, number: Msisdn, lease_s: float) -> Flight:
        name = f"f{next(self._names)}"
        under_way = self._flying.setdefault((tenant, number.digits), name)
        return Flight(under_way, under_way == name)

    def land(self, tenant: str, number: Msisdn, flight: Flight, answer: str) -> None:
        self._flying.pop((tenant, number.digits), None)
        self._landed[flight.name] = answer

    def wait(self, tenant: str, number: Msisdn, flight: Flight, within_s: float) -> str:
        return self._landed.get(flight.name, "")


class SetHealth:
    """The Health port as it is set: no fault to begin with."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.found: list[str] = []
        self.refusal = ""

    def faults(self) -> list[str]:
        self.store.check()
        return list(self.found)

    def refuses_new_codes(self) -> str:
        return self.refusal


class CountedChance:
    """The Chance port without chance: tokens count upwards, digits are those of the count."""

    def __init__(self) -> None:
        self.drawn = 0

    def code(self, length: int) -> Code:
        self.drawn += 1
        return Code(f"{self.drawn:0{length}d}"[-length:])

    def share(self) -> float:
        return 0.0

    def token(self) -> str:
        self.drawn += 1
        return f"{self.drawn:032x}"
