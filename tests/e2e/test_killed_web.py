"""The web process killed between storing a code and the end of its sending: nothing known is forgotten."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from tests.e2e.callers import Backend, Operator, new_number
from tests.e2e.inside import Inside
from tests.e2e.parts import Parts, all_parts
from tests.e2e.waiting import LONG_S, wait_for

DEADLINES = {"deadline_s": 3.0, "lookup_deadline_s": 2.0}
HANGS_S = 20.0
STATES = {"sent": "unknown", "error": "withdrawn"}
"""What becomes of a code whose lease was lost, by what its tenant takes unknown for."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """A call whose process was killed; its message had left or, at a silent gateway, had not."""

    bank: Backend
    tenant: str
    unknown_is: str
    has_left: bool
    number: str


@dataclass(frozen=True, slots=True)
class Broken:
    """What a killed web process left behind."""

    operator: Operator
    inside: Inside
    calls: tuple[CutOff, ...]

    def call(self, unknown_is: str, *, has_left: bool) -> CutOff:
        """Find a call, once the worker has ended its lease."""
        (found,) = [one for one in self.calls if (one.unknown_is, one.has_left) == (unknown_is, has_left)]
        wait_for("the end of the lease", lambda: self.state(found) != "sending")
        return found

    def state(self, call: CutOff) -> str:
        """Give the state of a call's slot."""
        return self.inside.slot(call.tenant, call.number).get("st", "")

    def kinds(self, call: CutOff) -> list[str]:
        """Give the kinds of a call's events, the oldest first."""
        return [event["kind"] for event in self.inside.events(call.tenant, call.number)]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    with ExitStack() as undo:
        silent = undo.enter_context(socket.create_server(("127.0.0.1", 0)))
        parts = Parts(tmp_path_factory.mktemp("web"))
        parts.add_gateway("silent", f"http://127.0.0.1:{silent.getsockname()[1]}")
        undo.enter_context(all_parts(parts))
        inside = undo.enter_context(Inside.of_config(parts.config))
        calls = []
        for unknown_is in STATES:
            for has_left in (True, False):
                tenant = f"{unknown_is}-{'left' if has_left else 'stuck'}"
                route = ["sms"] if has_left else ["silent", "sms"]
                key = inside.tenant(tenant, unknown_is=unknown_is, gateways=route, **DEADLINES)
                bank = undo.enter_context(Backend(parts.base_url, key))
                calls.append(CutOff(bank, tenant, unknown_is, has_left, new_number()))
        yield break_off(parts, silent, Broken(parts.operator, inside, tuple(calls)))


def break_off(parts: Parts, silent: socket.socket, broken: Broken) -> Broken:
    """Kill the web process while all calls hang at their gateways, and start another."""
    parts.operator.fault("sms", "slow", HANGS_S)
    silent.settimeout(LONG_S)
    with ThreadPoolExecutor(len(broken.calls)) as threads, ExitStack() as undo:
        for call in broken.calls:
            threads.submit(ask, call)
            if call.has_left:
                wait_for("the message", partial(parts.operator.texts, call.number))
            else:
                connection = undo.enter_context(silent.accept()[0])
                assert connection.recv(5) == b"POST "
        parts.web.kill()
    assert {broken.state(call) for call in broken.calls} == {"sending"}
    silent.close()
    parts.operator.heal()
    parts.start(parts.web)
    return broken


def ask(call: CutOff) -> None:
    """Ask for a code under an idempotency key; nobody answers, for the process is killed meanwhile."""
    with suppress(httpx.TransportError):
        call.bank.generate(call.number, key="try-1")


def test_a_retry_waits_for_the_lease_and_learns_how_unknown_is_answered(broken: Broken) -> None:
    with ThreadPoolExecutor(len(broken.calls)) as threads:
        retries = [threads.submit(call.bank.generate, call.number, key="try-1") for call in broken.calls]
        answers = [retry.result().code for retry in retries]
    assert answers == [{"sent": 0, "error": 5}[call.unknown_is] for call in broken.calls]
    arrived = [len(broken.operator.texts(call.number)) for call in broken.calls]
    assert arrived == [int(call.has_left) for call in broken.calls]


@pytest.mark.parametrize("unknown_is", list(STATES))
@pytest.mark.parametrize("has_left", [True, False], ids=["left", "stuck"])
def test_the_worker_ends_the_lost_lease_with_an_event(
    broken: Broken, unknown_is: str, *, has_left: bool
) -> None:
    call = broken.call(unknown_is, has_left=has_left)
    assert broken.kinds(call).count("lease_lost") == 1
    (lost,) = broken.inside.events(call.tenant, call.number, "lease_lost")
    assert lost["outcome"]["state"] == STATES[unknown_is]
    assert "lease" not in broken.inside.jobs(call.tenant, call.number)


def test_a_code_that_may_have_arrived_is_accepted_once(broken: Broken) -> None:
    call = broken.call("sent", has_left=True)
    code = broken.operator.code(call.number)
    assert [call.bank.check(call.number, code).code for _ in range(3)] == [0, 5, 5]
    checked = broken.inside.events(call.tenant, call.number, "code_checked")
    assert [event["outcome"]["reason"] for event in checked] == ["valid", "spent", "spent"]


def test_a_code_that_was_answered_as_not_sent_is_never_accepted(broken: Broken) -> None:
    call = broken.call("error", has_left=True)
    assert call.bank.check(call.number, broken.operator.code(call.number)).code == 5
    (checked,) = broken.inside.events(call.tenant, call.number, "code_checked")
    assert checked["outcome"]["reason"] == "withdrawn"


@pytest.mark.parametrize("unknown_is", list(STATES))
def test_the_slot_of_a_lost_lease_is_free_for_the_next_code(broken: Broken, unknown_is: str) -> None:
    call = broken.call(unknown_is, has_left=False)
    assert call.bank.generate(call.number).code == 0
    assert call.bank.check(call.number, broken.operator.code(call.number)).code == 0
