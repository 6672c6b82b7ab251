"""The error tree: what may be raised on purpose and caught by an edge.

EtalonError
├── StoreUnavailable      the store did not answer, or answered that it cannot
├── ArchiveUnavailable    the archive of the audit log cannot be used; says why
└── SettingsFault         settings cannot be used; lists every fault

Expected outcomes are values, not errors; errors do not log themselves.
"""

from __future__ import annotations

from collections.abc import Sequence


class EtalonError(Exception):
    """The root of what this service raises on purpose."""


class StoreUnavailable(EtalonError):
    """The store did not answer, or answered that it cannot; nothing is known of the last call."""


class ArchiveUnavailable(EtalonError):
    """The archive of the audit log cannot be used; the sentence says why and holds no address."""


class SettingsFault(EtalonError):
    """Settings cannot be used. `faults` holds one sentence each."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))
