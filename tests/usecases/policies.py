"""Policies over a real store: documents, decisions to try them on, and all that people do with them."""

from __future__ import annotations

import json
from typing import Final

from security_service.domain.codes import Admitted, Caller, Opened, Subject
from security_service.domain.gate import Decision
from security_service.domain.operation import Operation
from security_service.domain.policy_versions import PolicyDocument, read_document
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.store.policy_book import StoredPolicyBook
from security_service.store.replay_runs import StoredReplayRuns
from security_service.usecases.check_policy import CheckPolicy, DiffPolicy
from security_service.usecases.pass_gate import PassGate
from security_service.usecases.policy_desk import PolicyDesk
from security_service.usecases.publish_policy import (
    Published,
    PublishOrder,
    PublishPolicy,
    RollBackOrder,
    RollBackPolicy,
)
from security_service.usecases.read_policies import ReadPolicies
from security_service.usecases.replay_policy import ReplayPolicy
from security_service.usecases.shadow_policy import ShadowOrder, ShadowPolicy
from tests.domain.gate_facts import POLICIES
from tests.fakes.clock import HandClock
from tests.fakes.sim import NEW_SIM, OLD_SIM, ScriptedSim
from tests.fakes.store import CountedChance
from tests.store.rig import RING, UNLIMITED, StoreRig

STANDARD: Final = (POLICIES / "standard.toml").read_text(encoding="utf-8")
STRICT: Final = (POLICIES / "strict.toml").read_text(encoding="utf-8")
BANK: Final = Tenant("bank", limits=UNLIMITED)
PAYMENT: Final = Operation("transfer", 150_000, "RUB", "OOO Romashka")

FIRST_ALLOWS: Final = """name = "{name}"
version = "{version}"
[[rule]]
name = "otherwise"
verdict = "{verdict}"
reason = "because"
"""
"""The least document: one rule for every case. The checker warns that only the last rule decides."""


def document(version: str, verdict: str = "send", name: str = "standard") -> str:
    """A document that decides every case alike."""
    return FIRST_ALLOWS.format(name=name, version=version, verdict=verdict)


def renamed(text: str, version: str, name: str = "standard") -> str:
    """A shipped document as another version, or under another name."""
    policy = read_document(text)
    assert isinstance(policy, PolicyDocument)
    was = policy.policy
    return text.replace(f'name = "{was.name}"', f'name = "{name}"', 1).replace(
        f'version = "{was.version}"', f'version = "{version}"', 1
    )


_MANY: Final = {
    "country": ["RU", "KZ", "BY", "UZ"],
    "operator": ["25001", "25002", "25020", "25099"],
    "sim": ["same"],
    "grade": ["dated"],
    "age": ["older"],
    "roaming": ["no"],
    "traffic": ["code"],
    "ceiling": ["within"],
}


def wide(purposes: int) -> str:
    """A document that tells more cases apart than can be gone through."""
    names = json.dumps([f"p{one}" for one in range(purposes)])
    when = [f"when.purpose = {names}"]
    when += [f"when.{what} = {json.dumps(values)}" for what, values in _MANY.items()]
    rule = "\n".join(["[[rule]]", 'name = "wide"', 'verdict = "send"', 'reason = "wide"', *when])
    return document("9").replace("[[rule]]", f"{rule}\n[[rule]]", 1)


def files() -> dict[str, PolicyDocument]:
    """The shipped documents as an installation reads them."""
    read = [read_document(path.read_text(encoding="utf-8")) for path in POLICIES.glob("*.toml")]
    return {one.policy.name: one for one in read if isinstance(one, PolicyDocument)}


class StoreTime(HandClock):
    """The Clock port: seconds by hand, the wall clock that of the store."""

    def __init__(self, rig: StoreRig) -> None:
        super().__init__()
        self.rig = rig

    def unix_ms(self) -> int:
        return self.rig.now_ms


class Desk:
    """One web process: its own memory of the policies, over a store that others share."""

    def __init__(self, rig: StoreRig) -> None:
        self.rig, self.clock = rig, StoreTime(rig)
        self.sim = ScriptedSim(OLD_SIM)
        self.chance = CountedChance()
        self.book = StoredPolicyBook(rig.frame, self.clock, files())
        read, check = ReadPolicies(self.book, self.book.files), CheckPolicy()
        self.do = PolicyDesk(
            read=read,
            check=check,
            diff=DiffPolicy(read),
            publish=PublishPolicy(self.book, read, check),
            roll_back=RollBackPolicy(self.book, read),
            shadow=ShadowPolicy(self.book, read, rig.log),
            replay=ReplayPolicy(rig.log, StoredReplayRuns(rig.frame), self.clock, self.chance),
        )
        self.gate = PassGate(self.sim, self.book, _NoTally(), self.chance, self.clock, RING, RING)

    def publish(self, text: str, expected: str) -> object:
        """Publish with every warning acknowledged."""
        return self.do.publish.run(
            PublishOrder(text, expected, "anna", "fewer calls", "r1", acknowledged=True)
        )

    def published(self, text: str, expected: str) -> Published:
        """Publish what must succeed."""
        outcome = self.publish(text, expected)
        assert isinstance(outcome, Published), outcome
        return outcome

    def roll_back(self, version: str, expected: str, name: str = "standard") -> object:
        """Put an earlier version in force."""
        return self.do.roll_back.run(RollBackOrder(name, version, expected, "boris", "too many calls", "r2"))

    def try_out(self, text: str, name: str = "standard") -> object:
        """Put a document on trial, or end the trial with an empty one."""
        return self.do.shadow.run(ShadowOrder(name, text, "anna", "before the holidays", "r3"))

    def decide(
        self, number: str, operation: Operation = PAYMENT, tenant: Tenant = BANK, *, new_sim: bool = False
    ) -> Decision:
        """Lead one message through the gate and write its verdict, as GenerateCode does."""
        subject, caller = Subject(tenant, Msisdn(number), operation), Caller(self.rig.token())
        self.sim.script = [NEW_SIM if new_sim else OLD_SIM]
        admitted = self.rig.admit(subject, caller)
        assert isinstance(admitted, Admitted), admitted
        passage = self.gate.begin(subject, None, admitted)
        facts, decision, passage = self.gate.judge(passage, self.clock.now + 10)
        request = self.gate.write_up(caller, passage, facts, decision, None)
        assert self.rig.codes.open(request) == Opened()
        self.rig.now_ms += 10
        return decision


class _NoTally:
    """The SendTally port of an hour without a ceiling."""

    def sent(self, tenant: str) -> None:
        pass

    def take_unverified(self, tenant: str, floor: int, percent: int) -> bool:
        return True

    def raises_incident(self, tenant: str, what: str) -> bool:
        return False
