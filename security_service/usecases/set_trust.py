"""Set whose word on whose SIMs may decide, and ease an operator's mass change (design, section 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.access import Actor, Role
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.ports import Clock
from security_service.domain.trust import HOUR_S, TrustCause, TrustEntry, TrustRules, TrustWord
from security_service.domain.trust_ports import TrustRecords
from security_service.usecases.actions import RecordKeepsMoving

LONGEST_EASING_S: Final = 72 * HOUR_S
"""A mass change is over in days; what is eased for longer would be forgotten."""

_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class TrustOrder:
    """Who decides on which source and operator (empty: answers that name none), and why."""

    source: str
    mcc_mnc: str
    actor: Actor
    reason: str
    request_id: str


@dataclass(frozen=True, slots=True)
class TrustSet:
    """The entry that holds now."""

    entry: TrustEntry


@dataclass(frozen=True, slots=True)
class OnlyALead:
    """Who asked is no lead; nothing was written."""


@dataclass(frozen=True, slots=True)
class UnknownSource:
    """No lookup of that name is configured; nothing was written."""


@dataclass(frozen=True, slots=True)
class NeverBySettings:
    """The settings say `never`, which no entry of the book outweighs; nothing was written."""


TrustOutcome = TrustSet | OnlyALead | UnknownSource | NeverBySettings | RecordKeepsMoving


@dataclass(frozen=True, slots=True)
class SetTrust:
    """People's side of the trust book."""

    records: TrustRecords
    sources: frozenset[str]
    rules: TrustRules
    clock: Clock

    def set_word(self, order: TrustOrder, word: TrustWord) -> TrustOutcome:
        """Believe a source on an operator's SIMs, let it learn, or hear it no more; raises StoreUnavailable.

        What was seen of it is forgotten, so that a source which a person restores is not demoted
        again by what it said before.
        """
        refusal = self._refusal(order)
        if refusal is not None:
            return refusal
        if word is not TrustWord.NEVER and self.rules.word(order.source, order.mcc_mnc) is TrustWord.NEVER:
            return NeverBySettings()
        self.records.forget(order.source, order.mcc_mnc)

        def changed(known: TrustEntry | None) -> TrustEntry:
            eased_until = 0 if known is None else known.eased_until
            return TrustEntry(word, TrustCause.PERSON, order.actor.name, self._now(), eased_until)

        return self._write(order, EventKind.TRUST_SET, changed, {"word": word.value})

    def ease(self, order: TrustOrder, for_s: int) -> TrustOutcome:
        """Let changed SIMs of an operator step up for so many seconds; 0 ends it. Raises StoreUnavailable.

        Never more than `LONGEST_EASING_S`, and never into a send: the gate sees to that.
        """
        refusal = self._refusal(order)
        if refusal is not None:
            return refusal
        until = self._now() + min(max(for_s, 0), LONGEST_EASING_S) if for_s > 0 else 0

        def changed(known: TrustEntry | None) -> TrustEntry:
            if known is not None:
                return replace(known, eased_until=until)
            return TrustEntry(None, TrustCause.PERSON, order.actor.name, self._now(), until)

        return self._write(order, EventKind.TRUST_EASED, changed, {"until": until})

    def _refusal(self, order: TrustOrder) -> OnlyALead | UnknownSource | None:
        if not order.actor.may(Role.LEAD):
            return OnlyALead()
        return None if order.source in self.sources else UnknownSource()

    def _write(
        self,
        order: TrustOrder,
        kind: EventKind,
        changed: Callable[[TrustEntry | None], TrustEntry],
        facts: dict[str, Json],
    ) -> TrustSet | RecordKeepsMoving:
        event = Event(
            kind,
            {"actor": order.actor.name, "reason": order.reason, "request_id": order.request_id, **facts},
        )
        for _ in range(_ATTEMPTS):
            known = self.records.entry(order.source, order.mcc_mnc)
            entry = changed(known)
            if self.records.put(order.source, order.mcc_mnc, known, entry, event):
                return TrustSet(entry)
        return RecordKeepsMoving()

    def _now(self) -> int:
        return self.clock.unix_ms() // 1000
