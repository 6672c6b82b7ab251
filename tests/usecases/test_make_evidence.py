"""An evidence pack holds what decided about one code, proves it, and cannot be bent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from security_service.domain.audit import EventKind, canonical
from security_service.domain.evidence import body_bytes, verify_pack
from security_service.domain.log_verdict import Fault, FaultCode, Proved
from security_service.usecases.make_evidence import EventAltered, NoSuchCode
from tests.domain.log_attack import SIGNER, THIEF, TRUSTED, signed
from tests.fakes.sealing import HeldLog, event_text
from tests.usecases.evidence_rig import EXPECTED, OURS, THEIRS, EvidenceRig


def resigned(pack: dict[str, Any]) -> dict[str, Any]:
    """The pack as the holder of the key could sign it after bending it."""
    return pack | {"signature": SIGNER.sign(body_bytes(pack["body"])).hex()}


def test_a_pack_holds_the_codes_events_and_what_was_in_force_before_and_verifies() -> None:
    rig = EvidenceRig()
    pack = rig.pack()
    names = {text: name for name, text in rig.named}
    assert [names[canonical(one["event"])] for one in pack["body"]["events"]] == EXPECTED
    result = verify_pack(pack, TRUSTED.check, [signed(rig.log)])
    assert isinstance(result, Proved)
    assert result.facts["events"] == len(EXPECTED)
    assert "made by cli:olga" in result.sentences[0]


def test_the_summary_tells_it_in_both_languages() -> None:
    summary = EvidenceRig().pack()["body"]["summary"]
    english, russian = "\n".join(summary["en"]), "\n".join(summary["ru"])
    for words in (
        "cli:anna set the mode always_allow",
        "amount 1500.00 RUB. Verdict send, reason always_allow, rule override of policy standard@3",
        "SIM: changed from imsi, operator 25001; sources asked: imsi same 120 ms",
        "Reference: confirmed 25001 86400 s",
        "taken by gateway sms (ids: m1); digest of its text d1",
        "Attempt to enter the code: not_found, reason wrong",
        "Receipt of gateway sms: delivered",
    ):
        assert words in english
    for words in ("cli:anna установил режим always_allow", "сумма 1500.00 RUB", "Отчёт шлюза sms: delivered"):
        assert words in russian


def test_making_a_pack_is_an_event() -> None:
    rig = EvidenceRig()
    rig.pack()
    ((tenant, number, event),) = rig.journal.told
    assert (tenant, number and number.digits, event.kind) == ("bank", OURS["number"], EventKind.EVIDENCE_MADE)
    assert event.facts["code_id"] == "c1"
    assert event.facts["actor"] == "cli:olga"


@pytest.mark.parametrize(
    ("tenant", "code"), [("bank", "c9"), ("other", "c1"), ("bank", ""), ("bank", "c" * 65)]
)
def test_a_code_that_is_not_the_tenants_has_no_pack(tenant: str, code: str) -> None:
    rig = EvidenceRig()
    assert rig.make.run(tenant, code, "a") == NoSuchCode()
    assert rig.journal.told == []


def test_no_pack_is_made_of_an_event_that_an_insider_edited() -> None:
    rig = EvidenceRig()
    text = rig.log.texts[12]
    assert text is not None
    rig.log.texts[12] = text.replace('"sms"', '"smz"')
    assert rig.make.run("bank", "c1", "a") == EventAltered(12)


def _edit_summary(pack: dict[str, Any]) -> None:
    pack["body"]["summary"]["ru"][2] = "Режим установил другой человек."


def _edit_event(pack: dict[str, Any]) -> None:
    pack["body"]["events"][2]["event"]["facts"]["actor"] = "cli:boris"


def _use_other_proof(pack: dict[str, Any]) -> None:
    pack["body"]["events"][2]["proof"] = pack["body"]["events"][3]["proof"]


def _leave_out_decision(pack: dict[str, Any]) -> None:
    del pack["body"]["events"][EXPECTED.index("decision")]


def _repeat_event(pack: dict[str, Any]) -> None:
    pack["body"]["events"].insert(3, pack["body"]["events"][2])


def _name_other_code(pack: dict[str, Any]) -> None:
    pack["body"]["code_id"] = "c2"


def _name_other_number(pack: dict[str, Any]) -> None:
    pack["body"]["number"] = THEIRS["number"]


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (_edit_summary, FaultCode.SUMMARY_DIFFERS),
        (_edit_event, FaultCode.NOT_INCLUDED),
        (_use_other_proof, FaultCode.NOT_INCLUDED),
        (_leave_out_decision, FaultCode.NOT_INCLUDED),
        (_repeat_event, FaultCode.REPETITION),
        (_name_other_code, FaultCode.NOT_INCLUDED),
        (_name_other_number, FaultCode.NOT_INCLUDED),
    ],
)
def test_a_bent_pack_is_refused_even_where_the_key_signed_it_again(
    bend: Callable[[dict[str, Any]], None], code: FaultCode
) -> None:
    pack = EvidenceRig().pack()
    bend(pack)
    plain, again = verify_pack(pack, TRUSTED.check), verify_pack(resigned(pack), TRUSTED.check)
    assert isinstance(plain, Fault)
    assert plain.code is FaultCode.WRONG_SIGNATURE
    assert isinstance(again, Fault)
    assert again.code is code


def test_a_pack_signed_with_another_key_is_refused() -> None:
    pack = EvidenceRig().pack()
    stolen = pack | {"key": THIEF.key_id, "signature": THIEF.sign(body_bytes(pack["body"])).hex()}
    result = verify_pack(stolen, TRUSTED.check)
    assert isinstance(result, Fault)
    assert result.code is FaultCode.UNKNOWN_KEY


def test_a_pack_under_a_head_that_was_published_otherwise_is_refused() -> None:
    rig = EvidenceRig()
    fork = HeldLog([text for _, text in rig.named[:-1]] + [event_text(99)])
    result = verify_pack(rig.pack(), TRUSTED.check, [signed(fork)])
    assert isinstance(result, Fault)
    assert result.code is FaultCode.TWO_ROOTS


@pytest.mark.parametrize("pack", [None, [], {}, {"etalon": "evidence"}])
def test_what_is_no_pack_is_told_so(pack: object) -> None:
    result = verify_pack(pack, TRUSTED.check)
    assert isinstance(result, Fault)
    assert result.code is FaultCode.UNREADABLE
