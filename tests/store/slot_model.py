"""A slot of a number as the documents describe it, in plain Python: what the store must answer and tell."""

from __future__ import annotations

from collections.abc import Mapping
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
from security_service.domain.limits import LimitReached, Locked
from security_service.domain.step_up import TicketFound, TicketProof
from security_service.domain.tenants import Tenant
from tests.store.budget_model import Budget, Places, Told, up
from tests.store.code_model import OPEN, UNSPENT, CodeModel, sealed_text

Refusal = Locked | LimitReached | CodeExists
Check = CheckAccepted | CheckMatched | CheckExpired | CheckNotFound | Locked | LimitReached | TicketFound


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
    authenticator: str = ""
    last_step: int = 0
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
        if code is None or self.now >= code.held_until() or self._is_frozen_out():
            return True
        if code.state == "sending":
            return False
        pause = self.tenant.resend_after_s * 1000
        return code.operation != operation or 0 < pause <= self.now - code.made

    def refuse(self) -> None:
        """The gate refused an admitted call."""
        self.told.append(("gate_decided", {}))

    def open(self, request: str, code: CodeModel) -> CodeExists | Locked | None:
        if not self.may_take(code.operation):
            self.sends.give_back(request)
            return self._exists()
        self.told.append(("gate_decided", {}))
        if self.budget.frozen:
            self.told.append(("code_killed", {"code_id": code.id, "reason": "frozen"}))
            return Locked("frozen", None)
        old = self.code
        if old is not None:
            end = "dead" if self._is_frozen_out() else old.state
            if end in OPEN:
                end = "superseded" if self.now < old.expires else "expired"
            if end == "superseded":
                self.told.append(("code_superseded", {"by": code.id, "code_id": old.id}))
            if not old.authenticator:
                self.stones = [(old.digits, end), *self.stones][:4]
        self.code = code
        if not code.authenticator:
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

    def check(
        self,
        request: str,
        source: str,
        digits: str,
        operation: str,
        *,
        pinned: bool = False,
        named: bool = False,
        proof: TicketProof | None = None,
    ) -> Check:
        """One call of the script; `proof` is there in the second one about a ticket."""
        refusal: Locked | LimitReached | None = self._locked(request, source)
        if refusal is None and proof is None:
            refusal = self._take(self.checks, request)
        if refusal is not None:
            return refusal
        code, stone = self.code, dict(reversed(self.stones)).get(digits)
        if code is None:
            return self._uncounted("no_code")
        if self._is_frozen_out():
            self._tell_check("not_found", "frozen", ends="dead")
            return CheckNotFound(NotFound.FROZEN)
        if code.state == "ticket":
            return self._check_ticket(code, source, operation, named=named, proof=proof)
        return self._check_code(code, stone, source, digits, operation, pinned=pinned)

    def _check_code(
        self, code: CodeModel, stone: str | None, source: str, digits: str, operation: str, *, pinned: bool
    ) -> Check:
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
        share = self.budget.share(source, self.now)
        self._tell_check("accepted", "valid", counted={"share": share})
        self.budget.succeed(source, share, self.now)
        return CheckAccepted(code.id)

    def _check_ticket(
        self, code: CodeModel, source: str, operation: str, *, named: bool, proof: TicketProof | None
    ) -> Check:
        if not named or self.now >= code.expires:
            return self._uncounted("ticket_expired" if named else "no_code")
        if code.authenticator != self.authenticator:
            return self._uncounted("no_authenticator")
        if proof is None or proof.ticket != code.id:
            return TicketFound(code.id, b"sealed", self.now)
        if proof.step is None:
            burns = code.wrong + 1 >= self.tenant.guesses.guesses
            code.wrong += 1
            return self._counted(source, "wrong", ends="burnt" if burns else "")
        if proof.step <= self.last_step:
            return self._uncounted("step_used")
        self.last_step = proof.step
        if operation != code.operation:
            return self._counted(source, "operation_differs", ends="dead")
        self.accepted.append(code.id)
        share = self.budget.share(source, self.now)
        self._tell_check("accepted", "valid", counted={"share": share}, ends="spent")
        self.budget.succeed(source, share, self.now)
        return CheckAccepted(code.id)

    def finalise(self, code_id: str, source: str, *, accepted: bool) -> bool:
        code = self.code if self.code is not None and self.code.id == code_id else None
        is_dead = code is not None and code.made <= self.budget.frozen_at
        frozen = accepted and (self.budget.frozen or is_dead)
        if code is not None and (frozen or not accepted):
            code.state = "dead"
        outcome: dict[str, str | int | bool] = {"reason": "frozen"} if frozen else {}
        if accepted and not frozen:
            share = self.budget.share(source, self.now)
            outcome = {"share": share, "source": source}
            self.budget.succeed(source, share, self.now)
        self.told.append(("check_finalised", outcome))
        return not frozen

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
        if self._is_frozen_out():
            return NoText.FROZEN
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

    def enrol(self, authenticator: str, step: int) -> None:
        self.authenticator, self.last_step = authenticator, step
        for kind in ("authenticator_offered", "authenticator_confirmed"):
            self.told.append((kind, {"authenticator": authenticator}))

    def remove(self) -> None:
        self.told.append(("authenticator_removed", {"authenticator": self.authenticator, "state": "active"}))
        self.authenticator = ""

    def freeze(self) -> bool:
        is_new = self.budget.freeze(self.now)
        if is_new:
            self.told.append(("subscriber_frozen", {}))
        return is_new

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

    def _is_frozen_out(self) -> bool:
        """Whether the slot's code was made by the last freeze and has come to no other end."""
        code = self.code
        return code is not None and code.made <= self.budget.frozen_at and code.state in OPEN

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

    def _counted(self, source: str, reason: str, ends: str = "") -> CheckNotFound:
        left, counted, told = self.budget.fail(self.budget.share(source, self.now), self.now)
        self._tell_check("not_found", reason, left, counted, ends)
        self.told += told
        return CheckNotFound(NotFound(reason), left)

    def _uncounted(self, reason: str) -> CheckNotFound:
        self._tell_check("not_found", reason)
        return CheckNotFound(NotFound.SUPERSEDED if reason == "expired" else NotFound(reason))

    def _tell_check(
        self,
        result: str,
        reason: str,
        left: int | None = None,
        counted: Mapping[str, str | int | bool] | None = None,
        ends: str = "",
    ) -> None:
        is_ticket = self.code is not None and self.code.state == "ticket"
        if self.code is not None and ends:
            self.code.state = ends
        code_id, state = (self.code.id, self.code.state) if self.code else ("", "")
        outcome: dict[str, str | int | bool] = {
            "code_id": code_id,
            "reason": reason,
            "result": result,
            "state": state,
            **(counted or {}),
            **({"factor": "authenticator"} if is_ticket else {}),
        }
        self.told.append(("code_checked", outcome if left is None else {**outcome, "guesses_left": left}))
