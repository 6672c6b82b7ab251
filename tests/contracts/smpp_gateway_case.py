"""The SMPP gateway for the contract of gateways; what another process would answer is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from security_service.domain.link_ports import HandedOver
from security_service.domain.secret import Secret
from security_service.gateways.smpp import SmppGateway, SmppSettings
from security_service.links.smpp.results import Answered, pack_results, unpack_bodies
from tests.contracts.gateway_case import CODE, NUMBER, Case
from tests.fakes.handover import FakeHandover, FakeReceipts

PASSWORD = "hunter2"


def taken(request: bytes) -> HandedOver:
    """Every part is taken."""
    return HandedOver(pack_results([Answered(0, f"m{n}") for n, _ in enumerate(unpack_bodies(request))]))


@contextmanager
def smpp() -> Iterator[Case]:
    """A gateway whose messages are taken one and all."""
    settings = SmppSettings(host="127.0.0.1", system_id="bank", password=Secret(PASSWORD))
    gateway = SmppGateway("it", settings, FakeHandover(*[taken] * 9), FakeReceipts())
    yield Case(gateway, lambda _: None, secrets=[PASSWORD, CODE, NUMBER])
