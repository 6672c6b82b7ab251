"""What the provider's JSON services share, for the tests: Basic authentication, one answer for all calls."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from tests.links.peer import Answer, Reply, Request, as_json

LOGIN = "bank"
PASSWORD = "pa55:w&rd ё"
RIGHT = "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()


@dataclass
class DevinoJsonService:
    """Says what the test writes down to whoever gives the right account; keeps what it was asked."""

    says: Reply
    states: Reply
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        self.asked.append(request)
        if request.headers.get("authorization") != RIGHT:
            return Answer(b"", 401)
        is_status = request.method == "GET" or request.path.endswith("/status")
        return self.states if is_status else self.says

    def document(self, index: int = -1) -> Any:  # noqa: ANN401 - JSON holds anything
        """What was posted."""
        return json.loads(self.asked[index].body)


def viber_sent(code: str = "ok", message_id: int = 3158611117333282816) -> Answer:
    return as_json({"status": "ok", "messages": [{"providerId": message_id, "code": code}]})


def viber_states(*rows: object) -> Answer:
    return as_json({"status": "ok", "messages": list(rows)})


def vk_sent(code: str = "ok") -> Answer:
    result = {"code": code, "messageId": 3222269333010907000}
    return as_json({"code": "ok", "description": "", "result": result})


def vk_state(**members: object) -> Answer:
    result = {"providerId": 3287014702114144256, "code": "ok", **members}
    return as_json({"code": "ok", "description": "", "result": result})


def email_sent(code: str = "ok", message_id: str = "Mdz0i7z1Dyp", status: int = 201) -> Answer:
    row = {"Index": 0, "Address": "ivan@client.example", "MessageId": message_id, "Code": code}
    return as_json({"Result": [row], "Code": "ok", "Description": "ok"}, status)


def email_states(*rows: tuple[str, str]) -> Answer:
    result = [{"MessageId": one, "Email": "ivan@client.example", "State": state} for one, state in rows]
    return as_json({"Result": result, "Code": "ok", "Description": "ok"})
