from __future__ import annotations

import pytest
import urllib3

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig

CREDENTIALS = {"Login": LOGIN, "Password": PASSWORD}
MESSAGE = {"DestinationAddress": NUMBER, "SourceAddress": "BANK", "Data": "test"}


def test_a_slow_service_does_at_once_what_is_asked_and_answers_late(rig: Rig) -> None:
    rig.fault("sms", "slow", seconds=2.5)
    assert rig.send().status_code == 200
    assert rig.pauses == [2.5]
    assert rig.inbox() == ["hello"]


def test_a_fault_touches_its_own_service_alone(rig: Rig) -> None:
    rig.fault("hlr", "error")
    rig.fault("imsi", "slow", seconds=1)
    assert rig.send().status_code == 200
    assert rig.pauses == []
    form = {**CREDENTIALS, "DestinationAddresses": NUMBER, "Validity": "5"}
    answer = rig.client.post("/rest/v2/Hlr/SendBulk", data=form)
    assert (answer.status_code, answer.get_json()) == (500, {"Code": 9, "Desc": "Internal server error"})


def test_a_fault_of_sms_touches_both_faces_but_not_the_login(rig: Rig) -> None:
    session_id = rig.session()
    rig.fault("sms", "error")
    assert rig.client.post("/rest/Sms/Send", data={"SessionID": session_id, **MESSAGE}).status_code == 500
    assert rig.client.post("/rest/v2/Sms/Send", data={**CREDENTIALS, **MESSAGE}).status_code == 500
    query = {**CREDENTIALS, "messageId": "1"}
    assert rig.client.get("/rest/v2/Sms/State", query_string=query).status_code == 500
    assert len(rig.session()) == 36


def test_a_fault_is_taken_away(rig: Rig) -> None:
    rig.fault("sms", "error")
    rig.fault("sms", "none")
    assert rig.send().status_code == 200


def test_an_error_can_be_late_too(rig: Rig) -> None:
    rig.fault("sms", "error", seconds=3)
    assert rig.send().status_code == 500
    assert rig.pauses == [3.0]


@pytest.mark.parametrize(
    ("target", "path"),
    [("sms", "/rest/v2/Sms/Send"), ("hlr", "/rest/v2/Hlr/SendBulk"), ("imsi", "/soap/imsi")],
)
def test_a_dropped_connection_gives_the_caller_no_whole_answer(
    rig: Rig, live: str, target: str, path: str
) -> None:
    rig.fault(target, "drop", seconds=1)
    with urllib3.PoolManager(retries=False) as pool, pytest.raises(urllib3.exceptions.ProtocolError):
        pool.request("POST", live + path, fields={**CREDENTIALS, **MESSAGE}, encode_multipart=False)
    assert rig.pauses == [1.0]
    assert rig.inbox() == []


def test_a_dropped_request_can_have_been_carried_out(rig: Rig) -> None:
    rig.fault("sms", "drop", accepts=True)
    answer = rig.send()
    assert (answer.data, answer.headers["Content-Length"]) == (b"", "2")
    assert rig.inbox() == ["hello"]
