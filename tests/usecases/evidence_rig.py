"""A log with one code in it and the decisions before it, and what makes packs of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from security_service.usecases.make_evidence import EvidenceMade, MakeEvidence
from security_service.usecases.seal_log import SealLog
from tests.domain.log_attack import AT, SIGNER
from tests.fakes.sealing import HeldHeads, HeldJournal, HeldLog, event_text
from tests.usecases.behind_the_scenes import CountingMeter

OURS = {"number": "79031234567", "tenant": "bank"}
THEIRS = {"number": "79160000001", "tenant": "bank"}
PAIR = {"mcc_mnc": "25001", "source": "imsi"}
OTHER_PAIR = {"mcc_mnc": "25099", "source": "x"}
Facts = Mapping[str, object]
SENT = {"code_id": "c1", "gateway": "sms", "message_ids": ["m1"], "text": "d1"}
WRONG = {"code_id": "c1", "reason": "wrong", "result": "not_found"}
DECIDED = {
    "amount": 150_000,
    "code_id": "c1",
    "currency": "RUB",
    "lookups": [{"milliseconds": 120, "outcome": "same", "source": "imsi"}],
    "mode": "always_allow",
    "mode_actor": "cli:anna",
    "policy": "standard@3",
    "purpose": "payment",
    "reason": "always_allow",
    "reference": [{"age_s": 86_400, "grade": "confirmed", "imsi": "1:ab", "mcc_mnc": "25001"}],
    "rule": "override",
    "sim": {"answer": "changed", "mcc_mnc": "25001", "source": "imsi"},
    "verdict": "send",
}


def events() -> list[tuple[str, str]]:
    """Events in the order of the log, each with the name that a test expects it by."""
    rows: list[tuple[str, str, Facts, Facts, Facts]] = [
        ("old mode", "mode_set", {"actor": "a", "mode": "always_deny", "mode_before": "check"}, {}, OURS),
        ("old reference", "reverified", {"actor": "a", "mcc_mnc": "25001", "source": "imsi"}, {}, OURS),
        ("reference", "reference_learnt", {"grade": "seen", "source": "imsi"}, {}, OURS),
        ("second sim", "sim_added", {"actor": "b", "mcc_mnc": "25002", "source": "imsi"}, {}, OURS),
        ("other number", "mode_set", {"actor": "a", "mode": "always_deny"}, {}, THEIRS),
        ("mode", "mode_set", {"actor": "cli:anna", "mode": "always_allow", "reason": "asked"}, {}, OURS),
        ("old trust", "trust_set", {"actor": "l", "word": "never"}, {}, PAIR),
        ("trust", "trust_set", {"actor": "l", "word": "stable"}, {}, PAIR),
        ("other trust", "trust_set", {"actor": "l", "word": "never"}, {}, OTHER_PAIR),
        ("policy", "policy_published", {"actor": "l", "name": "standard", "version": "3"}, {}, {}),
        ("other policy", "policy_published", {"actor": "l", "name": "strict", "version": "3"}, {}, {}),
        ("decision", "gate_decided", DECIDED, {}, OURS),
        ("sent", "code_sent", SENT, {}, OURS),
        ("other code", "code_sent", {"code_id": "c2", "gateway": "sms"}, {}, OURS),
        ("later mode", "mode_set", {"actor": "z", "mode": "check"}, {}, OURS),
        ("wrong guess", "code_checked", {}, WRONG, OURS),
        ("entered", "code_checked", {}, {"code_id": "c1", "reason": "valid", "result": "accepted"}, OURS),
        ("receipt", "receipt", {"code_id": "c1", "gateway": "sms", "state": "delivered"}, {}, OURS),
    ]  # fmt: skip
    return [
        (name, event_text(seq, "s001", kind, facts=facts, outcome=outcome, subject=subject))
        for seq, (name, kind, facts, outcome, subject) in enumerate(rows, start=1)
    ]


EXPECTED = "reference|second sim|mode|trust|policy|decision|sent|wrong guess|entered|receipt".split("|")


class EvidenceRig:
    """The log, its journal, and the use case over them."""

    def __init__(self) -> None:
        self.named = events()
        self.log, self.heads = HeldLog([text for _, text in self.named]), HeldHeads()
        self.journal = HeldJournal()
        seal = SealLog(
            self.log,
            self.heads,
            SIGNER,
            self.journal,
            publishers=[],
            installation="i1",
            now=lambda: AT,
            meter=CountingMeter(),
        )
        self.make = MakeEvidence(seal, self.log, self.log, self.journal, SIGNER, lambda: AT)

    def pack(self) -> dict[str, Any]:
        made = self.make.run("bank", "c1", "cli:olga")
        assert isinstance(made, EvidenceMade)
        pack: dict[str, Any] = json.loads(made.pack)
        return pack
