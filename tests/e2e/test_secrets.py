"""A full run leaves no code, IMSI, key or password in logs, audit, metrics, answers and the store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.e2e.all_in_one import AllInOne, Running, all_in_one, inside_of
from tests.e2e.callers import Backend, FraudTeam, new_number, wrong
from tests.e2e.inside import Inside
from tests.e2e.processes import command_line
from tests.e2e.waiting import wait_for

OWN_SECRETS: Final = frozenset({"secrets.json", "running.json", "sandbox.json", "sandbox.headers"})
"""Files that are there to hold keys; only their owner reads them."""

HANDSETS: Final = "handsets.json"
"""The operator's own state: SIMs and inboxes are what it is about."""

SETTINGS: Final[dict[str, Any]] = {"code_length": 10, "notices": {"ru": "Обратитесь в банк."}}
"""Codes so long that no digest and no time holds one by chance."""

UNKNOWN_KEY: Final = "et_an-unknown-key-that-somebody-tried"
UNKNOWN_ADMIN_KEY: Final = "em_an-unknown-key-that-somebody-tried"


@dataclass(slots=True)
class FullRun:
    """What was secret in a full run, and every place where it must not stand."""

    codes: set[str] = field(default_factory=set)
    imsis: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    answers: list[str] = field(default_factory=list)
    metrics: str = ""
    audit: str = ""
    files: dict[str, str] = field(default_factory=dict)
    own_files: str = ""
    command_lines: str = ""

    def all_secrets(self) -> set[str]:
        """Codes, guesses, IMSIs and their plain digests, keys, passwords."""
        return self.codes | self.imsis | self.keys

    def heard(self, response: httpx.Response) -> None:
        """Keep an answer with its headers."""
        response.read()
        self.answers.append(f"{response.headers}\n{response.text}")


@pytest.fixture(scope="module")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullRun]:
    run = FullRun()
    data = tmp_path_factory.mktemp("secrets") / "data"
    with ExitStack() as undo:
        running = undo.enter_context(all_in_one(data))
        inside = undo.enter_context(inside_of(running))
        live(run, running, inside)
        gather(run, running)
        running.program.stop()
        # What is written at the very end counts too.
        run.files = texts_of(running.program)
        yield run


def live(run: FullRun, running: Running, inside: Inside) -> None:
    """Do everything that touches a secret, well and badly."""
    facts = running.program.facts()
    keys = {"plain": inside.tenant("plain", **SETTINGS)}
    keys["md5"] = inside.tenant("md5", **SETTINGS, imsi_form="md5", pin_at_check=True)
    keys["hasty"] = inside.tenant("hasty", **SETTINGS, first_contact="send_then_look", pin_at_check=True)
    secrets = json.loads((running.program.data / "secrets.json").read_text())
    run.keys = {facts["api_key"], facts["admin_key"], secrets["sandbox"]["password"], *keys.values()}
    run.keys |= {key for ring in secrets["settings"]["keys"].values() for key in ring.values()}
    run.keys |= {secrets["settings"]["archive"]["signing_key"], facts["invitation"]}
    run.keys |= {facts["smpp_password"]}
    run.keys |= {UNKNOWN_KEY, UNKNOWN_ADMIN_KEY}
    with ExitStack() as undo:
        for tenant, key in keys.items():
            bank = undo.enter_context(Backend(facts["base_url"], key))
            bank.http.event_hooks["response"].append(run.heard)
            one_number(run, running, bank, tenant)
        for peer in (running.bank, running.team):
            peer.http.event_hooks["response"].append(run.heard)
        badly(run, running, facts)
    wait_for("a notice", lambda: running.team.page(kind="notice_sent", tenant="plain")["events"])


def one_number(run: FullRun, running: Running, bank: Backend, tenant: str) -> None:
    """One number's whole life: checked wrong and right, swapped, looked at, re-verified, out of reach."""
    operator, number = running.operator, new_number()
    run.numbers.add(number)
    imsi = operator.imsi(number)
    passed_in = md5(imsi.encode(), usedforsecurity=False).hexdigest() if tenant == "md5" else imsi
    run.imsis |= {imsi, passed_in}
    given = {} if tenant == "hasty" else {"IMSICode": passed_in}
    assert bank.generate(number, **given).code == 0
    code = operator.code(number)
    run.codes |= {code, wrong(code)}
    assert bank.check(number, wrong(code)).code == 5
    assert bank.check(number, code, key="a-check").code == 0
    assert bank.generate(number, IMSICode="not an IMSI: " + imsi).code == 6

    operator.swap(number)
    new_imsi = operator.imsi(number)
    run.imsis |= {new_imsi, md5(new_imsi.encode(), usedforsecurity=False).hexdigest()}
    if tenant != "hasty":
        assert bank.generate(number).code == 6
    with FraudTeam(bank.http.base_url.join("/").__str__().rstrip("/"), admin_key(running), tenant) as team:
        team.http.event_hooks["response"].append(run.heard)
        team.subscriber(number)
        team.act(number, "reverify")
        team.http.post(f"/subscribers/{number}/reverify", json={"reason": "x", "candidate": new_imsi})
    trouble(run, running, bank)


def trouble(run: FullRun, running: Running, bank: Backend) -> None:
    """Codes that meet an operator in trouble: errors and broken connections on the way of each secret."""
    for target, mode in (("imsi", "error"), ("imsi", "drop"), ("sms", "error"), ("sms", "drop")):
        number = new_number()
        run.numbers.add(number)
        run.imsis.add(running.operator.imsi(number))
        running.operator.fault(target, mode)
        bank.generate(number, Purpose="payment", Amount="10", Currency="RUB", Payee="ООО Ромашка")
        running.operator.heal()
        if running.operator.texts(number):
            run.codes.add(running.operator.code(number))


def badly(run: FullRun, running: Running, facts: Mapping[str, str]) -> None:
    """Requests with secrets in the wrong places."""
    code, imsi, number = min(run.codes), min(run.imsis), min(run.numbers)
    http = running.bank.http
    for body in (code, f'{{"DestinationNumber":"{number}","Code":"{code}"', f'{{"Code":["{code}"]}}'):
        http.post("/CheckCode", content=body, headers={"Content-Type": "application/json"})
    http.post("/CheckCode", json={"DestinationNumber": imsi, "Code": code})
    http.post("/GenerateCode", json={"DestinationNumber": number, "Amount": code, "Currency": imsi})
    http.post("/GenerateCode", json={"DestinationNumber": number, "IMSICode": imsi * 20})
    http.post("/GenerateCode", headers={"X-ApiKey": UNKNOWN_KEY}, json={"DestinationNumber": number})
    http.get(f"/{code}")
    running.team.http.put(f"/subscribers/{number}/mode", json={"mode": imsi, "reason": code, code: imsi})
    running.team.http.get(f"/subscribers/{imsi}")
    running.team.http.get("/audit", headers={"Authorization": f"Bearer {UNKNOWN_ADMIN_KEY}"})
    with Backend(facts["base_url"], facts["admin_key"]) as mistaken:
        mistaken.http.event_hooks["response"].append(run.heard)
        assert mistaken.check(number, code).code == 1


def admin_key(running: Running) -> str:
    return running.program.facts()["admin_key"]


def gather(run: FullRun, running: Running) -> None:
    """Read all that others may read while the service runs."""
    program = running.program
    run.metrics = running.bank.http.get("/metrics").text
    run.audit = program.ok("audit", "export") + program.ok("audit", "export", "--format", "csv")
    run.own_files = "".join((program.data / name).read_text() for name in sorted(OWN_SECRETS))
    run.own_files += wait_for("the operator's file", lambda: read(program.data / HANDSETS))
    run.command_lines = "\n".join(" ".join(command_line(member.pid)) for member in program.family())


def texts_of(program: AllInOne) -> dict[str, str]:
    """Give every file that a run leaves, but those that are there to hold secrets; and what it has said."""
    found = {"output": program.output()}
    for path in program.data.rglob("*"):
        if path.is_file() and path.name not in OWN_SECRETS | {HANDSETS}:
            found[str(path.relative_to(program.data))] = read(path)
    return found


def read(path: Path) -> str:
    """Read a file as Latin-1, in which every byte is a character."""
    return path.read_bytes().decode("latin-1") if path.exists() else ""


def found_in(text: str, secrets: set[str]) -> int:
    """Count the secrets that stand in a text, in any case; the count alone may be shown."""
    folded = text.lower()
    return sum(secret.lower() in folded for secret in secrets)


def test_the_search_knows_what_it_looks_for(full_run: FullRun) -> None:
    assert len(full_run.codes) >= 9
    assert len(full_run.imsis) >= 20
    assert found_in(full_run.own_files, full_run.codes) >= 6
    assert found_in(full_run.own_files, full_run.imsis) >= 3
    assert found_in(full_run.own_files, full_run.keys) == 11


def test_the_places_that_are_searched_are_full(full_run: FullRun) -> None:
    for name in ("logs/web.log", "logs/worker.log", "output"):
        assert full_run.files[name], name
    store = "".join(text for name, text in full_run.files.items() if name.endswith(".aof"))
    assert all(number in store for number in full_run.numbers)
    assert all(number in full_run.audit for number in full_run.numbers)
    assert "etalon_operations_total" in full_run.metrics
    assert len(full_run.answers) >= 40
    assert "security_service.sandbox" in full_run.command_lines


def test_no_file_holds_a_secret(full_run: FullRun) -> None:
    secrets = full_run.all_secrets()
    assert {name: hits for name, text in full_run.files.items() if (hits := found_in(text, secrets))} == {}


def test_neither_audit_nor_metrics_nor_command_lines_hold_a_secret(full_run: FullRun) -> None:
    secrets = full_run.all_secrets()
    assert found_in(full_run.audit, secrets) == 0
    assert found_in(full_run.metrics, secrets) == 0
    assert found_in(full_run.command_lines, secrets) == 0


def test_no_answer_holds_a_secret(full_run: FullRun) -> None:
    secrets = full_run.all_secrets()
    assert [answer for answer in full_run.answers if found_in(answer, secrets)] == []


def test_logs_metrics_and_answers_of_errors_hold_no_number(full_run: FullRun) -> None:
    logs = "".join(text for name, text in full_run.files.items() if name.startswith("logs/"))
    assert found_in(logs, full_run.numbers) == 0
    assert found_in(full_run.metrics, full_run.numbers) == 0
    errors = [one for one in full_run.answers if re.search(r'"Code":"?[1-9]|problem\+json', one)]
    assert len(errors) >= 15
    assert [one for one in errors if found_in(one, full_run.numbers)] == []
