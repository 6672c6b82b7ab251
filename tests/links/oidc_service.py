"""A small OpenID Connect provider: discovery, keys, codes for tokens; its lies are for the tests to tell."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from security_service.domain.secret import Secret
from tests.links.peer import Answer, Reply, Request, as_json

CLIENT_ID: Final = "etalon-console"
CLIENT_SECRET: Final = Secret("client s3cret/+")
REDIRECT_URI: Final = "https://etalon.bank.example/console/oidc/return"
NOW_S: Final = 1_800_000_000

Claims = dict[str, Any]


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


@dataclass
class OidcService:
    """Signs people in without asking: `authorise` is the browser's visit, which gives the code.

    `claims` are the person's; `bend` changes the token's claims, `signs` how it is signed, `metadata` what
    the provider says of itself.
    """

    url: str = ""
    key: RSAKey | ECKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    claims: Claims = field(
        default_factory=lambda: {"sub": "u1", "preferred_username": "a.petrova", "groups": ["fraud-leads"]}
    )
    bend: Callable[[Claims], Claims] = dict
    signs: Callable[[Claims], str] | None = None
    metadata: Callable[[Claims], Claims] = dict
    token_reply: Reply | None = None
    jwks_reply: Reply | None = None
    now_s: int = NOW_S
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        self.asked.append(request.path)
        match request.path:
            case "/.well-known/openid-configuration":
                return as_json(self.metadata(self._described()))
            case "/keys":
                return self.jwks_reply or as_json({"keys": [self.key.as_dict(private=False)]})
            case "/token":
                return self.token_reply or self._exchange(request)
            case _:
                return Answer(status=404)

    def _described(self) -> Claims:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorise",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }

    def authorise(self, address: Secret) -> tuple[Secret, Secret]:
        """What the browser brings back from this address: state and code."""
        parts = urlsplit(address.reveal())
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.url}/authorise"
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT_ID, REDIRECT_URI)
        code = f"code{len(self.codes)}"
        self.codes[code] = asked
        return Secret(asked["state"]), Secret(code)

    def _exchange(self, request: Request) -> Reply:
        asked = self.codes.pop(request.form.get("code", ""), None)
        verifier = request.form.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or not self._knows(request):
            return as_json({"error": "invalid_grant"}, 400)
        if request.form.get("redirect_uri") != REDIRECT_URI:
            return as_json({"error": "invalid_grant"}, 400)
        claims = self.bend(
            {
                **self.claims,
                "iss": self.url,
                "aud": CLIENT_ID,
                "iat": self.now_s,
                "exp": self.now_s + 300,
                "nonce": asked["nonce"],
            }
        )
        token = self.signs(claims) if self.signs else self.signed(claims)
        return as_json({"access_token": "at", "token_type": "Bearer", "id_token": token})

    def _knows(self, request: Request) -> bool:
        basic = base64.b64encode(b"etalon-console:client%20s3cret%2F%2B").decode()
        posted = request.form.get("client_secret") == CLIENT_SECRET.reveal()
        return request.headers.get("authorization") == f"Basic {basic}" or posted

    def signed(self, claims: Claims, key: RSAKey | ECKey | None = None, algorithm: str = "") -> str:
        """A token signed by a key, the provider's own where none is given."""
        signer = key or self.key
        chosen = algorithm or ("RS256" if isinstance(signer, RSAKey) else "ES256")
        header = {"alg": chosen, "kid": str(signer.as_dict()["kid"])}
        return jwt.encode(header, claims, signer, algorithms=[chosen])
