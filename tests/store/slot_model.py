"""A slot of a number as the documents describe it, in plain Python: what the store must answer and tell."""

from __future__ import annotations

from dataclasses import dataclass, field

from security_service.domain.codes import (
    UNKNOWN_HOLDS_SLOT_S,
    CheckAccepted,
    CheckExpired,
    CheckMatched,
    CheckNotFound,
    CodeExists,
    NotFound,
    Settlement,
)
from security_service.domain.fallback import NoText, TextTaken
from security_service.domain.limits import LimitReached, Locked, Window
from security_service.domain.tenants import Tenant

Told = tuple[str, dict[str, str | int | bool]]
Refusal = Locked | LimitReached | CodeExists
Check = CheckAccepted | CheckMatched | CheckExpired | CheckNotFound | Locked | LimitReached
UNSPENT = frozenset({"sending", "live", "unknown"})


def sealed_text(code_id: str) -> bytes:
    """What stands for the sealed text of a code."""
    return f"sealed text of {code_id}".encode()


def up(milliseconds: int) -> int:
    return -(-milliseconds // 1000)


@dataclass(slots=True)
class CodeModel:
    """A code from its opening to its end; times are milliseconds."""

    id: str
    digits: str
    operation: str
    made: int
    expires: int
    lease: int
    state: str = "sending"
    hold: int = 0
    wrong: int = 0

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


@dataclass(slots=True)
class Budget:
    """Consecutive wrong guesses of a number, by the source they came from."""

    tenant: Tenant
    failures: dict[str, int] = field(default_factory=dict)
    locks: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    total: int = 0
    disabled: bool = False

    def share(self, source: str, now: int) -> str:
        """Whose budget a source draws on."""
        if not source:
            return "-"
        known_for = self.tenant.guesses.known_for * 1000
        return source if source in self.known and self.known[source] + known_for > now else "*"

    def lock(self, share: str, now: int) -> Locked | None:
        if self.disabled:
            return Locked("disabled", None)
        wait = self.locks.get(share, 0) - now
        return Locked("locked", up(wait)) if wait > 0 else None

    def fail(self, share: str, now: int) -> tuple[int, list[Told]]:
        """Count a wrong guess; gives the guesses left and what is told beside it."""
        rules = self.tenant.guesses
        count = self.failures[share] = self.failures.get(share, 0) + 1
        self.total += 1
        told: list[Told] = []
        if count % rules.guesses == 0:
            level = min(count // rules.guesses, len(rules.lock_seconds))
            seconds = rules.lock_seconds[level - 1]
            self.locks[share] = now + seconds * 1000
            source = {"*": "unknown", "-": "none"}.get(share, "known")
            told.append(("subscriber_locked", {"failures": self.total, "seconds": seconds, "source": source}))
        if self.total >= rules.lifetime_cap:
            self.disabled = True
            told.append(("subscriber_disabled", {"failures": self.total}))
        elif self.total == rules.lifetime_warning:
            told.append(("lifetime_warning", {"failures": self.total}))
        return -count % rules.guesses, told

    def succeed(self, source: str, share: str, now: int) -> None:
        for one in (share, source):
            self.failures.pop(one, None)
            self.locks.pop(one, None)
        self.total = 0
        if source:
            self.known[source] = now

    def unlock(self) -> bool:
        """Forget all but who is known; False where there was nothing."""
        was = bool(self.failures or self.locks or self.total or self.disabled)
        self.failures, self.locks, self.total, self.disabled = {}, {}, 0, False
        return was


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


@dataclass(slots=True)
class SlotModel:
    """The oracle: every method answers what the store must, and adds what it must tell."""

    tenant: Tenant
    now: int
    code: CodeModel | None = None
    stones: list[tuple[str, str]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    jobs: dict[str, int] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)
    waiting: str = ""
    budget: Budget = field(init=False)
    requests: Places = field(init=False)
    checks: Places = field(init=False)
    sends: Places = field(init=False)

    def __post_init__(self) -> None:
        limits = self.tenant.limits
        self.budget = Budget(self.tenant)
        self.requests, self.checks = Places(limits.requests), Places(limits.checks)
        self.sends = Places(limits.sends)

    # --- GenerateCode

    def admit(self, request: str, source: str, operation: str) -> Refusal | None:
        refusal: Refusal | None = self._locked(request, source) or self._take(self.requests, request)
        if refusal is None and not self.may_take(operation):
            refusal = self._exists()
        return refusal or self._take(self.sends, request)

    def may_take(self, operation: str) -> bool:
        code = self.code
        if code is None or self.now >= code.held_until():
            return True
        if code.state == "sending":
            return False
        pause = self.tenant.resend_after_s * 1000
        return code.operation != operation or 0 < pause <= self.now - code.made

    def refuse(self) -> None:
        """The gate refused an admitted call."""
        self.told.append(("gate_decided", {}))

    def open(self, request: str, code: CodeModel) -> CodeExists | None:
        if not self.may_take(code.operation):
            self.sends.give_back(request)
            return self._exists()
        self.told.append(("gate_decided", {}))
        old = self.code
        if old is not None:
            end = old.state
            if end in UNSPENT:
                end = "superseded" if self.now < old.expires else "expired"
            if end == "superseded":
                self.told.append(("code_superseded", {"by": code.id, "code_id": old.id}))
            self.stones = [(old.digits, end), *self.stones][:4]
        self.code = code
        self.jobs[f"e{code.id}"] = code.lease
        return None

    def settle(
        self, request: str, code_id: str, settlement: Settlement, *, keep: bool, fallback: bool = False
    ) -> None:
        self.jobs.pop(f"e{code_id}", None)
        code = self.code if self.code is not None and self.code.id == code_id else None
        if code is not None and code.state in UNSPENT:
            if settlement is Settlement.ACCEPTED:
                code.state = "live"
                if fallback and self.now < code.expires:
                    self.waiting, self.jobs[f"f{code_id}"] = code_id, self.now + 30_000
            elif settlement is Settlement.NOT_SENT or not keep:
                code.state = "withdrawn"
            elif code.state == "sending":
                code.state, code.hold = "unknown", self.now + UNKNOWN_HOLDS_SLOT_S * 1000
        if settlement is Settlement.NOT_SENT:
            self.sends.give_back(request)
        kind = {"accepted": "code_sent", "not_sent": "send_refused", "unknown": "send_unknown"}
        self.told.append((kind[settlement.value], {"state": code.state if code else "superseded"}))

    # --- CheckCode

    def check(self, request: str, source: str, digits: str, operation: str, *, pinned: bool) -> Check:
        refusal = self._locked(request, source) or self._take(self.checks, request)
        if refusal is not None:
            return refusal
        code, stone = self.code, dict(reversed(self.stones)).get(digits)
        if code is None:
            return self._uncounted("no_code")
        right = digits == code.digits
        if stone is not None and not right:
            return self._uncounted(stone)
        if code.state not in UNSPENT:
            return self._uncounted(code.state)
        if self.now >= code.expires:
            if not right:
                return self._uncounted("expired_wrong")
            self._tell_check("expired", "expired")
            return CheckExpired()
        if not right:
            code.wrong += 1
            if code.wrong >= self.tenant.guesses.guesses:
                code.state = "burnt"
            return self._counted(source, "wrong")
        if operation != code.operation:
            code.state = "dead"
            return self._counted(source, "operation_differs")
        code.state = "spent"
        self.accepted.append(code.id)
        if pinned:
            self._tell_check("matched", "valid")
            return CheckMatched(code.id, None)
        self._tell_check("accepted", "valid")
        self.budget.succeed(source, self.budget.share(source, self.now), self.now)
        return CheckAccepted(code.id)

    def finalise(self, code_id: str, source: str, *, accepted: bool) -> None:
        if not accepted and self.code is not None and self.code.id == code_id:
            self.code.state = "dead"
        if accepted:
            self.budget.succeed(source, self.budget.share(source, self.now), self.now)
        self.told.append(("check_finalised", {}))

    # --- behind the scenes

    def due(self) -> set[str]:
        return {job for job, at in self.jobs.items() if at <= self.now}

    def end_lease(self, job: str, code_id: str, *, keep: bool) -> bool:
        del self.jobs[job]
        code = self.code
        state = "superseded" if code is None or code.id != code_id else code.state
        if code is not None and state == "sending":
            state = code.state = "unknown" if keep else "withdrawn"
            code.hold = 0
        self.told.append(("lease_lost", {"code_id": code_id, "state": state}))
        return True

    def count_refusals(self, job: str, window: str) -> None:
        del self.jobs[job]
        more = self.refusals.pop(window) - 1
        if more > 0:
            self.told.append(("limit_counted", {"refused": more, "window": window}))

    def take(self, job: str, code_id: str) -> TextTaken | NoText:
        """Another channel asks for its text."""
        del self.jobs[job]
        if self.code is None or self.waiting != code_id or not self.is_waiting():
            return NoText.NOT_NEEDED
        self.waiting, left = "", self.code.expires - self.now
        return NoText.TOO_LATE if left < 60_000 else TextTaken(sealed_text(code_id), left / 1000)

    def is_waiting(self) -> bool:
        """Whether a sealed text must lie in the store: nobody took it, and its code is of use."""
        return bool(self.waiting) and self._checkable(self.waiting)

    def receive(self, job: str, code_id: str, *, negative: bool) -> None:
        del self.jobs[job]
        if self.waiting == code_id:
            self.waiting = ""
        freed = negative and self._checkable(code_id)
        if freed and self.code is not None:
            self.code.state = "withdrawn"
        self.told.append(("receipt", {"slot_freed": freed}))

    def change_sim(self, code_id: str) -> None:
        if self._checkable(code_id) and self.code is not None:
            self.code.state = "dead"
            self.told.append(("code_killed", {"code_id": code_id, "reason": "sim_changed"}))
        self.told.append(("late_change", {}))

    def unlock(self) -> bool:
        was = self.budget.unlock()
        if was:
            self.told.append(("subscriber_unlocked", {}))
        return was

    def edges(self) -> list[int]:
        """The moments ahead at which something changes by itself."""
        found = [*self.budget.locks.values(), *self.jobs.values()]
        if self.code is not None:
            found += [self.code.expires, self.code.lease, self.code.held_until()]
            found.append(self.code.made + self.tenant.resend_after_s * 1000)
        for places in (self.requests, self.checks, self.sends):
            found += [at + window.seconds * 1000 for at, _ in places.taken for window in places.windows]
        known_for = self.tenant.guesses.known_for * 1000
        found += [at + known_for for at in self.budget.known.values()]
        return sorted({at for at in found if at > self.now})

    # --- what several of them do

    def _checkable(self, code_id: str) -> bool:
        code = self.code
        return code is not None and code.id == code_id and code.state in UNSPENT and self.now < code.expires

    def _locked(self, request: str, source: str) -> Locked | None:
        share = self.budget.share(source, self.now)
        locked = self.budget.lock(share, self.now)
        if locked is not None:
            wait = -1 if locked.retry_after_s is None else self.budget.locks[share] - self.now
            self._refused(request, locked.reason, wait, max(wait, 60_000))
        return locked

    def _take(self, places: Places, request: str) -> LimitReached | None:
        full = places.full(self.now)
        if full is None:
            places.taken.append((self.now, request))
            return None
        window, retry = full
        self._refused(request, window.name, retry, window.seconds * 1000)
        return LimitReached(window.name, up(retry))

    def _refused(self, request: str, window: str, retry: int, span: int) -> None:
        self.refusals[window] = self.refusals.get(window, 0) + 1
        if self.refusals[window] == 1:
            self.told.append(("limit_reached", {"record_only": False, "retry_ms": retry, "window": window}))
            self.jobs[f"q{request}.{window}"] = self.now + span

    def _exists(self) -> CodeExists:
        code = self.code
        assert code is not None
        self.told.append(("code_exists", {"code_id": code.id, "state": code.state}))
        until = code.held_until() if code.state == "unknown" else code.expires
        return CodeExists(up(until - self.now))

    def _counted(self, source: str, reason: str) -> CheckNotFound:
        left, told = self.budget.fail(self.budget.share(source, self.now), self.now)
        self._tell_check("not_found", reason, left)
        self.told += told
        return CheckNotFound(NotFound(reason), left)

    def _uncounted(self, reason: str) -> CheckNotFound:
        self._tell_check("not_found", reason)
        return CheckNotFound(NotFound.SUPERSEDED if reason == "expired" else NotFound(reason))

    def _tell_check(self, result: str, reason: str, left: int | None = None) -> None:
        code_id, state = (self.code.id, self.code.state) if self.code else ("", "")
        outcome: dict[str, str | int | bool] = {
            "code_id": code_id,
            "reason": reason,
            "result": result,
            "state": state,
        }
        self.told.append(("code_checked", outcome if left is None else {**outcome, "guesses_left": left}))
