"""Send what an account brings to one number or many; leaves words, and each message's way, to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, assert_never

from security_service.domain.account_ports import AccountPace, NumberZones, SideBySide
from security_service.domain.accounts import Face
from security_service.domain.ports import Chance, Clock
from security_service.domain.relay import NotTaken, Refusal, Submission, Taken, segment_ids
from security_service.domain.secret import MessageText, Msisdn
from security_service.domain.segments import segments
from security_service.domain.untaken_ids import DRAWN, Untaken, untaken_id
from security_service.usecases.sign_in_account import SignedInAccount
from security_service.usecases.take_message import TakeMessage

_STORE_IS_GONE: Final = frozenset({Refusal.STORE_AWAY, Refusal.OTHER_STORE})
_AT_ONCE: Final = 128


@dataclass(frozen=True, slots=True)
class _Untried:
    """The store had gone before this one's turn."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One text for every number.

    `send_at` defers it: with a zone it is one moment for all, without one it is what the wall clock at
    each number shows. `validity_s` as of a Submission.
    """

    numbers: Sequence[Msisdn]
    text: MessageText
    sender: str
    validity_s: int | None = None
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """At least one message was taken: ids of all segments, number by number in their order.

    The ids of a message that was not taken say so themselves (`untaken_ids`).
    """

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TooFast:
    """The account is over its pace; nothing was taken."""

    wait_s: int


@dataclass(frozen=True, slots=True)
class SendFromAccount:
    """Keeps the account's pace and takes each message by itself. Raises StoreUnavailable from the pace alone.

    A refusal of one number does not keep the others from being taken; where none is, it is answered.
    """

    pace: AccountPace
    take: TakeMessage
    zones: NumberZones
    side_by_side: SideBySide
    chance: Chance
    clock: Clock

    def run(self, entered: SignedInAccount, wanted: Wanted, face: Face) -> Sent | NotTaken | TooFast:
        """Send; `numbers` holds one at least."""
        wait = self.admit(entered, len(wanted.numbers))
        if wait is not None:
            return wait
        outcomes = self._take_all(entered, wanted, face)
        if not any(isinstance(one, Taken) for one in outcomes):
            return next(one for one in outcomes if isinstance(one, NotTaken))
        length = segments(wanted.text.reveal()).count
        drawn = int(self.chance.share() * DRAWN)
        ids: list[str] = []
        for place, one in enumerate(outcomes):
            ids += segment_ids(self._id(one, drawn + place), length)
        return Sent(tuple(ids))

    def _take_all(
        self, entered: SignedInAccount, wanted: Wanted, face: Face
    ) -> list[Taken | NotTaken | _Untried]:
        """Take some at a time: the store writes them together. None is tried once it is gone."""
        outcomes: list[Taken | NotTaken | _Untried] = []
        for first in range(0, len(wanted.numbers), _AT_ONCE):
            given = [
                self._submission(entered, wanted, number, face)
                for number in wanted.numbers[first : first + _AT_ONCE]
            ]
            outcomes += self.side_by_side.results(
                [partial(self.take.run, one, self.chance.token()) for one in given]
            )
            if any(isinstance(one, NotTaken) and one.reason in _STORE_IS_GONE for one in outcomes):
                break
        return [*outcomes, *[_Untried()] * (len(wanted.numbers) - len(outcomes))]

    def admit(self, entered: SignedInAccount, places: int = 1) -> TooFast | None:
        """Take places in the account's pace; None where there were some."""
        account = entered.account
        wait_ms = self.pace.take(account.login, account.a_second, places)
        return TooFast(-(-wait_ms // 1000)) if wait_ms else None

    def _submission(self, entered: SignedInAccount, wanted: Wanted, number: Msisdn, face: Face) -> Submission:
        return Submission(
            tenant=entered.tenant,
            number=number,
            text=wanted.text,
            face=face.value,
            account=entered.account.login,
            sender=wanted.sender,
            validity_s=wanted.validity_s,
            send_at_s=self._moment_s(number, wanted.send_at),
        )

    def _moment_s(self, number: Msisdn, send_at: datetime | None) -> int:
        if send_at is None:
            return 0
        moment = self.zones.moment_s(number, send_at) if send_at.tzinfo is None else send_at.timestamp()
        return max(int(moment), 0)

    def _id(self, outcome: Taken | NotTaken | _Untried, drawn: int) -> str:
        match outcome:
            case Taken():
                return outcome.message_id
            case NotTaken():
                # The store went away under it: it may have been written before the answer was lost.
                is_unknown = outcome.reason is Refusal.STORE_AWAY
                return untaken_id(Untaken(self.clock.unix_ms(), is_unknown), drawn)
            case _Untried():
                return untaken_id(Untaken(self.clock.unix_ms()), drawn)
            case _:
                assert_never(outcome)
