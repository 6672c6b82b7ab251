"""The Open Gateway faces over a real store, with a SIM, a gateway and a clock that are told what to do."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey
from werkzeug.test import TestResponse

from security_service.domain.audit import Event
from security_service.domain.limits import Limits
from security_service.domain.oauth_clients import SCOPES, OAuthClient
from security_service.domain.ports import Clock
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.links.client_assertion import SignedAssertions, public_keys
from security_service.links.operating_system import SystemChance
from security_service.links.sealed_text import TextSealer
from security_service.links.sink_link import SinkLink
from security_service.store.accounts import StoredAccounts
from security_service.store.authentications import StoredAuthentications
from security_service.store.oauth_clients import StoredOAuthClients, StoredOAuthTokens
from security_service.store.swap_subscriptions import StoredSwapSubscriptions
from security_service.usecases.grant_token import GrantToken
from security_service.usecases.keep_clients import KeepClients
from security_service.usecases.keep_swap_subscriptions import KeepSwapSubscriptions
from security_service.usecases.one_time_sms import OneTimeSms
from security_service.usecases.tell_sim_swap import TellSimSwap
from security_service.web.application import faceless_app
from security_service.web.camara_otp import create_camara_otp
from security_service.web.camara_services import CamaraServices
from security_service.web.camara_sim_swap import create_camara_sim_swap
from security_service.web.camara_swap_subscriptions import create_camara_subscriptions
from security_service.web.oauth import ASSERTION_TYPE, create_discovery, create_oauth
from tests.links.signing_keys import ec_pem, rsa_pem
from tests.store.rig import RING, StoreRig
from tests.usecases.behind_the_scenes import MemoryTenants
from tests.usecases.test_fallback_over_a_store import BANK, NUMBER, Service

ISSUER: Final = "https://codes.bank.example"
TOKEN_ENDPOINT: Final = f"{ISSUER}/oauth2/token"
CLIENT: Final = "mobile-app"
STRANGER: Final = "app-of-another-bank"
PHONE: Final = f"+{NUMBER.digits}"
FREE_BANK: Final = replace(BANK, limits=Limits(requests=(), checks=(), sends=()), code_length=6)
OTHER_BANK: Final = replace(FREE_BANK, id="other")
SEND: Final = "/one-time-password-sms/v1/send-code"
VALIDATE: Final = "/one-time-password-sms/v1/validate-code"
CHECK: Final = "/sim-swap/v2/check"
DATE: Final = "/sim-swap/v2/retrieve-date"
MESSAGE: Final = "{{code}} is your short code to authenticate with Cool App via SMS"


@cache
def rsa_key() -> RSAKey:
    return RSAKey.import_key(rsa_pem(), {"kid": "r1"})


@cache
def ec_key() -> ECKey:
    return ECKey.import_key(ec_pem(), {"kid": "e1"})


def key_set(*keys: Key) -> str:
    """The public halves, as a client's operator would hand them over."""
    return public_keys(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}))


class MemoryJournal:
    """The LogJournal port: keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Msisdn | None, Event]] = []

    def tell(self, tenant: str, number: Msisdn | None, event: Event) -> None:
        self.told.append((tenant, number, event))


class CamaraRig:
    """The faces, one client of the bank, one of another bank."""

    def __init__(self, store: StoreRig, clock: Clock | None = None, issuer: str = ISSUER) -> None:
        self.store, self.service = store, Service(store)
        self.clock = clock or self.service.clock
        self.tenants = MemoryTenants(FREE_BANK, OTHER_BANK)
        self.clients = KeepClients(StoredOAuthClients(store.frame))
        self.journal = MemoryJournal()
        self.issuer, self._jtis = issuer, 0
        self.save(CLIENT, FREE_BANK)
        self.save(STRANGER, OTHER_BANK)
        self.app = self.faces()
        self.client = self.app.test_client()

    def faces(self) -> Flask:
        """The application, for the tenants as they are now."""
        chance, frame = SystemChance(), self.store.frame
        tokens = GrantToken(
            StoredOAuthClients(frame),
            StoredOAuthTokens(frame),
            SignedAssertions(),
            StoredAccounts(frame),
            self.tenants,
            chance,
            self.clock,
            (self.issuer, f"{self.issuer}/oauth2/token"),
        )
        one_time_sms = OneTimeSms(
            self.service.generate_code.run, self.service.check_code.run, StoredAuthentications(frame), chance
        )
        sim_swap = TellSimSwap(
            self.store.subscribers,
            self.service.sim,
            self.store.wide,
            self.journal,
            chance,
            self.service.meter,
        )
        subscriptions = KeepSwapSubscriptions(
            StoredSwapSubscriptions(frame),
            SinkLink(private=False),
            TextSealer(RING, "sink tokens"),
            chance,
            self.clock,
            self.service.meter,
        )
        camara = self.services = CamaraServices(self.issuer, tokens, one_time_sms, sim_swap, subscriptions)
        app = faceless_app()
        for blueprint in (
            create_oauth(camara, ()),
            create_discovery(camara),
            create_camara_otp(camara, chance),
            create_camara_sim_swap(camara, chance),
            create_camara_subscriptions(camara, chance),
        ):
            app.register_blueprint(blueprint)
        return app

    def save(self, client: str, tenant: Tenant, *scopes: str) -> None:
        """A client with both keys, and all scopes where none are named."""
        keys = key_set(rsa_key(), ec_key())
        saved = OAuthClient(client, tenant.id, keys, frozenset(scopes or SCOPES))
        assert self.clients.save(saved, "cli:op") == saved

    def now(self) -> int:
        return self.clock.unix_ms() // 1000

    def claims(self, client: str = CLIENT, **changed: object) -> dict[str, Any]:
        """Claims of a good assertion, each with a jti of its own, but for those that are changed."""
        self._jtis += 1
        now = self.now()
        claims: dict[str, object] = {"iss": client, "sub": client, "aud": TOKEN_ENDPOINT, "iat": now}
        return claims | {"exp": now + 60, "jti": f"jti-{self._jtis}", **changed}

    def assertion(
        self, algorithm: str = "RS256", key: Key | None = None, client: str = CLIENT, **changed: object
    ) -> str:
        """A signed assertion of a client."""
        return self.signed(self.claims(client, **changed), algorithm, key)

    def signed(self, changed: Mapping[str, object], algorithm: str = "RS256", key: Key | None = None) -> str:
        """A signed assertion whose claims are what they should be but for some."""
        key = key or (ec_key() if algorithm == "ES256" else rsa_key())
        header = {"alg": algorithm, **({"kid": key.kid} if key.kid else {})}
        claims = {**self.claims(), **changed}
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(header, claims, key, algorithms=[algorithm])

    def ask_token(self, assertion: str, **members: str) -> TestResponse:
        """Ask for a token."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return self.client.post("/oauth2/token", data={**form, **members})

    def token(self, client: str = CLIENT, **members: str) -> str:
        """A token that a client has."""
        answer = self.ask_token(self.assertion(client=client), **members)
        assert answer.status_code == 200, answer.json
        return str(answer.json["access_token"]) if answer.json else ""

    def post(
        self,
        path: str,
        body: object,
        token: str | None = None,
        headers: Mapping[str, str] = {},
    ) -> TestResponse:
        """Call an interface; with the token of the bank's client where none is given."""
        bearer = {"Authorization": f"Bearer {self.token() if token is None else token}"}
        return self.client.post(path, json=body, headers={**bearer, **headers})

    def sms_code(self) -> str:
        """The code of the last message."""
        return next(word for word in self.last_text().split() if word.isdigit())

    def last_text(self) -> str:
        """The last message as the person reads it."""
        return self.service.sms.sent[-1][0].text.reveal()


def forged(header: Mapping[str, str], claims: Mapping[str, object], secret: bytes | None) -> str:
    """A token made by hand, under a shared secret or without a signature."""
    parts = [_encoded(json.dumps(one).encode()) for one in (header, claims)]
    signature = b"" if secret is None else hmac.digest(secret, ".".join(parts).encode(), "sha256")
    return ".".join([*parts, _encoded(signature)])


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def code_of(answer: TestResponse) -> tuple[int, str]:
    """Status and code of an error."""
    document = answer.json
    assert document is not None
    assert set(document) == {"status", "code", "message"}
    assert document["status"] == answer.status_code
    return answer.status_code, document["code"]
