"""The store killed under load, and replaced by an empty one: no code counts twice, no SIM is trusted anew."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.e2e.callers import Backend, new_number
from tests.e2e.inside import UNLIMITED, Inside
from tests.e2e.load import Load
from tests.e2e.parts import HOME, Parts, all_parts
from tests.e2e.waiting import wait_for

SETTINGS: Final[dict[str, Any]] = {"limits": UNLIMITED, "deadline_s": 2.0, "lookup_deadline_s": 1.0}
LEASE_S = SETTINGS["deadline_s"] + 5
ENDS_OF_SENDING = ("code_sent", "send_unknown", "send_refused", "lease_lost")
DOWN = "the store does not answer"
EMPTY = (
    "the store is not initialised: run `security-service store init`, or `store rebuild` where it was lost"
)


@dataclass(frozen=True, slots=True)
class Survived:
    """A service whose store was killed and started again under load, and what its callers met.

    `cut_off` is a number whose message left, but whose call could not write that down.
    """

    parts: Parts
    inside: Inside
    bank: Backend
    load: Load
    while_down: list[tuple[int, int]]
    readiness: tuple[int, list[str]]
    cut_off: str


@pytest.fixture(scope="module")
def survived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survived]:
    with ExitStack() as undo:
        parts = undo.enter_context(all_parts(Parts(tmp_path_factory.mktemp("store"))))
        inside = undo.enter_context(Inside.of_config(parts.config))
        bank = undo.enter_context(parts.backend(inside, **SETTINGS))
        load = undo.enter_context(Load(bank, parts.operator))
        thread = undo.enter_context(ThreadPoolExecutor(1))
        wait_for("a load under way", lambda: load.count("CheckCode", 0) >= 40)
        cut_off = new_number()
        parts.operator.fault("sms", "slow", 1.0)
        call = thread.submit(bank.generate, cut_off)
        wait_for("a message under way", lambda: parts.operator.texts(cut_off))
        parts.store.kill()
        readiness = bank.readiness()
        down = [bank.generate(new_number()), bank.check(cut_off, "123456"), call.result()]
        parts.operator.heal()
        parts.store.start()
        wait_for("readiness", bank.is_ready)
        before = load.count("CheckCode", 0)
        wait_for("a load that goes on", lambda: load.count("CheckCode", 0) >= before + 40)
        load.stop()
        answers = [(reply.code, reply.status) for reply in down]
        yield Survived(parts, inside, bank, load, answers, readiness, cut_off)


def wait_for_no_sending(survived: Survived) -> None:
    def is_over() -> bool:
        return all(slot.get("st") != "sending" for slot in survived.inside.all_slots())

    wait_for("the end of all leases", is_over)


def test_while_it_is_down_both_operations_promise_nothing_and_readiness_says_why(survived: Survived) -> None:
    assert survived.while_down == [(4, 200)] * 3
    assert survived.readiness == (503, [DOWN])
    assert survived.load.count("GenerateCode", 4) > 1


def test_no_code_is_accepted_twice(survived: Survived) -> None:
    for story in survived.load.stories:
        assert all(answers.count(0) <= 1 for answers in story.checked.values()), story
    accepted = Counter(
        event["outcome"]["code_id"]
        for event in survived.inside.all_events()
        if event["kind"] == "code_checked" and event["outcome"]["result"] == "accepted"
    )
    assert len(accepted) >= 80
    assert set(accepted.values()) == {1}


def test_every_success_has_its_event_and_every_event_its_answer_or_none(survived: Survived) -> None:
    for story in survived.load.stories:
        events = survived.inside.events(HOME, story.number, "code_checked")
        accepted = [event for event in events if event["outcome"]["result"] == "accepted"]
        assert story.accepted() <= len(accepted) <= story.accepted() + story.undecided(), story


def test_the_events_of_every_shard_are_numbered_without_a_gap(survived: Survived) -> None:
    by_shard: dict[str, list[int]] = {}
    for event in survived.inside.all_events():
        by_shard.setdefault(event["shard"], []).append(event["seq"])
    assert len(by_shard) == 65
    for shard, numbers in by_shard.items():
        assert numbers == list(range(1, len(numbers) + 1)), shard


def test_no_code_holds_its_slot_longer_than_its_lease_and_every_sending_has_one_end(
    survived: Survived,
) -> None:
    wait_for_no_sending(survived)
    events = survived.inside.all_events()
    ends = Counter(
        event["facts"].get("code_id") or event["outcome"].get("code_id")
        for event in events
        if event["kind"] in ENDS_OF_SENDING
    )
    stored = {
        event["facts"]["code_id"]
        for event in events
        if event["kind"] == "gate_decided" and event["facts"]["code_id"]
    }
    assert set(ends) == stored
    assert set(ends.values()) == {1}


def test_the_code_of_a_call_that_was_cut_off_is_good_once_and_holds_the_slot_for_its_lease(
    survived: Survived,
) -> None:
    bank, inside, number = survived.bank, survived.inside, survived.cut_off
    wait_for("the end of the lease", lambda: inside.events(HOME, number, "lease_lost"))
    code = survived.parts.operator.code(number)
    assert [bank.check(number, code).code for _ in range(3)] == [0, 5, 5]
    (decided,) = inside.events(HOME, number, "gate_decided")
    (lost,) = inside.events(HOME, number, "lease_lost")
    lasted_s = (lost["at"] - decided["at"]) / 1000
    assert LEASE_S - 1 < lasted_s < LEASE_S + 10
    assert bank.generate(number).code == 0


def test_numbers_that_were_answered_with_4_get_their_next_code(survived: Survived) -> None:
    wait_for_no_sending(survived)
    refused = [story for story in survived.load.stories if story.generated[-1] == 4]
    assert refused
    for story in refused[:20]:
        is_live = survived.inside.slot(HOME, story.number).get("st") == "live"
        assert survived.bank.generate(story.number).code == (7 if is_live else 0)


def test_an_empty_store_is_not_decided_on_until_a_person_initialises_it(survived: Survived) -> None:
    parts, bank = survived.parts, survived.bank
    number = new_number()
    assert bank.generate(number).code == 0
    code = parts.operator.code(number)
    parts.store.stop()
    shutil.rmtree(parts.folder / "store")
    parts.store.start()

    wait_for("a readiness that is red", lambda: bank.readiness() == (503, [EMPTY]))
    parts.operator.swap(number)
    for _ in range(2):
        assert bank.check(number, code).code == 4
        assert bank.generate(number).code == 4
        assert bank.generate(new_number()).code == 4
    assert len(parts.operator.texts(number)) == 1

    exit_code, said = parts.store_command("init", "--anew")
    assert exit_code == 0, said
    wait_for("readiness", bank.is_ready)
    # A key is believed for a second after it was read.
    wait_for("the key's end", lambda: bank.check(number, code).code == 1)
    with parts.backend(survived.inside) as again:
        assert again.check(number, code).code == 5
        assert again.generate(number).code == 0
