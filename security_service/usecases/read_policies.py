"""The policies by name: what is in force, every version kept, what is on trial; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from security_service.domain.policy_ports import PolicyBook
from security_service.domain.policy_versions import (
    KeptDocuments,
    PolicyDocument,
    PolicyHead,
    PolicyVersion,
)


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One name: `versions` hold the one in force and every other that was, the highest first.

    `from_file` says that nothing of that name was published yet. `in_force` is empty where only a
    document on trial bears the name.
    """

    head: PolicyHead
    in_force: str
    versions: tuple[PolicyVersion, ...]
    shadow: PolicyVersion | None
    from_file: bool = False

    @property
    def name(self) -> str:
        """The policy's name."""
        return self.head.name

    def of(self, version: str) -> PolicyVersion | None:
        """Give the document of a version, None where it was never in force."""
        return next((one for one in self.versions if one.version == version), None)


@dataclass(frozen=True, slots=True)
class UnknownPolicy:
    """No document has this name."""


@dataclass(frozen=True, slots=True)
class UnknownVersion:
    """The policy never had this version."""


@dataclass(frozen=True, slots=True)
class ReadPolicies:
    """Reads the book with the installation's files beneath it."""

    book: PolicyBook
    files: Mapping[str, PolicyDocument]

    def every(self) -> tuple[PolicyView, ...]:
        """Give all policies by name. Raises StoreUnavailable."""
        heads = self.book.heads()
        names = sorted({*self.files, *heads})
        return tuple(self._view(heads.get(name, PolicyHead(name))) for name in names)

    def one(self, name: str) -> PolicyView | UnknownPolicy:
        """Give one policy. Raises StoreUnavailable."""
        view = self._view(self.book.head(name))
        return view if view.versions or view.shadow else UnknownPolicy()

    def document(self, name: str, version: str = "") -> PolicyVersion | UnknownPolicy | UnknownVersion:
        """Give the document of a version, of the one in force without one. Raises StoreUnavailable."""
        view = self.one(name)
        if isinstance(view, UnknownPolicy):
            return view
        return view.of(version or view.in_force) or UnknownVersion()

    def _view(self, head: PolicyHead) -> PolicyView:
        kept = self.book.kept(head.name) if head.revision else KeptDocuments()
        file = self.files.get(head.name)
        if head.in_force or file is None:
            return PolicyView(head, head.in_force, kept.versions, kept.shadow, from_file=False)
        shipped = PolicyVersion(file.policy.version, file.text)
        return PolicyView(head, shipped.version, (shipped,), kept.shadow, from_file=True)
