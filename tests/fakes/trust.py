"""The trust book in memory: words and easings as a test sets them, sightings as they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from security_service.domain.audit import Event
from security_service.domain.trust import Sighting, TrustEntry, TrustNews, TrustRules, TrustWord

Pair = tuple[str, str]


class MemoryTrust:
    """The ports TrustBook and TrustRecords. `news` come with the next observation, `check` may raise."""

    def __init__(self, rules: TrustRules | None = None, check: Callable[[], None] = lambda: None) -> None:
        self.rules, self.check = rules or TrustRules(), check
        self.entries: dict[Pair, TrustEntry] = {}
        self.eased: set[Pair] = set()
        self.seen: list[Sighting] = []
        self.news: list[TrustNews] = []
        self.events: list[Event] = []
        self.forgotten: list[Pair] = []
        self.moves = 0
        """How many more times another process is faster at writing."""

    def word(self, source: str, mcc_mnc: str) -> TrustWord:
        return self.rules.in_force(source, mcc_mnc, self.entries.get((source, mcc_mnc)))

    def eases(self, source: str, mcc_mnc: str) -> bool:
        return (source, mcc_mnc) in self.eased

    def observe(self, sighting: Sighting) -> Sequence[TrustNews]:
        self.seen.append(sighting)
        told, self.news = self.news, []
        return told

    def entry(self, source: str, mcc_mnc: str) -> TrustEntry | None:
        self.check()
        return self.entries.get((source, mcc_mnc))

    def put(
        self, source: str, mcc_mnc: str, known: TrustEntry | None, entry: TrustEntry, event: Event
    ) -> bool:
        if self.moves > 0:
            self.moves -= 1
            return False
        if self.entries.get((source, mcc_mnc)) != known:
            return False
        self.entries[source, mcc_mnc] = entry
        self.events.append(event)
        return True

    def forget(self, source: str, mcc_mnc: str) -> None:
        self.check()
        self.forgotten.append((source, mcc_mnc))
