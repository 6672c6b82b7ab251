"""Authenticator apps of subscribers put together: enrolling one, and checking its codes."""

from __future__ import annotations

from security_service.config.classes import Settings
from security_service.domain.ports import Checks
from security_service.links.authenticator import AuthenticatorApp
from security_service.links.sealed_text import TextSealer
from security_service.store.authenticators import StoredAuthenticators
from security_service.usecases.check_step_up import CheckStepUp
from security_service.usecases.enrol_authenticator import EnrolAuthenticator
from security_service.wiring.shared import Core


def build_enrolment(settings: Settings, core: Core) -> EnrolAuthenticator:
    """Put enrolment together; without vault keys it says that there are none."""
    return EnrolAuthenticator(
        core.stored.subscribers,
        StoredAuthenticators(core.stored.frame),
        core.sim_check,
        AuthenticatorApp(),
        _sealer(settings),
        core.chance,
    )


def build_check_step_up(settings: Settings, checks: Checks) -> CheckStepUp:
    """Put the check of authenticators' codes together over the checks of codes."""
    return CheckStepUp(checks, AuthenticatorApp(), _sealer(settings))


def _sealer(settings: Settings) -> TextSealer | None:
    ring = settings.keys.vault_ring
    return None if ring is None else TextSealer(ring, "subscriber authenticator")
