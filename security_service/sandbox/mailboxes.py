"""The virtual mailboxes: letters by address, who takes none; leaves protocols to the faces."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

_LETTERS: Final = 50
_MAX_MAILBOXES: Final = 10_000
_MAX_SENT: Final = 50_000


class MailboxState(StrEnum):
    """Whether a mailbox takes letters."""

    OPEN = "open"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it arrived; the time is Unix seconds."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    sender: str
    received_at: float


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox at one moment, the oldest letter first."""

    address: str
    state: MailboxState
    letters: tuple[Letter, ...]


@dataclass(slots=True)
class _Mailbox:
    state: MailboxState = MailboxState.OPEN
    letters: deque[Letter] = field(default_factory=lambda: deque(maxlen=_LETTERS))


@dataclass(slots=True)
class _Sent:
    address: str
    arrived: bool
    asked: bool = False


class Mailboxes:
    """Every mailbox of the sandbox, in memory only; safe to use from many threads.

    Any address is an open mailbox. Letters of an address count in either case. `clock` gives Unix
    seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._mailboxes: OrderedDict[str, _Mailbox] = OrderedDict()
        self._sent: OrderedDict[str, _Sent] = OrderedDict()

    def look(self, address: str) -> Mailbox:
        """Give a mailbox as it is now."""
        key = address.lower()
        with self._lock:
            found = self._mailboxes.get(key, _Mailbox())
            return Mailbox(key, found.state, tuple(found.letters))

    def switch(self, address: str, state: MailboxState) -> Mailbox:
        """Set whether a mailbox takes letters."""
        with self._lock:
            self._touch(address.lower()).state = state
        return self.look(address)

    def deliver(self, message_id: str, address: str, subject: str, text: str, html: str, sender: str) -> None:
        """Put a letter into a mailbox, or let it bounce."""
        with self._lock:
            mailbox = self._touch(address.lower())
            arrived = mailbox.state is MailboxState.OPEN
            if arrived:
                mailbox.letters.append(Letter(subject, text, html, sender, self._clock()))
            self._sent[message_id] = _Sent(address, arrived)
            while len(self._sent) > _MAX_SENT:
                self._sent.popitem(last=False)

    def arrived(self, message_id: str) -> tuple[str, bool | None] | None:
        """Tell the address of a letter and whether it arrived; the first question finds it on its way.

        Gives None for a letter that nobody sent.
        """
        with self._lock:
            sent = self._sent.get(message_id)
            if sent is None:
                return None
            known, sent.asked = sent.asked, True
            return sent.address, sent.arrived if known else None

    def _touch(self, key: str) -> _Mailbox:
        mailbox = self._mailboxes.setdefault(key, _Mailbox())
        self._mailboxes.move_to_end(key)
        while len(self._mailboxes) > _MAX_MAILBOXES:
            self._mailboxes.popitem(last=False)
        return mailbox
