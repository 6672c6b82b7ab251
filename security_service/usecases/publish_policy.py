"""Put a policy in force: a new document, or an earlier one again; leaves who may to the faces."""

from __future__ import annotations

from dataclasses import dataclass, replace

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_ports import PolicyBook, PolicyChange
from security_service.domain.policy_space import TooManyCases
from security_service.domain.policy_versions import (
    PolicyVersion,
    is_higher,
    read_document,
    version_order,
)
from security_service.usecases.actions import RecordKeepsMoving, SecondPersonNeeded
from security_service.usecases.check_policy import Checked, CheckPolicy
from security_service.usecases.read_policies import PolicyView, ReadPolicies, UnknownPolicy, UnknownVersion

_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class PublishOrder:
    """Who publishes which document, and why.

    `expected` is the version in force that they saw, empty for a name that is new: what another
    person has put in force since is not written over. `acknowledged` says that they read the
    checker's warnings. `approved_by` names the second person of an approved proposal, and `proposal`
    that proposal's id; both are empty where the actor acts alone.
    """

    text: str
    expected: str
    actor: str
    reason: str
    request_id: str
    acknowledged: bool = False
    approved_by: str = ""
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class RollBackOrder:
    """Who puts which earlier version in force again, and why; the other members as when publishing."""

    name: str
    version: str
    expected: str
    actor: str
    reason: str
    request_id: str
    approved_by: str = ""
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """The version is in force: everywhere within a second."""

    name: str
    version: str
    before: str


@dataclass(frozen=True, slots=True)
class PolicyRefused:
    """The checker found errors; nothing was written."""

    checked: Checked


@dataclass(frozen=True, slots=True)
class WarningsUnread:
    """The checker has warnings that were not acknowledged; nothing was written."""

    checked: Checked


@dataclass(frozen=True, slots=True)
class VersionNotHigher:
    """The name had this version or a higher one before; nothing was written."""

    highest: str


@dataclass(frozen=True, slots=True)
class OtherInForce:
    """Another version is in force than was expected; nothing was written."""

    in_force: str


@dataclass(frozen=True, slots=True)
class AlreadyInForce:
    """The version is in force; nothing was written."""


PublishOutcome = (
    Published
    | PolicyFaults
    | TooManyCases
    | PolicyRefused
    | WarningsUnread
    | VersionNotHigher
    | OtherInForce
    | RecordKeepsMoving
)
RollBackOutcome = (
    Published
    | PolicyFaults
    | UnknownPolicy
    | UnknownVersion
    | AlreadyInForce
    | OtherInForce
    | RecordKeepsMoving
)


@dataclass(frozen=True, slots=True)
class PublishPolicy:
    """Checks a document and puts it in force."""

    book: PolicyBook
    policies: ReadPolicies
    check: CheckPolicy

    def run(self, order: PublishOrder, *, alone: bool = True) -> PublishOutcome | SecondPersonNeeded:
        """Publish (design, section 3: policy is data). Raises StoreUnavailable.

        Not `alone`: says that it would be published, and that a second person is needed.
        """
        checked = self.check.run(order.text)
        if not isinstance(checked, Checked):
            return checked
        if not checked.findings.is_acceptable:
            return PolicyRefused(checked)
        if checked.has_warnings and not order.acknowledged:
            return WarningsUnread(checked)
        policy = checked.document.policy
        new = PolicyVersion(policy.version, order.text, order.actor, order.reason)
        for _ in range(_ATTEMPTS):
            view = _seen(self.policies, policy.name)
            if view.in_force != order.expected:
                return OtherInForce(view.in_force)
            highest = max(view.head.highest, view.in_force, key=version_order)
            if not is_higher(new.version, highest):
                return VersionNotHigher(highest)
            if not alone:
                return SecondPersonNeeded(None)
            if self.book.put(_published(view, new, order)):
                return Published(policy.name, new.version, view.in_force)
        return RecordKeepsMoving()


@dataclass(frozen=True, slots=True)
class RollBackPolicy:
    """Puts an earlier version in force again: nothing new is published."""

    book: PolicyBook
    policies: ReadPolicies

    def run(self, order: RollBackOrder, *, alone: bool = True) -> RollBackOutcome | SecondPersonNeeded:
        """Roll back. Raises StoreUnavailable.

        Not `alone`: says that it would be rolled back, and that a second person is needed.
        """
        for _ in range(_ATTEMPTS):
            view = self.policies.one(order.name)
            if isinstance(view, UnknownPolicy):
                return view
            if view.in_force != order.expected:
                return OtherInForce(view.in_force)
            wanted = view.of(order.version)
            if wanted is None:
                return UnknownVersion()
            if order.version == view.in_force:
                return AlreadyInForce()
            read = read_document(wanted.text)
            if isinstance(read, PolicyFaults):
                return read
            if not alone:
                return SecondPersonNeeded(None)
            if self.book.put(_rolled_back(view, wanted, order)):
                return Published(order.name, order.version, view.in_force)
        return RecordKeepsMoving()


def _seen(policies: ReadPolicies, name: str) -> PolicyView:
    view = policies.one(name)
    if isinstance(view, UnknownPolicy):
        return PolicyView(policies.book.head(name), "", (), None)
    return view


def _published(view: PolicyView, new: PolicyVersion, order: PublishOrder) -> PolicyChange:
    """The change that publishes: the file's document is kept too, so that there is a way back to it."""
    head = view.head
    ends_trial = head.shadow_sha256 == new.sha256
    after = replace(
        head,
        in_force=new.version,
        highest=new.version,
        shadow="" if ends_trial else head.shadow,
        shadow_sha256="" if ends_trial else head.shadow_sha256,
        revision=head.revision + 1,
    )
    replaced = view.versions if view.from_file else ()
    facts = _facts(view, new, order) | {"rolled_back": False}
    for one in replaced:
        facts["before_document"] = one.text
    return PolicyChange(head, after, Event(EventKind.POLICY_PUBLISHED, facts), (*replaced, new))


def _rolled_back(view: PolicyView, wanted: PolicyVersion, order: RollBackOrder) -> PolicyChange:
    after = replace(view.head, in_force=wanted.version, revision=view.head.revision + 1)
    facts = _facts(view, wanted, order) | {"rolled_back": True}
    return PolicyChange(view.head, after, Event(EventKind.POLICY_PUBLISHED, facts))


def _facts(view: PolicyView, document: PolicyVersion, order: PublishOrder | RollBackOrder) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "actor": order.actor,
        "before": view.in_force,
        "document": document.text,
        "name": view.name,
        "reason": order.reason,
        "request_id": order.request_id,
        "sha256": document.sha256,
        "version": document.version,
    }
    if order.proposal:
        facts |= {"approved_by": order.approved_by, "proposal": order.proposal}
    return facts
