"""`store rebuild` as a person meets it: after a loss, by mistake, and to compare."""

from __future__ import annotations

import pytest
import redis

from tests.cli.conftest import Command

NUMBER = "79031234567"


@pytest.fixture
def lived(stored: Command) -> Command:
    """A store with a subscriber who is always denied, and everything archived."""
    denied = stored("subscriber", "set-mode", "--reason", "fraud", NUMBER, "always_deny")
    assert denied.exit_code == 0, denied.output
    assert stored("archive", "move").exit_code == 0
    return stored


def lose(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()


def test_a_lost_store_is_rebuilt_and_says_what_does_not_come_back(lived: Command, redis_url: str) -> None:
    lose(redis_url)
    assert "rebuild" in lived("store", "status").output
    done = lived("store", "rebuild")
    assert done.exit_code == 0, done.output
    assert "1 subscribers" in done.output
    assert "subscribers: 64 of 64 shards" in done.output
    assert "authenticator apps of subscribers" in done.output
    assert lived("store", "status").output.splitlines()[-1] == "ready"
    assert '"always_deny"' in lived("subscriber", "show", NUMBER).output
    assert lived("archive", "move").output == "65 events moved.\n"


def test_a_lost_store_is_not_initialised_by_mistake(lived: Command, redis_url: str) -> None:
    lose(redis_url)
    refused = lived("store", "init")
    assert refused.exit_code == 1
    assert "store rebuild" in refused.output


def test_one_who_begins_anew_forgets_everything_and_the_log_goes_on(lived: Command, redis_url: str) -> None:
    lose(redis_url)
    assert lived("store", "init", "--anew", "--subscribers", "1000000").exit_code == 0
    assert '"always_deny"' not in lived("subscriber", "show", NUMBER).output
    assert lived("archive", "move").output == "64 events moved.\n"
    lose(redis_url)
    done = lived("store", "rebuild")
    assert done.exit_code == 0, done.output
    assert "0 subscribers" in done.output
    assert "13376 buckets" in done.output


def test_a_store_in_use_is_left_alone(lived: Command) -> None:
    refused = lived("store", "rebuild")
    assert refused.exit_code == 1
    assert "in use" in refused.output
    assert '"always_deny"' in lived("subscriber", "show", NUMBER).output


def test_a_comparison_finds_what_was_changed_behind_the_logs_back(lived: Command, redis_url: str) -> None:
    same = lived("store", "rebuild", "--check")
    assert (same.exit_code, same.output) == (0, "The store is what the archive says.\n")
    with redis.Redis.from_url(redis_url) as client:
        (bucket,) = client.scan_iter("*:b:*")
        client.delete(bucket)
    differs = lived("store", "rebuild", "--check")
    assert differs.exit_code == 1
    assert f"\tbank\t{NUMBER}" in differs.output
    assert "1 archived, 0 in the store" in differs.output
