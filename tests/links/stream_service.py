"""A few lines of Stream Telecom's REST service for the tests: session keys, messages, states, balance."""

from __future__ import annotations

import json

from tests.links.peer import Answer, Reply, Request, as_json

LOGIN = "bank"
PASSWORD = "pa55 w&rd=%"
FAULT_WORDS = "Words of the provider about 79031234567"


def fault(code: int, status: int) -> Answer:
    return as_json({"Code": code, "Desc": FAULT_WORDS}, status)


class StreamService:
    """`sms`, `state` and `money` are what the test has it say."""

    def __init__(self) -> None:
        self.logins = 0
        self.key = ""
        self.login_fault: Reply | None = None
        self.sms: Reply = as_json(["371324579"])
        self.state: Reply = as_json({"State": -1})
        self.money: Reply = Answer(b"20015.3")

    def __call__(self, request: Request) -> Reply:
        if request.method != "POST" or request.query:
            return Answer(b"not found", 404)
        if request.path == "/rest/Session/session.php":
            return self._log_in(request)
        if not self.key or request.form.get("sessionId") != self.key:
            return fault(3, 400)
        routes = {
            "/rest/Send/SendSms/": self.sms,
            "/rest/State/state.php": self.state,
            "/rest/Balance/balance.php": self.money,
        }
        return routes.get(request.path, Answer(b"not found", 404))

    def _log_in(self, request: Request) -> Reply:
        self.logins += 1
        if self.login_fault is not None:
            return self.login_fault
        if request.form != {"login": LOGIN, "password": PASSWORD}:
            return fault(4, 401)
        self.key = f"{self.logins:032}"
        return Answer(json.dumps(self.key).encode())
