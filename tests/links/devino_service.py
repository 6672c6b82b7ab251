"""A few lines of the provider's REST service for the tests: logins, sessions, messages, Viber, HLR."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.links.peer import Answer, Reply, Request, as_json

LOGIN = "bank"
PASSWORD = "pa55 w&rd=%"
FAULT_WORDS = "Words of the provider about 79031234567"


def fault(code: int, status: int) -> Answer:
    return as_json({"Code": code, "Desc": FAULT_WORDS}, status)


class DevinoService:
    """Answers both faces. `sms`, `state`, `viber` and their like are what the test has them say."""

    def __init__(self) -> None:
        self.logins = 0
        self.valid_session = ""
        self.login_fault: Reply | None = None
        self.sms: Reply = as_json(["579700854169272358"])
        self.state: Reply = as_json({"State": -1})
        self.viber: Reply = as_json(["GW0261BBD6B3"])
        self.viber_state: Reply = as_json({"State": 1, "ResentSms": []})
        self.balance: Reply = Answer(b"20015.30")
        self.hlr: Reply = as_json(["703112828852109312"])
        self.hlr_states: list[Reply] = []
        self.hlr_state: Reply = as_json([{"messageId": "703112828852109312", "StateCode": 1}])

    def __call__(self, request: Request) -> Reply:
        if request.path == "/rest/user/sessionid":
            return self._open_session(request)
        given = {name.lower(): value for name, value in {**request.query, **request.form}.items()}
        if request.path.startswith("/rest/v2/"):
            if (given.get("login"), given.get("password")) != (LOGIN, PASSWORD):
                return fault(4, 401)
        elif given.get("sessionid") != self.valid_session or not self.valid_session:
            return fault(3, 400)
        routes: dict[tuple[str, str], Callable[[], Reply]] = {
            ("POST", "/sms/send"): lambda: self.sms,
            ("GET", "/sms/state"): lambda: self.state,
            ("POST", "/viber/send"): lambda: self.viber,
            ("POST", "/viber/sendwithresend"): lambda: self.viber,
            ("GET", "/viber/state"): lambda: self.viber_state,
            ("GET", "/user/balance"): lambda: self.balance,
            ("POST", "/hlr/sendbulk"): lambda: self.hlr,
            ("GET", "/hlr/state"): lambda: self.hlr_states.pop(0) if self.hlr_states else self.hlr_state,
        }
        path = request.path.removeprefix("/rest").removeprefix("/v2").lower()
        found = routes.get((request.method, path))
        return Answer(b"not found", 404) if found is None else found()

    def _open_session(self, request: Request) -> Reply:
        self.logins += 1
        if self.login_fault is not None:
            return self.login_fault
        if request.method != "GET" or request.query != {"login": LOGIN, "password": PASSWORD}:
            return fault(4, 401)
        self.valid_session = f"SESSION{self.logins:029}"
        return Answer(json.dumps(self.valid_session).encode())
