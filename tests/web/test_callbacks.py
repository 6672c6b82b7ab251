from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.messages import Receipt, ReceiptState
from security_service.usecases.receive_push import callback_token
from tests.web.rig import CALLBACK_KEYS, WebRig

DELIVERED = Receipt(ReceiptState.DELIVERED, "delivered")
NEWEST, OLDER = (f"/callbacks/sms/{callback_token(CALLBACK_KEYS, version, 'sms')}" for version in (2, 1))


@pytest.mark.parametrize("path", [NEWEST, OLDER])
def test_receipts_that_a_provider_brings_are_kept(path: str) -> None:
    rig = WebRig()
    answer = rig.client.post(path, data=b"m1 delivered\nm2 pending")
    assert (answer.status_code, answer.data) == (200, b"OK")
    assert rig.inbox.kept[("sms", "m1")] == DELIVERED
    assert rig.inbox.kept[("sms", "m2")].state is ReceiptState.PENDING


def test_receipts_may_come_twice_and_in_any_order() -> None:
    rig = WebRig()
    for body in (b"m1 delivered", b"m1 pending", b"m1 delivered"):
        assert rig.client.post(NEWEST, data=body).status_code == 200
    assert rig.inbox.kept == {("sms", "m1"): DELIVERED}


@pytest.mark.parametrize(
    "path",
    [
        "/callbacks/sms/0123456789abcdef0123456789abcdef",
        "/callbacks/sms/x",
        "/callbacks/sms/%D0%BA%D0%BB%D1%8E%D1%87",
        f"/callbacks/other/{callback_token(CALLBACK_KEYS, 2, 'sms')}",
        f"/callbacks/other/{callback_token(CALLBACK_KEYS, 2, 'other')}",
    ],
)
def test_an_address_that_was_not_given_out_takes_nothing_in(path: str) -> None:
    rig = WebRig()
    answer = rig.client.post(path, data=b"m1 delivered")
    assert answer.status_code == 404
    assert answer.get_json()["type"] == "urn:etalon:problem:unknown-callback"
    assert rig.inbox.kept == {}


def test_while_the_store_is_away_the_provider_is_asked_to_come_again() -> None:
    rig = WebRig()
    rig.inbox.is_down = True
    assert rig.client.post(NEWEST, data=b"m1 delivered").status_code == 503


@given(st.binary(max_size=300), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_whatever_is_brought_is_answered(body: bytes, content_type: str) -> None:
    answer = WebRig().client.post(NEWEST, data=body, headers={"Content-Type": content_type})
    assert answer.status_code in {200, 400}


def test_what_subscribers_wrote_comes_by_the_same_address_and_needs_the_same_token() -> None:
    rig = WebRig()
    token = callback_token(CALLBACK_KEYS, 2, "viber")
    body = "79161112211 BANK нет".encode()
    assert rig.client.post(f"/callbacks/viber/{token}", data=body).status_code == 200
    assert [message.text.reveal() for message in rig.replies.taken] == ["нет"]
    assert rig.client.post(f"/callbacks/viber/{token[:-1]}x", data=body).status_code == 404
    assert len(rig.replies.taken) == 1
