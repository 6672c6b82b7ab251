"""Sign-in on the word of a provider, over a real store and a provider that speaks the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from security_service.domain.access import Role
from security_service.domain.people import PersonState
from security_service.domain.people_ports import ProviderAway
from security_service.domain.secret import Secret
from security_service.links.oidc import OidcClient, OidcProvider
from security_service.usecases.console_sessions import OpenSession
from security_service.usecases.invite_person import PersonFault
from security_service.usecases.sign_in import SignedIn, SignInRefused
from security_service.usecases.sign_in_federated import (
    FederationReturn,
    FederationRules,
    FederationStarted,
    SignInFederated,
)
from tests.links.oidc_service import CLIENT_ID, CLIENT_SECRET, NOW_S, REDIRECT_URI, OidcService
from tests.links.peer import Peer
from tests.store.rig import StoreRig
from tests.usecases.people_desk import NO_DEVICE, OUTSIDE, SEALER, PeopleDesk

NAME = "oidc:a.petrova"
LEADS = frozenset({Role.LEAD})
RULES = FederationRules(
    {"fraud-leads": frozenset({Role.LEAD}), "audit": frozenset({Role.AUDITOR})}, frozenset({"bank"})
)


@dataclass
class Bank:
    """The console, its people and their provider; `cookie` is what the browser carries."""

    desk: PeopleDesk
    service: OidcService
    signing: SignInFederated = field(init=False)

    def __post_init__(self) -> None:
        client = OidcClient(self.service.url, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI)
        provider = OidcProvider(client, now=lambda: self.desk.rig.now_ms / 1000)
        desk = self.desk
        self.signing = SignInFederated(
            provider, desk.people, desk.door, SEALER, RULES, desk.chance, desk.clock
        )

    def visit(self, source: str = OUTSIDE, device: Secret = NO_DEVICE) -> FederationReturn:
        """Begin, go to the provider, and come back as far as the last step."""
        started = self.signing.begin()
        assert isinstance(started, FederationStarted)
        state, code = self.service.authorise(started.address)
        return FederationReturn(state, code, "", started.cookie, source, device)

    def enter(self, device: Secret = NO_DEVICE) -> SignedIn:
        """Sign in."""
        signed_in = self.signing.finish(self.visit(device=device))
        assert isinstance(signed_in, SignedIn)
        return signed_in


@pytest.fixture
def bank(redis_url: str) -> Iterator[Bank]:
    rig, service = StoreRig(redis_url), OidcService(now_s=NOW_S)
    with Peer(service) as peer:
        service.url = peer.url
        yield Bank(PeopleDesk(rig), service)
    rig.close()


def test_whom_the_provider_vouches_for_gets_the_roles_that_are_mapped(bank: Bank) -> None:
    bank.service.claims["groups"] = ["fraud-leads", "admins", "lead", "admin"]
    opened = bank.desk.sessions.open(bank.enter().session)
    assert isinstance(opened, OpenSession)
    assert (opened.name, opened.roles, opened.tenants) == (NAME, LEADS, frozenset({"bank"}))
    assert opened.is_federated
    assert bank.desk.events("signed_in")[-1]["facts"]["method"] == "oidc"


@pytest.mark.parametrize("groups", [[], ["admins"], "admin", ["Fraud-Leads"]])
def test_who_has_no_mapped_role_is_not_let_in(bank: Bank, groups: object) -> None:
    bank.service.claims["groups"] = groups
    assert bank.signing.finish(bank.visit()) == SignInRefused()
    assert bank.desk.reasons() == ["no_role"]
    assert bank.desk.people.get(NAME) is None


def test_roles_follow_the_provider_at_every_sign_in(bank: Bank) -> None:
    bank.enter()
    bank.service.claims["groups"] = ["audit"]
    opened = bank.desk.sessions.open(bank.enter().session)
    assert isinstance(opened, OpenSession)
    assert opened.roles == {Role.AUDITOR}
    bank.service.claims["groups"] = []
    assert bank.signing.finish(bank.visit()) == SignInRefused()


def test_a_name_of_the_provider_is_never_one_of_ours(bank: Bank) -> None:
    bank.desk.arrive("root", Role.ADMIN)
    bank.service.claims["preferred_username"] = "root"
    opened = bank.desk.sessions.open(bank.enter().session)
    assert isinstance(opened, OpenSession)
    assert (opened.name, opened.roles) == ("oidc:root", LEADS)
    bank.service.claims["preferred_username"] = "../root"
    assert bank.signing.finish(bank.visit()) == SignInRefused()
    assert bank.desk.reasons() == ["no_name"]


def test_who_is_disabled_here_stays_out_whatever_the_provider_says(bank: Bank) -> None:
    session = bank.enter().session
    bank.desk.changing.disable(NAME, "root")
    assert not bank.desk.is_open(session)
    assert bank.signing.finish(bank.visit()) == SignInRefused()
    assert bank.desk.reasons() == ["not_active"]
    bank.desk.changing.enable(NAME, "root")
    assert bank.desk.state(NAME) is PersonState.ACTIVE
    bank.enter()


def test_a_person_of_the_provider_has_no_password_here(bank: Bank) -> None:
    bank.enter()
    bank.desk.secrets[NAME] = Secret("A" * 32)
    assert bank.desk.sign_in(NAME, Secret(""), bank.desk.code(NAME)) == SignInRefused()
    assert isinstance(bank.desk.changing.reset(NAME, "root"), PersonFault)
    assert bank.desk.state(NAME) is PersonState.ACTIVE


def test_a_return_is_of_use_once(bank: Bank) -> None:
    returned = bank.visit()
    assert isinstance(bank.signing.finish(returned), SignedIn)
    assert bank.signing.finish(returned) == SignInRefused()
    again = bank.service.codes
    again["stolen"] = {"nonce": "", "code_challenge": ""}
    assert bank.signing.finish(replace(returned, code=Secret("stolen"))) == SignInRefused()


def test_a_state_lets_in_once_even_if_the_provider_gives_a_second_code_for_it(bank: Bank) -> None:
    started = bank.signing.begin()
    assert isinstance(started, FederationStarted)
    outcomes = []
    for _ in range(2):
        state, code = bank.service.authorise(started.address)
        returned = FederationReturn(state, code, "", started.cookie, OUTSIDE, NO_DEVICE)
        outcomes.append(bank.signing.finish(returned))
    assert isinstance(outcomes[0], SignedIn)
    assert outcomes[1] == SignInRefused()
    assert bank.desk.reasons() == ["state"]


def test_a_browser_that_did_not_ask_is_not_let_in(bank: Bank) -> None:
    victim, attacker = bank.visit(), bank.visit()
    crossed = [
        replace(victim, cookie=attacker.cookie),
        replace(victim, cookie=Secret("")),
        replace(victim, cookie=Secret("not base 64 ж")),
        replace(victim, cookie=Secret(victim.cookie.reveal()[:-8] + "AAAAAAA=")),
        replace(victim, state=Secret("")),
        replace(victim, state=Secret("ж")),
    ]
    for returned in crossed:
        assert bank.signing.finish(returned) == SignInRefused()
    assert bank.desk.reasons() == ["state"] * len(crossed)
    assert "/token" not in bank.service.asked


def test_a_return_after_ten_minutes_is_too_late(bank: Bank) -> None:
    returned = bank.visit()
    bank.desk.rig.advance(600)
    assert bank.signing.finish(returned) == SignInRefused()
    assert bank.desk.reasons() == ["state"]


def test_what_the_provider_refused_is_refused(bank: Bank) -> None:
    returned = replace(bank.visit(), error="access_denied", code=Secret(""))
    assert bank.signing.finish(returned) == SignInRefused()
    assert bank.desk.reasons() == ["provider"]


def test_a_token_that_lies_signs_nobody_in(bank: Bank) -> None:
    bank.service.bend = lambda claims: {**claims, "nonce": "another"}
    assert bank.signing.finish(bank.visit()) == SignInRefused()
    bank.service.bend = lambda claims: {**claims, "aud": "another"}
    assert bank.signing.finish(bank.visit()) == SignInRefused()
    assert bank.desk.reasons() == ["provider"] * 2


def test_beginning_writes_nothing(bank: Bank) -> None:
    before = sorted(bank.desk.rig.redis.scan_iter())
    for _ in range(20):
        bank.signing.begin()
    assert sorted(bank.desk.rig.redis.scan_iter()) == before


def test_a_provider_that_is_away_begins_nothing(bank: Bank) -> None:
    bank.service.metadata = lambda told: {**told, "issuer": "another"}
    assert bank.signing.begin() == ProviderAway()


def test_the_cookie_tells_nothing_of_what_it_carries(bank: Bank) -> None:
    returned = bank.visit()
    assert returned.state.reveal() not in returned.cookie.reveal()


def test_a_flood_of_returns_slows_its_network_and_no_known_device(bank: Bank) -> None:
    device = bank.enter().device
    wrong = replace(bank.visit(), cookie=Secret(""))
    outcomes = [bank.signing.finish(wrong) for _ in range(25)]
    assert outcomes[-1] != SignInRefused()
    assert bank.enter(device).device == device
    elsewhere = bank.signing.finish(bank.visit("192.0.2.99"))
    assert isinstance(elsewhere, SignedIn)
