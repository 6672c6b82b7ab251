"""What the use cases behind the scenes are tried with: the smaller ports in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from security_service.domain.audit import Event, EventKind
from security_service.domain.jobs import Job, JobKind
from security_service.domain.messages import (
    Accepted,
    Channel,
    Message,
    NoReceipt,
    ReceiptAnswer,
    SendOutcome,
)
from security_service.domain.policy import AmountBands, Policy, Rule, Verdict
from security_service.domain.ports import StoredSubscriber
from security_service.domain.secret import Msisdn, Secret
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber
from security_service.domain.tenants import Tenant
from tests.domain.gate_facts import shipped
from tests.fakes.clock import HandClock
from tests.fakes.jobs import Faults

NUMBER = Msisdn("79161112211")
NOW = 1_700_000_000
TENANT = Tenant("bank", notices={"en": "We did not send a code.", "ru": "Мы не отправили код."})


def job(kind: JobKind, job_id: str = "j1", *, tenant: str = "bank", attempt: int = 0, **data: str) -> Job:
    return Job(job_id, kind, tenant, NUMBER, tuple(sorted(data.items())), attempt=attempt)


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.kind.value for event in events]


class CountingMeter:
    """The Meter port: remembers every event with its label."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def operation(self, name: str, code: int, reason: str, seconds: float) -> None:
        self.events.append((name, reason))

    def lookup(self, source: str, outcome: str, seconds: float) -> None:
        self.events.append((source, outcome))

    def gateway(self, gateway: str, outcome: str, seconds: float) -> None:
        self.events.append((gateway, outcome))

    def event(self, name: str, label: str) -> None:
        self.events.append((name, label))


class MemoryTenants:
    """The Tenants port."""

    def __init__(self, *tenants: Tenant) -> None:
        self._tenants = {tenant.id: tenant for tenant in tenants}

    def by_key(self, api_key: Secret) -> Tenant | None:
        return None

    def get(self, tenant: str) -> Tenant | None:
        return self._tenants.get(tenant)


class OnePolicy:
    """The Policies port with one policy that sends everything, or only observes."""

    def __init__(self, *, observe: bool = False) -> None:
        rules = (Rule("rest", Verdict.SEND, "rest"),)
        self._policy = Policy("standard", "1", rules, AmountBands(("any",), {}), observe=observe)

    def get(self, name: str) -> Policy:
        return self._policy

    def shadow(self, name: str) -> Policy | None:
        return None


class ShippedPolicies:
    """The PoliciesInForce port over the documents that are shipped, with none on trial."""

    def get(self, name: str) -> Policy:
        return shipped(name)

    def shadow(self, name: str) -> Policy | None:
        return None


class MemorySubscribers:
    """The Subscribers port for one number: compare-and-set by version, and codes that can be killed."""

    def __init__(self, log: list[Event], faults: Faults, subscriber: Subscriber = NEW_SUBSCRIBER) -> None:
        self.subscriber = subscriber
        self.frozen = False
        self.now = NOW
        self.live_codes = {"default:c1"}
        self.killed: list[str] = []
        self.swaps = 0
        self.moves_before_swap: list[Callable[[], None]] = []
        self._log = log
        self._faults = faults
        self._version = 0

    def put(self, subscriber: Subscriber) -> None:
        """What another process writes."""
        self.subscriber = subscriber
        self._version += 1

    def get(self, tenant: str, number: Msisdn) -> StoredSubscriber:
        self._faults.check("get")
        version, now_ms = str(self._version).encode(), self.now * 1000 + 250
        return StoredSubscriber(self.subscriber, version, now_ms, disabled=self.frozen, frozen=self.frozen)

    def swap(
        self,
        tenant: str,
        number: Msisdn,
        stored: bytes,
        subscriber: Subscriber,
        events: Sequence[Event],
        jobs: Sequence[Job] = (),
        kill_code: str = "",
    ) -> bool:
        self._faults.check("swap")
        if self.moves_before_swap:
            self.moves_before_swap.pop(0)()
        if stored != str(self._version).encode():
            return False
        self.put(subscriber)
        self.swaps += 1
        if kill_code in self.live_codes:
            self.live_codes.remove(kill_code)
            self.killed.append(kill_code)
            facts = {"code_id": kill_code.partition(":")[2], "reason": "sim_changed"}
            self._log.append(Event(EventKind.CODE_KILLED, facts))
        self._log += events
        return True

    def unlock(self, tenant: str, number: Msisdn, event: Event, once: str = "") -> bool:
        return False

    def page(self, tenant: str, search: str, after: str, count: int) -> tuple[list[Msisdn], str]:
        return [], ""


class ScriptedGateway:
    """The Gateway port: outcomes and receipts as scripted; each question takes `takes_s` seconds."""

    def __init__(
        self, clock: HandClock, name: str = "sms", takes_s: float = 0.0, channel: Channel = Channel.SMS
    ) -> None:
        self.clock = clock
        self._name = name
        self._channel = channel
        self.takes_s = takes_s
        self.outcome: SendOutcome = Accepted(name, ("m1",))
        self.receipts: dict[str, ReceiptAnswer] = {}
        self.sent: list[tuple[Message, float]] = []
        self.asked: list[str] = []

    @property
    def name(self) -> str:
        return self._name

    @property
    def channel(self) -> Channel:
        return self._channel

    def send(self, message: Message, within_s: float) -> SendOutcome:
        self.sent.append((message, within_s))
        self.clock.move(self.takes_s)
        return self.outcome

    def receipt(self, message_id: str, within_s: float) -> ReceiptAnswer:
        self.asked.append(message_id)
        self.clock.move(self.takes_s)
        return self.receipts.get(message_id, NoReceipt("unscripted"))
