from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from security_service.domain.secret import Secret
from security_service.links.http_link import HttpLink
from security_service.links.oauth import AccessTokens, OAuthClient, read_signing_key, signed_jwt
from security_service.links.session import NoSession, NoSessionReason
from tests.links.peer import Answer, Peer, Reply, Request, as_json
from tests.links.signing_keys import ec_pem, rsa_pem

NOW = 1_790_000_000
WITHIN_S = 5.0


class Endpoint:
    def __init__(self) -> None:
        self.given = 0
        self.reply: Reply | None = None
        self.life: object = 300

    def __call__(self, request: Request) -> Reply:
        self.given += 1
        token = {"access_token": f"t{self.given}", "token_type": "bearer", "expires_in": self.life}
        return self.reply or as_json(token)


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def peer(endpoint: Endpoint) -> Iterator[Peer]:
    with Peer(endpoint) as serving:
        yield serving


def tokens_of(peer: Peer) -> AccessTokens:
    key = read_signing_key(Secret(ec_pem()))
    client = OAuthClient("bank", key, "k1", "https://operator.example/token", "sim-swap:check dpv:X")
    return AccessTokens(client, HttpLink(f"{peer.url}/token"), lambda: NOW + 0.5)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize(("pem", "algorithm"), [(ec_pem(), "ES256"), (rsa_pem(), "RS256")])
def test_a_jwt_is_signed_by_the_algorithm_of_its_key(pem: str, algorithm: str) -> None:
    key = read_signing_key(Secret(pem))
    head, body, signature = signed_jwt(key, "k1", {"iss": "bank", "exp": 5}).split(".")
    assert json.loads(decoded(head)) == {"alg": algorithm, "typ": "JWT", "kid": "k1"}
    assert json.loads(decoded(body)) == {"iss": "bank", "exp": 5}
    public, raw, signed = key.public_key(), decoded(signature), f"{head}.{body}".encode()
    if isinstance(public, RSAPublicKey):
        public.verify(raw, signed, PKCS1v15(), SHA256())
    else:
        assert isinstance(public, EllipticCurvePublicKey)
        halves = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        public.verify(encode_dss_signature(*halves), signed, ECDSA(SHA256()))
    assert "=" not in head + body + signature


def test_a_key_without_an_id_names_none() -> None:
    head = signed_jwt(read_signing_key(Secret(ec_pem())), "", {}).split(".")[0]
    assert "kid" not in json.loads(decoded(head))


@pytest.mark.parametrize("pem", ["", "no key", rsa_pem(1024)])
def test_a_key_that_cannot_sign_is_refused_without_its_text(pem: str) -> None:
    with pytest.raises(ValueError, match="private_key must be") as refused:
        read_signing_key(Secret(pem))
    assert refused.value.__cause__ is None
    assert len(str(refused.value)) < 80


def test_the_assertion_names_the_client_its_reader_and_a_short_life(peer: Peer) -> None:
    tokens_of(peer).current(WITHIN_S)
    form = {name: values[0] for name, values in parse_qs(peer.requests[0].body.decode()).items()}
    claims = json.loads(decoded(form["client_assertion"].split(".")[1]))
    name = claims.pop("jti")
    assert len(name) == 32
    assert claims == {
        "iss": "bank",
        "sub": "bank",
        "aud": "https://operator.example/token",
        "iat": NOW,
        "exp": NOW + 60,
    }
    assert (form["client_id"], form["scope"]) == ("bank", "sim-swap:check dpv:X")


def test_no_two_assertions_are_the_same(peer: Peer, endpoint: Endpoint) -> None:
    endpoint.life = 0
    tokens = tokens_of(peer)
    for _ in range(2):
        assert isinstance(tokens.current(WITHIN_S), Secret)
    first, second = (parse_qs(request.body.decode())["client_assertion"] for request in peer.requests)
    assert first != second


@pytest.mark.parametrize(
    ("life", "asked"), [(300, 1), (3600 * 24, 1), ("300", 1), (None, 1), (10, 2), (5, 2)]
)
def test_a_token_is_kept_until_shortly_before_its_end(
    peer: Peer, endpoint: Endpoint, life: object, asked: int
) -> None:
    endpoint.life = life
    tokens = tokens_of(peer)
    tokens.current(WITHIN_S)
    tokens.current(WITHIN_S)
    assert endpoint.given == asked


def test_a_token_that_was_refused_is_replaced(peer: Peer) -> None:
    tokens = tokens_of(peer)
    first = tokens.current(WITHIN_S)
    assert first == Secret("t1")
    assert tokens.renewed(Secret("t1"), WITHIN_S) == tokens.current(WITHIN_S) == Secret("t2")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (as_json({"error": "invalid_client"}, 401), NoSessionReason.REFUSED),
        (as_json({"error": "invalid_scope"}, 400), NoSessionReason.REFUSED),
        (as_json({}, 403), NoSessionReason.REFUSED),
        (as_json({}, 500), NoSessionReason.UNREACHABLE),
        (as_json({}), NoSessionReason.UNREADABLE),
        (as_json({"access_token": "", "token_type": "bearer"}), NoSessionReason.UNREADABLE),
        (as_json({"access_token": "t", "token_type": "mac"}), NoSessionReason.UNREADABLE),
        (as_json({"access_token": "a\r\nb", "token_type": "bearer"}), NoSessionReason.UNREADABLE),
        (as_json({"access_token": "ж", "token_type": "bearer"}), NoSessionReason.UNREADABLE),
        (Answer(b"<html>"), NoSessionReason.UNREADABLE),
    ],
)
def test_what_is_no_token_is_told_apart(
    peer: Peer, endpoint: Endpoint, reply: Reply, reason: NoSessionReason
) -> None:
    endpoint.reply = reply
    assert tokens_of(peer).current(WITHIN_S) == NoSession(reason)


def test_without_time_no_token_is_asked_for(peer: Peer) -> None:
    assert tokens_of(peer).current(0.0) == NoSession(NoSessionReason.NO_TIME)
    assert peer.requests == []
