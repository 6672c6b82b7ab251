"""Settings to objects: the only package that names concrete classes; leaves reading settings to `config`."""

from __future__ import annotations

from security_service.wiring.outward import (
    HandoverSide,
    Outward,
    build_handover_side,
    build_outward,
)
from security_service.wiring.plugins import CARRIED_KIND, GATEWAYS, LOOKUPS, plugin_kinds
from security_service.wiring.service import LoadedPolicies, Service, build_service
from security_service.wiring.stored import build_scripts, store_address

__all__ = [
    "CARRIED_KIND",
    "GATEWAYS",
    "LOOKUPS",
    "HandoverSide",
    "LoadedPolicies",
    "Outward",
    "Service",
    "build_handover_side",
    "build_outward",
    "build_scripts",
    "build_service",
    "plugin_kinds",
    "store_address",
]
