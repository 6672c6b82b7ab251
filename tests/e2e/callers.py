"""Those who speak with a running service: a bank's backend, the fraud team, the owner of a handset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Self

import httpx

Document = dict[str, Any]

_CODE = re.compile(r"(?<![0-9])[0-9]{6,10}(?![0-9])")
_numbers = count(79_160_000_001)


def new_number() -> str:
    """Give a Russian mobile number that nobody in this test run has used."""
    return str(next(_numbers))


@dataclass(frozen=True, slots=True)
class Reply:
    """What the two-factor face answered; `code` is a number however it was written."""

    code: int
    status: int
    headers: Mapping[str, str]
    body: str


class _Peer:
    """One server that is spoken with; never through a proxy of the machine."""

    def __init__(self, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=16)
        self.http = httpx.Client(
            base_url=base_url, headers=dict(headers or {}), timeout=60, trust_env=False, limits=limits
        )

    def answers(self, path: str) -> bool:
        """True where a GET is answered with success."""
        try:
            return self.http.get(path).is_success
        except httpx.TransportError:
            return False

    def close(self) -> None:
        """Close all connections."""
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Backend(_Peer):
    """A bank's backend with one API key."""

    def __init__(self, base_url: str, api_key: str) -> None:
        super().__init__(base_url, {"X-ApiKey": api_key})

    def generate(self, number: str, *, key: str = "", **members: str) -> Reply:
        """Call GenerateCode; `key` is an idempotency key."""
        return self._call("GenerateCode", {"DestinationNumber": number, **members}, key)

    def check(self, number: str, code: str, *, key: str = "", **members: str) -> Reply:
        """Call CheckCode."""
        return self._call("CheckCode", {"DestinationNumber": number, "Code": code, **members}, key)

    def _call(self, operation: str, members: Mapping[str, str], key: str) -> Reply:
        headers = {"Idempotency-Key": key} if key else {}
        response = self.http.post(f"/{operation}", json=dict(members), headers=headers)
        code = int(response.json()["Code"])
        return Reply(code, response.status_code, response.headers, response.text)

    def readiness(self) -> tuple[int, list[str]]:
        """Give the status of /readyz, and what is down."""
        response = self.http.get("/readyz")
        return response.status_code, response.json()["faults"]

    def is_up(self) -> bool:
        """True where the service answers, ready or not."""
        return self.answers("/healthz")

    def is_ready(self) -> bool:
        """True where the service answers and says that it is ready."""
        return self.answers("/readyz")


class FraudTeam(_Peer):
    """Somebody with a key of the management API."""

    def __init__(self, base_url: str, key: str, tenant: str = "") -> None:
        signed = {"Authorization": f"Bearer {key}"} if key else {}
        named = {"X-Etalon-Tenant": tenant} if tenant else {}
        super().__init__(f"{base_url}/api/v1", {**signed, **named})

    def subscriber(self, number: str) -> Document:
        """Show a subscriber."""
        return self._ok(self.http.get(f"/subscribers/{number}"))

    def set_mode(self, number: str, mode: str, **members: object) -> Document:
        """Set a subscriber's mode."""
        body = {"mode": mode, "reason": "a test of modes", **members}
        return self._ok(self.http.put(f"/subscribers/{number}/mode", json=body))

    def act(self, number: str, action: str) -> Document:
        """Do one of the actions that need only a reason: reverify, unlock, sims."""
        body = {"reason": "came to the branch with a passport"}
        return self._ok(self.http.post(f"/subscribers/{number}/{action}", json=body))

    def page(self, **filters: str | int) -> Document:
        """Read one page of the audit log."""
        return self._ok(self.http.get("/audit", params=filters))

    def events(self, **filters: str | int) -> list[Document]:
        """Read all pages of the audit log, the oldest event first."""
        page = self.page(limit=500, **filters)
        found = list(page["events"])
        while page["next"]:
            page = self.page(limit=500, cursor=page["next"], **filters)
            found += page["events"]
        return found[::-1]

    def kinds(self, number: str) -> list[str]:
        """Give the kinds of a number's events, the oldest first."""
        return [event["kind"] for event in self.events(number=number)]

    @staticmethod
    def _ok(response: httpx.Response) -> Document:
        assert response.is_success, response.text
        document: Document = response.json()
        return document


class Operator(_Peer):
    """The sandbox operator, through its own JSON API."""

    def is_up(self) -> bool:
        """True where the operator answers."""
        return self.answers("/faults")

    def handset(self, number: str) -> Document:
        """Show a handset: imsi, state, messages."""
        document: Document = self.http.get(f"/handsets/{number}").json()
        return document

    def texts(self, number: str) -> list[str]:
        """Give the texts of a handset's inbox, the oldest first."""
        return [message["text"] for message in self.handset(number)["messages"]]

    def imsi(self, number: str) -> str:
        """Give the IMSI that is in a handset now."""
        return str(self.handset(number)["imsi"])

    def code(self, number: str) -> str:
        """Give the code of the newest message that has one."""
        found = [match[0] for text in self.texts(number) for match in _CODE.finditer(text)]
        assert found, f"no code among {len(self.texts(number))} messages"
        return found[-1]

    def swap(self, number: str) -> None:
        """Put a new SIM into a handset."""
        self.http.post(f"/handsets/{number}/swap").raise_for_status()

    def switch(self, number: str, state: str) -> None:
        """Set the state of a handset."""
        self.http.post(f"/handsets/{number}/state", json={"state": state}).raise_for_status()

    def fault(self, target: str, mode: str, seconds: float = 0) -> None:
        """Set the fault of one service: sms, hlr or imsi."""
        members = {"target": target, "mode": mode, "seconds": seconds}
        self.http.post("/faults", json=members).raise_for_status()

    def heal(self) -> None:
        """Take all faults back."""
        for target in ("sms", "hlr", "imsi"):
            self.fault(target, "none")


def wrong(code: str) -> str:
    """Give digits as many as a code's that are not the code."""
    return str((int(code) + 1) % 10 ** len(code)).zfill(len(code))
