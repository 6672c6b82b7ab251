"""A sandbox operator in the hands of a test: its client, its clock, and what is asked of it most."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from security_service.sandbox.app import create_app
from security_service.sandbox.settings import SandboxSettings

LOGIN, PASSWORD = "bank", "a+b==13%!"
NUMBER = "79161234567"
START = 1_800_000_000.0


@dataclass
class Clock:
    """Unix seconds that pass only when told."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Rig:
    """One operator; `pauses` holds the seconds that it let pass."""

    client: FlaskClient
    clock: Clock
    pauses: list[float] = field(default_factory=list)

    def session(self) -> str:
        answer = self.client.get("/rest/user/sessionid", query_string={"login": LOGIN, "password": PASSWORD})
        session_id = answer.get_json()
        assert isinstance(session_id, str)
        return session_id

    def send(self, **members: str | list[str]) -> TestResponse:
        """Send by the face without a session; a member that is empty is left out."""
        form: dict[str, str | list[str]] = {
            "Login": LOGIN,
            "Password": PASSWORD,
            "DestinationAddress": NUMBER,
            "SourceAddress": "BANK",
            "Data": "hello",
            **members,
        }
        return self.client.post("/rest/v2/Sms/Send", data={name: text for name, text in form.items() if text})

    def state(self, message_id: str) -> int:
        document = self.state_document(message_id)
        state = document["State"]
        assert isinstance(state, int)
        return state

    def state_document(self, message_id: str) -> dict[str, Any]:
        query = {"Login": LOGIN, "Password": PASSWORD, "messageId": message_id}
        document = self.client.get("/rest/v2/Sms/State", query_string=query).get_json()
        assert isinstance(document, dict)
        return document

    def handset(self, number: str = NUMBER) -> dict[str, Any]:
        document = self.client.get(f"/handsets/{number}").get_json()
        assert isinstance(document, dict)
        return document

    def inbox(self, number: str = NUMBER) -> list[str]:
        return [message["text"] for message in self.handset(number)["messages"]]

    def switch(self, state: str, number: str = NUMBER) -> None:
        assert self.client.post(f"/handsets/{number}/state", json={"state": state}).status_code == 200

    def fault(self, target: str, mode: str, **members: Any) -> None:  # noqa: ANN401 - JSON holds anything
        answer = self.client.post("/faults", json={"target": target, "mode": mode, **members})
        assert answer.status_code == 200


def make_rig(data_file: Path, **settings: Any) -> Rig:  # noqa: ANN401 - settings of several types
    """Start an operator on a data file, with a clock that stands still."""
    clock, pauses = Clock(), list[float]()
    chosen = SandboxSettings(data_file=data_file, login=LOGIN, password=PASSWORD, **settings)
    app = create_app(chosen, clock=clock, pause=pauses.append)
    return Rig(app.test_client(), clock, pauses)
