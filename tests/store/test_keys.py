"""Where things lie: one shard a call, so that a cluster takes them, and nothing that stays for ever."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

import pytest
import redis

from security_service.domain.audit import Event, EventKind
from security_service.domain.secret import Msisdn
from security_service.store import scripts
from security_service.store.connection import LibraryScripts
from security_service.store.keys import NEVER_EXPIRE, SHARDS, Layout, all_shards, wide_key
from tests.store.everything import do_everything
from tests.store.rig import NUMBER, StoreRig, messaged, subject

# Scripts that `do_everything` leaves to a test file of their own.
TRIED_ELSEWHERE: Final[Mapping[str, str]] = {
    "put_handover": "test_handover.py",
    "take_handovers": "test_handover.py",
    "reply_handovers": "test_handover.py",
    "withdraw_handover": "test_handover.py",
    "keep_receipts": "test_handover.py",
    "put_trust": "test_trust_book.py",
    "observe_trust": "test_trust_book.py",
    "tell_incident": "test_trust_book.py",
    "put_policy": "test_policy_book.py",
    "put_replay": "test_replay_runs.py",
    "put_proposal": "test_proposals.py",
    "move_proposal": "test_proposals.py",
    "read_proposals": "test_proposals.py",
    "ban_imsi": "test_bans.py",
    "note_case": "test_case_desk.py",
    "trim_events": "test_event_streams.py",
    "tell_managed": "test_log_journal.py",
    "admit_sign_in": "test_people.py",
    "refuse_sign_in": "test_people.py",
    "release_sign_in": "test_people.py",
    "sign_in": "test_people.py",
    "open_session": "test_people.py",
    "end_session": "test_people.py",
    "put_person": "test_people.py",
    "begin_rebuild": "test_rebuild.py",
    "restore_records": "test_rebuild.py",
    "restore_guesses": "test_rebuild.py",
    "restore_managed": "test_rebuild.py",
    "finish_rebuild": "test_rebuild.py",
    "peek_states": "test_rebuild.py",
    "count_fields": "test_rebuild.py",
    "import_records": "test_imports.py",
    "put_run": "test_imports.py",
    "mark_run": "test_bulk_runs.py",
    "count_run": "test_bulk_runs.py",
    "put_subscription": "test_swap_subscriptions.py",
    "tell_swap": "test_swap_subscriptions.py",
    "end_subscription": "test_swap_subscriptions.py",
    "put_letter_off": "test_swap_subscriptions.py",
}


def test_every_script_is_tried_with_keys_of_one_shard(rig: StoreRig) -> None:
    do_everything(rig)
    rig.subscribers.get("demo", NUMBER)
    known = {
        file.name.removesuffix(".lua") for file in files(scripts).iterdir() if file.name.endswith(".lua")
    }
    tried = {name for name, _, _ in rig.scripts.calls}
    assert known - tried - TRIED_ELSEWHERE.keys() == set()


def test_every_key_of_a_script_lies_in_the_shard_that_its_events_tell(rig: StoreRig) -> None:
    do_everything(rig)
    for name, keys, arguments in rig.scripts.calls:
        tag = keys[0].split("}")[0].removeprefix("{")
        if any(key.endswith(":events") for key in keys):
            assert tag in arguments, name


def test_every_key_goes_away_by_itself_but_those_that_are_listed(rig: StoreRig) -> None:
    do_everything(rig)
    left = {key.decode(): rig.redis.pttl(key) for key in rig.redis.scan_iter()}
    stay = {key for key, milliseconds in left.items() if milliseconds == -1}
    assert {key for key in stay if not any(part in key for part in NEVER_EXPIRE)} == set()
    assert {key for key in left if any(part in key for part in NEVER_EXPIRE)} == stay
    assert max(left.values()) <= 400 * 86_400_000


def test_the_guesses_of_a_disabled_subscriber_stay_and_go_away_again_once_unlocked(rig: StoreRig) -> None:
    whom = subject()
    for _ in range(20):
        rig.generate(whom)
        rig.guess(whom, 5)
        rig.advance(86_400)
    guesses = rig.keys(whom).of_number("guesses")
    assert rig.redis.pttl(guesses) == -1
    rig.redis.hset(guesses, "k:known", rig.now_ms)
    rig.subscribers.unlock("demo", whom.number, Event(EventKind.SUBSCRIBER_UNLOCKED, {}))
    assert rig.redis.pttl(guesses) > 0


def test_a_finished_slot_is_kept_for_a_day_behind_the_codes_life(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.generate(whom)
    rig.check(whom, draft.digits)
    left = rig.redis.pttl(rig.keys(whom).slot("default"))
    assert 86_690_000 < left <= 86_700_000
    rig.check(subject(Msisdn("79990000000")), "1")
    assert 0 < rig.redis.pttl(rig.keys(subject(Msisdn("79990000000"))).slot("default")) <= 60_000


def test_there_are_sixty_four_shards_each_with_a_name_of_its_own() -> None:
    assert SHARDS == 64
    assert len(set(all_shards())) == 64
    assert all_shards()[42] == "s042"


def test_all_keys_of_a_number_and_all_wide_windows_of_a_tenant_share_a_hash_tag() -> None:
    keys = Layout(128).of("demo", NUMBER)
    named = [
        keys.bucket,
        keys.slot("default"),
        keys.of_number("guesses"),
        keys.idempotency("check", "t"),
        keys.notice("t"),
        keys.of_shard("events"),
    ]
    assert {key.split("}")[0] for key in named} == {f"{{{keys.shard}"}
    assert len(set(named)) == len(named)
    assert wide_key("demo", "tenant:minute") == "{w:demo}:tenant:minute"


@pytest.mark.parametrize("purpose", ["default", "login", "a.b-c_d"])
def test_no_two_subscribers_share_a_key(purpose: str) -> None:
    layout = Layout(64)
    slots = {
        layout.of(tenant, Msisdn(number)).slot(purpose)
        for tenant in ("a", "b", "a-b")
        for number in ("7903", "79031", "9031")
    }
    assert len(slots) == 9


def test_the_librarys_client_does_all_that_the_thin_one_does(rig: StoreRig, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url, protocol=2) as client:
        again = StoreRig(redis_url, scripts=LibraryScripts(client))
        do_everything(again)
        assert again.subscribers.get("demo", NUMBER).subscriber == messaged()
        again.close()
