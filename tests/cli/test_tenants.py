from __future__ import annotations

import json

import pytest
from redis import Redis

from security_service.cli.tenants import changed
from security_service.domain.settings import SourceText
from tests.cli.conftest import Command


def test_a_new_tenant_gets_a_key_that_is_shown_once(stored: Command) -> None:
    result = stored("tenant", "create", "shop", "code_length=8", "region=KZ")
    assert result.exit_code == 0
    key = result.output.strip()
    shown = stored("tenant", "show", "shop")
    document = json.loads(shown.output)
    assert (document["code_length"], document["region"]) == (8, "KZ")
    assert len(document["api_keys"]) == 1
    assert len(key) > 32
    assert key not in shown.output
    assert "shop\tstandard\tKZ" in stored("tenant", "list").output


def test_a_tenant_is_not_made_twice(stored: Command) -> None:
    result = stored("tenant", "create", "bank")
    assert result.exit_code == 1
    assert "already" in result.output


def test_a_weak_code_is_warned_about(stored: Command) -> None:
    result = stored("tenant", "set", "bank", "code_length=4")
    assert result.exit_code == 0
    assert "Warning: code_length" in result.output


def test_a_setting_that_cannot_be_is_refused_and_nothing_changes(stored: Command) -> None:
    before = stored("tenant", "show", "bank").output
    odd = ("code_length=3", "odd=1", "policy=none", "gateways=pigeon", "limits.sends=[{}]")
    for change in (*odd, "fallback_channels=voice"):
        assert stored("tenant", "set", "bank", change).exit_code == 1
    assert stored("tenant", "set", "bank", "code_length").exit_code == 2
    assert stored("tenant", "show", "bank").output == before


def test_lists_and_tables_are_given_as_json(stored: Command) -> None:
    windows = '[{"name": "all", "limit": 9, "seconds": 1}]'
    assert stored("tenant", "set", "bank", f"limits.tenant={windows}", "gateways=sms").exit_code == 0
    document = json.loads(stored("tenant", "show", "bank").output)
    assert document["limits"]["tenant"][0]["limit"] == 9
    assert document["gateways"] == ["sms"]


def test_a_rotated_key_overlaps_with_the_one_before(stored: Command) -> None:
    assert stored("tenant", "rotate-key", "bank", "--overlap", "2").exit_code == 0
    keys = json.loads(stored("tenant", "show", "bank").output)["api_keys"]
    assert sorted(key["until_ms"] > 0 for key in keys) == [False, True]


def test_a_key_rotated_without_overlap_ends_the_others_at_once(stored: Command) -> None:
    assert stored("tenant", "rotate-key", "bank", "--overlap", "0").exit_code == 0
    assert len(json.loads(stored("tenant", "show", "bank").output)["api_keys"]) == 1


def test_a_revoked_key_is_gone(stored: Command) -> None:
    (key,) = json.loads(stored("tenant", "show", "bank").output)["api_keys"]
    assert stored("tenant", "revoke-key", "bank", key["name"]).exit_code == 0
    assert json.loads(stored("tenant", "show", "bank").output)["api_keys"] == []
    assert stored("tenant", "revoke-key", "bank", key["name"]).exit_code == 1


def test_keys_of_one_name_are_listed_and_revoked_apart(stored: Command, redis_url: str) -> None:
    (first,) = json.loads(stored("tenant", "show", "bank").output)["api_keys"]
    assert first["issued_ms"] > 0
    with Redis.from_url(redis_url) as client:
        client.hset("{m}:keys", "1:" + "f" * 64, json.dumps(["bank", first["name"], 0]))
    twins = json.loads(stored("tenant", "show", "bank").output)["api_keys"]
    assert {key["name"] for key in twins} == {first["name"]}
    (other,) = (key["id"] for key in twins if key["id"] != first["id"])
    refused = stored("tenant", "revoke-key", "bank", first["name"])
    assert refused.exit_code == 1
    assert other in refused.output
    assert stored("tenant", "revoke-key", "bank", other).exit_code == 0
    left = json.loads(stored("tenant", "show", "bank").output)["api_keys"]
    assert [key["id"] for key in left] == [first["id"]]


@pytest.mark.parametrize("words", [("show",), ("rotate-key",), ("set",)])
def test_a_tenant_that_does_not_exist_is_one_sentence(stored: Command, words: tuple[str, ...]) -> None:
    result = stored("tenant", *words, "nobody", *(["region=RU"] if words == ("set",) else []))
    assert (result.exit_code, result.output) == (1, "Error: there is no tenant nobody\n")


def test_a_change_deep_in_a_table_leaves_the_rest_of_it() -> None:
    before = {"guesses": {"guesses": 5, "known_for": 9}, "region": "RU"}
    assert changed(before, ["guesses.guesses=4", "name=a=b"]) == {
        "guesses": {"guesses": SourceText("4"), "known_for": 9},
        "region": "RU",
        "name": SourceText("a=b"),
    }
    assert before["guesses"] == {"guesses": 5, "known_for": 9}
