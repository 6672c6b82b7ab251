"""The ports over the store that several use cases share, and the client beneath them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from security_service.config.classes import Settings
from security_service.domain.errors import SettingsFault
from security_service.links.operating_system import SystemClock
from security_service.store.arrivals import StoredArrivals
from security_service.store.connection import Address, Scripts, connect, parse_address
from security_service.store.frame import StoreFrame
from security_service.store.handover import StoredReceipts
from security_service.store.installation import (
    InstalledLayout,
    MasterEpoch,
    MemoryMarks,
    StoreHealth,
)
from security_service.store.jobs import StoredJobs, StoredSlots
from security_service.store.subscribers import StoredSubscribers
from security_service.store.tenants import StoredTenants
from security_service.store.wide_limits import (
    StoredSendTally,
)


def store_address(settings: Settings) -> Address:
    """Give where the store is and how to sign in; raises SettingsFault."""
    try:
        address = parse_address(settings.store.address)
    except ValueError as error:
        raise SettingsFault([f"store.address: {error}"]) from error
    username = settings.store.username or address.username
    password = settings.store.password if settings.store.password.reveal() else address.password
    return Address(
        address.host, address.port, address.path, username, password, address.database, tls=address.tls
    )


def build_scripts(settings: Settings) -> Scripts:
    """Give the store's client; connects at its first use."""
    return connect(store_address(settings), settings.store.timeout_s)


@dataclass(frozen=True, slots=True)
class Stored:
    """The ports over the store that several use cases share."""

    frame: StoreFrame
    health: StoreHealth
    tenants: StoredTenants
    subscribers: StoredSubscribers
    jobs: StoredJobs
    slots: StoredSlots
    tally: StoredSendTally
    arrivals: StoredArrivals
    receipts: StoredReceipts


def build_stored(settings: Settings, clock: SystemClock, now: Callable[[], str]) -> Stored:
    """Build them; the store is reached at its first use. `now` as for the service."""
    scripts = build_scripts(settings)
    frame = StoreFrame(
        scripts,
        InstalledLayout(scripts),
        settings.installation_id,
        epoch=MasterEpoch(scripts, clock) if settings.store.replicated else _no_epoch,
        now=now,
    )
    marks = MemoryMarks(settings.store.not_ready_percent, settings.store.refuse_percent)
    return Stored(
        frame=frame,
        health=StoreHealth(scripts, settings.installation_id, clock, marks),
        tenants=StoredTenants(frame, settings.keys.api_ring, clock),
        subscribers=StoredSubscribers(frame),
        jobs=StoredJobs(frame),
        slots=StoredSlots(frame),
        tally=StoredSendTally(frame),
        arrivals=StoredArrivals(frame, clock),
        receipts=StoredReceipts(scripts),
    )


def _no_epoch() -> str:
    return ""
