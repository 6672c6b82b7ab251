"""Let a document run beside the policy in force and decide nothing; leaves what it says to the gate."""

from __future__ import annotations

from dataclasses import dataclass, replace

from security_service.domain.audit import AuditQuery, Event, EventKind, Json
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_ports import PolicyBook, PolicyChange
from security_service.domain.policy_versions import PolicyVersion, read_document
from security_service.domain.ports import AuditLog
from security_service.domain.replay import Tally, policy_name, read_event, shadowed
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.read_policies import PolicyView, ReadPolicies, UnknownPolicy

_ATTEMPTS = 4
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class ShadowOrder:
    """Who puts which document on trial, or ends the trial of a name where `text` is empty, and why."""

    name: str
    text: str
    actor: str
    reason: str
    request_id: str


@dataclass(frozen=True, slots=True)
class ShadowSet:
    """What is on trial from now on, None where the trial has ended."""

    name: str
    shadow: PolicyVersion | None


@dataclass(frozen=True, slots=True)
class OtherName:
    """The document is of another policy; nothing was written."""

    name: str


ShadowOutcome = ShadowSet | PolicyFaults | UnknownPolicy | OtherName | RecordKeepsMoving


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """What the trial has said so far of the decisions read; `next` goes on from there, empty at the end."""

    tally: Tally
    next: str


@dataclass(frozen=True, slots=True)
class ShadowPolicy:
    """Sets, ends and reads a trial."""

    book: PolicyBook
    policies: ReadPolicies
    log: AuditLog

    def run(self, order: ShadowOrder) -> ShadowOutcome:
        """Begin or end a trial (design, section 3: run in shadow before it is live).

        A document with the checker's errors may be tried: it decides nothing. Raises StoreUnavailable.
        """
        shadow: PolicyVersion | None = None
        if order.text:
            read = read_document(order.text)
            if isinstance(read, PolicyFaults):
                return read
            if read.policy.name != order.name:
                return OtherName(read.policy.name)
            shadow = PolicyVersion(read.policy.version, order.text, order.actor, order.reason)
        for _ in range(_ATTEMPTS):
            view = self.policies.one(order.name)
            if isinstance(view, UnknownPolicy):
                return view
            if self.book.put(_change(view, shadow, order)):
                return ShadowSet(order.name, shadow)
        return RecordKeepsMoving()

    def report(self, name: str, tenant: str, since_ms: int, cursor: str, most: int) -> ShadowReport:
        """Count what the trial of a name said of a tenant's (empty: every) newest decisions.

        `since_ms` is Unix milliseconds, `most` how many decisions are looked at. Decisions under
        which nothing was on trial are passed over. Raises StoreUnavailable.
        """
        tally, left = Tally(), most
        while left > 0:
            page = self.log.page(
                AuditQuery(
                    tenant=tenant,
                    kind=EventKind.GATE_DECIDED.value,
                    since_ms=since_ms,
                    cursor=cursor,
                    count=min(left, _PAGE),
                )
            )
            for text in page.events:
                event = read_event(text)
                if policy_name(event["facts"].get("policy", "")) == name:
                    tally.add(shadowed(event))
            left -= max(len(page.events), 1)
            cursor = page.next
            if not cursor:
                break
        return ShadowReport(tally, cursor)


def _change(view: PolicyView, shadow: PolicyVersion | None, order: ShadowOrder) -> PolicyChange:
    head = replace(
        view.head,
        shadow="" if shadow is None else shadow.version,
        shadow_sha256="" if shadow is None else shadow.sha256,
        revision=view.head.revision + 1,
    )
    facts: dict[str, Json] = {
        "actor": order.actor,
        "document": order.text,
        "name": order.name,
        "reason": order.reason,
        "request_id": order.request_id,
        "sha256": head.shadow_sha256,
        "version": head.shadow,
    }
    return PolicyChange(view.head, head, Event(EventKind.POLICY_SHADOWED, facts), (), shadow)
