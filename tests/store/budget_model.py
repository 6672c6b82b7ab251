"""Guess budget, freeze and windows of a number as the documents describe them, in plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field

from security_service.domain.limits import Locked, Window
from security_service.domain.tenants import Tenant

Told = tuple[str, dict[str, str | int | bool]]


def up(milliseconds: int) -> int:
    return -(-milliseconds // 1000)


@dataclass(slots=True)
class Budget:
    """Consecutive wrong guesses of a number, by the source they came from."""

    tenant: Tenant
    failures: dict[str, int] = field(default_factory=dict)
    locks: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    total: int = 0
    disabled: bool = False
    frozen: bool = False
    frozen_at: int = -1

    def share(self, source: str, now: int) -> str:
        """Whose budget a source draws on."""
        if not source:
            return "-"
        known_for = self.tenant.guesses.known_for * 1000
        return source if source in self.known and self.known[source] + known_for > now else "*"

    def lock(self, share: str, now: int) -> Locked | None:
        if self.frozen or self.disabled:
            return Locked("frozen" if self.frozen else "disabled", None)
        wait = self.locks.get(share, 0) - now
        return Locked("locked", up(wait)) if wait > 0 else None

    def fail(self, share: str, now: int) -> tuple[int, dict[str, str | int | bool], list[Told]]:
        """Count a wrong guess; gives the guesses left, what its event counts and what is told beside it."""
        rules = self.tenant.guesses
        count = self.failures[share] = self.failures.get(share, 0) + 1
        self.total += 1
        told: list[Told] = []
        counts: dict[str, str | int | bool] = {
            "failures": self.total,
            "share": share,
            "share_failures": count,
        }
        if count % rules.guesses == 0:
            level = min(count // rules.guesses, len(rules.lock_seconds))
            seconds = rules.lock_seconds[level - 1]
            self.locks[share] = now + seconds * 1000
            counts["locked_until"] = self.locks[share]
            lock: dict[str, str | int | bool] = {
                "failures": self.total,
                "seconds": seconds,
                "share": share,
                "source": {"*": "unknown", "-": "none"}.get(share, "known"),
                "until": self.locks[share],
            }
            told.append(("subscriber_locked", lock))
        if self.total >= rules.lifetime_cap:
            self.disabled = True
            told.append(("subscriber_disabled", {"failures": self.total}))
        elif self.total == rules.lifetime_warning:
            told.append(("lifetime_warning", {"failures": self.total}))
        return -count % rules.guesses, counts, told

    def succeed(self, source: str, share: str, now: int) -> None:
        for one in (share, source):
            self.failures.pop(one, None)
            self.locks.pop(one, None)
        self.total = 0
        if source:
            self.known[source] = now

    def unlock(self) -> bool:
        """Forget all but who is known; False where there was nothing."""
        was = bool(self.failures or self.locks or self.total or self.disabled or self.frozen)
        self.failures, self.locks, self.total, self.disabled, self.frozen = {}, {}, 0, False, False
        return was

    def freeze(self, now: int) -> bool:
        """Stop all until an unlock; False where that was done before."""
        if self.frozen:
            return False
        self.frozen, self.frozen_at = True, now
        return True


@dataclass(slots=True)
class Places:
    """The calls that a number's windows let through: (millisecond, request id), oldest first."""

    windows: tuple[Window, ...]
    taken: list[tuple[int, str]] = field(default_factory=list)

    def full(self, now: int) -> tuple[Window, int] | None:
        """The first window without room, and the milliseconds until it has some."""
        for window in self.windows:
            within = [at for at, _ in self.taken if at + window.seconds * 1000 > now]
            if len(within) >= window.limit:
                return window, within[-window.limit] + window.seconds * 1000 - now
        return None

    def give_back(self, request: str) -> None:
        self.taken = [one for one in self.taken if one[1] != request]
