"""A customer with a new SIM pays with the authenticator app that the bank's backend had enrolled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest

from tests.e2e.callers import Backend, FraudTeam, new_number
from tests.e2e.inside import Inside
from tests.e2e.parts import HOME, Parts, all_parts
from tests.e2e.waiting import wait_for

PAYMENT = {"Purpose": "pay", "Amount": "1500.00", "Currency": "RUB", "Payee": "ООО Ромашка"}
REASON = {"reason": "signed in with the password and at the branch"}


class Bank:
    """A bank's backend, with a key for codes and one that may enrol."""

    def __init__(self, parts: Parts, backend: Backend) -> None:
        self.backend, self.operator = backend, parts.operator
        self.enroller = FraudTeam(parts.base_url, parts.role_keys["enroller"])
        self.team: FraudTeam = parts.team

    def offer(self, number: str) -> httpx.Response:
        return self.enroller.http.post(f"/subscribers/{number}/authenticator", json=REASON)

    def confirm(self, number: str, code: str) -> httpx.Response:
        body = {"code": code, **REASON}
        return self.enroller.http.post(f"/subscribers/{number}/authenticator/confirm", json=body)

    def state(self, number: str) -> str:
        return str(self.enroller.http.get(f"/subscribers/{number}/authenticator").json()["state"])

    def enrol(self, number: str) -> pyotp.TOTP:
        """Offer and confirm, as the bank's application does with what its customer types."""
        offered = self.offer(number)
        assert offered.is_success, offered.text
        assert offered.headers["Cache-Control"] == "no-store"
        assert offered.json()["qr_svg"].startswith("<svg")
        app = pyotp.TOTP(parse_qs(urlsplit(offered.json()["uri"]).query)["secret"][0])
        confirmed = self.confirm(number, app.at(int(time.time()) - 30))
        assert confirmed.is_success, confirmed.text
        confirmed_at = int(time.time())
        # a SIM is dated to the second: one first seen in the very second of the confirmation is no older
        wait_for("the next second", lambda: time.time() >= confirmed_at + 1)
        return app


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    with ExitStack() as undo:
        parts = undo.enter_context(all_parts(Parts(tmp_path_factory.mktemp("step_up")), worker=False))
        inside = undo.enter_context(Inside.of_config(parts.config))
        backend = undo.enter_context(parts.backend(inside, HOME, policy="strict"))
        bank = Bank(parts, backend)
        undo.enter_context(bank.enroller)
        yield bank


def known(bank: Bank) -> str:
    """A customer who has had a code before."""
    number = new_number()
    assert bank.backend.generate(number, Purpose="login").code == 0
    return number


def test_a_payment_with_a_new_sim_is_approved_by_the_authenticator_once(bank: Bank) -> None:
    number = known(bank)
    app = bank.enrol(number)
    assert bank.state(number) == "active"
    bank.operator.swap(number)
    refused = bank.backend.generate(number, **PAYMENT)
    assert (refused.code, refused.headers["X-Etalon-Verdict"]) == (6, "deny")
    bank.team.act(number, "reverify")
    stepped_up = bank.backend.generate(number, **PAYMENT)
    assert (stepped_up.code, stepped_up.headers["X-Etalon-Verdict"]) == (6, "step_up")
    code = app.now()
    assert bank.backend.check(number, code, **PAYMENT).code == 0
    assert bank.backend.check(number, code, **PAYMENT).code == 5
    checked = bank.team.events(number=number, kind="code_checked")
    assert [event["outcome"]["reason"] for event in checked] == ["valid", "spent"]


def test_a_thief_with_a_new_sim_enrols_nothing_of_his_own(bank: Bank) -> None:
    number = known(bank)
    bank.operator.swap(number)
    app = pyotp.TOTP(parse_qs(urlsplit(bank.offer(number).json()["uri"]).query)["secret"][0])
    refused = bank.confirm(number, app.now())
    problem = "urn:etalon:problem:authenticator-sim-in-question"
    assert (refused.status_code, refused.json()["type"]) == (409, problem)
    assert bank.backend.generate(number, **PAYMENT).headers["X-Etalon-Verdict"] == "deny"
    assert bank.offer(number).status_code == 409
    assert bank.state(number) == "offered"


def test_an_authenticator_that_was_removed_steps_nothing_up(bank: Bank) -> None:
    number = known(bank)
    bank.enrol(number)
    removed = bank.enroller.http.request("DELETE", f"/subscribers/{number}/authenticator", json=REASON)
    assert removed.json()["result"] == "removed"
    bank.operator.swap(number)
    bank.backend.generate(number, **PAYMENT)
    bank.team.act(number, "reverify")
    assert bank.backend.generate(number, **PAYMENT).headers["X-Etalon-Verdict"] == "deny"


def test_the_key_that_enrols_does_nothing_else(bank: Bank) -> None:
    number = new_number()
    http = bank.enroller.http
    assert http.get(f"/subscribers/{number}").status_code == 403
    assert http.post(f"/subscribers/{number}/freeze", json=REASON).status_code == 403


def test_one_that_was_frozen_gets_nothing_until_unlocked(bank: Bank) -> None:
    number = known(bank)
    code = bank.operator.code(number)
    assert bank.team.act(number, "freeze")["result"] == "frozen"
    assert bank.backend.generate(number, Purpose="login").code == 3
    assert bank.backend.check(number, code, Purpose="login").code == 3
    assert bank.team.act(number, "unlock")["subscriber"]["frozen"] is False
    assert bank.backend.check(number, code, Purpose="login").code == 5
