"""A code and a ticket as the documents describe them, in plain Python."""

from __future__ import annotations

from dataclasses import dataclass

UNSPENT = frozenset({"sending", "live", "unknown"})
OPEN = UNSPENT | {"ticket"}


def sealed_text(code_id: str) -> bytes:
    """What stands for the sealed text of a code."""
    return f"sealed text of {code_id}".encode()


@dataclass(slots=True)
class CodeModel:
    """A code or a ticket from its opening to its end; times are milliseconds.

    A ticket has no digits, and the authenticator that it is for.
    """

    id: str
    digits: str
    operation: str
    made: int
    expires: int
    lease: int
    state: str = "sending"
    hold: int = 0
    wrong: int = 0
    authenticator: str = ""

    def held_until(self) -> int:
        """Up to when the slot is held against a new code of the same operation."""
        match self.state:
            case "live":
                return self.expires
            case "sending":
                return min(self.lease, self.expires)
            case "unknown":
                return min(self.hold, self.expires)
            case _:
                return 0
