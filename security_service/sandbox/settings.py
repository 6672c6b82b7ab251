"""What the sandbox operator can be told; leaves reading the command line to `__main__`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SESSION_SECONDS: Final = 120 * 60
"""Devino manual 1.2: a session is valid for 120 minutes."""


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """The settings of one sandbox operator.

    `data_file` keeps the handsets between two starts. `login` and `password` are the account of
    the bank at this operator, the same in every protocol. `session_seconds` is the life of a
    session. `seed` decides the first IMSI of every number. `hlr_polls_before_answer` is how many
    questions about an HLR message are answered with "being sent" before the real answer.
    `balance` is in the account's currency. `threads` is how many requests are served at once.
    `public_key` is the PEM that the bank's assertions are held against; without it their signature
    is not looked at.
    """

    data_file: Path
    login: str
    password: str = field(repr=False)
    session_seconds: int = SESSION_SECONDS
    seed: str = "sandbox"
    hlr_polls_before_answer: int = 0
    balance: float = 20015.3
    threads: int = 128
    public_key: str = ""

    def __post_init__(self) -> None:
        if not self.login or not self.password:
            raise ValueError("the sandbox operator needs a login and a password")
        if self.session_seconds < 1 or self.threads < 1 or self.hlr_polls_before_answer < 0:
            raise ValueError("session_seconds and threads start at 1, hlr_polls_before_answer at 0")
