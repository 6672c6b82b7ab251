"""Passwords that cost nothing and count how often they were hashed; whether they are right is kept."""

from __future__ import annotations

from security_service.domain.people_answers import PasswordAnswer
from security_service.domain.people_ports import Busy
from security_service.domain.secret import Secret


class CountedPasswords:
    """The Passwords port. `lanes` holds, for each check, whether it was a known device's."""

    def __init__(self) -> None:
        self.lanes: list[bool] = []
        self.made = 0
        self.is_busy = False
        self.cost = "cheap"

    def hashed(self, password: Secret) -> str | Busy:
        self.made += 1
        return Busy() if self.is_busy else f"{self.cost}:{password.reveal()[::-1]}"

    def check(self, stored: str, password: Secret, *, known_device: bool) -> PasswordAnswer:
        self.lanes.append(known_device)
        if self.is_busy:
            return PasswordAnswer.BUSY
        cost, _, kept = stored.partition(":")
        if not stored or kept != password.reveal()[::-1]:
            return PasswordAnswer.WRONG
        return PasswordAnswer.RIGHT if cost == self.cost else PasswordAnswer.OUTGROWN
