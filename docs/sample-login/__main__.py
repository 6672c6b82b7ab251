"""Runs the sample login beside `make run`: makes it a tenant there, serves its pages on loopback."""

from __future__ import annotations

import argparse
import json
import logging
import secrets
from pathlib import Path
from typing import Any

import requests
from app import create_app
from etalon import Etalon

TENANT = "sample-login"
POLICY = Path(__file__).with_name("login.toml")
WHY = "the sample login"


class Sandbox:
    """The management API of a service that `make run` started."""

    def __init__(self, facts: dict[str, str]) -> None:
        self._api = f"{facts['base_url']}/api/v1"
        self._headers = {"Authorization": f"Bearer {facts['admin_key']}"}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        """Call the API."""
        return requests.request(method, self._api + path, json=body, headers=self._headers, timeout=15)

    def arrange(self) -> str:
        """Publish the policy, make the tenant whose texts end with the autofill line, and give it a key."""
        if self.call("GET", "/policies/sample_login").status_code == 404:
            policy = {
                "document": POLICY.read_text(encoding="utf-8"),
                "reason": WHY,
                "acknowledge_warnings": True,
            }
            _done(self.call("POST", "/policies/publish", policy))
        known = self.call("GET", f"/tenants/{TENANT}")
        document = {
            "id": TENANT,
            "name": "Sample login",
            "policy": "sample_login",
            "templates": {"web_otp": "login.bank.example"},
        }
        version = known.json()["version"] if known.ok else ""
        _done(
            self.call("PUT", f"/tenants/{TENANT}", {"document": document, "version": version, "reason": WHY})
        )
        for key in _done(self.call("GET", f"/tenants/{TENANT}/keys"))["keys"]:
            _done(self.call("DELETE", f"/tenants/{TENANT}/keys/{key['id']}", {"after_s": 0}))
        issued = _done(self.call("POST", f"/tenants/{TENANT}/keys", {"name": f"run-{secrets.token_hex(4)}"}))
        return str(issued["key"])


def _done(answer: requests.Response) -> dict[str, Any]:
    if not answer.ok:
        raise SystemExit(f"The service refuses: {answer.status_code} {answer.text}")
    document: dict[str, Any] = answer.json()
    return document


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="sample-login", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("var"), help="data directory of `make run`")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument(
        "--enroller-key-file",
        type=Path,
        help="a management key of the role enroller; else the sandbox's admin key",
    )
    asked = parser.parse_args()
    facts = json.loads((asked.data / "sandbox.json").read_text(encoding="utf-8"))
    enroller = asked.enroller_key_file.read_text().strip() if asked.enroller_key_file else facts["admin_key"]
    etalon = Etalon(facts["base_url"], Sandbox(facts).arrange(), enroller, TENANT)
    # Numbers stand in no address, and so in no line of this log; it is off all the same.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    print(
        f"The sample login is at http://127.0.0.1:{asked.port}; handsets: {facts['sandbox_url']}", flush=True
    )
    # The server of Flask is for trials on one machine. A bank serves `create_app` with its own, over TLS.
    create_app(etalon, over_tls=False).run("127.0.0.1", asked.port)


if __name__ == "__main__":
    main()
