from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.routing import Leg, Route
from security_service.domain.senders import (
    ListedSender,
    ListedSenders,
    SendersAnswer,
    SendersNotTold,
    SenderStanding,
)
from security_service.domain.tenants import Tenant
from security_service.usecases.check_senders import CheckedSenders, CheckSenders

BANK = Tenant("bank", sender="BANK", senders=("SHOP", "79161112211", "BANK"))
KNOWN = ListedSenders(
    (ListedSender("BANK", SenderStanding.ADMITTED), ListedSender("OTHER", SenderStanding.OFF))
)


class Lists:
    """The port ListsSenders with one answer."""

    def __init__(self, answer: SendersAnswer = KNOWN) -> None:
        self.answer = answer

    def senders(self, within_s: float) -> SendersAnswer:
        return self.answer


def test_each_sender_of_letters_is_held_against_the_account() -> None:
    (checked,) = CheckSenders({"sms": Lists()}).run(BANK)
    assert checked.standings == {"BANK": SenderStanding.ADMITTED, "SHOP": SenderStanding.ABSENT}
    assert not checked.is_good
    (good,) = CheckSenders({"sms": Lists()}).run(replace(BANK, senders=("79161112211",)))
    assert good.is_good


def test_a_provider_that_does_not_tell_says_nothing_about_the_names() -> None:
    checked = CheckSenders({"sms": Lists(SendersNotTold("flood"))}).run(BANK)
    assert checked == (CheckedSenders("sms", {}, "flood"),)
    assert not checked[0].is_good


@pytest.mark.parametrize(
    ("tenant", "asked"),
    [
        (BANK, ["one", "two"]),
        (replace(BANK, gateways=("two",)), ["two"]),
        (replace(BANK, gateways=("two",), routes=(Route((Leg("one"),)),)), ["one", "two"]),
        (replace(BANK, gateways=("three",)), []),
    ],
)
def test_only_gateways_that_the_tenant_may_send_through_are_asked(tenant: Tenant, asked: list[str]) -> None:
    checked = CheckSenders({"one": Lists(), "two": Lists()}).run(tenant)
    assert [one.gateway for one in checked] == asked
