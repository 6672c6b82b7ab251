"""What CheckCode can vouch for under a signature: the claims of a verdict; leaves signing to `links`."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from security_service.domain.audit import Json
from security_service.domain.codes import Subject
from security_service.domain.gate import Decision
from security_service.domain.imsi import SimAnswer

VERDICT_LIFE_S: Final = 120
"""Seconds in which a signed verdict is of use: it vouches for what was true when the code was checked."""


class VerdictSigner(Protocol):
    """Signs claims, and tells the keys that check them."""

    def sign(self, claims: dict[str, Json]) -> str:
        """Give the claims as a compact JWS (RFC 7515)."""
        ...

    def public_keys(self) -> dict[str, Json]:
        """Give the JWK set (RFC 7517) of every key that may have signed."""
        ...


@dataclass(frozen=True, slots=True)
class ProvedCode:
    """A code that was accepted: its id, and what the gate decided by when it was sent."""

    code_id: str
    decided_by: str


def decision_text(decision: Decision, sim: SimAnswer) -> str:
    """Give what a slot keeps of a decision: policy version, SIM answer and grade, between spaces."""
    grade = sim.matched.grade.word if sim.matched else "none"
    return f"{decision.policy_version} {sim.token()} {grade}"


def verdict_claims(issuer: str, subject: Subject, proved: ProvedCode, now: int) -> dict[str, Json]:
    """Give the claims of a signed verdict, times in Unix seconds.

    Number and payee stand there as SHA-256 in hex, the number of `tenant:digits`, so that a verdict in a
    log tells neither, and who has them can compare. `amount` is in the currency's minor unit.
    """
    policy, _, rest = proved.decided_by.partition(" ")
    sim, _, grade = rest.partition(" ")
    operation = subject.operation
    return {
        "amount": operation.minor,
        "code_id": proved.code_id,
        "currency": operation.currency,
        "exp": now + VERDICT_LIFE_S,
        "iat": now,
        "iss": issuer,
        "payee_sha256": sha256(operation.payee.encode("utf-8")).hexdigest() if operation.payee else "",
        "policy": policy,
        "purpose": operation.purpose,
        "sim": sim,
        "sim_grade": grade,
        "sub": sha256(f"{subject.tenant.id}:{subject.number.digits}".encode()).hexdigest(),
        "tenant": subject.tenant.id,
    }
