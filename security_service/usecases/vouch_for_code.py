"""Vouch for a code that was accepted, under a signature that the core bank checks by itself."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.codes import Subject
from security_service.domain.ports import Clock
from security_service.domain.signed_verdict import ProvedCode, VerdictSigner, verdict_claims


@dataclass(frozen=True, slots=True)
class VouchForCode:
    """Signs verdicts; `issuer` is the installation's id."""

    signer: VerdictSigner
    issuer: str
    clock: Clock

    def run(self, subject: Subject, proved: ProvedCode) -> str:
        """Give a compact JWS that says who proved what, for two minutes."""
        return self.signer.sign(verdict_claims(self.issuer, subject, proved, self.clock.unix_ms() // 1000))
