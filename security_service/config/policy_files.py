"""Reads the policy documents of a directory; leaves what they mean to the domain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from security_service.domain.errors import SettingsFault
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_versions import PolicyDocument, read_document

SHIPPED: Final = Path(__file__).resolve().parents[2] / "policies"
"""The documents beside the package; an installation elsewhere names its own directory."""


def read_policies(directory: str) -> Mapping[str, PolicyDocument]:
    """Give the documents of a directory by the names of their policies, empty text meaning the shipped ones.

    Raises SettingsFault with every fault of every document.
    """
    folder = Path(directory) if directory else SHIPPED
    faults: list[str] = []
    documents: dict[str, PolicyDocument] = {}
    for path in sorted(folder.glob("*.toml")):
        document = _read(path, faults)
        if document is None:
            continue
        name = document.policy.name
        if documents.setdefault(name, document) is not document:
            faults.append(f"{path}: another document has the name {name} too")
    if not documents and not faults:
        faults.append(f"policies_dir: {folder} holds no policy documents (*.toml)")
    if faults:
        raise SettingsFault(faults)
    return documents


def _read(path: Path, faults: list[str]) -> PolicyDocument | None:
    try:
        read = read_document(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path}: cannot be read: {type(error).__name__}")
        return None
    if isinstance(read, PolicyFaults):
        faults += [f"{path}: {fault}" for fault in read.faults]
        return None
    return read
