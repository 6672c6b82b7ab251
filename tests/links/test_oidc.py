"""Sign-in at a provider over real HTTP, and every way in which a token can lie."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, RSAKey

from security_service.domain.people_ports import FederationRequest, Identity, NotVouched, ProviderAway
from security_service.domain.secret import Secret
from security_service.links.oidc import OidcClient, OidcProvider
from tests.fakes.clock import HandClock
from tests.links.oidc_service import (
    CLIENT_ID,
    CLIENT_SECRET,
    NOW_S,
    REDIRECT_URI,
    Claims,
    OidcService,
    encoded,
)
from tests.links.peer import Answer, Peer, Silence, as_json

WITHIN_S = 5.0
REQUEST = FederationRequest(Secret("s" * 64), Secret("n" * 64), Secret("v" * 64))
ANNA = Identity("a.petrova", ("fraud-leads",))


@pytest.fixture
def service() -> Iterator[OidcService]:
    provider = OidcService()
    with Peer(provider) as peer:
        provider.url = peer.url
        yield provider


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def client(service: OidcService, clock: HandClock) -> OidcProvider:
    return provider_of(service, clock)


def provider_of(service: OidcService, clock: HandClock, secret: Secret = CLIENT_SECRET) -> OidcProvider:
    settings = OidcClient(service.url, CLIENT_ID, secret, REDIRECT_URI)
    return OidcProvider(settings, now=lambda: NOW_S + 1, monotonic=clock.monotonic)


def visit(client: OidcProvider, service: OidcService, request: FederationRequest = REQUEST) -> object:
    """Go to the provider and come back."""
    address = client.address(request, WITHIN_S)
    assert isinstance(address, Secret)
    _, code = service.authorise(address)
    return client.identity(code, request, WITHIN_S)


def test_whom_the_provider_vouches_for_is_known_by_name_and_groups(
    client: OidcProvider, service: OidcService
) -> None:
    assert visit(client, service) == ANNA
    assert visit(client, service) == ANNA
    assert service.asked.count("/keys") == 1
    assert service.asked.count("/.well-known/openid-configuration") == 1


def test_the_address_holds_state_nonce_and_challenge_but_neither_verifier_nor_secret(
    client: OidcProvider, service: OidcService
) -> None:
    address = client.address(REQUEST, WITHIN_S)
    assert isinstance(address, Secret)
    state, _ = service.authorise(address)
    assert state == REQUEST.state
    assert REQUEST.verifier.reveal() not in address.reveal()
    assert "s3cret" not in address.reveal()


@pytest.mark.parametrize("groups", [["a", "b"], "a", None, [1, "a"], []])
def test_groups_are_a_list_or_one_text(client: OidcProvider, service: OidcService, groups: object) -> None:
    service.claims = {"sub": "u1", "preferred_username": "anna", "groups": groups}
    if groups is None:
        assert visit(client, service) == NotVouched("roles")
        return
    expected = ("a",) if groups in ("a", [1, "a"]) else tuple(groups if isinstance(groups, list) else ())
    assert visit(client, service) == Identity("anna", expected)


def without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def with_(**changed: object) -> Callable[[Claims], Claims]:
    return lambda claims: {**claims, **changed}


LIES: dict[str, Callable[[Claims], Claims]] = {
    "another nonce": with_(nonce="m" * 64),
    "no nonce": without("nonce"),
    "a nonce that is no text": with_(nonce=["n" * 64]),
    "another issuer": with_(iss="https://evil.example"),
    "no issuer": without("iss"),
    "another audience": with_(aud="somebody-else"),
    "audiences without us": with_(aud=["somebody-else", "third"]),
    "audiences with us, for another": with_(aud=[CLIENT_ID, "third"], azp="third"),
    "audiences with us, for nobody": with_(aud=[CLIENT_ID, "third"]),
    "no audience": without("aud"),
    "an end that is past": with_(exp=NOW_S - 3600),
    "no end": without("exp"),
    "an end that is no number": with_(exp="tomorrow"),
    "a beginning to come": with_(nbf=NOW_S + 3600),
    "made in the future": with_(iat=NOW_S + 3600),
}


@pytest.mark.parametrize("bend", LIES.values(), ids=LIES)
def test_claims_that_are_not_for_us_and_now_vouch_for_nobody(
    client: OidcProvider, service: OidcService, bend: Callable[[Claims], Claims]
) -> None:
    service.bend = bend
    assert visit(client, service) == NotVouched("claims")


@pytest.mark.parametrize("name", [None, "", 7, ["anna"]])
def test_a_person_without_a_name_is_nobody(client: OidcProvider, service: OidcService, name: object) -> None:
    service.claims = {"sub": "u1", "preferred_username": name, "groups": []}
    assert visit(client, service) == NotVouched("name")


def unsigned(algorithm: str, claims: Claims) -> str:
    return f"{encoded({'alg': algorithm, 'kid': 'k1'})}.{encoded(claims)}."


def test_a_token_without_signature_is_not_believed(client: OidcProvider, service: OidcService) -> None:
    for algorithm in ("none", "None", "nOnE"):
        service.signs = partial(unsigned, algorithm)
        assert visit(client, service) == NotVouched("signature")


def signed_by_secret(key: bytes, claims: Claims) -> str:
    signed = f"{encoded({'alg': 'HS256', 'kid': 'k1'})}.{encoded(claims)}"
    mark = base64.urlsafe_b64encode(hmac.new(key, signed.encode(), sha256).digest())
    return f"{signed}.{mark.rstrip(b'=').decode()}"


def test_a_token_signed_by_the_providers_public_key_as_a_secret_is_not_believed(
    client: OidcProvider, service: OidcService
) -> None:
    assert isinstance(service.key, RSAKey)
    pem = service.key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    for key in (pem, CLIENT_SECRET.reveal().encode()):
        service.signs = partial(signed_by_secret, key)
        assert visit(client, service) == NotVouched("signature")


def test_a_token_signed_by_a_key_of_somebody_else_is_not_believed(
    client: OidcProvider, service: OidcService
) -> None:
    for name in ("k1", "k2"):
        other = RSAKey.generate_key(2048, {"kid": name})
        service.signs = partial(service.signed, key=other)
        assert visit(client, service) == NotVouched("signature")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_token_with_a_changed_part_is_not_believed(
    client: OidcProvider, service: OidcService, place: int
) -> None:
    def changed(claims: Claims) -> str:
        parts = service.signed(claims).split(".")
        if place == 1:
            parts[1] = encoded({**claims, "groups": ["admins"]})
        else:
            parts[place] = parts[place][:-3] + ("AAA" if not parts[place].endswith("AAA") else "BBB")
        return ".".join(parts)

    service.signs = changed
    assert visit(client, service) == NotVouched("signature")


@pytest.mark.parametrize("token", ["", "a.b.c", "....", "x" * 70_000])
def test_what_is_no_token_vouches_for_nobody(client: OidcProvider, service: OidcService, token: str) -> None:
    service.signs = lambda _: token
    assert isinstance(visit(client, service), NotVouched)


def test_a_key_that_is_new_is_fetched_but_not_at_every_token(
    client: OidcProvider, service: OidcService, clock: HandClock
) -> None:
    assert visit(client, service) == ANNA
    service.key = ECKey.generate_key("P-256", {"kid": "k2"})
    clock.move(61)
    assert visit(client, service) == ANNA
    forged = ECKey.generate_key("P-256", {"kid": "k3"})
    service.signs = lambda claims: service.signed(claims, forged)
    for _ in range(5):
        assert visit(client, service) == NotVouched("signature")
    assert service.asked.count("/keys") == 2


def test_a_code_is_exchanged_with_the_verifier_that_was_asked_with(
    client: OidcProvider, service: OidcService
) -> None:
    address = client.address(REQUEST, WITHIN_S)
    assert isinstance(address, Secret)
    _, code = service.authorise(address)
    other = FederationRequest(REQUEST.state, REQUEST.nonce, Secret("w" * 64))
    assert client.identity(code, other, WITHIN_S) == NotVouched("code_refused")
    assert client.identity(Secret("made up"), REQUEST, WITHIN_S) == NotVouched("code_refused")


@pytest.mark.parametrize(
    "bend",
    [
        with_(issuer="https://evil.example"),
        without("token_endpoint"),
        without("jwks_uri"),
        with_(authorization_endpoint="http://idp.example/authorise"),
        with_(token_endpoint="http://idp.example/token"),
        with_(authorization_endpoint="javascript:alert(1)"),
    ],
)
def test_a_provider_that_is_another_or_speaks_in_the_clear_is_none(
    client: OidcProvider, service: OidcService, bend: Callable[[Claims], Claims]
) -> None:
    service.metadata = bend
    assert client.address(REQUEST, WITHIN_S) == ProviderAway()


def test_a_provider_that_takes_the_secret_in_the_form_gets_it_there(
    client: OidcProvider, service: OidcService
) -> None:
    service.metadata = with_(token_endpoint_auth_methods_supported=["client_secret_post"])
    assert visit(client, service) == ANNA


def test_a_wrong_client_secret_signs_nobody_in(service: OidcService, clock: HandClock) -> None:
    for secret in (Secret("wrong"), Secret("")):
        assert visit(provider_of(service, clock, secret), service) == NotVouched("code_refused")


def test_a_provider_that_is_silent_or_broken_is_away(client: OidcProvider, service: OidcService) -> None:
    address = client.address(REQUEST, WITHIN_S)
    assert isinstance(address, Secret)
    service.token_reply = Silence()
    assert client.identity(Secret("c"), REQUEST, 0.2) == ProviderAway()
    service.token_reply = Answer(b"oops", 503)
    assert client.identity(Secret("c"), REQUEST, WITHIN_S) == ProviderAway()
    service.token_reply = None
    for reply in (Answer(b"{", 200), as_json({}), as_json({"keys": [{"kty": "RSA"}]}), Answer(status=500)):
        service.jwks_reply = reply
        assert visit(client, service) in (ProviderAway(), NotVouched("signature"))


def test_an_issuer_in_the_clear_is_refused_and_the_secret_prints_masked() -> None:
    client = OidcClient("http://idp.example", CLIENT_ID, CLIENT_SECRET, REDIRECT_URI)
    with pytest.raises(ValueError, match="https"):
        OidcProvider(client)
    assert "s3cret" not in repr(client)
