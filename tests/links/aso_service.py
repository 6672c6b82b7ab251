"""A few lines of the ASO Broker for the tests: Basic authentication, messages, states."""

from __future__ import annotations

import base64
import json

from tests.links.peer import Answer, Reply, Request, as_json

LOGIN = "bank"
PASSWORD = "pa55 w&rd=%"
FAULT_WORDS = "Words of the provider about 79031234567"


def fault(code: int) -> Answer:
    return as_json({"error_code": str(code), "error_description": FAULT_WORDS}, 400)


class AsoService:
    """`sent` is what the test has it say to messages, `states` to questions; None is as it should be."""

    def __init__(self) -> None:
        self.sent: Reply = Answer()
        self.states: Reply | None = None

    def __call__(self, request: Request) -> Reply:
        pair = base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return Answer(status=401)
        if (request.method, request.path) == ("POST", "/re-broker-api/send"):
            return self.sent
        if (request.method, request.path) != ("POST", "/re-broker-api/getStatus"):
            return Answer(b"not found", 404)
        asked = json.loads(request.body)["message-id"]
        rows = [{"message-id": one, "status": "Transmitted", "channel": "SMS"} for one in asked]
        return as_json({"messages": rows}) if self.states is None else self.states
