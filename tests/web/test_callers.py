"""Whose request it is: the client's address behind proxies that are trusted, and those that are not."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.web.callers import ClientAddresses, given_request_id, read_address
from tests.web.rig import KEY, WebRig

PROXIES = tuple(ip_network(network) for network in ("10.0.0.0/8", "2001:db8::/32"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2,10.0.0.3", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("2001:db8::1", "[2001:db9::7]:4711", "2001:db9::7"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", ""),
        ("unix:", "198.51.100.1", ""),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_trusted_proxy(
    remote: str, forwarded: str, client: str
) -> None:
    environ = {"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}
    assert ClientAddresses(PROXIES).of(environ) == client


def test_without_trusted_proxies_nobody_is_believed() -> None:
    environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.1"}
    assert ClientAddresses(()).of(environ) == "10.0.0.1"
    assert ClientAddresses(()).of({}) == ""


@given(st.text(max_size=40))
def test_whatever_stands_for_an_address_reading_it_does_not_break(text: str) -> None:
    address = read_address(text)
    assert address is None or read_address(str(address)) == address


@pytest.mark.parametrize(
    ("given_id", "kept"),
    [
        ("trace-7_a.B", "trace-7_a.B"),
        ("a" * 64, "a" * 64),
        ("a" * 65, ""),
        ("a b", ""),
        ("a\n", ""),
        ("", ""),
    ],
)
def test_a_callers_request_id_is_kept_where_it_may_stand_in_a_log(given_id: str, kept: str) -> None:
    assert given_request_id({"HTTP_X_REQUEST_ID": given_id}) == kept


def test_the_use_case_is_told_the_client_and_not_the_proxy() -> None:
    rig = WebRig(proxies=("10.0.0.0/8",))
    rig.client.post(
        "/CheckCode",
        json={"DestinationNumber": "1", "Code": "2"},
        headers={"X-ApiKey": KEY, "X-Forwarded-For": "198.51.100.1"},
        environ_base={"REMOTE_ADDR": "10.1.2.3"},
    )
    assert rig.operations.checked[0].request.client_address == "198.51.100.1"
