"""Keys and accounts of a tenant: what is secret is shown once, and nobody reaches into another bank."""

from __future__ import annotations

import re

import pytest

from security_service.domain.access import Role
from security_service.domain.secret import Secret
from tests.web.console.rig import BANK, ConsoleRig, shown

ONE = "/console/tenants/bank"


def test_a_key_is_issued_shown_once_and_ended(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    browser.get(f"{ONE}/keys")
    first = browser.post(f"{ONE}/keys", {"name": "backend"})
    key = re.search(r"data-key>(et_[0-9a-f]{64})<", first.text)
    assert key is not None
    assert managed.book.by_key(Secret(key[1])) == BANK
    answer = browser.post(f"{ONE}/keys", {"name": "backend", "replaces": "on", "grace": "3600"})
    assert "1 прежний ключ закончится: 1 час" in shown(answer)
    said = browser.get(f"{ONE}/keys")
    assert key[1] not in said.text
    ids = [info.id for info in managed.book.keys_of("bank")]
    assert len(ids) == 2
    assert all(one in shown(said) for one in ids)
    ended = browser.post(f"{ONE}/keys/end", {"key": ids[0], "grace": "0"})
    assert "завершён" in shown(browser.follow(ended))
    assert [info.id for info in managed.book.keys_of("bank")] == ids[1:]
    again = browser.post(f"{ONE}/keys/end", {"key": ids[0], "grace": "0"})
    assert "уже нет" in shown(browser.follow(again))
    assert key[1] not in str(managed.store.texts("m"))


def test_a_key_of_another_bank_cannot_be_ended_through_ones_own(managed: ConsoleRig) -> None:
    theirs = managed.book.issue_key("odd", Secret("theirs"), "theirs", "cli:root")
    browser = managed.signed_in(Role.ADMIN)
    browser.get(f"{ONE}/keys")
    browser.post(f"{ONE}/keys/end", {"key": theirs.id, "grace": "0"})
    assert managed.book.keys_of("odd") == [theirs]


@pytest.mark.parametrize("name", ["UPPER", "a b", "-x", "ключ"])
def test_an_odd_name_of_a_key_is_refused(managed: ConsoleRig, name: str) -> None:
    browser = managed.signed_in(Role.ADMIN)
    browser.get(f"{ONE}/keys")
    assert browser.post(f"{ONE}/keys", {"name": name}).status_code == 422
    assert managed.book.keys_of("bank") == []


# --- accounts


def test_an_account_is_added_shown_once_changed_and_removed(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    browser.get(f"{ONE}/accounts")
    form = {"login": "oldsys", "face.rest": "on", "networks": "10.0.0.0/8", "a_second": "5", "sessions": "2"}
    made = browser.post(f"{ONE}/accounts", form)
    password = re.search(r"data-key>([A-Za-z0-9]{24})<", made.text)
    assert password is not None
    assert "такой логин уже есть" in shown(browser.post(f"{ONE}/accounts", form)).lower()
    listed = browser.get(f"{ONE}/accounts")
    assert "oldsys rest 10.0.0.0/8 5" in shown(listed)
    assert password[1] not in listed.text
    again = browser.post(f"{ONE}/accounts/password", {"login": "oldsys"})
    assert password[1] not in again.text
    assert "data-key>" in again.text
    assert "удалена" in shown(browser.follow(browser.post(f"{ONE}/accounts/remove", {"login": "oldsys"})))
    assert list(managed.accounts.of("bank")) == []


@pytest.mark.parametrize(
    "form",
    [
        {"login": "x"},
        {"login": "x y", "face.rest": "on"},
        {"login": "x", "face.rest": "on", "networks": "nowhere"},
        {"login": "x", "face.rest": "on", "a_second": "many"},
    ],
)
def test_an_account_that_cannot_be_is_refused(managed: ConsoleRig, form: dict[str, str]) -> None:
    browser = managed.signed_in(Role.ADMIN)
    browser.get(f"{ONE}/accounts")
    assert browser.post(f"{ONE}/accounts", form).status_code == 422


def test_an_account_of_another_bank_is_not_touched(managed: ConsoleRig) -> None:
    browser = managed.signed_in(Role.ADMIN)
    browser.get(f"{ONE}/accounts")
    browser.post("/console/tenants/odd/accounts", {"login": "theirs", "face.smpp": "on"})
    for deed in ("password", "remove"):
        assert browser.post(f"{ONE}/accounts/{deed}", {"login": "theirs"}).status_code == 404
    assert [one.login for one in managed.accounts.of("odd")] == ["theirs"]
