"""A call whose reply was lost is sent once more: what it did is done once, and it answers as before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import CheckAccepted, CheckMatched, FinaliseRequest, Settlement
from security_service.domain.errors import StoreUnavailable
from security_service.domain.imsi import ImsiMember
from security_service.domain.jobs import Job, JobKind
from security_service.domain.limits import Limits, Window
from security_service.domain.messages import ReceiptState
from security_service.domain.operation import Operation
from security_service.store.connection import Argument, Reply, ThinScripts, parse_address
from security_service.store.embedded import EmbeddedValkey
from security_service.store.scripts import Script, load
from tests.store.dropping_proxy import DroppingProxy
from tests.store.rig import DECIDED, FREE, NUMBER, PAYMENT, StoreRig, fallback, messaged, subject
from tests.store.step_up_scenes import STEP_UP_SCENES

TIGHT: Final = replace(FREE, limits=Limits((Window("requests", 2, 60),), (Window("checks", 2, 60),)))
PIN: Final = ImsiMember(1, "imsi", b"s" * 16)
LOOKED: Final = Event(EventKind.CHECK_FINALISED, {"accepted": True})


class TwiceScripts:
    """Sends every script twice and gives the second answer, as if the first had been lost."""

    def __init__(self, inner: ThinScripts) -> None:
        self.inner = inner

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> list[Reply]:
        self.inner.run(script, keys, arguments)
        return self.inner.run(script, keys, arguments)

    def command(self, *arguments: Argument) -> Reply:
        return self.inner.command(*arguments)

    def close(self) -> None:
        self.inner.close()


def contents(url: str) -> dict[str, Any]:
    """Everything that the store holds."""
    found: dict[str, Any] = {}
    client: Any
    with redis.Redis.from_url(url, decode_responses=True) as client:
        for key in sorted(client.keys()):
            kind = client.type(key)
            found[key] = {
                "hash": lambda key: dict(sorted(client.hgetall(key).items())),
                "list": lambda key: client.lrange(key, 0, -1),
                "stream": client.xrange,
                "string": client.get,
                "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
            }[kind](key)
    return found


def told(rig: StoreRig, *, checks: int = 1, digits: str = "000000", pinned: bool = False) -> list[Any]:
    return [rig.check(subject(), digits, rig.caller("a"), pinned=pinned) for _ in range(checks)]


def admit(rig: StoreRig) -> object:
    return rig.admit(subject(), rig.caller("a"))


def admit_past_a_window(rig: StoreRig) -> object:
    return [rig.admit(subject(tenant=TIGHT), rig.caller()) for _ in range(4)]


def admit_where_a_code_exists(rig: StoreRig) -> object:
    rig.generate(subject())
    return rig.admit(subject(), rig.caller())


def open_a_code(rig: StoreRig) -> object:
    whom, caller = subject(), rig.caller("", "key")
    rig.admit(whom, caller)
    job = Job("j1", JobKind.LOOK, "demo", NUMBER)
    code = rig.new_code(whom, rig.digits())
    request = rig.request(whom, caller, code)
    return rig.codes.open(replace(request, subscriber=messaged(), jobs=(job,), unverified=True))


def open_a_refusal(rig: StoreRig) -> object:
    whom, caller = subject(), rig.caller()
    rig.admit(whom, caller)
    notice = Job("n1", JobKind.NOTICE, "demo", NUMBER)
    events = [DECIDED, Event(EventKind.CANDIDATE_SEEN, {})]
    request = rig.request(whom, caller, None)
    return rig.codes.open(
        replace(request, subscriber=messaged(), events=events, notice=notice, notice_key="k")
    )


def open_where_a_code_exists(rig: StoreRig) -> object:
    whom, caller, other = subject(), rig.caller(), rig.caller()
    rig.admit(whom, caller)
    rig.admit(whom, other)
    rig.open(whom, other, rig.new_code(whom, rig.digits()))
    return rig.open(whom, caller, rig.new_code(whom, rig.digits()))


def supersede(rig: StoreRig) -> object:
    whom = subject(tenant=replace(FREE, resend_after_s=1))
    rig.generate(whom)
    rig.advance(1)
    return rig.generate(whom).code.id


def settle_with(settlement: Settlement) -> Callable[[StoreRig], object]:
    def settle(rig: StoreRig) -> object:
        draft = rig.begin(subject(), rig.caller("", "key"))
        rig.settle(draft, settlement, jobs=[Job("r1", JobKind.RECEIPT, "demo", NUMBER)])
        return rig.state(subject())

    return settle


def settle_with_another_channel(rig: StoreRig) -> object:
    draft = rig.begin(subject())
    rig.settle(draft, fallback=fallback(draft))
    return rig.sealed(subject())


def take_a_text(rig: StoreRig) -> object:
    """What is given out is given to the first call only; the second one says that it was."""
    draft = rig.begin(subject())
    rig.settle(draft, fallback=fallback(draft))
    rig.waiting_texts.take(fallback(draft).job)
    return rig.sealed(subject())


def take_a_text_too_late(rig: StoreRig) -> object:
    draft = rig.begin(subject())
    rig.settle(draft, fallback=fallback(draft))
    rig.advance(270)
    return rig.waiting_texts.take(fallback(draft).job)


def settle_a_spent_code(rig: StoreRig) -> object:
    draft = rig.begin(subject())
    rig.check(subject(), draft.digits)
    rig.settle(draft, jobs=[Job("r1", JobKind.RECEIPT, "demo", NUMBER)])
    return rig.state(subject())


def settle_a_superseded_code(rig: StoreRig) -> object:
    late = rig.begin(subject())
    rig.advance(15)
    rig.generate(subject())
    rig.settle(late)
    return rig.state(subject())


def check_right(rig: StoreRig) -> object:
    draft = rig.generate(subject())
    outcome = rig.check(subject(), draft.digits, rig.caller("a"))
    assert isinstance(outcome, CheckAccepted)
    return outcome.code_id


def check_wrong(rig: StoreRig) -> object:
    rig.generate(subject())
    return told(rig, checks=7)


def check_without_a_code(rig: StoreRig) -> object:
    return told(rig, checks=2)


def check_expired(rig: StoreRig) -> object:
    draft = rig.generate(subject())
    rig.advance(300)
    return [*told(rig, digits=draft.digits), *told(rig)]


def check_past_a_window(rig: StoreRig) -> object:
    return [rig.check(subject(tenant=TIGHT), "000000") for _ in range(4)]


def check_an_earlier_code(rig: StoreRig) -> object:
    whom = subject(tenant=replace(FREE, resend_after_s=1))
    draft = rig.generate(whom)
    rig.advance(1)
    rig.generate(whom)
    return rig.check(whom, draft.digits)


def check_another_operation(rig: StoreRig) -> object:
    draft = rig.generate(subject())
    return rig.check(subject(operation=PAYMENT), draft.digits)


def finalise_with(*, accepted: bool, newer: bool = False) -> Callable[[StoreRig], object]:
    def finalise(rig: StoreRig) -> object:
        whom, caller = subject(), rig.caller("a", "key")
        draft = rig.generate(whom, None, PIN)
        matched = rig.check(whom, draft.digits, caller, pinned=True)
        assert matched == CheckMatched(draft.code.id, PIN)
        if newer:
            rig.generate(whom)
        rig.checks.finalise(FinaliseRequest(whom, caller, draft.code.id, accepted=accepted, event=LOOKED))
        return rig.state(whom)

    return finalise


def work(rig: StoreRig) -> object:
    """Scripts whose second call does nothing: their answers may differ, the store may not."""
    draft = rig.begin(subject())
    receipt = Job(f"r{draft.code.id}", JobKind.RECEIPT, "demo", NUMBER, (("purpose", "default"),))
    rig.settle(draft, jobs=[receipt, Job("l1", JobKind.LOOK, "demo", NUMBER)])
    lost = rig.begin(subject(operation=Operation("lost")))
    for _ in range(4):
        rig.admit(subject(tenant=TIGHT), rig.caller())
    rig.advance(60)
    rig.jobs.claim(99, 5)
    data = (("code", lost.code.id), ("keep", "1"), ("purpose", "lost"))
    rig.slots.end_lease(Job(f"e{lost.code.id}", JobKind.LEASE, "demo", NUMBER, data))
    assert "lease_lost" in rig.kinds(subject())
    rig.slots.apply_receipt(receipt, ReceiptState.UNDELIVERED, Event(EventKind.RECEIPT, {}))
    rig.jobs.finish(Job("l1", JobKind.LOOK, "demo", NUMBER), [Event(EventKind.LOOK_FINISHED, {})])
    rig.subscribers.swap("demo", NUMBER, b"", messaged(), [Event(EventKind.MODE_SET, {})])
    rig.guess(subject(), 1)
    rig.subscribers.unlock("demo", NUMBER, Event(EventKind.SUBSCRIBER_UNLOCKED, {}))
    return rig.kinds(subject())


SCENES: Final[list[Callable[[StoreRig], object]]] = [
    admit,
    admit_past_a_window,
    admit_where_a_code_exists,
    open_a_code,
    open_a_refusal,
    open_where_a_code_exists,
    supersede,
    *(settle_with(settlement) for settlement in Settlement),
    settle_with_another_channel,
    take_a_text,
    take_a_text_too_late,
    settle_a_spent_code,
    settle_a_superseded_code,
    check_right,
    check_wrong,
    check_without_a_code,
    check_expired,
    check_past_a_window,
    check_an_earlier_code,
    check_another_operation,
    finalise_with(accepted=True),
    finalise_with(accepted=False),
    finalise_with(accepted=True, newer=True),
    *STEP_UP_SCENES,
    work,
]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__qualname__.split(".")[0])
def test_a_repeated_call_leaves_the_store_as_one_call_does_and_answers_the_same(
    redis_url: str, scene: Callable[[StoreRig], object]
) -> None:
    once = StoreRig(redis_url)
    answer, held = scene(once), contents(redis_url)
    once.redis.flushall()
    thin = ThinScripts(parse_address(redis_url))
    twice = StoreRig(redis_url, scripts=TwiceScripts(thin))
    assert scene(twice) == answer
    assert contents(redis_url) == held
    once.close()
    twice.close()
    thin.close()


def test_a_repeated_right_check_says_that_it_is_a_replay(rig: StoreRig) -> None:
    draft, caller = rig.generate(subject()), rig.caller()
    assert rig.check(subject(), draft.digits, caller) == CheckAccepted(draft.code.id)
    assert rig.check(subject(), draft.digits, caller) == CheckAccepted(draft.code.id, replayed=True)


def test_a_slot_remembers_eight_calls(rig: StoreRig) -> None:
    draft, caller = rig.generate(subject()), rig.caller()
    rig.check(subject(), draft.digits, caller)
    told(rig, checks=7)
    assert isinstance(rig.check(subject(), draft.digits, caller), CheckAccepted)
    told(rig, checks=1)
    assert not isinstance(rig.check(subject(), draft.digits, caller), CheckAccepted)


def test_a_repeated_match_does_not_take_the_pin_of_a_newer_code(rig: StoreRig) -> None:
    whom, caller = subject(), rig.caller()
    draft = rig.generate(whom, None, PIN)
    assert rig.check(whom, draft.digits, caller, pinned=True) == CheckMatched(draft.code.id, PIN)
    assert rig.check(whom, draft.digits, caller, pinned=True) == CheckMatched(draft.code.id, PIN)
    rig.generate(whom, None, replace(PIN, digest=b"t" * 16))
    assert not isinstance(rig.check(whom, draft.digits, caller, pinned=True), CheckMatched)


def whole_life(rig: StoreRig) -> object:
    draft = rig.generate(subject(), rig.caller("a", "key"))
    wrong = told(rig)
    outcome = rig.check(subject(), draft.digits, rig.caller("a"))
    assert isinstance(outcome, CheckAccepted)
    return wrong, outcome.code_id


@pytest.mark.parametrize("lost", range(5))
def test_any_reply_of_a_codes_life_may_be_lost_on_the_way(
    valkey: EmbeddedValkey, redis_url: str, tmp_path: Path, lost: int
) -> None:
    once = StoreRig(redis_url)
    answer, held = whole_life(once), contents(redis_url)
    once.redis.flushall()
    with DroppingProxy(tmp_path / "line", valkey.socket_path) as proxy:
        thin = ThinScripts(parse_address(f"unix://{proxy.path}"))
        rig = StoreRig(redis_url, scripts=thin)
        for script in ("admit", "open", "settle", "check"):
            rig.redis.script_load(load(script).text)
        proxy.lose = proxy.replies + lost
        assert whole_life(rig) == answer
        assert proxy.connections == 2
        assert contents(redis_url) == held
        thin.close()
    once.close()
    rig.close()


def test_a_connection_that_the_store_closed_is_opened_again(rig: StoreRig) -> None:
    draft = rig.generate(subject())
    for client in rig.redis.client_list():
        if int(client["id"]) != rig.redis.client_id():
            rig.redis.client_kill_filter(_id=client["id"])
    assert rig.check(subject(), draft.digits) == CheckAccepted(draft.code.id)


def test_a_store_that_is_away_is_told_after_two_attempts(
    valkey: EmbeddedValkey, redis_url: str, tmp_path: Path
) -> None:
    with DroppingProxy(tmp_path / "line", valkey.socket_path) as proxy:
        thin = ThinScripts(parse_address(f"unix://{proxy.path}"))
        thin.command("PING")
    with pytest.raises(StoreUnavailable):
        thin.command("PING")
    assert proxy.connections == 1
