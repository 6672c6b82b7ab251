from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.messages import Receipt, ReceiptState
from security_service.links.devino_viber import (
    LONGEST_LIFE_S,
    is_sms_sender,
    is_subject,
    provider_id,
    settled,
    shares,
    sms_receipt,
    token,
)

PENDING, DELIVERED = ReceiptState.PENDING, ReceiptState.DELIVERED
UNDELIVERED, EXPIRED, UNKNOWN = ReceiptState.UNDELIVERED, ReceiptState.EXPIRED, ReceiptState.UNKNOWN


@pytest.mark.parametrize(
    ("life_s", "wait_s", "least_s", "parts"),
    [
        (300, 60, (30,), (300,)),
        (300, 60, (30, 60), (60, 240)),
        (120, 60, (30, 60), (60, 60)),
        (119, 60, (30, 60), (119,)),
        (10, 60, (30, 60), (30,)),
        (300, 15, (30, 60), (30, 270)),
        (300, 60, (15, 15, 60), (60, 60, 180)),
        (179, 60, (15, 15, 60), (60, 119)),
        (119, 60, (15, 15, 60), (119,)),
        (200_000, 60, (30,), (86400,)),
    ],
)
def test_a_life_is_divided_between_channels(
    life_s: int, wait_s: int, least_s: tuple[int, ...], parts: tuple[int, ...]
) -> None:
    assert shares(life_s, wait_s, least_s) == parts


@given(
    st.integers(1, 100_000),
    st.integers(15, LONGEST_LIFE_S),
    st.lists(st.sampled_from([15, 30, 60]), min_size=1, max_size=3),
)
def test_no_channel_gets_under_its_minimum_and_all_end_with_the_message(
    life_s: int, wait_s: int, least_s: list[int]
) -> None:
    parts = shares(life_s, wait_s, least_s)
    assert 1 <= len(parts) <= len(least_s)
    assert all(least <= part <= LONGEST_LIFE_S for part, least in zip(parts, least_s, strict=False))
    assert sum(parts) <= max(life_s, least_s[0])
    assert all(life_s - sum(parts[:index]) >= 60 for index in range(1, len(parts)))


@pytest.mark.parametrize(
    ("states", "receipt"),
    [
        ([], None),
        (["delivered"], Receipt(DELIVERED, "sms_delivered")),
        (["DELIVERED", "delivered"], Receipt(DELIVERED, "sms_delivered")),
        (["delivered", "sent"], Receipt(PENDING, "sms_pending")),
        (["enqueued"], Receipt(PENDING, "sms_pending")),
        (["delivered", "undelivered"], Receipt(UNDELIVERED, "sms_undelivered")),
        (["else"], Receipt(PENDING, "sms_pending")),
    ],
)
def test_an_sms_that_followed_is_what_its_segments_are(states: list[str], receipt: Receipt | None) -> None:
    assert sms_receipt([{"id": "1", "status": state} for state in states]) == receipt
    assert sms_receipt([{"id": "1", "state": state} for state in states]) == receipt


@pytest.mark.parametrize("rows", [None, "", {}, 5])
def test_what_is_no_list_is_no_sms(rows: object) -> None:
    assert sms_receipt(rows) is None


VIBER_FAILED = Receipt(UNDELIVERED, "not_viber_user", 5)


@pytest.mark.parametrize(
    ("told", "more", "receipt"),
    [
        ([Receipt(PENDING, "sent", 5)], True, Receipt(PENDING, "sent", 5)),
        ([Receipt(DELIVERED, "read", 5)], True, Receipt(DELIVERED, "read", 5)),
        ([VIBER_FAILED], False, VIBER_FAILED),
        ([VIBER_FAILED], True, Receipt(PENDING, "not_viber_user", 5)),
        ([Receipt(EXPIRED, "vp_expired")], True, Receipt(PENDING, "vp_expired")),
        ([VIBER_FAILED, Receipt(PENDING, "sms_pending")], False, Receipt(PENDING, "sms_pending")),
        ([VIBER_FAILED, Receipt(DELIVERED, "sms_delivered")], False, Receipt(DELIVERED, "sms_delivered")),
        (
            [Receipt(DELIVERED, "read"), Receipt(UNDELIVERED, "sms_undelivered")],
            False,
            Receipt(DELIVERED, "read"),
        ),
        ([Receipt(UNKNOWN, "unknown")], True, Receipt(UNKNOWN, "unknown")),
    ],
)
def test_a_message_is_where_its_channels_have_brought_it(
    told: list[Receipt], receipt: Receipt, *, more: bool
) -> None:
    assert settled(told, more_may_come=more) == receipt


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("NOT_VIBER_USER", "not_viber_user"),
        ("not-viber-user", "not_viber_user"),
        (" read ", "read"),
        ("Доставлено", ""),
        ("79031234567 is wrong", ""),
        ("x" * 61, ""),
        (None, ""),
    ],
)
def test_a_code_of_theirs_becomes_a_token_or_nothing(code: object, expected: str) -> None:
    assert token(code) == expected


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ("3158611117333282816", "3158611117333282816"),
        ("0", ""),
        ("-1", ""),
        ("", ""),
        ("1e5", ""),
        (None, ""),
        ("9" * 25, ""),
    ],
)
def test_an_id_keeps_all_its_digits(read: object, expected: str) -> None:
    assert provider_id(read) == expected


def test_names_over_messages_are_short_and_printable() -> None:
    assert [is_subject(name) for name in ("БАНК", "a" * 11, "", "a" * 12, "a\nb")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert [is_sms_sender(name) for name in ("BANK", "a" * 11, "", "a" * 12, "БАНК")] == [
        True,
        True,
        False,
        False,
        False,
    ]
