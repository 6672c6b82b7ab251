from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.rig import LOGIN, PASSWORD, Rig

ADDRESS = "Ivan@client.example"
LETTER: dict[str, Any] = {
    "Sender": {"Address": "bank@bank.example", "Name": "Банк"},
    "Recipients": [{"MergeFields": {"Name": "Иван"}, "RecipientId": "", "Address": ADDRESS, "Name": "Ivan"}],
    "Subject": "Ув. [Name]!",
    "Body": {"Html": '<a href="[Unsubscribe]">Отписаться</a>', "PlainText": "Ув. [Name]! [Unsubscribe]"},
    "UserCampaignId": "1234",
}


def post(rig: Rig, document: object, password: str = PASSWORD) -> TestResponse:
    return rig.client.post("/email/v2/messages", data=json.dumps(document), auth=(LOGIN, password))


def sent(rig: Rig) -> str:
    answer = post(rig, LETTER)
    document = answer.get_json()
    assert (answer.status_code, document["Code"]) == (201, "ok")
    (row,) = document["Result"]
    assert (row["Index"], row["Address"], row["Code"]) == (0, ADDRESS, "ok")
    return str(row["MessageId"])


def states(rig: Rig, *ids: str) -> list[tuple[str, str]]:
    answer = rig.client.get(f"/email/v2/Messages/{','.join(ids)}", auth=(LOGIN, PASSWORD))
    return [(row["MessageId"], row["State"]) for row in answer.get_json()["Result"]]


def mailbox(rig: Rig, address: str = ADDRESS) -> dict[str, Any]:
    document = rig.client.get(f"/mailboxes/{address}").get_json()
    assert isinstance(document, dict)
    return document


def test_a_letter_comes_to_its_mailbox_with_its_macros_filled_in(rig: Rig) -> None:
    sent(rig)
    found = mailbox(rig, ADDRESS.upper())
    (letter,) = found["messages"]
    assert (found["address"], found["state"]) == (ADDRESS.lower(), "open")
    assert (letter["subject"], letter["sender"]) == ("Ув. Иван!", "Банк <bank@bank.example>")
    assert letter["text"] == "Ув. Иван! http://unsubscribe.invalid/1"
    assert letter["html"] == '<a href="http://unsubscribe.invalid/1">Отписаться</a>'
    assert letter["received_at"] == "2027-01-15T08:00:00.000+00:00"


def test_a_letter_is_sent_and_then_delivered(rig: Rig) -> None:
    message_id = sent(rig)
    assert states(rig, message_id) == [(message_id, "Sent")]
    assert states(rig, message_id, "nobody", message_id) == [(message_id, "Delivered")]


def test_a_mailbox_that_is_gone_lets_letters_bounce(rig: Rig) -> None:
    answer = rig.client.post(f"/mailboxes/{ADDRESS}/state", json={"state": "gone"})
    assert answer.get_json()["state"] == "gone"
    message_id = sent(rig)
    states(rig, message_id)
    assert states(rig, message_id) == [(message_id, "Bounced")]
    assert mailbox(rig)["messages"] == []


def test_a_state_that_no_mailbox_has_is_refused(rig: Rig) -> None:
    assert rig.client.post(f"/mailboxes/{ADDRESS}/state", json={"state": "odd"}).status_code == 400


@pytest.mark.parametrize(
    "members",
    [
        {"Sender": None},
        {"Sender": {"Address": "bank", "Name": "Банк"}},
        {"Sender": {"Address": "bank@bank.example"}},
        {"Subject": ""},
        {"Body": {}},
        {"Body": {"PlainText": 5}},
        {"Recipients": []},
        {"Recipients": [{"Address": "ivan", "Name": "Ivan"}]},
        {"Recipients": [{"Address": ADDRESS}]},
        {"Recipients": [{"Address": ADDRESS, "Name": "Ivan", "RecipientId": "x" * 33}]},
    ],
)
def test_a_letter_that_cannot_be_sent_changes_nothing(rig: Rig, members: dict[str, object]) -> None:
    answer = post(rig, {**LETTER, **members})
    assert (answer.status_code, answer.get_json()["Code"]) == (400, "validation_error")
    assert mailbox(rig)["messages"] == []


def test_what_is_no_document_is_refused(rig: Rig) -> None:
    assert post(rig, []).get_json()["Code"] == "validation_error"


def test_too_many_ids_are_refused(rig: Rig) -> None:
    ids = ",".join(map(str, range(151)))
    answer = rig.client.get(f"/email/v2/Messages/{ids}", auth=(LOGIN, PASSWORD))
    assert (answer.status_code, answer.get_json()["Code"]) == (400, "validation_error")


def test_a_wrong_account_is_refused(rig: Rig) -> None:
    assert post(rig, LETTER, "wrong").status_code == 401


def test_a_service_at_fault_says_so(rig: Rig) -> None:
    rig.fault("sms", "error")
    answer = post(rig, LETTER)
    assert (answer.status_code, answer.get_json()["Code"]) == (500, "internal_error")
