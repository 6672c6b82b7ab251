"""Import, export and bulk re-verification in the console; an upload is a stream, and no forgery."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from security_service.domain.access import Role
from security_service.domain.audit import Event, EventKind
from security_service.domain.import_rows import FileFault, RowFault
from security_service.domain.tenants import FourEyesDeed
from security_service.domain.transfers import BulkSource, BulkState, ImportRun, ImportState
from security_service.store.records import pack
from security_service.web.console.words import DICTIONARIES
from tests.web.console.rig import BANK, NUMBER, Browser, ConsoleRig, shown

IMSI = "250011234567890"
FILE = f"number,imsi\n{NUMBER.digits},{IMSI}\n123,\n".encode()
RUN = "a" * 32
PAGES = "/console/transfers"
ONE = f"{PAGES}/imports/{RUN}"


def _of_another_bank(rig: ConsoleRig) -> Browser:
    rig.desk.arrive("boris", Role.LEAD)
    rig.limit("boris", "odd")
    browser = rig.browser()
    assert browser.sign_in("boris").status_code == 303
    return browser


@pytest.fixture
def lead(rig: ConsoleRig) -> Browser:
    browser = rig.signed_in(Role.LEAD)
    browser.get(PAGES)
    return browser


def upload(
    browser: Browser, file: bytes = FILE, path: str = ONE, name: str = "base.csv", **fields: str
) -> TestResponse:
    """Send the form as a browser does: its fields in the order of the page, the file last."""
    data: dict[str, object] = {"csrf": browser.token, **fields, "file": (io.BytesIO(file), name)}
    return browser.client.post(
        path,
        data=data,
        content_type="multipart/form-data",
        base_url=browser.base,
        headers={"Sec-Fetch-Site": "same-origin"},
    )


def test_a_file_is_imported_and_its_refused_rows_are_listed(rig: ConsoleRig, lead: Browser) -> None:
    answer = lead.follow(upload(lead, name="files/base.csv"))
    text = shown(answer)
    assert "Файл загружен, но часть строк отклонена" in text
    assert "Прочитано 2: записано 1, без изменений 0, отклонено 1" in text
    assert "номер не читается" in text
    assert "base.csv" in text
    assert "files/" not in text
    (member,) = rig.store.subscribers.get(BANK.id, NUMBER).subscriber.reference.members
    assert IMSI not in answer.text
    assert member.imsi.digest.hex() not in answer.text
    assert "base.csv" in shown(lead.get(PAGES))
    assert lead.get(f"{ONE}/refused.csv").text == "line,reason\r\n3,number\r\n"
    assert lead.get(f"{ONE}/state").get_json() == {
        "told": "Прочитано 2: записано 1, без изменений 0, отклонено 1",
        "over": True,
    }


def test_the_same_page_imports_once(lead: Browser) -> None:
    upload(lead)
    assert upload(lead).status_code == 409
    assert upload(lead, path=f"{PAGES}/imports/x").status_code == 404


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR])
def test_nobody_but_a_lead_uploads(rig: ConsoleRig, role: Role) -> None:
    browser = rig.signed_in(role)
    assert upload(browser).status_code == 403
    assert rig.transfers.imports.get(RUN) is None


def test_a_form_without_our_token_is_refused_before_its_file_is_read(rig: ConsoleRig, lead: Browser) -> None:
    read: list[int] = []

    class _Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            read.append(1)
            return super().read(size)

    body = (
        b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nforged\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
    ) + b"number\n" * 300_000
    answer = lead.client.post(
        ONE,
        input_stream=_Watched(body),
        content_length=len(body),
        content_type="multipart/form-data; boundary=b",
        base_url=lead.base,
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 403
    assert answer.headers["Connection"] == "close"
    assert len(read) <= 2
    assert rig.transfers.imports.get(RUN) is None


def test_a_token_behind_the_file_comes_too_late(rig: ConsoleRig, lead: Browser) -> None:
    body = (
        '--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\nnumber\r\n'
        f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{lead.token}\r\n--b--\r\n'
    )
    answer = lead.client.post(
        ONE,
        data=body,
        content_type="multipart/form-data; boundary=b",
        base_url=lead.base,
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 403
    assert rig.transfers.imports.get(RUN) is None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_an_upload_of_another_site_is_refused(rig: ConsoleRig, lead: Browser, site: str) -> None:
    data = {"csrf": lead.token, "file": (io.BytesIO(FILE), "x.csv")}
    answer = lead.client.post(
        ONE,
        data=data,
        content_type="multipart/form-data",
        base_url=lead.base,
        headers={"Sec-Fetch-Site": site},
    )
    assert answer.status_code == 403
    assert rig.transfers.imports.get(RUN) is None


def test_fields_that_grow_without_end_are_refused(lead: Browser) -> None:
    assert upload(lead, replace="x" * 100_000).status_code == 413
    many = {f"f{place}": "x" for place in range(40)}
    assert upload(lead, FILE, **many).status_code == 413


@pytest.mark.parametrize("kind", ["multipart/form-data", "application/x-www-form-urlencoded", "text/csv"])
def test_what_is_no_such_form_is_refused(lead: Browser, kind: str) -> None:
    answer = lead.client.post(
        ONE, data=FILE, content_type=kind, base_url=lead.base, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 415


def test_a_form_that_is_cut_off_leaves_its_last_row_out(rig: ConsoleRig, lead: Browser) -> None:
    body = (
        f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{lead.token}\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
        f"number,imsi\n{NUMBER.digits},{IMSI}"
    ).encode()
    answer = lead.client.post(
        ONE, data=body, content_type="multipart/form-data; boundary=b", base_url=lead.base,
        headers={"Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip
    assert answer.status_code == 400
    run = rig.transfers.imports.get(RUN)
    assert run is not None
    assert run.state is ImportState.STOPPED
    assert rig.store.subscribers.get(BANK.id, NUMBER).stored == b""


def test_a_file_replaces_nothing_where_a_second_person_is_demanded(rig: ConsoleRig, lead: Browser) -> None:
    rig.tenants.put(replace(BANK, four_eyes=(FourEyesDeed.REVERIFY_CHANGED,)))
    rig.put(rig.known())
    assert 'name="replace"' not in lead.get(PAGES).text
    assert upload(lead, replace="on").status_code == 409
    assert rig.store.subscribers.get(BANK.id, NUMBER).stored == pack(rig.known())


def test_an_import_of_another_bank_is_not_shown(rig: ConsoleRig, lead: Browser) -> None:
    upload(lead)
    other = _of_another_bank(rig)
    for path in (ONE, f"{ONE}/state", f"{ONE}/refused.csv"):
        assert other.get(path).status_code == 404


def test_an_export_is_a_file_and_stands_in_the_log(rig: ConsoleRig) -> None:
    rig.put(rig.known())
    browser = rig.signed_in(Role.AUDITOR)
    page = browser.get(PAGES)
    assert 'type="file"' not in page.text
    answer = browser.post(f"{PAGES}/export")
    assert answer.headers["Content-Disposition"] == "attachment; filename=subscribers-bank.csv"
    assert answer.text.splitlines()[1].startswith(f"{NUMBER.digits},check")
    assert any(b"subscribers_exported" in text for text in rig.store.texts("m"))
    assert browser.post(f"{PAGES}/export", csrf="x").status_code == 200


# --- bulk re-verification -------------------------------------------------------------------------


def test_a_bulk_run_begins_pauses_and_stops(rig: ConsoleRig, lead: Browser) -> None:
    answer = upload(
        lead, f"{NUMBER.digits}\nnobody\n".encode(), f"{PAGES}/bulk", source="numbers", rate="5", days="30",
        reason="Оператор сменил карты",
    )  # fmt: skip
    page = lead.follow(answer)
    assert "Строк, в которых не номер: 1" in shown(page)
    (run,) = rig.transfers.bulks.every(5)
    assert (run.rate, run.total, run.reason, run.source) == (
        5,
        1,
        "Оператор сменил карты",
        BulkSource.NUMBERS,
    )
    one = f"{PAGES}/bulk/{run.id}"
    assert "приостановлена" in shown(lead.follow(lead.post(one, {"state": "paused"})))
    assert "идёт" in shown(lead.follow(lead.post(one, {"state": "running"})))
    lead.follow(lead.post(one, {"state": "stopped"}))
    assert "уже закончена" in shown(lead.follow(lead.post(one, {"state": "running"})))
    assert lead.post(one, {"state": "done"}).status_code == 422
    (stopped,) = rig.transfers.bulks.every(5)
    assert stopped.state is BulkState.STOPPED
    assert "Номера из файла" in shown(lead.get(f"{PAGES}/bulk"))


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"source": "older", "rate": "5", "days": "30"}, "причин"),
        ({"source": "all", "rate": "5", "reason": "x"}, "Выберите, кого"),
        ({"source": "older", "rate": "many", "reason": "x"}, "Выберите, кого"),
        ({"source": "older", "rate": "999", "reason": "x"}, "не разрешено"),
        ({"source": "numbers", "rate": "5", "reason": "x"}, "ни одного номера"),
    ],
)
def test_a_form_that_means_nothing_is_shown_again(
    rig: ConsoleRig, lead: Browser, fields: dict[str, str], word: str
) -> None:
    answer = upload(lead, b"", f"{PAGES}/bulk", name="", **fields)
    assert answer.status_code == 422
    assert word in shown(answer)
    assert rig.transfers.bulks.every(5) == []


def test_a_bulk_run_of_another_bank_is_not_found(rig: ConsoleRig, lead: Browser) -> None:
    upload(lead, b"", f"{PAGES}/bulk", source="candidates", rate="1", reason="x")
    (run,) = rig.transfers.bulks.every(5)
    other = _of_another_bank(rig)
    assert other.get(f"{PAGES}/bulk/{run.id}").status_code == 404
    assert other.post(f"{PAGES}/bulk/{run.id}", {"state": "stopped"}).status_code == 404


@pytest.mark.parametrize(
    "key",
    [
        *(f"transfer.row.{one}" for one in RowFault),
        *(f"transfer.file_fault.{one}" for one in FileFault),
        *(f"transfer.is.{one}" for one in (*ImportState, "silent")),
        *(f"bulk.is.{one}" for one in BulkState),
        *(f"bulk.source.{one}" for one in BulkSource),
    ],
)
def test_every_token_has_its_words(key: str) -> None:
    assert all(key in words for words in DICTIONARIES.values())


def test_a_run_whose_process_is_gone_says_what_to_do(rig: ConsoleRig, lead: Browser) -> None:
    event = Event(EventKind.SUBSCRIBERS_IMPORTED, {"actor": "anna"})
    assert rig.transfers.imports.begin(ImportRun(RUN, BANK.id, "anna", "", replaces=False), event)
    assert "идёт" in shown(lead.get(ONE))
    assert lead.get(f"{ONE}/state").get_json()["over"] is False
    rig.store.advance(90)
    text = shown(lead.get(ONE))
    assert "оборвалась" in text
    assert "Загрузите тот же файл ещё раз" in text
    assert "без имени" in text
