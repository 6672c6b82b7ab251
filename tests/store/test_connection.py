"""How scripts reach the store: addresses, sign-in, scripts that the store does not know, broken lines."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from security_service.domain.errors import StoreUnavailable
from security_service.domain.secret import Secret
from security_service.store.connection import (
    Address,
    LibraryScripts,
    Scripts,
    ThinScripts,
    connect,
    parse_address,
)
from security_service.store.embedded import EmbeddedValkey
from security_service.store.scripts import load


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:///var/run/valkey.sock", Address(path="/var/run/valkey.sock")),
        ("unix:///data%20of/%D1%8D/valkey.sock", Address(path="/data of/э/valkey.sock")),
        ("redis://store", Address("store")),
        ("redis://store:6380/3", Address("store", 6380, database=3)),
        ("redis://:p%40ss@store", Address("store", password=Secret("p@ss"))),
        ("redis://anna:pass@[::1]:1", Address("::1", 1, "", "anna", Secret("pass"))),
        ("rediss://store/", Address("store", tls=True)),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "store:6379", "http://store", "redis://", "redis://store/x"])
def test_an_address_that_cannot_be_read_is_a_fault(text: str) -> None:
    with pytest.raises(ValueError, match="store address"):
        parse_address(text)


def test_an_address_does_not_print_its_password() -> None:
    assert "hidden" not in repr(parse_address("redis://anna:hidden@store"))


def test_tls_is_left_to_the_library() -> None:
    assert isinstance(connect(parse_address("rediss://store")), LibraryScripts)
    assert isinstance(connect(parse_address("redis://store")), ThinScripts)


def test_the_embedded_stores_own_address_is_read_whatever_its_folder_is_called(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path / "данные #1 %41") as server:
        thin = ThinScripts(parse_address(server.url))
        assert thin.command("PING") == b"PONG"
        thin.close()


@pytest.fixture(params=["thin", "library"])
def scripts(redis_url: str, request: pytest.FixtureRequest) -> Iterator[Scripts]:
    if request.param == "thin":
        thin = ThinScripts(parse_address(redis_url))
        yield thin
        thin.close()
    else:
        with redis.Redis.from_url(redis_url, protocol=2) as client:
            yield LibraryScripts(client)


def test_a_script_that_the_store_does_not_know_is_sent_whole(scripts: Scripts) -> None:
    for _ in range(2):
        scripts.command("SCRIPT", "FLUSH")
        assert scripts.run(load("join_flight"), ["{s}:f"], ["a", 1000]) == [b"a"]


def test_replies_are_read_as_they_are_sent(scripts: Scripts) -> None:
    scripts.command("HSET", "h", "a", 1, "b", "x y")
    scripts.command("XADD", "s", "1-1", "e", b"\x00\xff")
    assert scripts.command("HGETALL", "h") == [b"a", b"1", b"b", b"x y"]
    assert scripts.command("HMGET", "h", "a", "none") == [b"1", None]
    assert scripts.command("XREVRANGE", "s", "+", "-") == [[b"1-1", [b"e", b"\x00\xff"]]]
    assert scripts.command("HGET", "none", "a") is None
    assert isinstance(scripts.command("INFO", "memory"), bytes)
    assert isinstance(scripts.command("TIME"), list)


def test_an_error_of_the_store_is_told_without_the_arguments(scripts: Scripts) -> None:
    scripts.command("SET", "{s}:f", "secret of a subscriber")
    with pytest.raises(StoreUnavailable) as raised:
        scripts.command("HGETALL", "{s}:f")
    assert "secret" not in str(raised.value)
    with pytest.raises(StoreUnavailable, match=r"^add_sent: \w+$"):
        scripts.run(load("add_sent"), ["{s}:f"], ["79031234567", 1])


def test_a_store_that_is_not_there_is_unavailable_and_leaves_no_socket_open(tmp_path: Path) -> None:
    for address in (f"unix://{tmp_path}/none", "redis://127.0.0.1:1"):
        with pytest.raises(StoreUnavailable):
            ThinScripts(parse_address(address)).command("PING")
    gc.collect()


def test_the_store_is_signed_in_to(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("requirepass", "right")
            client.execute_command("ACL", "SETUSER", "anna", "on", ">annas", "~*", "&*", "+@all")
        for username, password, database in (("", "right", 0), ("anna", "annas", 2)):
            path = str(server.socket_path)
            thin = ThinScripts(
                Address(path=path, username=username, password=Secret(password), database=database)
            )
            assert thin.command("PING") == b"PONG"
            thin.close()
        for username, password in (("", "wrong"), ("anna", "wrong")):
            address = Address(path=str(server.socket_path), username=username, password=Secret(password))
            with pytest.raises(StoreUnavailable, match="sign-in: WRONGPASS"):
                ThinScripts(address).command("PING")
        thin = ThinScripts(Address(path=str(server.socket_path)))
        with pytest.raises(StoreUnavailable, match="PING: NOAUTH"):
            thin.command("PING")
        thin.close()
        gc.collect()


def test_a_store_that_was_killed_and_started_is_used_again(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server:
        thin = ThinScripts(parse_address(server.url))
        thin.command("SET", "a", "1")
        server.kill()
        with pytest.raises(StoreUnavailable):
            thin.command("GET", "a")
        server.start()
        assert thin.command("GET", "a") == b"1"
        thin.close()
    gc.collect()


def test_a_script_that_nobody_wrote_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        load("none")
