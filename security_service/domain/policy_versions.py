"""Published versions of policies: order, which is in force, which is on trial; leaves storing to a port."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from security_service.domain.policy import Policy
from security_service.domain.policy_document import PolicyFault, PolicyFaults, parse_policy

_RUN: Final = re.compile(r"[0-9]+|[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A document that could be read: its text as it came, and the policy in it."""

    text: str
    policy: Policy

    @property
    def sha256(self) -> str:
        """The digest by which people compare documents: SHA-256 of the UTF-8 text, in hex."""
        return digest_of(self.text)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A document as it is kept for ever: who published it, why, when (Unix ms).

    One that came with the installation's files has no actor and the time 0; what is yet to be put in
    force has the time 0 too, for the store tells it.
    """

    version: str
    text: str
    actor: str = ""
    reason: str = ""
    at_ms: int = 0

    @property
    def sha256(self) -> str:
        """The digest of its text."""
        return digest_of(self.text)


@dataclass(frozen=True, slots=True)
class PolicyHead:
    """What holds for one name; `revision` counts its changes.

    `in_force` is the version that decides, empty while the file's document does. `highest` is the
    highest version that was ever published. `shadow` and `shadow_sha256` name the document on trial,
    empty without one.
    """

    name: str
    in_force: str = ""
    highest: str = ""
    shadow: str = ""
    shadow_sha256: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class KeptDocuments:
    """All that is kept of one name: published versions, the highest first, and the one on trial."""

    versions: tuple[PolicyVersion, ...] = ()
    shadow: PolicyVersion | None = None

    def of(self, version: str) -> PolicyVersion | None:
        """Give the kept document of a version, None where there is none."""
        return next((one for one in self.versions if one.version == version), None)


def read_document(text: str) -> PolicyDocument | PolicyFaults:
    """Read a document; gives all its faults where it is none. Never raises for what a text holds."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return PolicyFaults((PolicyFault("document", "holds half a character that no file can hold"),))
    read = parse_policy(text)
    return read if isinstance(read, PolicyFaults) else PolicyDocument(text, read)


def digest_of(text: str) -> str:
    """Give the digest of a document's text."""
    return sha256(text.encode("utf-8")).hexdigest()


def version_order(version: str) -> tuple[tuple[int, int, str], ...]:
    """Give what versions are sorted by: numbers as numbers, words behind them, longer ones last.

    `2` < `10`, `1.9` < `1.10`, `2026-01` < `2026-02`, `1` < `1.1`; what stands between is not looked
    at, so that `1.0` and `1-0` are the same to it.
    """
    runs = (match[0] for match in _RUN.finditer(version))
    return tuple((0, int(run), "") if run.isdigit() else (1, 0, run.lower()) for run in runs)


def is_higher(version: str, than: str) -> bool:
    """True where a version comes after another; every version comes after the empty one."""
    return not than or version_order(version) > version_order(than)
