"""What people do with policies, put together over the book, the log and the store."""

from __future__ import annotations

from security_service.domain.ports import AuditLog
from security_service.store.replay_runs import StoredReplayRuns
from security_service.usecases.check_policy import CheckPolicy, DiffPolicy
from security_service.usecases.policy_desk import PolicyDesk
from security_service.usecases.publish_policy import PublishPolicy, RollBackPolicy
from security_service.usecases.read_policies import ReadPolicies
from security_service.usecases.replay_policy import ReplayPolicy
from security_service.usecases.shadow_policy import ShadowPolicy
from security_service.wiring.shared import Core


def build_policy_desk(core: Core, log: AuditLog) -> PolicyDesk:
    """Put the use cases together; `log` is the whole audit log."""
    book = core.policies
    read, check = ReadPolicies(book, book.files), CheckPolicy()
    return PolicyDesk(
        read=read,
        check=check,
        diff=DiffPolicy(read),
        publish=PublishPolicy(book, read, check),
        roll_back=RollBackPolicy(book, read),
        shadow=ShadowPolicy(book, read, log),
        replay=ReplayPolicy(log, StoredReplayRuns(core.stored.frame), core.clock, core.chance),
    )
