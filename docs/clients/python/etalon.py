"""Approve a payment with a one-time code: a client of Etalon in Python, with httpx and joserfc.

    ETALON_URL=… ETALON_API_KEY=… python etalon.py 79161234567 1500.00

It sends a code for the payment, reads the code that the customer got from its standard input, has it checked
and verifies what the service signed.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import httpx
from joserfc import jws
from joserfc.jwk import KeySet

ATTEMPTS = 3
LEEWAY_S = 5


@dataclass(frozen=True)
class Payment:
    """What the code is for: CheckCode takes it only with the very same members."""

    number: str
    amount: str
    currency: str = "RUB"
    payee: str = "Romashka"

    def members(self) -> dict[str, str]:
        """Give the members of both requests."""
        return {
            "DestinationNumber": self.number,
            "Purpose": "payment",
            "Amount": self.amount,
            "Currency": self.currency,
            "Payee": self.payee,
        }


@dataclass(frozen=True)
class Answer:
    """An answer: its code, the verdict beside code 6, seconds to wait beside 3 and 7, and what was signed."""

    code: int
    description: str
    verdict: str = ""
    wait_s: int = 0
    signed: str = ""


class Etalon:
    """One tenant's access to the service."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._http = httpx.Client(base_url=base_url, headers={"X-ApiKey": api_key}, timeout=15)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def generate_code(self, payment: Payment) -> Answer:
        """Send a code for a payment."""
        return self._call("GenerateCode", payment.members())

    def check_code(self, payment: Payment, code: str) -> Answer:
        """Check a code and ask for a signed verdict; 0 is given once for a code."""
        members = {**payment.members(), "Code": code}
        return self._call("CheckCode", members, {"X-Etalon-Want": "signed-verdict"})

    def _call(self, operation: str, members: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
        # One key for all attempts: a repeat gets the first answer, and no second message is sent.
        sent = {"Idempotency-Key": str(uuid.uuid4()), **(headers or {})}
        for attempt in range(ATTEMPTS):
            try:
                response = self._http.post(f"/{operation}", json=members, headers=sent)
                break
            except httpx.TransportError:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(2**attempt)
        answer = response.json()
        return Answer(
            int(answer["Code"]),
            answer["Description"],
            response.headers.get("X-Etalon-Verdict", ""),
            int(response.headers.get("Retry-After", "0")),
            response.headers.get("X-Etalon-Signed-Verdict", ""),
        )

    def verify(self, signed: str, tenant: str, payment: Payment) -> dict[str, Any]:
        """Give the claims of a signed verdict; raises ValueError where they are not about this payment.

        The core bank does this by itself, with no key of the service's: fetch the set at most every five
        minutes, and once more where a verdict names a key that is not in it.
        """
        keys = KeySet.import_key_set(self._http.get("/.well-known/jwks.json").raise_for_status().json())
        proved = jws.deserialize_compact(signed, keys, algorithms=["ES256"])
        if proved.headers().get("typ") != "etalon-verdict+jwt":
            raise ValueError("signed, but no verdict")
        claims: dict[str, Any] = httpx.Response(200, content=proved.payload).json()
        now = time.time()
        expected = {
            "tenant": tenant,
            "sub": _sha256(f"{tenant}:{payment.number}"),
            "purpose": "payment",
            "amount": int(Decimal(payment.amount).scaleb(2)),
            "currency": payment.currency,
            "payee_sha256": _sha256(payment.payee),
        }
        differing = [name for name, value in expected.items() if claims.get(name) != value]
        if differing or not claims["iat"] - LEEWAY_S <= now < claims["exp"] + LEEWAY_S:
            raise ValueError(f"the verdict is about something else, or too old: {differing}")
        return claims


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main() -> int:
    """Approve one payment; give 0 where it was."""
    payment = Payment(*sys.argv[1:3])
    with Etalon(os.environ["ETALON_URL"], os.environ["ETALON_API_KEY"]) as etalon:
        return approve(etalon, payment)


def approve(etalon: Etalon, payment: Payment) -> int:
    """Have a code sent, typed, checked and vouched for; give 0 where it was right."""
    sent = etalon.generate_code(payment)
    if sent.code == 6:
        print(f"refused: {sent.verdict}")
        if sent.verdict != "step_up":
            return 1
        print("enter the code of the authenticator app")
    elif sent.code:
        print(f"not sent: {sent.code} {sent.description}, wait {sent.wait_s} s")
        return 1
    else:
        print("code sent")
    sys.stdout.flush()
    checked = etalon.check_code(payment, sys.stdin.readline().strip())
    if checked.code:
        print(f"not approved: {checked.code} {checked.description}, wait {checked.wait_s} s")
        return 1
    claims = etalon.verify(checked.signed, os.environ.get("ETALON_TENANT", "demo"), payment)
    print(f"approved: {payment.amount} {payment.currency}, SIM {claims['sim']}, signature valid")
    return 0


if __name__ == "__main__":
    sys.exit(main())
