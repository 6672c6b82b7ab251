"""The audit in the console: search by filters, sentences, export, verification, evidence."""

from __future__ import annotations

import csv
import html
import io
import json
import re

import pytest
from werkzeug.test import TestResponse

from security_service.domain.access import Role
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.log_check import verify_log
from security_service.domain.log_file import lines_of
from security_service.domain.log_verdict import Proved
from security_service.domain.secret import Msisdn
from security_service.store.log_journal import StoredLogJournal
from tests.domain.log_attack import TRUSTED
from tests.fakes.sealing import event_text
from tests.store.rig import StoreRig
from tests.web.console.audit_parts import SealedLog
from tests.web.console.rig import BANK, NUMBER, OTHER_BANK, Browser, ConsoleRig, shown

AUDIT = "/console/audit"
PROOF = "/console/audit/proof"


def tell(
    rig: ConsoleRig,
    kind: EventKind,
    facts: dict[str, Json],
    number: Msisdn | None = NUMBER,
    tenant: str = BANK.id,
) -> None:
    """Write an event, a millisecond after the last."""
    if number is None:
        StoredLogJournal(rig.store.frame).tell(tenant, number, Event(kind, facts))
    else:
        held = rig.store.subscribers.get(tenant, number)
        change = (held.stored, held.subscriber, (Event(kind, facts),))
        assert rig.store.subscribers.swap(tenant, number, *change)
    rig.store.advance(1)


def limit(rig: ConsoleRig, browser: Browser, *tenants: str) -> None:
    """Let the person act for some banks only, and come in again."""
    rig.limit("anna", *tenants)
    rig.store.advance(30)
    assert browser.sign_in("anna").status_code == 303
    rig.store.advance(30)


def found(answer: TestResponse) -> list[str]:
    """The sentences on a page of results."""
    return [
        html.unescape(one)
        for one in re.findall(r'<p class="said"><span[^>]*></span>([^<]*)</p>', answer.text)
    ]


def search(browser: Browser, **form: str) -> TestResponse:
    """Fill the filters in, and open what they lead to."""
    browser.get(AUDIT)
    return browser.follow(browser.post(AUDIT, form))


def test_events_stand_newest_first_with_their_text_at_hand(rig: ConsoleRig) -> None:
    tell(
        rig,
        EventKind.MODE_SET,
        {"actor": "zoe", "mode": "always_deny", "mode_before": "check", "reason": "<b>"},
    )
    tell(rig, EventKind.CODE_SENT, {"code_id": "c1", "gateway": "sms"})
    page = rig.signed_in(Role.AUDITOR).get(AUDIT)
    assert found(page)[:2] == ["Код отправлен через sms", "Режим: всегда отклонять (был: проверять)"]
    assert "<details" in page.text
    assert "&#34;kind&#34;:&#34;mode_set&#34;" in page.text
    assert "<b>" not in page.text


def test_a_number_is_searched_for_and_stands_in_no_address(rig: ConsoleRig) -> None:
    other = Msisdn("79161112299")
    tell(rig, EventKind.CODE_SENT, {"code_id": "c1", "gateway": "ours"})
    tell(rig, EventKind.CODE_SENT, {"code_id": "c2", "gateway": "theirs"}, other)
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(AUDIT)
    answer = browser.post(AUDIT, {"number": "8 (916) 111-22-11", "kind": "code_sent"})
    location = answer.headers["Location"]
    assert "9161112211" not in location
    page = browser.follow(answer)
    assert found(page) == ["Код отправлен через ours"]
    assert "9161112211" not in "".join(re.findall(r'href="([^"]*)"', page.text))


def test_a_number_that_is_none_is_told_and_not_searched_for(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(AUDIT)
    answer = browser.post(AUDIT, {"number": "12"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"kind": "mode_set"}, "Режим: всегда отклонять (раньше: —)"),
        ({"verdict": "deny"}, "Решение: отклонить — SIM-карта сменилась"),
        ({"reason": "sim_changed"}, "Решение: отклонить — SIM-карта сменилась"),
        ({"actor": "zoe"}, "Режим: всегда отклонять (раньше: —)"),
        ({"code": "c7"}, "Код отправлен через sms"),
        ({"operator": "25099"}, "Карта стала эталоном: увидена"),
    ],
)
def test_each_filter_narrows(rig: ConsoleRig, form: dict[str, str], sentence: str) -> None:
    tell(rig, EventKind.MODE_SET, {"actor": "zoe", "mode": "always_deny", "reason": "x"})
    tell(rig, EventKind.GATE_DECIDED, {"verdict": "deny", "reason": "sim_changed"})
    tell(rig, EventKind.CODE_SENT, {"code_id": "c7", "gateway": "sms"})
    tell(rig, EventKind.REFERENCE_LEARNT, {"grade": "first_seen", "mcc_mnc": "25099"})
    sentences = found(search(rig.signed_in(Role.AUDITOR), **form))
    assert len(sentences) == 1
    assert sentences[0].partition(":")[0] == sentence.partition(":")[0]


def test_moments_are_those_of_the_browsers_zone(rig: ConsoleRig) -> None:
    tell(rig, EventKind.CODE_SENT, {"gateway": "early"})
    rig.store.advance(3600)
    tell(rig, EventKind.CODE_SENT, {"gateway": "late"})
    browser = rig.signed_in(Role.AUDITOR)
    browser.client.set_cookie("etalon-zone", "Europe/Moscow", domain="localhost")
    page = search(browser, kind="code_sent", since="2027-01-15T11:00", until="2027-01-15T11:30")
    assert found(page) == ["Код отправлен через early"]
    assert found(search(browser, kind="code_sent", since="2027-01-15T11:31")) == ["Код отправлен через late"]


def test_pages_are_turned_over_to_the_end(rig: ConsoleRig) -> None:
    for one in range(95):
        tell(rig, EventKind.CODE_SENT, {"gateway": f"g{one}"})
    browser = rig.signed_in(Role.AUDITOR)
    page, seen = search(browser, kind="code_sent"), list[str]()
    for _ in range(9):
        seen += found(page)
        onward = re.search(r'href="([^"]*)" rel="next"', page.text)
        if onward is None:
            break
        page = browser.get(html.unescape(onward[1]))
    assert [one.removeprefix("Код отправлен через ") for one in seen] == [
        f"g{one}" for one in range(94, -1, -1)
    ]


def test_events_of_other_banks_and_of_the_service_are_for_who_may_act_for_all(rig: ConsoleRig) -> None:
    tell(rig, EventKind.CODE_SENT, {"gateway": "theirs"}, tenant=OTHER_BANK.id)
    tell(rig, EventKind.POLICY_PUBLISHED, {"actor": "zoe"}, None, "")
    browser = rig.signed_in(Role.AUDITOR)
    assert found(search(browser, kind="code_sent")) == []
    assert found(search(browser, kind="code_sent", whose="all")) == ["Код отправлен через theirs"]
    assert found(search(browser, kind="policy_published", whose="all")) == ["Политика опубликована"]
    limit(rig, browser, BANK.id)
    assert browser.get(f"{AUDIT}?whose=all").status_code == 403
    assert "все банки" not in shown(browser.get(AUDIT))


def test_a_handle_of_another_banks_number_opens_nothing(rig: ConsoleRig) -> None:
    tell(rig, EventKind.CODE_SENT, {"gateway": "theirs"}, tenant=OTHER_BANK.id)
    browser = rig.signed_in(Role.AUDITOR)
    handle = rig.handles.of(OTHER_BANK.id, NUMBER)
    limit(rig, browser, BANK.id)
    assert browser.get(f"{AUDIT}?who={handle}").status_code == 403
    assert browser.post(f"{AUDIT}/export", {"who": handle, "format": "csv"}).status_code == 403


def test_an_event_of_a_newer_release_is_shown_by_its_name(rig: ConsoleRig) -> None:
    rig.store.redis.xadd(
        "{m}:events",
        {"event": event_text(99, "m", "tea_made", subject={"tenant": BANK.id}, at=rig.store.now_ms)},
        id=f"{rig.store.now_ms}-0",
    )
    assert "tea_made" in found(rig.signed_in(Role.AUDITOR).get(AUDIT))


# --- exports --------------------------------------------------------------------------------------


def test_what_was_found_is_exported_as_a_table_that_no_spreadsheet_runs(rig: ConsoleRig) -> None:
    tell(rig, EventKind.MODE_SET, {"actor": "zoe", "mode": "check", "reason": "=HYPERLINK(1)"})
    tell(rig, EventKind.CODE_SENT, {"gateway": "sms"})
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(AUDIT)
    answer = browser.post(f"{AUDIT}/export", {"kind": "mode_set", "format": "csv"})
    assert answer.headers["Content-Disposition"] == "attachment; filename=etalon-audit.csv"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["reason"] == "'=HYPERLINK(1)"
    told = json.loads(rig.store.texts("m")[-1])
    assert told["kind"] == "audit_exported"
    assert told["facts"]["actor"] == "anna"
    assert told["facts"]["of_kind"] == "mode_set"


def test_json_lines_hold_the_events_of_the_number_alone(rig: ConsoleRig) -> None:
    tell(rig, EventKind.CODE_SENT, {"gateway": "ours"})
    tell(rig, EventKind.CODE_SENT, {"gateway": "theirs"}, Msisdn("79161112299"))
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(AUDIT)
    handle = rig.handles.of(BANK.id, NUMBER)
    answer = browser.post(f"{AUDIT}/export", {"who": handle, "kind": "code_sent", "format": "jsonl"})
    assert [json.loads(line)["facts"]["gateway"] for line in answer.text.splitlines()] == ["ours"]


@pytest.mark.parametrize("form", [{"format": "xls"}, {}, {"format": "csv", "number": "12"}])
def test_an_export_of_nothing_known_is_refused(rig: ConsoleRig, form: dict[str, str]) -> None:
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(AUDIT)
    assert browser.post(f"{AUDIT}/export", form).status_code == 422
    assert not any(b"audit_exported" in text for text in rig.store.texts("m"))


def test_the_whole_log_leaves_with_its_proof_and_verifies(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(PROOF)
    answer = browser.post("/console/audit/proved")
    assert answer.headers["Content-Disposition"] == "attachment; filename=etalon-log.jsonl"
    result = verify_log(lines_of([answer.data]), TRUSTED.check, whole=True)
    assert isinstance(result, Proved)
    assert json.loads(rig.store.texts("m")[-1])["facts"]["proved"] is True
    limit(rig, browser, BANK.id)
    assert browser.post("/console/audit/proved").status_code == 403


def test_the_public_key_is_there_to_be_taken(rig: ConsoleRig) -> None:
    answer = rig.signed_in(Role.AUDITOR).get("/console/audit/key")
    assert answer.text.startswith("-----BEGIN PUBLIC KEY-----")


def test_evidence_of_a_code_is_a_file_and_of_no_code_a_page(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    browser.get(PROOF)
    answer = browser.post("/console/audit/evidence", {"code": "c1", "tenant": BANK.id})
    assert answer.mimetype == "application/json"
    assert "c1" in answer.text
    assert browser.post("/console/audit/evidence", {"code": "nothing"}).status_code == 404
    limit(rig, browser, OTHER_BANK.id)
    assert browser.post("/console/audit/evidence", {"code": "c1", "tenant": BANK.id}).status_code == 403


# --- verification ---------------------------------------------------------------------------------


def test_the_head_is_shown_with_its_key_and_where_it_was_published(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.AUDITOR)
    page = shown(browser.get(PROOF))
    assert "Записей 18" in page
    assert "ещё не опубликована" in page
    rig.services.audit_desk.seal.round()
    assert "ещё не опубликована" not in shown(browser.get(PROOF))


@pytest.mark.parametrize(
    ("do", "said"), [("whole", "Весь журнал цел: 18 записей"), ("newest", "Весь журнал цел")]
)
def test_a_sound_log_is_found_sound(rig: ConsoleRig, do: str, said: str) -> None:
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(PROOF)
    assert said in shown(browser.post(PROOF, {"do": do}))


def test_a_long_verification_goes_on_from_page_to_page(store: StoreRig) -> None:
    rig = ConsoleRig(store)
    rig.sealed_log.log.append([event_text(one, "s009") for one in range(1, 4_100)])
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(PROOF)
    rig.sealed_log.log.seconds = 1.0
    page = browser.post(PROOF, {"do": "whole"})
    assert "data-step" in page.text
    for _ in range(5):
        state = re.search(r'name="state" value="([^"]*)"', page.text)
        if state is None:
            break
        page = browser.post(PROOF, {"state": state[1]})
    assert "Весь журнал цел: 4117 записей" in shown(page)


def test_a_changed_record_is_named(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(PROOF)
    rig.sealed_log.log.texts[4] = event_text(5, "s001", facts={"verdict": "send"})
    page = shown(browser.post(PROOF, {"do": "whole"}))
    assert "Запись изменена." in page
    assert "s001/5" in page


def test_a_log_that_was_written_anew_is_not_signed_again(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(PROOF)
    rig.sealed_log.log.__init__([event_text(one) for one in range(1, 30)], rig.sealed_log.clock)  # type: ignore[misc]  # an insider's work
    assert "Журнал изменён" in shown(browser.get(PROOF))


def test_a_state_that_is_forged_or_anothers_is_refused(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.AUDITOR)
    browser.get(PROOF)
    for state in ("x", "AAAA", "я"):
        assert browser.post(PROOF, {"state": state}).status_code == 422


def test_without_a_key_the_page_says_so(store: StoreRig) -> None:
    rig = ConsoleRig(store)
    desk = SealedLog(signer=None).desk(store, rig.desk.clock)
    rig = ConsoleRig(store, audit_desk=desk)
    browser = rig.signed_in(Role.AUDITOR)
    assert "Ключ подписи не задан" in shown(browser.get(PROOF))
    assert browser.get("/console/audit/key").status_code == 404
