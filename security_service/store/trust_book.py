"""The TrustBook and TrustRecords ports: entries among what is managed, evidence under a source's own tag."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from security_service.domain.audit import Event, EventKind, Json, canonical
from security_service.domain.errors import StoreUnavailable
from security_service.domain.ports import Clock
from security_service.domain.trust import (
    Rate,
    Sight,
    Sighting,
    TrustCause,
    TrustEntry,
    TrustEvidence,
    TrustNews,
    TrustRules,
    TrustThresholds,
    TrustWord,
)
from security_service.store.connection import Argument
from security_service.store.frame import MANAGED, StoreFrame, whole
from security_service.store.keys import MANAGEMENT, shard_key, trust_key
from security_service.store.scripts import load

_FRESH_S: Final = 1.0
_SILENCE_MS: Final = 3_600_000
_MOST_HELD: Final = 500
_EVIDENCE: Final = ("first", "proved", "changed", "scrambled", "rate")

Pair = tuple[str, str]


@dataclass(slots=True)
class _Batch:
    """What was seen of one (source, MCC-MNC) since the last second: counts, and whom to look at closely."""

    compared: int = 0
    changed: int = 0
    sightings: list[Sighting] = field(default_factory=list)


class StoredTrustBook:
    """What was read is believed for a second; what was seen is written once a second.

    Nobody's decision waits for the evidence: a crash loses at most what was seen since, and what
    finds no room in a second's batch is not needed, for the next question shows it again.
    """

    def __init__(
        self, frame: StoreFrame, clock: Clock, rules: TrustRules, thresholds: TrustThresholds
    ) -> None:
        self._frame, self._clock, self._rules, self._thresholds = frame, clock, rules, thresholds
        self._observe, self._put = load("observe_trust"), load("put_trust")
        self._tell = load("tell_incident")
        self._lock = threading.Lock()
        self._held: dict[Pair, _Batch] = {}
        self._flushed_at = clock.monotonic()
        self._known: tuple[float, Mapping[Pair, TrustEntry]] = (float("-inf"), {})

    # --- the port TrustBook

    def word(self, source: str, mcc_mnc: str) -> TrustWord:
        """Give what holds for a source and an operator."""
        return self._rules.in_force(source, mcc_mnc, self._entries().get((source, mcc_mnc)))

    def eases(self, source: str, mcc_mnc: str) -> bool:
        """True while a lead lets changed SIMs of an operator step up."""
        entry = self._entries().get((source, mcc_mnc))
        return entry is not None and self._clock.unix_ms() < entry.eased_until * 1000

    def observe(self, sighting: Sighting) -> Sequence[TrustNews]:
        """Take in one usable answer; once a second, see what the answers so far add up to."""
        pair = sighting.source, sighting.mcc_mnc
        learns = self.word(*pair) is TrustWord.LEARN
        now = self._clock.monotonic()
        with self._lock:
            _add(self._held.setdefault(pair, _Batch()), sighting, learns=learns)
            if now - self._flushed_at < _FRESH_S:
                return ()
            held, self._held = self._held, {}
            self._flushed_at = now
        return [news for one, batch in held.items() for news in self._flush(one, batch)]

    # --- the port TrustRecords

    def entry(self, source: str, mcc_mnc: str) -> TrustEntry | None:
        """Give what stands in the book now."""
        return self._read().get((source, mcc_mnc))

    def entries(self) -> Mapping[Pair, TrustEntry]:
        """Give the whole book as it is now."""
        return self._read()

    def put(
        self, source: str, mcc_mnc: str, known: TrustEntry | None, entry: TrustEntry, event: Event
    ) -> bool:
        """Write an entry where `known` still stands there."""
        subject = canonical({"mcc_mnc": mcc_mnc, "source": source})
        reply = self._frame.run_ours(
            self._put,
            [shard_key(MANAGEMENT, what) for what in ("trust", "events", "seq")],
            MANAGED,
            [
                self._frame.now(),
                subject,
                MANAGEMENT,
                _field(source, mcc_mnc),
                "" if known is None else _packed(known),
                _packed(entry),
                event.kind.value,
                canonical({**event.facts, "entry": _packed(entry)}),
            ],
        )
        self._known = (float("-inf"), {})
        return reply[0] == 1

    def forget(self, source: str, mcc_mnc: str) -> None:
        """Forget what was seen so far."""
        with self._lock:
            self._held.pop((source, mcc_mnc), None)
        self._frame.scripts.command("DEL", *_evidence_keys((source, mcc_mnc)))

    # --- what the answers add up to

    def _flush(self, pair: Pair, batch: _Batch) -> Sequence[TrustNews]:
        """Where the store is away the batch is lost: it is statistics, and the answers go on coming."""
        try:
            evidence = self._written(pair, batch)
            # The days before are summed up only where there is a new change to hold against them.
            alarm = self._alarmed(pair, evidence) if batch.changed else None
            return [news for news in (self._judged(pair, evidence), alarm) if news is not None]
        except StoreUnavailable:
            return ()

    def _written(self, pair: Pair, batch: _Batch) -> TrustEvidence:
        rows: list[Argument] = []
        for one in batch.sightings:
            is_changed = one.sight in {Sight.CHANGED, Sight.CHANGED_AGAIN}
            rows += [one.number.digits, one.imsi, ",".join(one.others), "1" if is_changed else "0"]
        reply = self._frame.scripts.run(
            self._observe,
            _evidence_keys(pair),
            [
                self._frame.now(),
                "1" if self.word(*pair) is TrustWord.LEARN else "0",
                self._thresholds.learn_apart_s * 1000,
                self._thresholds.numbers_to_learn,
                batch.compared,
                batch.changed,
                *rows,
            ],
        )
        proved, scrambled, *rates = [whole(one) for one in reply]
        changes, answers, past_changes, past_answers = rates
        return TrustEvidence(proved, scrambled, Rate(answers, changes), Rate(past_answers, past_changes))

    def _judged(self, pair: Pair, evidence: TrustEvidence) -> TrustNews | None:
        """Write what the evidence decides about the word; another process may have been faster."""
        word = self.word(*pair)
        if word is not TrustWord.NEVER and self._thresholds.is_scrambled(evidence):
            facts: dict[str, Json] = {"numbers": evidence.scrambled, "reason": "three_imsis_a_day"}
            event = Event(EventKind.TRUST_DEMOTED, facts)
            return self._decided(pair, TrustWord.NEVER, TrustCause.DEMOTED, event, TrustNews.DEMOTED)
        if word is TrustWord.LEARN and self._thresholds.has_learnt(evidence):
            event = Event(EventKind.TRUST_LEARNT, {"numbers": evidence.proved, "reason": "one_imsi_twice"})
            return self._decided(pair, TrustWord.STABLE, TrustCause.LEARNT, event, TrustNews.LEARNT)
        return None

    def _decided(
        self, pair: Pair, word: TrustWord, cause: TrustCause, event: Event, news: TrustNews
    ) -> TrustNews | None:
        known = self.entry(*pair)
        eased_until = 0 if known is None else known.eased_until
        entry = TrustEntry(word, cause, "", self._clock.unix_ms() // 1000, eased_until)
        return news if self.put(*pair, known, entry, event) else None

    def _alarmed(self, pair: Pair, evidence: TrustEvidence) -> TrustNews | None:
        if not self._thresholds.is_mass_change(evidence):
            return None
        source, mcc_mnc = pair
        facts: dict[str, Json] = {
            "base_changed": evidence.base.changed,
            "base_compared": evidence.base.compared,
            "changed": evidence.hour.changed,
            "compared": evidence.hour.compared,
            "mcc_mnc": mcc_mnc,
            "source": source,
            "what": "mass_change",
        }
        reply = self._frame.run_ours(
            self._tell,
            [
                shard_key(MANAGEMENT, f"incident:{_field(source, mcc_mnc)}"),
                shard_key(MANAGEMENT, "events"),
                shard_key(MANAGEMENT, "seq"),
            ],
            MANAGED,
            [
                self._frame.now(),
                canonical({"mcc_mnc": mcc_mnc, "source": source}),
                MANAGEMENT,
                _SILENCE_MS,
                canonical(facts),
            ],
        )
        return TrustNews.MASS_CHANGE if reply[0] == 1 else None

    # --- entries

    def _entries(self) -> Mapping[Pair, TrustEntry]:
        now = self._clock.monotonic()
        if now - self._known[0] >= _FRESH_S:
            self._known = (now, self._read())
        return self._known[1]

    def _read(self) -> Mapping[Pair, TrustEntry]:
        reply = self._frame.scripts.command("HGETALL", shard_key(MANAGEMENT, "trust"))
        flat = [one.decode() for one in reply if isinstance(one, bytes)] if isinstance(reply, list) else []
        return {_pair(name): _unpacked(value) for name, value in zip(flat[::2], flat[1::2], strict=True)}


def _add(batch: _Batch, sighting: Sighting, *, learns: bool) -> None:
    is_changed = sighting.sight in {Sight.CHANGED, Sight.CHANGED_AGAIN}
    if sighting.sight is not Sight.FIRST:
        batch.compared += 1
    batch.changed += sighting.sight is Sight.CHANGED
    if (is_changed or learns) and len(batch.sightings) < _MOST_HELD:
        batch.sightings.append(sighting)


def _evidence_keys(pair: Pair) -> list[str]:
    source, mcc_mnc = pair
    return [trust_key(source, what, mcc_mnc) for what in _EVIDENCE]


def _field(source: str, mcc_mnc: str) -> str:
    return f"{mcc_mnc}:{source}"


def _pair(name: str) -> Pair:
    mcc_mnc, _, source = name.partition(":")
    return source, mcc_mnc


def _packed(entry: TrustEntry) -> str:
    word = "" if entry.word is None else entry.word.value
    return json.dumps([word, entry.cause.value, entry.by, entry.at, entry.eased_until])


def _unpacked(value: str) -> TrustEntry:
    word, cause, by, at, eased_until = json.loads(value)
    return TrustEntry(TrustWord(word) if word else None, TrustCause(cause), by, at, eased_until)
