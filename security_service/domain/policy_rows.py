"""Policies as rows of the one hash that holds them; leaves writing them to the store, and to its rebuild."""

from __future__ import annotations

import json

from security_service.domain.policy_versions import PolicyHead, PolicyVersion

# No name holds `@` or `#`, and no version: a field tells what it is of.


def version_field(name: str, version: str) -> str:
    """The field of a kept document; that of a head is the name alone."""
    return f"{name}@{version}"


def shadow_field(name: str) -> str:
    """The field of the document on trial."""
    return f"{name}#"


def is_head(field: str) -> bool:
    """True for the field of a head, which is the policy's name."""
    return "@" not in field and "#" not in field


def head_row(head: PolicyHead) -> str:
    """Give a head as it stands in its row; the same head gives the same text."""
    return json.dumps([head.in_force, head.highest, head.shadow, head.shadow_sha256, head.revision])


def read_head(name: str, row: str) -> PolicyHead:
    """Read a head."""
    in_force, highest, shadow, shadow_sha256, revision = json.loads(row)
    return PolicyHead(name, in_force, highest, shadow, shadow_sha256, revision)


def version_row(one: PolicyVersion) -> str:
    """Give a kept document as it stands in its row."""
    return json.dumps([one.version, one.text, one.actor, one.reason, one.at_ms], ensure_ascii=False)


def row_without_time(one: PolicyVersion) -> str:
    """Give the row up to its time, which the script that writes it puts at its end with a bracket."""
    return json.dumps([one.version, one.text, one.actor, one.reason], ensure_ascii=False)[:-1] + ", "


def read_version(row: str) -> PolicyVersion:
    """Read a kept document."""
    version, text, actor, reason, at_ms = json.loads(row)
    return PolicyVersion(version, text, actor, reason, at_ms)
