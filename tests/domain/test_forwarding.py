"""What of an event leaves the house, and that nothing of it gets out of its place in a message."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from security_service.domain.audit import EventKind, canonical
from security_service.domain.forwarded_syslog import (
    LONGEST,
    LONGEST_DATAGRAM,
    SD_ID,
    SyslogFrame,
    as_cef,
    as_syslog,
)
from security_service.domain.forwarding import (
    ForwardedEvent,
    Numbers,
    Severity,
    forwarded,
    masked,
    severity_of,
)
from tests.domain.strict_syslog import read_cef, read_message

NUMBER = "79031234567"
TOKEN = "1:imsi:" + "0123456789abcdef" * 2
FRAME = SyslogFrame("bank-1.example")
AT_MS = 1_700_000_000_123

VICIOUS = st.text(
    st.one_of(st.sampled_from('\n\r"\\]|=[ \x00\x7f\x85\u2028\ufeff\ud800Ж𝄞'), st.characters()), max_size=90
)
FACTS = st.dictionaries(
    st.one_of(VICIOUS, st.sampled_from(["verdict", "reason", "code_id", "actor", "operator", "sim"])),
    st.one_of(VICIOUS, st.integers(), st.booleans(), st.none(), st.lists(VICIOUS, max_size=3)),
    max_size=12,
)


def event(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - an event is any JSON
    return {
        "at": AT_MS,
        "facts": {"actor": "anna", "reason": "why"},
        "kind": "mode_set",
        "outcome": {},
        "seq": 7,
        "shard": "s001",
        "subject": {"number": NUMBER, "tenant": "bank"},
        "v": 1,
        **changes,
    }


def sent(numbers: Numbers = Numbers.MASKED, **changes: Any) -> ForwardedEvent:  # noqa: ANN401 - as above
    return forwarded(41, canonical(event(**changes)), numbers)


# --- what is told ------------------------------------------------------------------------------


def test_numbers_leave_masked_and_tokens_of_imsis_not_at_all() -> None:
    facts = {
        "candidate": TOKEN,
        "note": f"she called from 8 (903) 123-45-67 about +{NUMBER}, not 8 916 123-22-11",
        "record": "cGFja2Vk",
        "reference": [{"grade": "dated", "imsi": TOKEN}],
        "replaced": [TOKEN, "word"],
        "sim": {"answer": "changed", "imsi": TOKEN, "mcc_mnc": "25001"},
        "what": f"saw {TOKEN} twice",
    }
    told = sent(facts=facts).told
    assert told["subject"] == {"number": "7903***4567", "tenant": "bank"}
    assert told["facts"]["reference"] == [{"grade": "dated"}]
    assert told["facts"]["replaced"] == ["word"]
    assert told["facts"]["sim"] == {"answer": "changed", "mcc_mnc": "25001"}
    assert not {"candidate", "record"} & set(told["facts"])
    text = json.dumps(told, ensure_ascii=False)
    assert TOKEN not in text
    assert not re.search(r"[0-9]{8}", re.sub(r'"at": [0-9]+', "", text))
    assert "123-22" not in text


def test_ids_stay_so_that_events_can_be_joined() -> None:
    told = sent(facts={"code_id": "0123456789", "message_id": "123456789012", "policy": "p 20260101 12"}).told
    assert told["facts"] == {"code_id": "0123456789", "message_id": "123456789012", "policy": "p 20260101 12"}


def test_an_id_made_of_the_number_is_masked_all_the_same() -> None:
    assert "9031234567" not in sent(facts={"code_id": f"x{NUMBER}y"}).text


def test_in_full_an_event_leaves_as_the_log_has_it() -> None:
    text = canonical(event(facts={"imsi": TOKEN}))
    assert forwarded(41, text, Numbers.FULL).text == text


@given(
    facts=FACTS,
    number=st.text("0123456789", min_size=10, max_size=15),
    where=st.sampled_from(["key", "value", "list", "deep"]),
    around=st.sampled_from(["", " ", "x", "+", "=", "Ж"]),
)
def test_no_number_of_its_subject_is_found_in_a_masked_event(
    facts: dict[str, Any], number: str, where: str, around: str
) -> None:
    spoken = f"{around}{number}{around}"
    added: dict[str, dict[str, Any]] = {
        "key": {spoken: 1},
        "value": {"x_id": spoken},
        "list": {"rule": [spoken]},
        "deep": {"a": {"b": [spoken]}},
    }
    told = masked(event(facts=facts | added[where], subject={"number": number, "tenant": "bank"}))
    assert number not in json.dumps(told["facts"])
    assert number not in json.dumps(told["subject"])


def test_every_kind_is_as_grave_as_somebody_said() -> None:
    assert severity_of("incident") is Severity.CRITICAL
    assert severity_of("candidate_seen") is Severity.WARNING
    assert severity_of("mode_set") is Severity.NOTICE
    assert severity_of("code_sent") is Severity.INFORMATIONAL
    assert severity_of("unheard_of") is Severity.INFORMATIONAL
    assert {severity_of(kind) for kind in EventKind} == set(Severity)


# --- syslog ------------------------------------------------------------------------------------


def test_an_event_is_a_message_of_rfc_5424() -> None:
    message = read_message(as_syslog(sent(), FRAME))
    assert (message.pri, message.at) == (13 * 8 + 5, "2023-11-14T22:13:20.123000Z")
    assert (message.host, message.app, message.msgid) == ("bank-1.example", "etalon", "mode_set")
    assert message.data == {
        SD_ID: {
            "leaf": "41",
            "shard": "s001",
            "seq": "7",
            "tenant": "bank",
            "number": "7903***4567",
            "reason": "why",
            "actor": "anna",
        }
    }
    assert json.loads(message.text) == sent().told
    assert not message.marked


def test_a_message_with_more_than_ascii_bears_the_mark_of_utf_8() -> None:
    message = read_message(as_syslog(sent(facts={"reason": "клиент звонил"}), FRAME))
    assert message.marked
    assert message.data[SD_ID]["reason"] == "клиент звонил"
    assert json.loads(message.text)["facts"] == {"reason": "клиент звонил"}


def test_facts_that_are_too_long_are_left_out_and_it_says_so() -> None:
    message = read_message(as_syslog(sent(facts={"document": "x" * LONGEST}), FRAME))
    left = json.loads(message.text)
    assert left["cut"] is True
    assert "facts" not in left
    assert left["kind"] == "mode_set"


@pytest.mark.parametrize("at", [-1, 10**18, None, "x", True])
def test_what_is_no_moment_is_told_as_none(at: object) -> None:
    assert read_message(as_syslog(sent(at=at), FRAME)).at == "-"


@given(
    facts=FACTS,
    outcome=FACTS,
    kind=VICIOUS,
    shard=VICIOUS,
    tenant=VICIOUS,
    host=VICIOUS,
    longest=st.sampled_from([LONGEST_DATAGRAM, LONGEST]),
    numbers=st.sampled_from(Numbers),
)
@example({}, {}, '\\"]' * 30, '\\"]' * 30, "\\" * 64, "", LONGEST_DATAGRAM, Numbers.FULL)
def test_nothing_gets_out_of_its_place_and_no_message_is_too_long(
    facts: dict[str, Any],
    outcome: dict[str, Any],
    kind: str,
    shard: str,
    tenant: str,
    host: str,
    longest: int,
    numbers: Numbers,
) -> None:
    frame = SyslogFrame(host, 23, longest)
    changed = event(
        facts=facts, outcome=outcome, kind=kind, shard=shard, subject={"number": NUMBER, "tenant": tenant}
    )
    one = forwarded(41, json.dumps(changed), numbers)
    raw = as_syslog(one, frame)
    message = read_message(raw)
    assert len(raw) <= longest
    assert (message.pri >> 3, set(message.data)) == (23, {SD_ID})
    assert message.data[SD_ID]["leaf"] == "41"
    if message.text and "cut" not in json.loads(message.text):
        assert json.loads(message.text) == json.loads(json.dumps(one.told).encode())
    raw_cef = as_cef(one, frame)
    outer = read_message(raw_cef)
    cef = read_cef(outer.text.decode())
    assert len(raw_cef) <= longest
    assert outer.data == {}
    assert cef.header[:4] == ("CEF:0"[4:], "Etalon", "Etalon", "1")
    assert (cef.pairs["cn1Label"], cef.pairs["cn1"]) == ("leaf", "41")
    assert set(cef.pairs) <= CEF_KEYS


# --- CEF ---------------------------------------------------------------------------------------

CEF_KEYS = {
    "rt", "externalId", "suser", "outcome", "reason", "rawEvent", "cn1", "cn1Label",
    *(f"cs{n}{end}" for n in range(1, 5) for end in ("", "Label")),
}  # fmt: skip


def test_an_event_is_a_message_of_cef() -> None:
    facts = {"actor": "a=b|c", "code_id": "c1", "operator": "25001", "reason": "why", "verdict": "deny"}
    raw = as_cef(sent(kind="candidate_seen", facts=facts), FRAME)
    message = read_message(raw)
    cef = read_cef(message.text.decode())
    assert cef.header == ("0", "Etalon", "Etalon", "1", "candidate_seen", "candidate seen", "7")
    raw_event = cef.pairs["rawEvent"]
    assert json.loads(raw_event)["facts"] == facts
    assert {key: value for key, value in cef.pairs.items() if key != "rawEvent"} == {
        "rt": str(AT_MS),
        "externalId": "s001-7",
        "suser": "a=b|c",
        "outcome": "deny",
        "reason": "why",
        "cs1Label": "tenant",
        "cs1": "bank",
        "cs2Label": "number",
        "cs2": "7903***4567",
        "cs3Label": "codeId",
        "cs3": "c1",
        "cs4Label": "operator",
        "cs4": "25001",
        "cn1Label": "leaf",
        "cn1": "41",
    }


def test_a_kind_cannot_end_its_field_of_the_header() -> None:
    cef = read_cef(read_message(as_cef(sent(kind="a|b\\|\n9|"), FRAME)).text.decode())
    assert cef.header[4:] == ("a|b\\| 9|", "a|b\\| 9|", "3")


def test_the_gravity_of_cef_runs_from_0_to_10() -> None:
    told = {
        read_cef(read_message(as_cef(sent(kind=kind), FRAME)).text.decode()).header[6] for kind in EventKind
    }
    assert told == {"3", "5", "7", "10"}


def test_a_raw_event_that_is_too_long_for_cef_goes_without_its_facts() -> None:
    cef = read_cef(read_message(as_cef(sent(facts={"document": "x" * 4000}), FRAME)).text.decode())
    assert json.loads(cef.pairs["rawEvent"])["cut"] is True
