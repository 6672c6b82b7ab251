"""The whole service in this process between an HLR and an SMS gateway: codes asked for, texts that arrive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from security_service.config.sources import load
from security_service.domain.access import Role
from security_service.domain.imsi import Reference
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.domain.trust import TrustThresholds
from security_service.store.frame import StoreFrame
from security_service.store.installation import InstalledLayout, initialise
from security_service.store.trust_book import StoredTrustBook
from security_service.usecases.actions import Action
from security_service.usecases.answers import Answered
from security_service.usecases.check_sim import CheckSim
from security_service.usecases.generate_code import GenerateCodeRequest
from security_service.usecases.intake import Request
from security_service.wiring import plugin_kinds
from tests.config.test_sources import KEYS
from tests.e2e.inside import UNLIMITED, Inside
from tests.fakes.clock import HandClock
from tests.links.devino_service import LOGIN, PASSWORD, DevinoService
from tests.links.peer import Peer, as_json

NUMBER = "79161112211"
SENT, REFUSED = 0, 6
HOUR = 3600


@dataclass(frozen=True)
class Register:
    """Where an HLR listens, and what its network is called."""

    name: str
    port: int
    host: str = "127.0.0.1"
    mcc_mnc: str = ""
    home_switches: str = ""

    def environ(self) -> dict[str, str]:
        """The settings of the lookup that asks it."""
        given = {
            "KIND": "osmo_hlr",
            "HOST": self.host,
            "PORT": str(self.port),
            "MCC_MNC": self.mcc_mnc,
            "HOME_SWITCHES": self.home_switches,
        }
        return {f"ETALON_LOOKUPS__{self.name.upper()}__{key}": value for key, value in given.items()}


class Bank:
    """A bank that asks for codes, each of a purpose of its own, so that none stands in another's way."""

    def __init__(self, inside: Inside, sms: Peer, clock: HandClock, book: StoredTrustBook) -> None:
        self.inside, self.sms, self.clock, self.book = inside, sms, clock, book
        self.service = inside.service
        inside.tenant("bank", limits=UNLIMITED)
        self.calls = 0

    @property
    def tenant(self) -> Tenant:
        """The bank's tenant as it is stored."""
        tenant = self.service.tenants.get("bank")
        assert tenant is not None
        return tenant

    def ask(self, number: str = NUMBER, **members: Any) -> Answered:  # noqa: ANN401 - members of several types
        """GenerateCode."""
        self.calls += 1
        self.clock.move(1.0)
        request = Request(self.tenant, f"{self.calls:032x}", number, purpose=f"p{self.calls}")
        answer = self.service.generate_code.run(GenerateCodeRequest(replace(request, **members)))
        assert isinstance(answer, Answered)
        return answer

    def texts(self) -> list[str]:
        """What the gateway was given, oldest first."""
        return [request.form["Data"] for request in self.sms.requests if "Data" in request.form]

    def reference(self, number: str = NUMBER) -> Reference:
        """The SIMs that are trusted now."""
        return self.service.view_subscriber.subscribers.get("bank", Msisdn(number)).subscriber.reference

    def stored(self, number: str = NUMBER) -> bytes:
        """The record as it lies in the store."""
        return self.service.view_subscriber.subscribers.get("bank", Msisdn(number)).stored

    def decided(self, number: str = NUMBER) -> dict[str, Any]:
        """The facts of the newest verdict."""
        facts: dict[str, Any] = self.inside.events("bank", number, "gate_decided")[-1]["facts"]
        return facts

    def facts(self, kind: str, number: str = NUMBER) -> list[dict[str, Any]]:
        """The facts of a number's events of a kind, oldest first."""
        return [event["facts"] for event in self.inside.events("bank", number, kind)]

    def managed(self, kind: str) -> list[dict[str, Any]]:
        """The facts of what happened to no number in particular."""
        return [event["facts"] for event in self.inside.all_events() if event["kind"] == kind]

    def action(self, number: str = NUMBER) -> Action:
        """Somebody of the bank's acts on a subscriber."""
        return Action(self.tenant, Msisdn(number), "olga", "called back", "r1", frozenset({Role.LEAD}))


@contextmanager
def bank_beside(
    redis_url: str, *registers: Register, settings: Mapping[str, str] | None = None
) -> Iterator[Bank]:
    """Start the service between HLRs and a gateway that takes every message."""
    gateway = DevinoService()
    gateway.sms = as_json(["579700854169272358"])
    with Peer(gateway) as sms:
        environ = {
            **KEYS,
            "ETALON_STORE__ADDRESS": redis_url,
            "ETALON_GATEWAYS__SMS__KIND": "devino_rest_v2",
            "ETALON_GATEWAYS__SMS__LOGIN": LOGIN,
            "ETALON_GATEWAYS__SMS__PASSWORD": PASSWORD,
            "ETALON_GATEWAYS__SMS__BASE_URL": f"{sms.url}/rest/v2",
            **(settings or {}),
        }
        for register in registers:
            environ |= register.environ()
        with Inside(load(plugin_kinds(), environ=environ).settings) as inside:
            initialise(inside.service.scripts, "i1", 1000)
            yield _bank(inside, sms)


def _bank(inside: Inside, sms: Peer) -> Bank:
    """Put a trust book in place whose seconds a test lets pass; all else is as the service wires it."""
    service, clock = inside.service, HandClock()
    frame = StoreFrame(service.scripts, InstalledLayout(service.scripts), "i1")
    book = StoredTrustBook(frame, clock, service.outward.trust, TrustThresholds())
    check = service.generate_code.gate.sim_check
    assert isinstance(check, CheckSim)
    service.generate_code.gate.sim_check = replace(check, trust=book)
    return Bank(inside, sms, clock, book)
