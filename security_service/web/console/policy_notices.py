"""What came of a deed on policies, as the notice of the next page; judges nothing."""

from __future__ import annotations

from typing import assert_never

from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_space import TooManyCases
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.four_eyes import NotAllowed, Proposed
from security_service.usecases.publish_policy import (
    AlreadyInForce,
    OtherInForce,
    PolicyRefused,
    Published,
    PublishOutcome,
    RollBackOutcome,
    VersionNotHigher,
    WarningsUnread,
)
from security_service.usecases.read_policies import UnknownPolicy, UnknownVersion
from security_service.usecases.shadow_policy import OtherName, ShadowOutcome, ShadowSet
from security_service.web.console.notices import Notice, bad, good, info, warn


def published_notice(outcome: PublishOutcome | RollBackOutcome | Proposed | NotAllowed) -> Notice:
    """Tell of a version that is in force now, or why it is not."""
    match outcome:
        case Published():
            return good("policy.published", name=outcome.name, version=outcome.version)
        case Proposed():
            return info("deed.proposed")
        case NotAllowed():
            return warn("deed.not_allowed")
        case RecordKeepsMoving():
            return warn("policy.moving")
        case PolicyFaults() | TooManyCases() | PolicyRefused() | WarningsUnread():
            return _of_checker(outcome)
        case VersionNotHigher():
            return bad("policy.not_higher", highest=outcome.highest)
        case OtherInForce():
            return bad("policy.other_in_force", version=outcome.in_force or "—")
        case AlreadyInForce():
            return info("policy.already")
        case UnknownPolicy() | UnknownVersion():
            return bad("policy.unknown")
        case _:
            assert_never(outcome)


def _of_checker(outcome: PolicyFaults | TooManyCases | PolicyRefused | WarningsUnread) -> Notice:
    match outcome:
        case PolicyFaults():
            return bad("policy.unreadable")
        case TooManyCases():
            return bad("policy.too_wide", cases=outcome.cases, most=outcome.most)
        case PolicyRefused():
            return bad("policy.refused")
        case WarningsUnread():
            return warn("policy.warnings_unread")
        case _:
            assert_never(outcome)


def trial_notice(outcome: ShadowOutcome) -> Notice:
    """Tell of a trial that began or ended, or why it did not."""
    match outcome:
        case ShadowSet():
            if outcome.shadow is None:
                return good("policy.trial.ended")
            return good("policy.trial.begun", version=outcome.shadow.version)
        case PolicyFaults():
            return bad("policy.unreadable")
        case UnknownPolicy():
            return bad("policy.unknown")
        case OtherName():
            return bad("policy.other_name", name=outcome.name)
        case RecordKeepsMoving():
            return warn("policy.moving")
        case _:
            assert_never(outcome)
