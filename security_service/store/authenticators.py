"""The Authenticators port over its scripts: arguments in, outcomes out; opens no secret, decides nothing."""

from __future__ import annotations

from security_service.domain.audit import Event, canonical
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
from security_service.store.frame import StoreFrame, raw, subject_text, whole, words
from security_service.store.keys import NumberKeys
from security_service.store.scripts import load


class StoredAuthenticators:
    """One hash a number: an offer, which goes away by itself, or the authenticator in force, which stays."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._read, self._offer = load("read_authenticator"), load("offer_authenticator")
        self._confirm, self._remove = load("confirm_authenticator"), load("remove_authenticator")

    def get(self, tenant: str, number: Msisdn) -> Kept:
        """Read one; an offer whose time ran out is none."""
        keys = self._frame.layout.of(tenant, number)
        reply = self._frame.scripts.run(
            self._read, [keys.authenticator], [self._frame.now(), OFFER_LIFE_S * 1000]
        )
        now, state = whole(reply[0]), words(reply[1])
        if not state:
            return Kept(None, now)
        kept = KeptAuthenticator(words(reply[2]), AuthenticatorState(state), whole(reply[3]), raw(reply[4]))
        return Kept(kept, now)

    def offer(self, enrolment: Enrolment, offered: KeptAuthenticator, event: Event) -> int | NotKept:
        """Keep an offer in place of an earlier one; gives the Unix millisecond at which it ends."""
        keys = self._frame.layout.of(enrolment.tenant, enrolment.number)
        reply = self._frame.run_ours(
            self._offer,
            _written(keys),
            keys.of_shard("installation"),
            [
                self._frame.now(),
                subject_text(enrolment.tenant, enrolment.number),
                keys.shard,
                keys.field,
                enrolment.stored,
                offered.id,
                offered.sealed,
                OFFER_LIFE_S * 1000,
                canonical(event.facts),
            ],
        )
        status = words(reply[0])
        return whole(reply[1]) if status == "offered" else NotKept(status)

    def confirm(
        self, enrolment: Enrolment, offer_id: str, step: int | None, event: Event
    ) -> int | WrongConfirmation | NotKept:
        """Make an offer the authenticator in force, or count a wrong code."""
        keys = self._frame.layout.of(enrolment.tenant, enrolment.number)
        reply = self._frame.run_ours(
            self._confirm,
            _written(keys),
            keys.of_shard("installation"),
            [
                self._frame.now(),
                enrolment.request_id,
                subject_text(enrolment.tenant, enrolment.number),
                keys.shard,
                keys.field,
                enrolment.stored,
                offer_id,
                "" if step is None else step,
                OFFER_LIFE_S * 1000,
                OFFER_GUESSES,
                canonical(event.facts),
            ],
        )
        match words(reply[0]):
            case "confirmed":
                return whole(reply[1])
            case "wrong":
                return WrongConfirmation(whole(reply[1]))
            case status:
                return NotKept(status)

    def remove(self, tenant: str, number: Msisdn, event: Event) -> bool:
        """Forget one, offered or in force; False where there was none."""
        keys = self._frame.layout.of(tenant, number)
        reply = self._frame.run_ours(
            self._remove,
            [keys.authenticator, keys.of_shard("events"), keys.of_shard("seq")],
            keys.of_shard("installation"),
            [self._frame.now(), subject_text(tenant, number), keys.shard, canonical(event.facts)],
        )
        return reply[0] == 1


def _written(keys: NumberKeys) -> list[str]:
    """What offer and confirmation touch: the authenticator, and what they are held against."""
    return [
        keys.authenticator,
        keys.bucket,
        keys.of_number("guesses"),
        keys.of_shard("events"),
        keys.of_shard("seq"),
    ]
