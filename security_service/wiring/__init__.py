"""Settings to objects: the only package that names concrete classes; leaves reading settings to `config`."""

from __future__ import annotations

from security_service.wiring.archive import ArchiveWork, build_archive_work, build_database
from security_service.wiring.forwarding import (
    build_forward_link,
    build_forwarding,
    build_watch_forwarding,
)
from security_service.wiring.outward import (
    HandoverSide,
    Outward,
    build_handover_side,
    build_outward,
)
from security_service.wiring.plugins import CARRIED_KIND, GATEWAYS, LOOKUPS, plugin_kinds
from security_service.wiring.rebuilding import build_comparison, build_rebuild, build_states
from security_service.wiring.sealing import Sealing, build_signer
from security_service.wiring.service import Service, build_service
from security_service.wiring.stored import build_scripts, store_address

__all__ = [
    "CARRIED_KIND",
    "GATEWAYS",
    "LOOKUPS",
    "ArchiveWork",
    "HandoverSide",
    "Outward",
    "Sealing",
    "Service",
    "build_archive_work",
    "build_comparison",
    "build_database",
    "build_forward_link",
    "build_forwarding",
    "build_handover_side",
    "build_outward",
    "build_rebuild",
    "build_scripts",
    "build_service",
    "build_signer",
    "build_states",
    "build_watch_forwarding",
    "plugin_kinds",
    "store_address",
]
