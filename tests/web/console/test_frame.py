"""What stands round every page: headers, cookies, language, errors as pages, files, networks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from ipaddress import ip_network
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from security_service.domain.access import Role
from security_service.web.application import AUTHENTICATION
from security_service.web.auth import Authentication
from security_service.web.secured_response import SECURITY_HEADERS
from tests.store.rig import StoreRig
from tests.web.console.rig import NUMBER, ConsoleRig, shown
from tests.web.rig import WebRig

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PLACES = ("/", "/sign-in", "/welcome", "/me", "/subscribers", "/nowhere", "/static/console.css", "/static/no")


def test_the_console_states_that_it_knows_people_by_their_sessions(rig: ConsoleRig) -> None:
    assert (
        WebRig(console=rig.services).app.extensions[AUTHENTICATION]["console"]
        is Authentication.CONSOLE_SESSION
    )


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("is_in", [False, True])
def test_every_answer_bears_the_strict_headers_once(
    rig: ConsoleRig, place: str, method: str, *, is_in: bool
) -> None:
    browser = rig.signed_in(Role.LEAD) if is_in else rig.browser()
    answer = browser.client.open(f"/console{place}", method=method)
    headers = {
        **dict(SECURITY_HEADERS),
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
    for name, value in headers.items():
        assert answer.headers.getlist(name) == [value], name


def test_files_are_kept_by_browsers_under_their_own_version_only(rig: ConsoleRig) -> None:
    page = rig.browser().get("/console/sign-in").text
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert "immutable" in rig.browser().get(address).headers["Cache-Control"]
    assert rig.browser().get("/console/static/console.css?v=0").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["console.css", "console.js", "mark.svg"])
def test_files_of_the_package_are_served_with_their_types(rig: ConsoleRig, name: str) -> None:
    answer = rig.browser().get(f"/console/static/{name}")
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    assert (answer.status_code, answer.mimetype) == (200, kinds[name.rpartition(".")[2]])


@pytest.mark.parametrize("name", ["../frame.py", "..%2fframe.py", "frame.html", "%00", "console.css/x"])
def test_nothing_else_is_served_as_a_file(rig: ConsoleRig, name: str) -> None:
    assert rig.browser().get(f"/console/static/{name}").status_code in {303, 404}


def test_no_view_is_longer_than_25_lines(rig: ConsoleRig) -> None:
    lengths = {
        endpoint: _body_length(inspect.unwrap(getattr(view, "__func__", view)))
        for endpoint, view in rig.app.view_functions.items()
    }
    assert {endpoint: lines for endpoint, lines in lengths.items() if lines > 25} == {}


def _body_length(view: Callable[..., object]) -> int:
    """Lines of a function without its docstring."""
    lines = inspect.getsource(view).count("\n")
    return lines - len((inspect.getdoc(view) or "").splitlines())


# --- cookies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "scheme", "secure"),
    [
        ("localhost", "http", False),
        ("127.0.0.1:8080", "http", False),
        ("[::1]:8080", "http", False),
        ("localhost", "https", True),
        ("bank.example", "http", True),
        ("127.0.0.1.evil.example", "http", True),
        ("bank.example:8443", "https", True),
    ],
)
def test_cookies_are_for_tls_only_but_on_loopback(
    rig: ConsoleRig, host: str, scheme: str, *, secure: bool
) -> None:
    answer = rig.browser(host, scheme).get("/console/sign-in")
    cookie = answer.headers["Set-Cookie"]
    assert ("Secure" in cookie, cookie.startswith("__Host-")) == (secure, secure)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/;" in cookie
    assert "Domain" not in cookie


def test_the_session_ends_with_the_browser_and_no_script_reads_it(rig: ConsoleRig) -> None:
    rig.desk.arrive("anna")
    browser = rig.browser("bank.example", "https")
    browser.get("/console/sign-in")
    form = {"name": "anna", "password": "a quiet green river", "code": rig.desk.code("anna").reveal()}
    answer = browser.post("/console/sign-in", form)
    session = next(one for one in answer.headers.getlist("Set-Cookie") if "etalon-session=" in one)
    assert session.startswith("__Host-etalon-session=")
    assert "Max-Age" not in session
    assert "Expires" not in session
    for attribute in ("Secure", "HttpOnly", "SameSite=Strict"):
        assert attribute in session


# --- language and colours ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "language"),
    [("en-GB,en;q=0.9", "en"), ("ru", "ru"), ("de", "ru"), ("", "ru"), ("de,en;q=0.1", "en")],
)
def test_before_sign_in_the_language_is_the_one_that_the_browser_asks_for(
    rig: ConsoleRig, asked: str, language: str
) -> None:
    page = rig.browser().get("/console/sign-in", Accept_Language=asked)
    assert f'<html lang="{language}"' in page.text


def test_a_person_reads_their_own_language_until_they_choose_another(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    assert '<html lang="ru"' in browser.get("/console/", Accept_Language="en").text
    answer = browser.post("/console/look", {"locale": "en", "theme": "dark", "back": "/console/me"})
    assert answer.headers["Location"] == "/console/me"
    assert '<html lang="en" data-theme="dark"' in browser.get("/console/").text


@pytest.mark.parametrize("value", ["xx", "../ru", '"><script>', ""])
def test_a_choice_that_there_is_not_changes_nothing(rig: ConsoleRig, value: str) -> None:
    browser = rig.signed_in(Role.LEAD)
    browser.post("/console/look", {"locale": value, "theme": value, "back": "/console/"})
    assert '<html lang="ru" data-theme="auto"' in browser.get("/console/").text


@pytest.mark.parametrize("zone", ["Europe/Moscow", "no/such", "../../etc/passwd", "x" * 300, "\\"])
def test_times_are_in_the_browsers_zone_where_there_is_such_a_zone(rig: ConsoleRig, zone: str) -> None:
    browser = rig.signed_in(Role.LEAD)
    browser.client.set_cookie("etalon-zone", zone)
    said = shown(browser.get("/console/"))
    assert ("Europe/Moscow, UTC+03:00" in said) == (zone == "Europe/Moscow")
    assert "Время:" in said


# --- where one is sent -------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "/console/../evil", "javascript:alert(1)",
    "/console//evil.example", "/api/v1/audit", "/console/\r\nSet-Cookie: a=b", "/console/x#y", "",
    "/console/" + "x" * 700,
]  # fmt: skip


@pytest.mark.parametrize("onward", ELSEWHERE)
def test_after_sign_in_nobody_is_sent_out_of_the_console(rig: ConsoleRig, onward: str) -> None:
    rig.desk.arrive("anna")
    answer = rig.browser().sign_in("anna", onward=onward)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/")
    browser = rig.browser()
    assert quote(onward) not in browser.get(f"/console/sign-in?next={quote(onward)}").text or not onward


@pytest.mark.parametrize("back", ELSEWHERE)
def test_the_choice_of_looks_sends_nobody_out_of_the_console(rig: ConsoleRig, back: str) -> None:
    browser = rig.signed_in(Role.LEAD)
    assert browser.post("/console/look", {"back": back}).headers["Location"] == "/console/"


def test_after_sign_in_one_is_where_one_wanted_to_be(rig: ConsoleRig) -> None:
    rig.desk.arrive("anna")
    browser, path = rig.browser(), rig.path("?show=sim")
    there = browser.get(path).headers["Location"]
    page = browser.get(there)
    onward = page.text.partition('name="next" value="')[2].partition('"')[0]
    assert onward == path
    assert browser.sign_in("anna", onward=onward).headers["Location"] == path


def test_a_link_in_a_mail_is_sent_on_by_our_own_page_which_brings_the_strict_cookies(rig: ConsoleRig) -> None:
    path = rig.path()
    answer = rig.browser().get(path, Sec_Fetch_Site="cross-site")
    assert answer.status_code == 200
    assert f'content="0; url={path}"' in answer.text
    assert rig.browser().get(rig.path(), Sec_Fetch_Site="same-origin").status_code == 303


# --- errors ---------------------------------------------------------------------------------------------


def test_what_there_is_not_is_a_page_in_the_persons_language(rig: ConsoleRig) -> None:
    answer = rig.signed_in(Role.LEAD).get("/console/nowhere")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "Такой страницы нет" in shown(answer)


def test_a_store_that_is_away_is_a_page_that_says_so(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    rig.tenants.away = True
    with capture_logs():
        answer = browser.get(rig.path())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Хранилище не отвечает" in shown(answer)


def test_what_breaks_is_a_page_and_a_log_line_without_its_words(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    rig.sim.script = [KeyError(NUMBER.digits)]
    with capture_logs() as logs:
        answer = browser.post(rig.path("/reverify"), {"reason": "x"})
    assert answer.status_code == 500
    assert [(log["event"], log["fault"]) for log in logs] == [("unforeseen", "KeyError")]
    assert NUMBER.digits not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("size", [70_000, 300_000])
def test_a_form_that_is_too_large_is_a_page(rig: ConsoleRig, size: int) -> None:
    browser = rig.signed_in(Role.LEAD)
    answer = browser.post(rig.path("/unlock"), {"reason": "x" * size})
    assert (answer.status_code, answer.mimetype) == (413, "text/html")


def test_a_session_that_ended_is_told_where_a_form_was_sent(rig: ConsoleRig) -> None:
    browser = rig.signed_in(Role.LEAD)
    rig.store.advance(3600)
    answer = browser.post(rig.path("/unlock"), {"reason": "x"})
    assert (answer.status_code, "Сеанс закончился" in shown(answer)) == (401, True)


# --- networks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remote", "forwarded", "status"),
    [("192.168.7.9", "", 200), ("203.0.113.5", "", 403), ("192.168.7.9", "203.0.113.5", 403), ("", "", 403)],
)
def test_only_the_networks_of_the_settings_reach_the_console(
    store: StoreRig, remote: str, forwarded: str, status: int
) -> None:
    rig = ConsoleRig(store, networks=(ip_network("192.168.7.0/24"),))
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = rig.app.test_client().get(
        "/console/sign-in", headers=headers, environ_base={"REMOTE_ADDR": remote}
    )
    assert answer.status_code == status
