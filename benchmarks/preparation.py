"""Lays down codes and subscribers before a run, by the service's own code; leaves sending to `pipeline`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from benchmarks.pipeline import Pipeline
from benchmarks.rig import PLAIN, Rig
from benchmarks.subjects import code, number
from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    Caller,
    KeyedDigest,
    NewCode,
    OpenRequest,
    Settlement,
    SettleRequest,
    Subject,
    code_digest,
    operation_digests,
)
from security_service.domain.operation import Operation
from security_service.domain.secret import Code, Msisdn
from security_service.domain.subscriber import Mode, Override, Subscriber
from security_service.domain.tenants import Tenant
from security_service.store.codes import StoredCodes
from security_service.store.frame import StoreFrame
from security_service.store.installation import InstalledLayout
from security_service.store.records import pack

_LEASE_S: Final = 15.0
_YEAR_S: Final = 365 * 86_400


def lay_down_codes(rig: Rig, places: Iterable[int], tenant_id: str = PLAIN) -> None:
    """Give each number a live code, with the events that a sent code has."""
    ring = rig.settings.keys.code_ring
    tenant, operation = _tenant(rig, tenant_id), Operation()
    operations = operation_digests(ring, operation)
    layout = InstalledLayout(rig.service.scripts)()
    with Pipeline(rig.store.socket_path) as pipeline:
        codes = StoredCodes(StoreFrame(pipeline, lambda: layout, rig.settings.installation_id))
        for place in places:
            msisdn = Msisdn(number(place))
            subject = Subject(tenant, msisdn, operation)
            caller = Caller(rig.service.chance.token())
            digest = code_digest(ring, ring.newest, tenant.id, msisdn, operation.purpose, Code(code(place)))
            stored = NewCode(
                rig.service.chance.token(),
                KeyedDigest(ring.newest, digest),
                operations,
                tenant.code_life_s,
                _LEASE_S,
            )
            decided = Event(EventKind.GATE_DECIDED, {"code_id": stored.id, "verdict": "send"})
            sent = Event(EventKind.CODE_SENT, {"code_id": stored.id, "gateway": "stub"})
            codes.open(OpenRequest(subject, caller, b"", None, stored, (decided,)))
            codes.settle(
                SettleRequest(
                    subject, caller, stored.id, Settlement.ACCEPTED, keep_unknown=True, event=sent, answer="0"
                )
            )


def always_allow(rig: Rig, places: Iterable[int], tenant_id: str = PLAIN) -> None:
    """Put each number into the mode in which the gate asks nobody."""
    now = int(time.time())
    override = Override(Mode.ALWAYS_ALLOW, "bench", "measured without a look", now, now + _YEAR_S)
    record = pack(Subscriber(override=override, messaged=True))
    layout = InstalledLayout(rig.service.scripts)()
    with Pipeline(rig.store.socket_path) as pipeline:
        for place in places:
            keys = layout.of(tenant_id, Msisdn(number(place)))
            pipeline.command("HSET", keys.bucket, keys.field, record)


def _tenant(rig: Rig, tenant_id: str) -> Tenant:
    tenant = rig.service.tenants.get(tenant_id)
    if tenant is None:
        raise LookupError(f"the tenant {tenant_id} was not made")
    return tenant
