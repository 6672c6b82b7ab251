"""Check a draft of a policy and hold it against what is in force; publishes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.policy_check import Difference, Findings, check, diff
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_space import TooManyCases
from security_service.domain.policy_versions import PolicyDocument, read_document
from security_service.usecases.read_policies import ReadPolicies, UnknownPolicy, UnknownVersion


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that could be gone through case by case."""

    document: PolicyDocument
    findings: Findings

    @property
    def has_warnings(self) -> bool:
        """True where its author should look at something before it is published."""
        return bool(self.findings.unreachable or self.findings.only_last)


CheckOutcome = Checked | PolicyFaults | TooManyCases


@dataclass(frozen=True, slots=True)
class CheckPolicy:
    """The checker, as faces and the publishing ask it."""

    def run(self, text: str) -> CheckOutcome:
        """Go through every possible case of a document (design, section 3); takes up to a second."""
        document = read_document(text)
        if isinstance(document, PolicyFaults):
            return document
        findings = check(document.policy)
        return findings if isinstance(findings, TooManyCases) else Checked(document, findings)


@dataclass(frozen=True, slots=True)
class DiffPolicy:
    """What a draft decides otherwise than a version that was published, or the one in force."""

    policies: ReadPolicies

    def run(
        self, text: str, name: str = "", version: str = ""
    ) -> Difference | TooManyCases | PolicyFaults | UnknownPolicy | UnknownVersion:
        """Compare over every possible case; without a name it is the draft's own. Raises StoreUnavailable."""
        draft = read_document(text)
        if isinstance(draft, PolicyFaults):
            return draft
        kept = self.policies.document(name or draft.policy.name, version)
        if isinstance(kept, UnknownPolicy | UnknownVersion):
            return kept
        old = read_document(kept.text)
        return old if isinstance(old, PolicyFaults) else diff(old.policy, draft.policy)
