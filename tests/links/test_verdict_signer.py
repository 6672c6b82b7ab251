"""Signed verdicts: any client checks them by the published keys, and nobody else makes one."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import BadSignatureError, InvalidKeyIdError
from joserfc.jwk import KeySet

from security_service.domain.secret import KeyRing
from security_service.links.verdict_signer import Es256Signer

OLD = KeyRing({1: b"o" * 32})
BOTH = KeyRing({1: b"o" * 32, 2: b"n" * 32})


def checked(token: str, signer: Es256Signer) -> dict[str, object]:
    keys = KeySet.import_key_set(json.loads(json.dumps(signer.public_keys())))
    payload = jws.deserialize_compact(token, keys, algorithms=["ES256"]).payload
    read: dict[str, object] = json.loads(payload)
    return read


def test_a_verdict_is_checked_by_the_published_keys_also_after_a_rotation() -> None:
    token = Es256Signer(OLD).sign({"a": 1})
    assert checked(token, Es256Signer(OLD)) == checked(token, Es256Signer(BOTH)) == {"a": 1}
    assert len(Es256Signer(BOTH).public_keys()["keys"]) == 2  # type: ignore[arg-type] # a list by RFC 7517


def test_another_key_and_another_payload_are_found_out() -> None:
    token = Es256Signer(BOTH).sign({"amount": 100})
    header, _, signature = token.split(".")
    forged = base64.urlsafe_b64encode(b'{"amount":999}').rstrip(b"=").decode()
    with pytest.raises(BadSignatureError):
        checked(f"{header}.{forged}.{signature}", Es256Signer(BOTH))
    with pytest.raises(InvalidKeyIdError):
        checked(token, Es256Signer(OLD))


def test_the_published_keys_hold_nothing_secret() -> None:
    for key in json.loads(json.dumps(Es256Signer(BOTH).public_keys()))["keys"]:
        assert set(key) == {"alg", "crv", "kid", "kty", "use", "x", "y"}


@given(st.binary(min_size=32, max_size=40))
def test_every_seed_makes_a_key(seed: bytes) -> None:
    signer = Es256Signer(KeyRing({7: seed}))
    assert checked(signer.sign({"n": 1}), signer) == {"n": 1}
