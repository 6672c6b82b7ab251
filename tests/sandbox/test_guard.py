from __future__ import annotations

import pytest

from security_service.sandbox.guard import NotLoopbackError, refuse_unless_loopback
from tests.sandbox.rig import NUMBER, Rig


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1", "[::1]"])
def test_it_listens_on_loopback(host: str) -> None:
    refuse_unless_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com", "", "127.0.0.1.example.com"])  # noqa: S104 - is refused
def test_it_refuses_to_listen_anywhere_else(host: str) -> None:
    with pytest.raises(NotLoopbackError, match="loopback"):
        refuse_unless_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9000", "localhost:1", "[::1]:9000", "LOCALHOST"])
def test_a_request_under_a_loopback_name_is_answered(rig: Rig, host: str) -> None:
    assert rig.client.get("/faults", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "192.168.0.1", "127.0.0.1.evil.example", "localhost@evil", "::1"],
)
@pytest.mark.parametrize(
    "path", ["/", "/faults", f"/handsets/{NUMBER}", "/rest/user/sessionid", "/soap/imsi"]
)
def test_a_request_under_a_foreign_name_is_refused(rig: Rig, host: str, path: str) -> None:
    assert rig.client.get(path, headers={"Host": host}).status_code == 403


def test_a_request_from_another_machine_is_refused(rig: Rig) -> None:
    answer = rig.client.get("/faults", environ_overrides={"REMOTE_ADDR": "192.168.0.7"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:81"},
        {"Origin": "null"},
    ],
)
def test_a_post_that_a_foreign_page_sends_changes_nothing(rig: Rig, headers: dict[str, str]) -> None:
    before = rig.handset()["imsi"]
    for path in (f"/handsets/{NUMBER}/swap", "/page/handset"):
        form = {"number": NUMBER, "action": "swap"}
        assert rig.client.post(path, data=form, headers=headers).status_code == 403
    assert rig.handset()["imsi"] == before


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}],
)
def test_a_post_of_the_own_page_or_of_a_program_is_carried_out(rig: Rig, headers: dict[str, str]) -> None:
    before = rig.handset()["imsi"]
    assert rig.client.post(f"/handsets/{NUMBER}/swap", headers=headers).status_code == 200
    assert rig.handset()["imsi"] != before
