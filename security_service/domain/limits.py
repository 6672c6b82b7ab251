"""Windows that bound how often a thing may happen; leaves counting to the store."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` in any `seconds`; with `record_only` the excess is told but not refused."""

    name: str
    limit: int
    seconds: int
    record_only: bool = False

    def __post_init__(self) -> None:
        if not (1 <= self.limit <= 10_000_000 and 1 <= self.seconds <= 31 * 86_400):
            raise ValueError(f"window {self.name}: limit and seconds must be positive and sane")


@dataclass(frozen=True, slots=True)
class Limits:
    """A tenant's windows. The first four are counted per number, the others over many numbers.

    `requests` counts every GenerateCode, `checks` every CheckCode, `sends` what may cost money,
    `messages` what the bank's own systems give to be relayed.
    `tenant`, `source`, `prefix` and `keys` count sends of the whole tenant, of one caller, of
    one number prefix (of `prefix_digits` digits), of each of the caller's own `LimitKeys`.
    """

    requests: tuple[Window, ...] = (Window("requests", 30, 60),)
    checks: tuple[Window, ...] = (Window("checks", 30, 60),)
    sends: tuple[Window, ...] = (
        Window("sends_minute", 3, 60),
        Window("sends_hour", 10, 3600),
        Window("sends_day", 20, 86_400),
    )
    messages: tuple[Window, ...] = (Window("messages_minute", 20, 60), Window("messages_day", 200, 86_400))
    tenant: tuple[Window, ...] = ()
    source: tuple[Window, ...] = ()
    prefix: tuple[Window, ...] = ()
    prefix_digits: int = 7
    keys: tuple[Window, ...] = ()

    @property
    def has_wide(self) -> bool:
        """True where a window spans many numbers and so needs a script of its own."""
        return bool(self.tenant or self.source or self.prefix or self.keys)


@dataclass(frozen=True, slots=True)
class GuessBudget:
    """How wrong guesses are counted and locked (design, section 2). Times are seconds."""

    guesses: int = 5
    lock_seconds: tuple[int, ...] = (60, 300, 900, 3600, 86_400)
    lifetime_warning: int = 90
    lifetime_cap: int = 100
    known_for: int = 90 * 86_400
    forgotten_after: int = field(default=400 * 86_400)


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A window is full; `retry_after_s` is when the oldest call leaves it, rounded up."""

    window: str
    retry_after_s: int


@dataclass(frozen=True, slots=True)
class Locked:
    """Wrong guesses used up a budget; a disabled subscriber waits for a person (`None` seconds)."""

    reason: str
    retry_after_s: int | None
