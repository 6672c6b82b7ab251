"""Keys of the log: what is signed verifies under the public key alone, and nothing else does."""

from __future__ import annotations

import pytest

from security_service.domain.log_head import SignatureCheck
from security_service.domain.secret import Secret
from security_service.links.signing import LogSigner, TrustedLogKeys

# RFC 8032, section 7.1, test 2.
SEED = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_signatures_are_those_of_the_standard() -> None:
    assert LogSigner(Secret(SEED)).sign(b"\x72").hex() == SIGNATURE


def test_a_signature_is_good_under_its_own_key_alone() -> None:
    signer, other = LogSigner(Secret(SEED)), LogSigner(Secret("00" * 32))
    keys = TrustedLogKeys([signer.public_pem().encode(), other.public_pem().encode()])
    signature = signer.sign(b"message")
    assert keys.check(signer.key_id, b"message", signature) is SignatureCheck.GOOD
    assert keys.check(other.key_id, b"message", signature) is SignatureCheck.WRONG
    assert keys.check(signer.key_id, b"massage", signature) is SignatureCheck.WRONG
    assert keys.check(signer.key_id, b"message", b"short") is SignatureCheck.WRONG
    assert TrustedLogKeys([]).check(signer.key_id, b"message", signature) is SignatureCheck.UNKNOWN_KEY


@pytest.mark.parametrize("seed", ["", "zz" * 32, "00" * 31, "00" * 33])
def test_a_seed_that_is_none_is_refused_without_being_repeated(seed: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits") as caught:
        LogSigner(Secret(seed))
    assert not seed or seed not in str(caught.value)


def test_a_signer_does_not_show_its_seed() -> None:
    assert SEED not in repr(LogSigner(Secret(SEED)))


@pytest.mark.parametrize(
    "pem", [b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", SEED.encode()]
)
def test_what_is_no_public_key_is_refused(pem: bytes) -> None:
    with pytest.raises(ValueError, match="not a public key"):
        TrustedLogKeys([pem])
