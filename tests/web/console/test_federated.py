"""Sign-in at the bank's identity provider, as the browser goes through it; its rules are tested elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from security_service.domain.secret import Secret
from tests.links.oidc_service import NOW_S, OidcService
from tests.links.peer import Peer
from tests.store.rig import StoreRig
from tests.usecases.test_sign_in_federated import Bank
from tests.web.console.rig import Browser, ConsoleRig, shown


@pytest.fixture
def service() -> Iterator[OidcService]:
    provider = OidcService(now_s=NOW_S)
    with Peer(provider) as peer:
        provider.url = peer.url
        yield provider


@pytest.fixture
def rig(store: StoreRig, service: OidcService) -> ConsoleRig:
    rig = ConsoleRig(store)
    return ConsoleRig(store, federated=Bank(rig.desk, service).signing)


def _visit(browser: Browser, service: OidcService) -> tuple[str, str]:
    """Go to the provider and be sent back; gives state and code."""
    answer = browser.get("/console/oidc")
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert "SameSite=Lax" in cookie
    assert "HttpOnly" in cookie
    state, code = service.authorise(Secret(answer.headers["Location"]))
    return state.reveal(), code.reveal()


def test_whom_the_provider_vouches_for_is_in_and_has_no_password_here(
    rig: ConsoleRig, service: OidcService
) -> None:
    browser = rig.browser()
    assert "Войти через банк" in shown(browser.get("/console/sign-in"))
    state, code = _visit(browser, service)
    answer = browser.get(f"/console/oidc/return?state={state}&code={code}", Sec_Fetch_Site="cross-site")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/")
    assert browser.cookie("etalon-federation") == ""
    assert "Здравствуйте, oidc:a.petrova" in shown(browser.get("/console/"))
    assert "Сменить пароль" not in shown(browser.get("/console/me"))


def test_the_answer_to_somebody_elses_request_lets_nobody_in(rig: ConsoleRig, service: OidcService) -> None:
    attacker, victim = rig.browser(), rig.browser()
    state, code = _visit(attacker, service)
    _visit(victim, service)
    answer = victim.get(f"/console/oidc/return?state={state}&code={code}")
    assert answer.status_code == 422
    assert victim.cookie("etalon-session") == ""
    assert victim.get("/console/").status_code == 303


@pytest.mark.parametrize(
    "query", ["", "?error=access_denied", "?state=x&code=y", "?state=%00&code=" + "y" * 5000]
)
def test_whatever_comes_back_the_answer_is_no_fault_of_ours(rig: ConsoleRig, query: str) -> None:
    answer = rig.browser().get(f"/console/oidc/return{query}")
    assert (answer.status_code, "Войти не удалось" in shown(answer)) == (422, True)
    assert "access_denied" not in answer.text
