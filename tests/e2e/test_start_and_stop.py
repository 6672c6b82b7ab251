"""The life of the all-in-one: it goes on where it was, ends whole, and says why it cannot start."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.all_in_one import AllInOne, callers_of, inside_of
from tests.e2e.callers import new_number
from tests.e2e.processes import LivingProcess
from tests.e2e.waiting import wait_for


@pytest.fixture
def program(tmp_path: Path) -> Iterator[AllInOne]:
    made = AllInOne(tmp_path / "data")
    yield made
    made.end()
    shutil.rmtree(tmp_path / "data", ignore_errors=True)


def living(family: list[LivingProcess]) -> list[LivingProcess]:
    return [member for member in family if member.lives]


def test_a_second_start_goes_on_with_the_same_keys_tenants_references_and_sims(program: AllInOne) -> None:
    number, swapped = new_number(), new_number()
    program.start_and_wait()
    facts = program.facts()
    with callers_of(program) as first, inside_of(first) as inside:
        inside.tenant("demo", name="A bank of its own")
        assert first.bank.generate(number).code == 0
        code = first.operator.code(number)
        assert first.bank.generate(swapped).code == 0
        first.operator.swap(swapped)
        sim = first.operator.imsi(swapped)
        before = first.team.events()

    family = program.family()
    assert len(family) >= 5
    assert program.stop(signal.SIGINT) == 0
    assert living(family) == []
    assert program.output().rstrip().endswith("Stopped.")
    assert not (program.data / "running.json").exists()

    program.start_and_wait()
    # an invitation that nobody took is drawn anew: the former one is nowhere to be read
    assert {**program.facts(), "invitation": ""} == {**facts, "invitation": ""}
    with callers_of(program) as second, inside_of(second) as inside:
        tenant = inside.service.tenants.get("demo")
        assert tenant is not None
        assert tenant.name == "A bank of its own"
        assert second.operator.imsi(swapped) == sim
        assert second.bank.check(number, code).code == 0
        assert second.bank.generate(swapped).code == 7
        assert second.bank.generate(swapped, Purpose="login").code == 6
        assert second.team.events()[: len(before)] == before


def test_nothing_is_left_of_it_where_it_was_killed(program: AllInOne) -> None:
    program.start_and_wait()
    family = program.family()
    program.send(signal.SIGKILL)
    program.exit_code()
    wait_for("the end of all its parts", lambda: not living(family))


def test_ctrl_c_while_it_starts_ends_it_too(program: AllInOne) -> None:
    program.start()
    wait_for("its first part", lambda: program.child("valkey-server"))
    family = program.family()
    assert program.stop(signal.SIGINT) == 0
    wait_for("the end of all its parts", lambda: not living(family))
    assert "Etalon is ready" not in program.output()


@pytest.mark.parametrize("which", ["--port", "--sandbox-port", "--relay-port"])
def test_a_taken_port_is_one_clear_sentence(program: AllInOne, which: str) -> None:
    ports = {
        "--port": program.port,
        "--sandbox-port": program.sandbox_port,
        "--relay-port": program.relay_port,
    }
    taken = ports[which]
    with socket.create_server(("127.0.0.1", taken)):
        program.start()
        assert program.exit_code() == 1
    (sentence,) = program.output().splitlines()
    assert f"port {taken} on 127.0.0.1" in sentence
    assert which in sentence


def test_a_data_directory_in_use_is_one_clear_sentence(program: AllInOne) -> None:
    program.start_and_wait()
    second = AllInOne(program.data)
    second.log = program.log.with_suffix(".second")
    second.start()
    assert second.exit_code() == 1
    (sentence,) = second.output().splitlines()
    assert str(program.data) in sentence
    assert "--data" in sentence
