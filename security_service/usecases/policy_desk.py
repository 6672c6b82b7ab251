"""All that people do with policies, in one group for the faces; does nothing itself."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.usecases.check_policy import CheckPolicy, DiffPolicy
from security_service.usecases.publish_policy import PublishPolicy, RollBackPolicy
from security_service.usecases.read_policies import ReadPolicies
from security_service.usecases.replay_policy import ReplayPolicy
from security_service.usecases.shadow_policy import ShadowPolicy


@dataclass(frozen=True, slots=True)
class PolicyDesk:
    """The use cases of policies."""

    read: ReadPolicies
    check: CheckPolicy
    diff: DiffPolicy
    publish: PublishPolicy
    roll_back: RollBackPolicy
    shadow: ShadowPolicy
    replay: ReplayPolicy
