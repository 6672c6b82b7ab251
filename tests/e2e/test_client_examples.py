"""The examples of docs/clients, run as they stand against the all-in-one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from security_service.config.sources import child_environment
from tests.e2e.all_in_one import Running, all_in_one
from tests.e2e.callers import new_number, wrong

CLIENTS: Final = Path(__file__).parents[2] / "docs" / "clients"
MONO_HTTP: Final = Path("/usr/lib/mono/4.5/System.Net.Http.dll")
Command = Sequence[str]


def python(_: Path) -> Command:
    return (sys.executable, "-W", "error", str(CLIENTS / "python" / "etalon.py"))


def curl(_: Path) -> Command:
    return ("bash", str(CLIENTS / "curl" / "codes.sh"))


def java(to: Path) -> Command:
    source = str(CLIENTS / "java" / "EtalonClient.java")
    subprocess.run(
        ("javac", "-encoding", "UTF-8", "-Xlint:all", "-Werror", "-d", str(to), source),
        check=True,
        timeout=90,
    )
    return ("java", "-cp", str(to), "EtalonClient")


def csharp(to: Path) -> Command:
    program, source = str(to / "client.exe"), str(CLIENTS / "csharp" / "EtalonClient.cs")
    subprocess.run(
        ("mcs", "-warnaserror", "-codepage:utf8", "-r:System.Net.Http.dll", f"-out:{program}", source),
        check=True,
        timeout=90,
    )
    return ("mono", program)


def needs(condition: bool, reason: str) -> pytest.MarkDecorator:  # noqa: FBT001 - a condition, not a switch
    return pytest.mark.skipif(not condition, reason=reason)


EXAMPLES: Final = {
    "python": python,
    "curl": pytest.param(curl, marks=needs(bool(shutil.which("curl")), "needs curl"), id="curl"),
    "java": pytest.param(java, marks=needs(bool(shutil.which("javac")), "needs a JDK (javac)"), id="java"),
    "csharp": pytest.param(
        csharp,
        marks=needs(
            bool(shutil.which("mcs") and shutil.which("mono")) and MONO_HTTP.exists(),
            "needs Mono with HttpClient: apt-get install mono-mcs libmono-system-net-http4.0-cil",
        ),
        id="csharp",
    ),
}
VERIFYING: Final = [EXAMPLES["python"], EXAMPLES["java"]]
Make = Callable[[Path], Command]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with all_in_one(tmp_path_factory.mktemp("clients") / "data") as started:
        yield started


class Example:
    """One run of an example: what it says, and what is typed."""

    def __init__(self, running: Running, command: Command, number: str, *flags: str) -> None:
        facts = running.program.facts()
        variables = {"ETALON_URL": facts["base_url"], "ETALON_API_KEY": facts["api_key"], "NO_PROXY": "*"}
        self._process = subprocess.Popen(
            (*command, number, "1500.00", *flags),
            env=child_environment(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def first_line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def ends(self, typed: str = "") -> tuple[int, str]:
        said, _ = self._process.communicate(f"{typed}\n" if typed else None, timeout=60)
        return self._process.returncode, said.strip()


def _flags(make: Make) -> tuple[str, ...]:
    # Mono has no ECDSA; the C# example verifies on .NET only.
    return ("--unsigned",) if make is csharp else ()


@pytest.mark.parametrize("make", EXAMPLES.values())
def test_an_example_approves_a_payment_once_and_reads_why_it_is_refused(
    running: Running, make: Make, tmp_path: Path
) -> None:
    command, number = make(tmp_path), new_number()
    example = Example(running, command, number, *_flags(make))
    assert example.first_line() == "code sent"
    assert "1500.00" in running.operator.texts(number)[0]
    assert "Romashka" in running.operator.texts(number)[0]
    status, said = example.ends(running.operator.code(number))
    assert said.startswith("approved: 1500.00 RUB")
    assert status == 0

    running.operator.swap(number)
    refused = Example(running, command, number, *_flags(make))
    assert refused.ends() == (1, "refused: deny")


@pytest.mark.parametrize("make", EXAMPLES.values())
def test_an_example_says_that_a_code_was_wrong_and_how_long_to_wait(
    running: Running, make: Make, tmp_path: Path
) -> None:
    command, number = make(tmp_path), new_number()
    example = Example(running, command, number, *_flags(make))
    assert example.first_line() == "code sent"
    code = running.operator.code(number)
    status, said = example.ends(wrong(code))
    assert (status, said.startswith("not approved: ")) == (1, True)
    status, said = Example(running, command, number, *_flags(make)).ends()
    waiting = int(said.removesuffix(" s").rpartition("wait ")[2])
    assert status == 1
    assert said.startswith("not sent: ")
    assert 0 < waiting <= 300


@pytest.mark.parametrize("make", VERIFYING)
def test_an_example_verifies_what_was_signed(running: Running, make: Make, tmp_path: Path) -> None:
    command, number = make(tmp_path), new_number()
    example = Example(running, command, number)
    assert example.first_line() == "code sent"
    status, said = example.ends(running.operator.code(number))
    assert (status, said) == (0, "approved: 1500.00 RUB, SIM first_seen, signature valid")


@pytest.mark.parametrize("make", [EXAMPLES["curl"]])
def test_the_verdict_that_curl_shows_is_signed_by_a_published_key(
    running: Running, make: Make, tmp_path: Path
) -> None:
    number = new_number()
    example = Example(running, make(tmp_path), number)
    assert example.first_line() == "code sent"
    _, said = example.ends(running.operator.code(number))
    signed = said.rpartition("signed verdict: ")[2]
    keys = KeySet.import_key_set(running.bank.http.get("/.well-known/jwks.json").json())
    claims = json.loads(jws.deserialize_compact(signed, keys, algorithms=["ES256"]).payload)
    assert (claims["tenant"], claims["amount"], claims["currency"]) == ("demo", 150_000, "RUB")
