"""The pages of tenants: forms of every section, faults at their fields, what a change comes to, keys."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from security_service.domain.access import Role
from security_service.domain.audit import AuditQuery
from security_service.domain.counts import Counted, CountRow, Step, Tally
from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.limits import Limits, Window
from security_service.domain.routing import Leg, Route
from security_service.domain.secret import Secret
from security_service.domain.setting_kinds import setting_fields
from security_service.domain.templates import Template, TemplateSet, WebOtp
from security_service.domain.tenant_document import tenant_document, tenant_rows
from security_service.domain.tenants import FourEyesDeed, Tenant
from security_service.usecases.view_now import ViewNow
from security_service.web.console.tenant_forms import filled_form, typed_document
from security_service.web.console.tenant_sections import SETTINGS, TenantSection, Widget, asked_of
from security_service.web.console.words import DICTIONARIES
from tests.store.rig import StoreRig
from tests.web.console.rig import BANK, Browser, ConsoleRig, shown

ONE = "/console/tenants/bank"
FULL = replace(
    BANK,
    code_length=8,
    gateways=("sms",),
    routes=(
        Route((Leg("sms", 3), Leg("call")), prefixes=("7916",), countries=("RU",)),
        Route((Leg("call"),), operators=("25001",)),
    ),
    senders=("SHOP", "A, B"),
    four_eyes=(FourEyesDeed.ADD_SIM,),
    notices={"ru": "Обратитесь в банк.", "en": "Please call."},
    limits=Limits(tenant=(Window("wide", 100, 60, record_only=True),)),
    templates=TemplateSet(
        {
            ("default", "ru"): Template("Код {code}\nНикому"),
            ("payment", "en"): Template("{code} {amount} {payee}", is_payment=True),
        },
        WebOtp("login.bank.example"),
    ),
)  # fmt: skip


class ArchiveAway:
    """The Counts port of an archive that cannot be read."""

    def rows(
        self, tenant: str, step: Step, since_ms: int, until_ms: int, whats: Sequence[Counted]
    ) -> Sequence[CountRow]:
        raise ArchiveUnavailable("gone")


def fields(answer: TestResponse) -> dict[str, str]:
    """What the forms of a page would send as they stand."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", answer.text):
        told = {name: html.unescape(value) for name, value in re.findall(r'(\w[\w-]*)="([^"]*)"', tag)}
        is_box = told.get("type") == "checkbox"
        if "name" in told and (not is_box or " checked" in tag):
            found[told["name"]] = "on" if is_box else told.get("value", "")
    for name, text in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', answer.text, re.DOTALL
    ):
        found[name] = html.unescape(text)
    for name, options in re.findall(
        r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', answer.text, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', options)
        if chosen:
            found[name] = chosen[1]
    return found


def change(browser: Browser, section: str, **typed: str) -> TestResponse:
    """Change a section's form and send it to be compared."""
    form = fields(browser.get(f"{ONE}/settings/{section}"))
    return browser.post(f"{ONE}/settings/{section}", {**form, **typed})


def save(browser: Browser, section: str, compared: TestResponse) -> TestResponse:
    assert compared.status_code == 200, shown(compared)
    form = {**fields(compared), "reason": "по договору"}
    return browser.post(f"{ONE}/settings/{section}/save", form)


def stored(rig: ConsoleRig, tenant: str = "bank") -> Tenant:
    kept = rig.book.read(tenant)
    assert kept is not None
    return kept.tenant


# --- sections


def test_every_setting_stands_in_one_section_and_has_words() -> None:
    named = [key for section in TenantSection for key in SETTINGS[section]]
    assert sorted(named) == sorted(one.key for one in setting_fields(Tenant) if one.key != "id")
    for words in DICTIONARIES.values():
        keys = {row.key for row in tenant_rows()} - {"id"}
        assert {key for key in keys if not words.get(f"setting.{key}")} == set()
        assert {key for key in keys if f"setting_help.{key}" not in words} == set()


@pytest.mark.parametrize("section", list(TenantSection))
def test_a_form_that_is_sent_as_it_stands_changes_nothing(managed: ConsoleRig, section: str) -> None:
    managed.book.save(FULL, "cli:root")
    browser = managed.signed_in(Role.ADMIN)
    before = managed.store.texts("m")
    answer = change(browser, section)
    assert answer.status_code == 303, shown(answer)
    assert "сохранять нечего" in shown(browser.follow(answer))
    assert managed.store.texts("m") == before


@pytest.mark.parametrize("section", list(TenantSection))
def test_what_a_form_shows_is_read_back_as_the_document(section: TenantSection) -> None:
    document = tenant_document(FULL)
    form = filled_form(section, document, ())
    assert [one.asked.key for one in form.fields] == [one.key for one in asked_of(section)]
    typed: dict[str, str] = {}
    for one in form.fields:
        typed[one.asked.key] = one.value
        typed |= {f"{one.asked.key}.{option}": "on" for option in one.chosen}
        typed |= {
            f"{one.asked.key}.{row.index}.{name}": cell
            for row in one.rows
            for name, cell in row.cells.items()
        }
    if all(one.asked.widget is not Widget.TEMPLATES for one in form.fields):
        managed = json.loads(json.dumps(typed_document(section, typed)))
        assert set(managed) == set(SETTINGS[section])


@pytest.mark.parametrize("section", [*TenantSection, "keys", "accounts"])
@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_an_auditor_sees_every_page_and_can_send_none(managed: ConsoleRig, section: str, role: Role) -> None:
    browser = managed.signed_in(role)
    path = f"{ONE}/{section}" if section in {"keys", "accounts"} else f"{ONE}/settings/{section}"
    answer = browser.get(path)
    assert answer.status_code == 200
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    assert ("<button" in main) is (role is Role.ADMIN)
    if role is Role.AUDITOR:
        assert browser.post(path, {}).status_code == 403


# --- changes


def test_a_change_is_shown_before_it_is_saved_and_told_in_the_audit(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    compared = change(browser, "codes", code_length="4", unknown_is="error")
    said = shown(compared)
    assert "Цифр в коде 6 4" in said
    assert "легко угадать" in said
    assert stored(managed) == BANK
    assert "Сохранено" in shown(browser.follow(save(browser, "codes", compared)))
    assert (stored(managed).code_length, stored(managed).name) == (4, "Bank of Tests")
    (event,) = managed.store.log.page(AuditQuery(tenant="bank", kind="tenant_saved", count=1)).events
    facts = json.loads(event)["facts"]
    assert (facts["actor"], facts["reason"]) == ("anna", "по договору")
    assert json.loads(facts["document"])["code_length"] == 4


def test_of_a_list_only_what_comes_and_goes_is_shown(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    said = shown(change(browser, "limits", **{"limits.sends.0.limit": "2"}))
    assert "Отправки на номер sends_minute: 3 за 60 с sends_minute: 2 за 60 с Причина" in said


def test_faults_stand_at_their_fields_with_what_was_typed(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    before = managed.store.texts("m")
    answer = change(browser, "codes", code_length="99", code_life_s="soon")
    assert answer.status_code == 422
    assert fields(answer)["code_length"] == "99"
    assert fields(answer)["code_life_s"] == "soon"
    assert re.search(
        r'id="code_life_s"[^>]*aria-describedby="code_life_s-hint code_life_s-fault"', answer.text
    )
    assert re.search(r'id="code_life_s-fault">Нужно целое число\.<', answer.text)
    answer = change(browser, "codes", code_length="99")
    assert re.search(r'id="code_length-fault">Допустимо от 4 до 10, а не 99\.<', answer.text)
    assert managed.store.texts("m") == before


def test_faults_of_rows_stand_at_their_cells(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    rows = {"limits.sends.3.name": "more", "limits.sends.3.limit": "many", "limits.sends.3.seconds": "60"}
    answer = change(browser, "limits", **rows)
    assert 'id="limits.sends.3.limit-fault">Нужно целое число.' in answer.text
    answer = change(browser, "limits", **{**rows, "limits.sends.3.limit": "0"})
    assert "целые больше нуля" in shown(answer)
    answer = change(browser, "routes", **{"routes.0.prefixes": "7916x", "routes.0.legs": "sms:2"})
    assert 'id="routes.0.prefixes-fault">Каждый префикс' in answer.text
    answer = change(browser, "routes", **{"routes.0.legs": "pigeon"})
    assert "«pigeon» не настроено" in shown(answer)


def test_rows_are_added_changed_and_taken_away(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    form = {
        "routes.0.prefixes": "7916, 7917",
        "routes.0.legs": "sms:3, call",
        "routes.1.operators": "25001",
        "routes.1.legs": "call",
    }
    save(browser, "routes", change(browser, "routes", **form))
    assert stored(managed).routes == (
        Route((Leg("sms", 3), Leg("call", 1)), prefixes=("7916", "7917")),
        Route((Leg("call"),), operators=("25001",)),
    )
    empty = {"routes.0.prefixes": "", "routes.0.legs": ""}
    save(browser, "routes", change(browser, "routes", **empty))
    assert stored(managed).routes == (Route((Leg("call"),), operators=("25001",)),)
    ticked = {"four_eyes.add_sim": "on", "four_eyes.publish_policy": "on"}
    save(browser, "four_eyes", change(browser, "four_eyes", **ticked))
    assert set(stored(managed).four_eyes) == {FourEyesDeed.ADD_SIM, FourEyesDeed.PUBLISH_POLICY}


def test_of_two_who_opened_one_form_the_second_is_told_and_overwrites_nothing(managed: ConsoleRig) -> None:
    first, second = managed.signed_in(Role.ADMIN), managed.signed_in(Role.ADMIN, name="boris")
    mine = change(first, "general", name="Mine")
    save(second, "codes", change(second, "codes", code_length="7"))
    before = managed.store.texts("m")
    assert "тем временем изменил" in shown(first.follow(save(first, "general", mine)))
    assert (stored(managed).name, stored(managed).code_length) == ("Bank of Tests", 7)
    assert managed.store.texts("m") == before


@pytest.mark.parametrize(
    "part", ["", "[]", '{"code_length": 4}', '{"policy": "observe"}', "{" * 900, '{"id": "x"}', "null"]
)
def test_a_confirmation_that_was_tampered_with_saves_nothing(managed: ConsoleRig, part: str) -> None:
    browser = managed.signed_in(Role.ADMIN)
    compared = change(browser, "codes", code_length="7")
    before = managed.store.texts("m")
    form = {**fields(compared), "part": part, "reason": "x"}
    assert browser.post(f"{ONE}/settings/codes/save", form).status_code == 400
    form = {**fields(compared), "version": "", "reason": "x"}
    assert browser.post(f"{ONE}/settings/codes/save", form).status_code == 303
    assert managed.store.texts("m") == before


def test_a_part_with_values_that_cannot_be_is_faulty_too(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    form = fields(change(browser, "codes", code_length="7"))
    form["part"] = json.dumps({**json.loads(form["part"]), "code_length": 1000})
    answer = browser.post(f"{ONE}/settings/codes/save", {**form, "reason": "x"})
    assert answer.status_code == 422
    assert stored(managed).code_length == 6


def test_markup_in_settings_is_shown_and_not_run(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    compared = change(browser, "general", name='"><script>alert(1)</script>')
    assert "<script>alert" not in compared.text
    save(browser, "general", compared)
    for path in ("/console/tenants", ONE, f"{ONE}/settings/general", f"{ONE}/keys"):
        assert "<script>alert" not in browser.get(path).text


# --- limits and texts


def test_limits_show_what_each_window_refused_today(managed: ConsoleRig) -> None:
    now_ms = managed.store.now_ms
    managed.counts.tell(now_ms, Tally(Counted.LIMIT, "sends_hour", count=4711))
    managed.counts.tell(now_ms, Tally(Counted.LIMIT, "locked", count=12))
    answer = managed.signed_in(Role.AUDITOR).get(f"{ONE}/settings/limits")
    row = answer.text.partition('value="sends_hour"')[2].partition("</tr>")[0]
    assert "<strong>4711</strong>" in row
    assert "Другие отказы сегодня locked 12" in shown(answer)


def test_limits_are_shown_though_the_archive_is_away(managed: ConsoleRig) -> None:
    view_now = ViewNow(ArchiveAway(), managed.store.log, managed.desk.clock)
    rig = ConsoleRig(managed.store, view_now=view_now)
    answer = rig.signed_in(Role.ADMIN).get(f"{ONE}/settings/limits")
    assert answer.status_code == 200
    assert "Архив не отвечает" in shown(answer)


def test_texts_show_a_preview_what_they_take_and_what_gsm_lacks(managed: ConsoleRig) -> None:
    managed.book.save(FULL, "cli:root")
    said = shown(managed.signed_in(Role.ADMIN).get(f"{ONE}/settings/templates"))
    assert "Код 40719382 Никому @login.bank.example #40719382" in said
    assert "40719382 1500.00 OOO Romashka @login.bank.example #40719382" in said
    assert "UCS-2 Нет в GSM-7: КодНикму" in said
    assert "GSM-7" in said


def test_texts_are_changed_and_their_faults_stand_beside_them(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    row = "templates.texts.0"
    typed = {f"{row}.purpose": "default", f"{row}.locale": "ru", f"{row}.text": "Без кода {odd}"}
    answer = change(browser, "templates", **typed)
    assert answer.status_code == 422
    assert f'id="{row}.text-fault">В тексте нет {{code}}.' in answer.text
    good = {**typed, f"{row}.text": "Код {code}\r\n\r\n с неразрывным\u00a0пробелом "}
    both = {**good, "templates.web_otp": "a.example", "templates.app_hash": "x" * 11}
    assert "но не обоими" in shown(change(browser, "templates", **both))
    save(browser, "templates", change(browser, "templates", **good))
    texts = stored(managed).templates.texts
    assert texts == {("default", "ru"): Template("Код {code}\n\n с неразрывным\u00a0пробелом")}


def test_senders_are_held_against_what_a_provider_tells(managed: ConsoleRig) -> None:
    managed.book.save(replace(BANK, senders=("SHOP",)), "cli:root")
    browser = managed.signed_in(Role.ADMIN)
    browser.get(f"{ONE}/settings/senders")
    said = shown(browser.post(f"{ONE}/senders"))
    assert "ETALON разрешён" in said
    assert "SHOP не зарегистрирован" in said


# --- the list, new tenants, other people's tenants


def test_a_new_tenant_is_made_with_a_key_that_is_shown_once(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    browser.get("/console/new-tenant")
    form = {"id": "shop", "name": "Лавка", "region": "KZ", "reason": "договор 7"}
    answer = browser.post("/console/new-tenant", form)
    key = re.search(r"data-key>(et_[0-9a-f]{64})<", answer.text)
    assert key is not None
    found = managed.book.by_key(Secret(key[1]))
    assert found is not None
    assert (found.id, found.name, found.region) == ("shop", "Лавка", "KZ")
    managed.tenants.put(found)
    assert key[1] not in browser.get("/console/tenants/shop/keys").text
    assert "уже есть" in shown(browser.post("/console/new-tenant", form))
    faulty = browser.post("/console/new-tenant", {**form, "id": "S H", "region": "XX"})
    assert faulty.status_code == 422
    assert "Нужна страна" in shown(faulty)


def test_somebody_of_one_bank_sees_it_alone_and_makes_none(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    managed.limit("anna", "odd")
    managed.store.advance(30)
    browser.sign_in("anna")
    said = shown(browser.get("/console/tenants"))
    assert "odd" in said
    assert "Bank of Tests" not in said
    before = managed.store.texts("m")
    for path in ("", "/settings/codes", "/keys", "/accounts"):
        assert browser.get(f"{ONE}{path}").status_code == 403
    for path in ("/settings/codes", "/settings/codes/save", "/keys", "/keys/end", "/accounts", "/senders"):
        assert browser.post(f"{ONE}{path}", {"key": "x", "login": "x"}).status_code == 403
    for path in ("/console/new-tenant", "/console/people", "/console/invite"):
        assert browser.get(path).status_code == 403
    assert browser.post("/console/new-tenant", {"id": "mine"}).status_code == 403
    assert browser.post("/console/providers/word", {"source": "hlr"}).status_code == 403
    assert managed.store.texts("m") == before


def test_a_tenant_or_section_that_does_not_exist_is_a_page(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    managed.tenants.put(Tenant("ghost"))
    assert browser.get("/console/tenants/ghost").status_code == 404
    assert browser.get(f"{ONE}/settings/nothing").status_code == 404


def test_pages_answer_without_reading_more_than_a_page(store: StoreRig) -> None:
    rig = ConsoleRig(store)
    for number in range(120):
        rig.book.save(Tenant(f"t{number:03}"), "cli:root")
        rig.tenants.put(Tenant(f"t{number:03}"))
    browser = rig.signed_in(Role.ADMIN)
    page = browser.get("/console/tenants")
    assert page.text.count("<tr>") == 51
    following = re.search(r'href="(/console/tenants\?after=t049)"', page.text)
    assert following is not None
    assert "t050" in browser.get(following[1]).text
