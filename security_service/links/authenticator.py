"""Codes of authenticator apps and the QR codes that enrol them; leaves who may use one to the use cases."""

from __future__ import annotations

import hmac
import re
from io import BytesIO
from typing import Final

import pyotp
import segno

from security_service.domain.secret import Secret

STEP_S: Final = 30
"""Seconds of a time step (RFC 6238, section 5.2)."""

_DIGITS: Final = 6
_SKEW: Final = (-1, 0, 1)
_CODE: Final = re.compile(r"[0-9]{6}")


class AuthenticatorApp:
    """Six digits, 30 seconds, SHA-1 (RFC 6238): what every app can do. Keeps nothing."""

    def new_secret(self) -> Secret:
        """Draw 160 bits, as 32 letters of base 32 (RFC 4226, section 4, R6)."""
        return Secret(pyotp.random_base32())

    def uri(self, secret: Secret, account: str, issuer: str) -> Secret:
        """Give the `otpauth://` address of an account; it holds the secret."""
        totp = pyotp.TOTP(secret.reveal(), digits=_DIGITS, interval=STEP_S)
        return Secret(totp.provisioning_uri(name=account, issuer_name=issuer))

    def qr_svg(self, uri: Secret) -> str:
        """Draw an address as SVG for a page: black on white, so that it can be read on a dark page too.

        Holds no style element, so that a strict content security policy lets it through. The image
        holds the secret.
        """
        drawn = segno.make(uri.reveal(), error="m", micro=False)
        image = BytesIO()
        # With its namespace: as an image of its own, and not inside a page, it is nothing without one.
        drawn.save(
            image,
            kind="svg",
            xmldecl=False,
            nl=False,
            scale=5,
            border=4,
            dark="#000",
            light="#fff",
            omitsize=True,
        )
        return image.getvalue().decode("utf-8")

    def matching_step(self, secret: Secret, code: Secret, at_s: int) -> int | None:
        """Give the time step whose code this is: that of `at_s` (Unix seconds), or one beside it.

        None for any other code. White space in the code does not count. Every step is compared, each
        in constant time.
        """
        given = "".join(code.reveal().split())
        is_code = given.isascii() and _CODE.fullmatch(given) is not None
        totp = pyotp.TOTP(secret.reveal(), digits=_DIGITS, interval=STEP_S)
        present = at_s // STEP_S
        compared = given.encode("ascii") if is_code else b"." * _DIGITS
        found: int | None = None
        for step in (present + skew for skew in _SKEW):
            expected = totp.generate_otp(step).encode("ascii") if step >= 0 else b""
            if hmac.compare_digest(expected, compared):
                found = step
        return found
