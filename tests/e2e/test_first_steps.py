"""The main job as a newcomer meets it: one command, a code, a swapped SIM, a second start, Ctrl-C."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.all_in_one import Running, all_in_one
from tests.e2e.callers import new_number, wrong
from tests.e2e.processes import LivingProcess
from tests.e2e.waiting import wait_for


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with all_in_one(tmp_path_factory.mktemp("first") / "data") as started:
        yield started


def sent_code(running: Running, number: str) -> str:
    """A code that was sent and arrived."""
    assert running.bank.generate(number).code == 0
    return running.operator.code(number)


def test_the_facts_lie_in_files_that_only_their_owner_reads(running: Running) -> None:
    program = running.program
    words = "admin_key api_key base_url console_url first_admin invitation sandbox_url"
    smpp = "smpp_address smpp_password smpp_system_id"
    assert sorted(program.facts()) == [*words.split(), *smpp.split()]
    assert program.facts()["base_url"].endswith(f":{program.port}")
    assert stat.S_IMODE(program.data.stat().st_mode) == 0o700
    for name in ("sandbox.json", "sandbox.headers", "secrets.json", "running.json"):
        assert stat.S_IMODE((program.data / name).stat().st_mode) == 0o600, name


def test_the_start_says_where_everything_is_and_how_to_begin_without_showing_a_key(running: Running) -> None:
    facts, said = running.program.facts(), running.program.output()
    assert facts["base_url"] in said
    assert facts["sandbox_url"] in said
    assert str(running.program.data / "sandbox.json") in said
    assert f"{facts['base_url']}/GenerateCode" in said
    assert facts["api_key"] not in said
    assert facts["admin_key"] not in said
    assert facts["smpp_address"] in said
    assert facts["smpp_password"] not in said


def test_a_code_arrives_is_refused_wrong_accepted_right_and_only_once(running: Running) -> None:
    number = new_number()
    code = sent_code(running, number)
    assert code in running.operator.texts(number)[0]
    assert running.bank.generate(number).code == 7
    assert running.bank.check(number, wrong(code)).code == 5
    assert running.bank.check(number, code).code == 0
    assert running.bank.check(number, code).code == 5
    assert len(running.operator.texts(number)) == 1


def test_a_number_may_be_written_in_any_of_its_forms(running: Running) -> None:
    number = new_number()
    assert running.bank.generate(f"+{number}").code == 0
    assert running.bank.check(f"8{number[1:]}", running.operator.code(number)).code == 0


def test_after_a_swap_the_next_code_is_refused_the_owner_is_told_and_a_person_lets_it_pass(
    running: Running,
) -> None:
    bank, operator, team = running.bank, running.operator, running.team
    number = new_number()
    assert bank.check(number, sent_code(running, number)).code == 0
    operator.swap(number)

    refused = bank.generate(number)
    assert (refused.code, refused.status, refused.headers["X-Etalon-Verdict"]) == (6, 200, "deny")
    wait_for("the notice", lambda: "notice_sent" in team.kinds(number))
    shown = team.subscriber(number)
    assert shown["candidate"] is not None
    assert shown["candidate"]["fingerprint"] != shown["reference"][0]["fingerprint"]

    assert team.act(number, "reverify")["result"] == "reverified"
    assert team.subscriber(number)["candidate"] is None
    assert bank.check(number, sent_code(running, number)).code == 0
    first, notice, second = operator.texts(number)
    assert len({first, notice, second}) == 3
    assert not any(sign.isdigit() for sign in notice)


def test_the_owner_of_a_swapped_sim_is_told_once_of_one_candidate(running: Running) -> None:
    number = new_number()
    sent_code(running, number)
    running.operator.swap(number)
    assert [running.bank.generate(number, Purpose=purpose).code for purpose in ("login", "card")] == [6, 6]
    wait_for("the notice", lambda: "notice_sent" in running.team.kinds(number))
    kinds = running.team.kinds(number)
    assert (kinds.count("notice_queued"), kinds.count("notice_sent"), kinds.count("case_opened")) == (1, 1, 1)
    assert len(running.operator.texts(number)) == 2


def test_always_deny_and_always_allow_end_when_they_are_told_to(running: Running) -> None:
    bank, operator, team = running.bank, running.operator, running.team
    number = new_number()
    assert bank.check(number, sent_code(running, number)).code == 0
    shown = team.set_mode(number, "always_deny")
    assert shown["mode"] == "always_deny"
    assert bank.generate(number).headers["X-Etalon-Verdict"] == "deny"

    operator.swap(number)
    ends = datetime.now(UTC) + timedelta(seconds=4)
    team.set_mode(number, "always_allow", until=ends.isoformat(timespec="seconds"))
    assert bank.check(number, sent_code(running, number)).code == 0
    decided = team.events(number=number, kind="gate_decided")
    assert [event["facts"]["reason"] for event in decided[-2:]] == ["always_deny", "always_allow"]
    wait_for("the end of always_allow", lambda: team.subscriber(number)["mode"] == "check")
    assert time.time() >= ends.timestamp() - 1


def test_five_wrong_guesses_lock_the_number_until_a_person_unlocks_it(running: Running) -> None:
    number = new_number()
    code = sent_code(running, number)
    guesses = [running.bank.check(number, wrong(code)).code for _ in range(5)]
    locked = running.bank.check(number, code)
    assert guesses == [5] * 5
    assert locked.code == 3
    assert 0 < int(locked.headers["Retry-After"]) <= 60
    assert running.bank.generate(number).code == 3
    assert running.team.subscriber(number)["locked_until"] is not None

    assert running.team.act(number, "unlock")["result"] == "unlocked"
    assert running.bank.check(number, code).code == 5
    assert running.bank.check(number, sent_code(running, number)).code == 0
    reasons = [
        event["outcome"]["reason"] for event in running.team.events(number=number, kind="code_checked")
    ]
    assert reasons == ["wrong"] * 5 + ["burnt", "valid"]


def test_the_audit_log_is_read_page_by_page_and_exported_whole(running: Running) -> None:
    number = new_number()
    code = sent_code(running, number)
    running.bank.check(number, wrong(code))
    running.bank.check(number, code)
    events = running.team.events(number=number)
    pages, cursor = [], ""
    while True:
        page = running.team.page(number=number, limit=1, **({"cursor": cursor} if cursor else {}))
        pages += page["events"]
        cursor = page["next"]
        if not cursor:
            break
    assert pages[::-1] == events
    kinds = ["reference_learnt", "code_sent", "code_checked", "code_checked"]
    assert [event["kind"] for event in events if event["kind"] != "receipt"] == ["gate_decided", *kinds]
    exported = running.program.ok("audit", "export", "--number", number).splitlines()
    # that the log was taken out is an event of its own, after what was taken
    told = [event for event in running.team.events(number=number) if event["kind"] != "audit_exported"]
    assert [json.loads(line) for line in exported][::-1] == told


@pytest.mark.parametrize("part", ["web", "worker", "security_service.sandbox", "valkey-server"])
def test_a_part_that_died_is_started_anew_and_nothing_is_lost(running: Running, part: str) -> None:
    number = new_number()
    code = sent_code(running, number)
    victim = running.program.child(part)
    assert victim is not None
    victim.kill()

    def successor() -> LivingProcess | None:
        found = running.program.child(part)
        return None if found == victim else found

    wait_for(f"another {part}", successor)
    wait_for("readiness", running.bank.is_ready)
    wait_for("the operator", running.operator.is_up)
    assert running.bank.check(number, code).code == 0
    assert running.bank.check(number, code).code == 5
