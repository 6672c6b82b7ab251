"""The ports of policies that live in the store; each method may raise StoreUnavailable. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from security_service.domain.audit import Event
from security_service.domain.policy import Policy
from security_service.domain.policy_versions import KeptDocuments, PolicyHead, PolicyVersion
from security_service.domain.replay import ReplayRun


class PoliciesInForce(Protocol):
    """The policies as the gate asks for them: what decides, and what is on trial beside it."""

    def get(self, name: str) -> Policy:
        """Give the version in force; raises KeyError for a name that no document has."""
        ...

    def shadow(self, name: str) -> Policy | None:
        """Give the policy on trial under that name, None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One change of what holds for a name, from `known` to `head`, with its event.

    `keep` are the versions that are kept with it. `shadow` is the document that goes on trial;
    without one, whatever is on trial stays or goes as `head` says.
    """

    known: PolicyHead
    head: PolicyHead
    event: Event
    keep: tuple[PolicyVersion, ...] = ()
    shadow: PolicyVersion | None = None


class PolicyBook(Protocol):
    """Published policies and what is on trial, with every document that was ever in force."""

    def heads(self) -> Mapping[str, PolicyHead]:
        """Give what holds for each name that was ever touched."""
        ...

    def head(self, name: str) -> PolicyHead:
        """Give what holds for one name now; one that was never touched has an empty head."""
        ...

    def kept(self, name: str) -> KeptDocuments:
        """Give the documents that are kept of a name."""
        ...

    def put(self, change: PolicyChange) -> bool:
        """Write a change where `known` still holds; False, and nothing written, where it moved."""
        ...


class ReplayRuns(Protocol):
    """Replays under way and done, each kept for a day after its last step."""

    def get(self, run_id: str) -> ReplayRun | None:
        """Give a run as its last step left it, None where there is none."""
        ...

    def put(self, run: ReplayRun, event: Event | None = None) -> bool:
        """Write a step, whose revision is one above the last one's; False where another was faster."""
        ...


class PolicyDrafts(Protocol):
    """What people are writing and have not published; each draft is its writer's alone."""

    def get(self, person: str, policy: str) -> str:
        """Give a person's draft of a policy; '' where there is none."""
        ...

    def put(self, person: str, policy: str, text: str) -> None:
        """Keep a draft in place of the one before; '' takes it away."""
        ...
