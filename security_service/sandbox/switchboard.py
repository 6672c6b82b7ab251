"""The live parts that all faces of the sandbox share; leaves putting them together to `app`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from security_service.sandbox.faults import Faults
from security_service.sandbox.handsets import Handsets
from security_service.sandbox.messengers import Messengers
from security_service.sandbox.sessions import Sessions
from security_service.sandbox.settings import SandboxSettings
from security_service.sandbox.state_file import Saver


@dataclass(frozen=True, slots=True)
class Switchboard:
    """One sandbox operator: settings, handsets, messengers, sessions, faults, the saver and the clock."""

    settings: SandboxSettings
    handsets: Handsets
    messengers: Messengers
    sessions: Sessions
    faults: Faults
    saver: Saver
    clock: Callable[[], float]
