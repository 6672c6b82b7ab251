"""Access tokens for signed assertions: who gets one, and what an attacker gets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from security_service.domain.oauth_clients import CHECK_SCOPE, OTP_SCOPE, OAuthClient
from security_service.links.client_assertion import public_keys
from security_service.links.operating_system import SystemClock
from security_service.usecases.keep_clients import AnothersClient
from security_service.web.application import AUTHENTICATION
from security_service.web.auth import Authentication
from tests.links.signing_keys import rsa_pem
from tests.store.rig import StoreRig
from tests.web.camara_rig import (
    CHECK,
    CLIENT,
    DATE,
    FREE_BANK,
    ISSUER,
    MESSAGE,
    OTHER_BANK,
    PHONE,
    SEND,
    STRANGER,
    TOKEN_ENDPOINT,
    VALIDATE,
    CamaraRig,
    code_of,
    forged,
    key_set,
    rsa_key,
)
from tests.web.rig import WebRig


@pytest.fixture
def store(redis_url: str) -> Iterator[StoreRig]:
    rig = StoreRig(redis_url)
    yield rig
    rig.close()


@pytest.fixture
def rig(store: StoreRig) -> CamaraRig:
    return CamaraRig(store)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
@pytest.mark.parametrize("audience", [TOKEN_ENDPOINT, ISSUER, [ISSUER, "https://elsewhere.example"]])
def test_a_signed_assertion_for_this_service_is_given_a_short_token(
    rig: CamaraRig, algorithm: str, audience: object
) -> None:
    answer = rig.ask_token(rig.assertion(algorithm, aud=audience), scope=OTP_SCOPE)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    given = answer.get_json()
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 900, OTP_SCOPE)
    assert len(given["access_token"]) == 64


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://elsewhere.example/oauth2/token"},
        {"aud": None},
        {"aud": {"of": ISSUER}},
        {"iss": "nobody"},
        {"sub": STRANGER},
        {"sub": None},
        {"iss": STRANGER},
        {"iss": ["mobile-app"]},
        {"exp": None},
        {"exp": 1},
        {"exp": True},
        {"exp": "2099-01-01"},
        {"iat": None},
        {"iat": 4_000_000_000, "exp": 4_000_000_060},
        {"nbf": 4_000_000_000},
        {"nbf": "soon"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "j" * 257},
    ],
)
def test_an_assertion_that_says_something_else_is_refused_like_an_unknown_client(
    rig: CamaraRig, changed: dict[str, object]
) -> None:
    answer = rig.ask_token(rig.signed(changed))
    assert answer.status_code == 401
    assert answer.data == rig.ask_token(rig.assertion(client="nobody")).data
    assert answer.get_json()["error"] == "invalid_client"


@pytest.mark.parametrize(("ahead", "life", "status"), [
    (30, 300, 200), (31, 300, 401), (0, 301, 401), (-329, 300, 200), (-330, 300, 401),
])  # fmt: skip
def test_a_clients_clock_may_be_off_by_thirty_seconds_and_no_assertion_lives_long(
    rig: CamaraRig, ahead: int, life: int, status: int
) -> None:
    issued = rig.now() + ahead
    assert rig.ask_token(rig.assertion(iat=issued, exp=issued + life)).status_code == status


def test_an_assertion_is_good_once_also_where_nothing_came_of_it(rig: CamaraRig) -> None:
    assertion = rig.assertion()
    assert rig.ask_token(assertion, scope="unheard-of").get_json()["error"] == "invalid_scope"
    assert rig.ask_token(assertion).status_code == 401
    told = [json.loads(text) for text in rig.store.texts("m") if b"account_refused" in text]
    assert [event["facts"]["reason"] for event in told] == ["replayed"]


def test_a_jti_of_one_client_uses_up_none_of_anothers(rig: CamaraRig) -> None:
    assert rig.ask_token(rig.assertion(jti="same")).status_code == 200
    assert rig.ask_token(rig.assertion(client=STRANGER, jti="same")).status_code == 200
    assert rig.ask_token(rig.assertion(jti="same")).status_code == 401


def test_a_forger_spends_no_jti(rig: CamaraRig) -> None:
    strange = RSAKey.import_key(rsa_pem(3072), {"kid": "r1"})
    assert rig.ask_token(rig.assertion(key=strange, jti="next")).status_code == 401
    assert rig.ask_token(rig.assertion(jti="next")).status_code == 200


def test_no_algorithm_without_the_clients_private_key_is_believed(rig: CamaraRig) -> None:
    public = rsa_key().as_pem(private=False)
    for header, secret in (
        ({"alg": "none"}, None),
        ({"alg": "none", "kid": "r1"}, None),
        ({"alg": "HS256"}, public),
        ({"alg": "HS256", "kid": "r1"}, public),
        ({"alg": "RS256", "kid": "r1"}, public),
        ({"alg": "ES256", "kid": "r1"}, public),
        ({"alg": "RS256", "kid": "../../etc/passwd"}, public),
    ):
        assert rig.ask_token(forged(header, rig.claims(), secret)).status_code == 401
    assert rig.ask_token(rig.assertion("RS512")).status_code == 401


@pytest.mark.parametrize(
    "assertion", ["", "x", "a.b", "a.b.c", "....", "e30.e30.", "é.é.é", "e30." + "W10" * 4000 + ".x"]
)
def test_what_is_no_assertion_is_refused(rig: CamaraRig, assertion: str) -> None:
    assert rig.ask_token(assertion).status_code == 401


def test_a_client_names_itself_by_its_assertion_only(rig: CamaraRig) -> None:
    assert rig.ask_token(rig.assertion(), client_id=CLIENT).status_code == 200
    assert rig.ask_token(rig.assertion(), client_id=STRANGER).status_code == 401
    answer = rig.client.post(
        "/oauth2/token", data={"grant_type": "client_credentials"}, auth=(CLIENT, "password")
    )
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_requests_of_another_form_are_told_so(rig: CamaraRig) -> None:
    assertion = rig.assertion()
    assert rig.ask_token(assertion, grant_type="password").get_json()["error"] == "unsupported_grant_type"
    assert rig.ask_token(assertion, grant_type="").get_json()["error"] == "invalid_request"
    twice = rig.client.post("/oauth2/token", data={"scope": ["a", "b"]})
    assert (twice.status_code, twice.get_json()["error"]) == (400, "invalid_request")
    in_url = rig.client.post(f"/oauth2/token?client_assertion={assertion}", data={})
    assert in_url.get_json()["error"] == "invalid_request"
    assert rig.client.post("/oauth2/token", json={}).get_json()["error"] == "invalid_request"


def test_a_client_gets_no_scope_that_it_does_not_have_and_one_purpose_at_most(rig: CamaraRig) -> None:
    fraud, service = "dpv:FraudPreventionAndDetection", "dpv:ServiceProvision"
    rig.save("narrow", FREE_BANK, CHECK_SCOPE, fraud, service)
    for asked, scopes in (
        (f"{fraud} {CHECK_SCOPE}", f"{fraud} {CHECK_SCOPE}"),
        ("", CHECK_SCOPE),
        (f"{fraud} {service} {CHECK_SCOPE}", None),
        (OTP_SCOPE, None),
    ):
        given = rig.ask_token(rig.assertion(client="narrow"), scope=asked).get_json()
        assert given.get("scope") == scopes
        assert scopes or given["error"] == "invalid_scope"
    token = rig.token("narrow", scope=CHECK_SCOPE)
    answer = rig.post(SEND, {"phoneNumber": PHONE, "message": MESSAGE}, token)
    assert code_of(answer) == (403, "PERMISSION_DENIED")


def test_a_token_ends_with_time_with_its_client_and_with_any_change_of_it(rig: CamaraRig) -> None:
    def status(token: str) -> int:
        return rig.post(CHECK, {}, token).status_code

    old = rig.token()
    assert status(old) == 422
    rig.store.advance(930)
    assert status(old) == 401
    changed, removed = rig.token(), rig.token(STRANGER)
    rig.save(CLIENT, FREE_BANK, CHECK_SCOPE)
    assert rig.clients.remove(STRANGER, "cli:op")
    assert not rig.clients.remove(STRANGER, "cli:op")
    assert (status(changed), status(removed)) == (401, 401)
    assert [one.id for one in rig.clients.of("")] == [CLIENT]
    assert rig.clients.of(OTHER_BANK.id) == []


def test_a_client_belongs_to_one_tenant(rig: CamaraRig) -> None:
    theirs = OAuthClient(CLIENT, OTHER_BANK.id, key_set(rsa_key()), frozenset({CHECK_SCOPE}))
    assert rig.clients.save(theirs, "cli:op") == AnothersClient()


@pytest.mark.parametrize(("client_id", "scope"), [("", CHECK_SCOPE), ("a b", CHECK_SCOPE), ("a", "admin"),
                                                 ("a", "dpv:"), ("x" * 65, CHECK_SCOPE)])  # fmt: skip
def test_a_client_has_a_plain_id_and_known_scopes(client_id: str, scope: str) -> None:
    with pytest.raises(ValueError, match=r"id|scopes"):
        OAuthClient(client_id, "bank", "{}", frozenset({scope}))


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("", "`keys`"),
        ("[]", "`keys`"),
        ('{"keys": []}', "`keys`"),
        ('{"keys": [1]}', "`keys`"),
        ('{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', "private or a shared"),
        ('{"keys": [{"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}]}', "RSA or EC"),
        ('{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}', "cannot be read"),
        ('{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "HS256"}]}', "for signatures"),
        ('{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc"}]}', "for signatures"),
    ],
)
def test_a_set_of_keys_holds_strong_public_keys_only(keys: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        public_keys(keys)


def test_a_private_or_short_key_is_not_taken() -> None:
    short = {**rsa_key().as_dict(private=False), "n": "w" * 171}
    for key, sentence in ((short, "2048"), (rsa_key().as_dict(private=True), "private")):
        with pytest.raises(ValueError, match=sentence):
            public_keys(json.dumps({"keys": [key]}))


def test_discovery_says_where_tokens_are_whatever_the_host_header_says(rig: CamaraRig) -> None:
    for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
        told = rig.client.get(path, headers={"Host": "evil.example"}).get_json()
        assert (told["issuer"], told["token_endpoint"]) == (ISSUER, TOKEN_ENDPOINT)
        assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
        assert "none" not in told["token_endpoint_auth_signing_alg_values_supported"]


def test_neither_token_nor_assertion_lies_in_the_store(rig: CamaraRig) -> None:
    assertion = rig.assertion()
    token = rig.ask_token(assertion).get_json()["access_token"]
    everything = b"".join(rig.store.redis.dump(key) for key in rig.store.redis.scan_iter())
    assert token.encode() not in everything
    assert not any(token in key.decode() for key in rig.store.redis.scan_iter())
    assert assertion.rpartition(".")[2].encode() not in everything


def test_a_client_of_others_gets_a_token_and_is_let_in(store: StoreRig) -> None:
    server = make_server("127.0.0.1", 0, None, threaded=True)  # type: ignore[arg-type] # set below
    address = f"http://127.0.0.1:{server.port}"
    rig = CamaraRig(store, SystemClock(), address)
    server.app = rig.app
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        with OAuth2Session(CLIENT, rsa_pem(), token_endpoint_auth_method="private_key_jwt") as session:
            # By itself the library signs for an hour, which the profile of CAMARA forbids.
            short = {"exp": rig.now() + 60}
            session.register_client_auth_method(
                PrivateKeyJWT(f"{address}/oauth2/token", claims=short, headers={"kid": "r1"})
            )
            given = session.fetch_token(
                f"{address}/oauth2/token", grant_type="client_credentials", scope=CHECK_SCOPE
            )
            assert given["scope"] == CHECK_SCOPE
            assert session.post(f"{address}{CHECK}", json={}).status_code == 422
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def test_the_whole_application_serves_the_faces_and_states_how_they_know_their_callers(
    rig: CamaraRig,
) -> None:
    app = WebRig(camara=rig.services).app
    stated = app.extensions[AUTHENTICATION]
    for name in ("oauth", "camara_otp", "camara_sim_swap"):
        assert stated[name] is Authentication.OAUTH_CLIENT
    assert stated["oauth_discovery"] is Authentication.NONE
    answers = app.test_client()
    assert answers.get("/.well-known/openid-configuration").get_json()["issuer"] == ISSUER
    for path in (SEND, VALIDATE, CHECK, DATE):
        assert code_of(answers.post(path, json={})) == (401, "UNAUTHENTICATED")
        assert WebRig().client.post(path, json={}).status_code == 404
