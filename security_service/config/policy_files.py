"""Reads the policy documents of a directory; leaves what they mean to the domain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from security_service.domain.errors import SettingsFault
from security_service.domain.policy import Policy
from security_service.domain.policy_document import PolicyFaults, parse_policy

SHIPPED: Final = Path(__file__).resolve().parents[2] / "policies"
"""The documents beside the package; an installation elsewhere names its own directory."""


def read_policies(directory: str) -> Mapping[str, Policy]:
    """Give the policies of a directory by their names, empty text meaning the shipped ones.

    Raises SettingsFault with every fault of every document.
    """
    folder = Path(directory) if directory else SHIPPED
    faults: list[str] = []
    policies: dict[str, Policy] = {}
    for path in sorted(folder.glob("*.toml")):
        policy = _read(path, faults)
        if policy is not None and policies.setdefault(policy.name, policy) is not policy:
            faults.append(f"{path}: another document has the name {policy.name} too")
    if not policies and not faults:
        faults.append(f"policies_dir: {folder} holds no policy documents (*.toml)")
    if faults:
        raise SettingsFault(faults)
    return policies


def _read(path: Path, faults: list[str]) -> Policy | None:
    try:
        read = parse_policy(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path}: cannot be read: {type(error).__name__}")
        return None
    if isinstance(read, PolicyFaults):
        faults += [f"{path}: {fault}" for fault in read.faults]
        return None
    return read
