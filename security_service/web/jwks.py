"""The keys that check signed verdicts, as a JWK set (RFC 7517); leaves signing to CheckCode."""

from __future__ import annotations

import json
from typing import Final

from flask import Blueprint, Response

from security_service.domain.signed_verdict import VerdictSigner
from security_service.web.secured_response import SecuredResponse

BLUEPRINT: Final = "jwks"


def create_jwks(signer: VerdictSigner) -> Blueprint:
    """Give the blueprint; the keys are public, and clients may keep them for five minutes."""
    blueprint = Blueprint(BLUEPRINT, __name__)

    @blueprint.route("/.well-known/jwks.json", methods=["GET"])
    def keys() -> Response:
        """Give the public keys, the newest first."""
        response = SecuredResponse(json.dumps(signer.public_keys()), content_type="application/jwk-set+json")
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    return blueprint
