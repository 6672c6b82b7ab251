"""A few lines of SMSC's HTTP API for the tests: login, messages, states, sender names."""

from __future__ import annotations

from tests.links.peer import Answer, Reply, Request, as_json

LOGIN = "bank"
PASSWORD = "pa55 w&rd=%"
FAULT_WORDS = "Words of the provider about 79031234567"


def fault(code: int) -> Answer:
    return as_json({"error": FAULT_WORDS, "error_code": code})


class SmscService:
    """`sent`, `states` and `senders` are what the test has it say; None is as it should be."""

    def __init__(self) -> None:
        self.sent: Reply | None = None
        self.states: Reply = as_json({"status": 0, "last_date": "", "last_timestamp": 0, "err": 0})
        self.senders: Reply = as_json([])

    def __call__(self, request: Request) -> Reply:
        form = request.form
        if (
            request.method != "POST"
            or request.query
            or (form.get("fmt"), form.get("charset")) != ("3", "utf-8")
        ):
            return fault(1)
        if (form.get("login"), form.get("psw")) != (LOGIN, PASSWORD) and form.get("apikey") != PASSWORD:
            return fault(2)
        if request.path == "/sys/send.php":
            return as_json({"id": int(form["id"]), "cnt": 1}) if self.sent is None else self.sent
        routes = {"/sys/status.php": self.states, "/sys/senders.php": self.senders}
        return routes.get(request.path, Answer(b"not found", 404))
