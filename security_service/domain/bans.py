"""Banned IMSIs: which SIM a tenant never trusts again, and by which case; keeps none of them."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.secret import Msisdn


@dataclass(frozen=True, slots=True)
class Ban:
    """One IMSI that a tenant banned. `imsi` is its token, `at_ms` Unix milliseconds.

    `case` is the case that was closed as fraud, `number` that of its subscriber.
    """

    tenant: str
    imsi: str
    number: Msisdn
    case: str
    by: str
    at_ms: int = 0


def ban_name(imsi: str) -> str:
    """Give the short name of a banned IMSI, from its token: key version, representation, 16 hex digits."""
    head, _, digits = imsi.rpartition(":")
    return f"{head}:{digits[:16]}"
