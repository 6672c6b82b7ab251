"""The step-up half of CheckCode: hold a code against an authenticator; the script spends and counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.codes import CheckEnd, CheckRequest, StoreRefuses
from security_service.domain.link_ports import NotOpened, Sealer
from security_service.domain.people_ports import Authenticator
from security_service.domain.ports import Checks
from security_service.domain.secret import Code, Secret
from security_service.domain.step_up import TicketFound, TicketProof, sealed_about

UNAVAILABLE: Final = StoreRefuses("step_up_unavailable")
"""The authenticator's secret cannot be opened here: its key is not set, or not the one it was sealed by."""

_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class CheckStepUp:
    """Decides whether a code is the authenticator's of a ticket (design, section 3: step_up).

    `sealer` is None where no key is set for authenticators' secrets.
    """

    checks: Checks
    app: Authenticator
    sealer: Sealer | None

    def run(self, request: CheckRequest, code: Code, found: TicketFound) -> CheckEnd:
        """Compare outside, let the script judge; again where a newer ticket took the slot meanwhile.

        Nothing is spent and nothing counted where the secret cannot be opened. Raises StoreUnavailable.
        """
        about = sealed_about(request.subject.tenant.id, request.subject.number)
        for _ in range(_ATTEMPTS):
            secret = NotOpened() if self.sealer is None else self.sealer.open(found.sealed, about)
            if isinstance(secret, NotOpened):
                return UNAVAILABLE
            step = self.app.matching_step(Secret(secret.decode("ascii")), code, found.now_ms // 1000)
            judged = self.checks.check(replace(request, proof=TicketProof(found.id, step)))
            if not isinstance(judged, TicketFound):
                return judged
            found = judged
        return UNAVAILABLE
