"""What came of a deed, as the notice that the subscriber's page shows next."""

from __future__ import annotations

from typing import assert_never

from security_service.usecases.actions import RecordKeepsMoving, SimBanned
from security_service.usecases.add_sim import (
    AddConflict,
    AddOutcome,
    AlreadyTrusted,
    NoAnswer,
    NoReference,
    SimAdded,
    TooManySims,
)
from security_service.usecases.candidates import UnknownCandidate
from security_service.usecases.four_eyes import NotAllowed, Proposed
from security_service.usecases.freeze import AlreadyFrozen, FreezeOutcome, Frozen
from security_service.usecases.reverify import (
    AskOutcome,
    Reverified,
    ReverifyConflict,
    ReverifyPending,
)
from security_service.usecases.set_mode import ModeConflict, ModeFault, ModeOutcome, ModeSet
from security_service.usecases.unlock import NothingLocked, Unlocked, UnlockOutcome
from security_service.web.console.notices import Notice, bad, good, info, warn

_MOVING = warn("deed.moving")
_PROPOSED = info("deed.proposed")
_NOT_ALLOWED = warn("deed.not_allowed")


def mode_notice(deed: str, outcome: ModeOutcome | Proposed | NotAllowed) -> Notice:
    """Tell of a mode that was set, or was not."""
    match outcome:
        case ModeSet():
            return good(f"deed.{deed}.done")
        case ModeFault():
            return bad(f"deed.fault.{outcome.member}")
        case ModeConflict():
            return bad("deed.conflict")
        case RecordKeepsMoving():
            return _MOVING
        case Proposed():
            return _PROPOSED
        case NotAllowed():
            return _NOT_ALLOWED
        case _:
            assert_never(outcome)


def reverify_notice(outcome: AskOutcome | Proposed | NotAllowed) -> Notice:
    """Tell of a reference that was replaced, waits for data, or was not the one judged."""
    match outcome:
        case Reverified():
            return good("deed.reverify.done")
        case ReverifyPending():
            return info(f"deed.reverify.pending.{outcome.no_data}")
        case ReverifyConflict():
            return bad("deed.reverify.conflict")
        case SimBanned():
            return bad("deed.banned")
        case UnknownCandidate():
            return bad("deed.reverify.unknown_candidate")
        case RecordKeepsMoving():
            return _MOVING
        case Proposed():
            return _PROPOSED
        case NotAllowed():
            return _NOT_ALLOWED
        case _:
            assert_never(outcome)


def sim_notice(outcome: AddOutcome | Proposed | NotAllowed) -> Notice:
    """Tell of a second SIM that was added, or why it was not."""
    match outcome:
        case SimAdded():
            return good("deed.add_sim.done")
        case AlreadyTrusted():
            return info("deed.add_sim.already")
        case SimBanned():
            return bad("deed.banned")
        case NoReference():
            return warn("deed.add_sim.no_reference")
        case TooManySims():
            return warn("deed.add_sim.too_many")
        case AddConflict():
            return bad("deed.reverify.conflict")
        case NoAnswer():
            return warn(f"deed.add_sim.no_answer.{outcome.no_data}")
        case RecordKeepsMoving():
            return _MOVING
        case Proposed():
            return _PROPOSED
        case NotAllowed():
            return _NOT_ALLOWED
        case _:
            assert_never(outcome)


def unlock_notice(outcome: UnlockOutcome | Proposed | NotAllowed) -> Notice:
    """Tell of locks that were taken off."""
    match outcome:
        case Unlocked():
            return good("deed.unlock.done")
        case NothingLocked():
            return info("deed.unlock.nothing")
        case Proposed():
            return _PROPOSED
        case NotAllowed():
            return _NOT_ALLOWED
        case _:
            assert_never(outcome)


def freeze_notice(outcome: FreezeOutcome) -> Notice:
    """Tell of a freeze."""
    match outcome:
        case Frozen():
            return good("deed.freeze.done")
        case AlreadyFrozen():
            return info("deed.freeze.already")
        case _:
            assert_never(outcome)
