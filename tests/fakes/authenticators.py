"""Subscribers' authenticators and freezes in memory, over the store in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from security_service.domain.audit import Event
from security_service.domain.authenticators import (
    AuthenticatorState,
    Enrolment,
    Kept,
    KeptAuthenticator,
    NotKept,
    WrongConfirmation,
)
from security_service.domain.secret import Msisdn
from security_service.domain.step_up import OFFER_GUESSES, OFFER_LIFE_S
from tests.fakes.store import MemoryStore


@dataclass(slots=True)
class _Held:
    kept: KeptAuthenticator
    wrong: int = 0


class MemoryAuthenticators:
    """The Authenticators port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.held: dict[tuple[str, str], _Held] = {}

    def get(self, tenant: str, number: Msisdn) -> Kept:
        self.store.check()
        held = self.held.get((tenant, number.digits))
        return Kept(None if held is None or self._is_over(held) else held.kept, self.store.now_ms)

    def offer(self, enrolment: Enrolment, offered: KeptAuthenticator, event: Event) -> int | NotKept:
        self.store.check()
        kept = self.get(enrolment.tenant, enrolment.number).authenticator
        if kept is not None and kept.state is AuthenticatorState.ACTIVE:
            return NotKept.ACTIVE
        refused = self._refused(enrolment)
        if refused is not None:
            return refused
        now = self.store.now_ms
        self.held[enrolment.tenant, enrolment.number.digits] = _Held(replace(offered, since_ms=now))
        self.store.emit(event.kind.value, enrolment.tenant, enrolment.number, event.facts)
        return now + OFFER_LIFE_S * 1000

    def confirm(
        self, enrolment: Enrolment, offer_id: str, step: int | None, event: Event
    ) -> int | WrongConfirmation | NotKept:
        self.store.check()
        kept = self.get(enrolment.tenant, enrolment.number).authenticator
        if kept is None or kept.id != offer_id or kept.state is not AuthenticatorState.OFFERED:
            return NotKept.NO_OFFER
        refused = self._refused(enrolment)
        if refused is not None:
            return refused
        held = self.held[enrolment.tenant, enrolment.number.digits]
        if step is None:
            held.wrong += 1
            return WrongConfirmation(OFFER_GUESSES - held.wrong)
        now = self.store.now_ms
        held.kept = replace(kept, state=AuthenticatorState.ACTIVE, since_ms=now)
        self.store.emit(event.kind.value, enrolment.tenant, enrolment.number, event.facts)
        return now

    def remove(self, tenant: str, number: Msisdn, event: Event) -> bool:
        self.store.check()
        held = self.held.pop((tenant, number.digits), None)
        if held is None or held.wrong >= OFFER_GUESSES:
            return False
        self.store.emit(event.kind.value, tenant, number, event.facts)
        return True

    def _is_over(self, held: _Held) -> bool:
        is_late = held.kept.since_ms + OFFER_LIFE_S * 1000 <= self.store.now_ms
        return held.kept.state is AuthenticatorState.OFFERED and (is_late or held.wrong >= OFFER_GUESSES)

    def _refused(self, enrolment: Enrolment) -> NotKept | None:
        whom = (enrolment.tenant, enrolment.number.digits)
        if whom in self.store.frozen:
            return NotKept.FROZEN
        version = self.store.records[whom][0] if whom in self.store.records else 0
        return None if enrolment.stored == (str(version).encode() if version else b"") else NotKept.MOVED
