"""What the sample asks of Etalon: the two operations, and the enrolment of an authenticator app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import requests

PURPOSE = "login"
_TIMEOUT_S = 15
_WHY = {"reason": "signed in at the sample login"}


class Away(Exception):
    """No answer, or none that can be read: nothing is known, and a repeat bears the same key."""


class Asked(Enum):
    """What came of asking for a code."""

    SENT = "sent"
    APP = "app"
    REFUSED = "refused"
    WAIT = "wait"
    BAD_NUMBER = "bad_number"
    NOT_SENT = "not_sent"


class Checked(Enum):
    """What came of a code that was typed."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    WAIT = "wait"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class Offer:
    """An authenticator app's secret, as a picture and as an address; to be shown once and kept nowhere."""

    qr_svg: str
    uri: str


class Etalon:
    """One tenant's access: `api_key` for codes, `enroller_key` (role enroller) for authenticator apps."""

    def __init__(self, base_url: str, api_key: str, enroller_key: str, tenant: str) -> None:
        self._base_url = base_url
        self._codes = {"X-ApiKey": api_key}
        self._enrolment = {"Authorization": f"Bearer {enroller_key}", "X-Etalon-Tenant": tenant}

    def ask_for_code(self, number: str, source: str, attempt: str) -> tuple[Asked, int]:
        """Have a code sent; gives what came of it, and seconds to wait. Raises Away.

        `source` is who asks: guesses are counted by number and source. `attempt` names this try of the
        customer, so that a form that is sent twice sends one message.
        """
        members = {"DestinationNumber": number, "Purpose": PURPOSE, "ClientReference": source}
        answer = self._operation("GenerateCode", members, attempt)
        wait_s = int(answer.headers.get("Retry-After", "0"))
        match _code(answer):
            case 0:
                return Asked.SENT, 0
            case 7:
                # One was sent a moment ago and is still good: it can be typed.
                return Asked.SENT, wait_s
            case 6 if answer.headers.get("X-Etalon-Verdict") == "step_up":
                return Asked.APP, 0
            case 6:
                return Asked.REFUSED, 0
            case 3:
                return Asked.WAIT, wait_s
            case 2:
                return Asked.BAD_NUMBER, 0
            case _:
                return Asked.NOT_SENT, 0

    def check(self, number: str, code: str, source: str, attempt: str) -> tuple[Checked, int]:
        """Check a code of a message or of the app: the service knows which it waits for. Raises Away."""
        members = {"DestinationNumber": number, "Purpose": PURPOSE, "ClientReference": source, "Code": code}
        answer = self._operation("CheckCode", members, attempt)
        outcomes = {0: Checked.RIGHT, 3: Checked.WAIT, 5: Checked.WRONG, 6: Checked.EXPIRED}
        return outcomes.get(_code(answer), Checked.NOT_CHECKED), int(answer.headers.get("Retry-After", "0"))

    def offer_app(self, number: str) -> Offer | str:
        """Begin the enrolment of an app; gives the problem's type where that is refused. Raises Away."""
        answer = self._enrol(number, "", _WHY)
        document = _document(answer)
        return Offer(document["qr_svg"], document["uri"]) if answer.ok else _problem(document)

    def confirm_app(self, number: str, code: str) -> str:
        """End it with the app's first code; '' where the app is enrolled, else the problem's type."""
        answer = self._enrol(number, "/confirm", {"code": code, **_WHY})
        return "" if answer.ok else _problem(_document(answer))

    def _operation(self, name: str, members: Mapping[str, str], attempt: str) -> requests.Response:
        return self._post(f"/{name}", members, {**self._codes, "Idempotency-Key": attempt})

    def _enrol(self, number: str, step: str, members: Mapping[str, str]) -> requests.Response:
        return self._post(f"/api/v1/subscribers/{number}/authenticator{step}", members, self._enrolment)

    def _post(self, path: str, members: Mapping[str, str], headers: Mapping[str, str]) -> requests.Response:
        try:
            return requests.post(
                self._base_url + path, json=dict(members), headers=dict(headers), timeout=_TIMEOUT_S
            )
        except requests.RequestException as error:
            raise Away from error


def _code(answer: requests.Response) -> int:
    return int(_document(answer)["Code"])


def _document(answer: requests.Response) -> dict[str, Any]:
    try:
        document: dict[str, Any] = answer.json()
    except ValueError as error:
        raise Away from error
    return document


def _problem(document: Mapping[str, Any]) -> str:
    return str(document.get("type", "")).removeprefix("urn:etalon:problem:") or "unknown"
