"""SIM Swap: answers from what was seen, each row of the table of errors, their order."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest

from security_service.domain.audit import EventKind
from security_service.domain.errors import StoreUnavailable
from security_service.domain.limits import Limits, Window
from security_service.domain.lookup import NoData
from security_service.domain.oauth_clients import CHECK_SCOPE, DATE_SCOPE, OTP_SCOPE, SIM_SWAP_SCOPE
from tests.fakes.sim import NEW_SIM, OLD_SIM
from tests.store.rig import StoreRig
from tests.usecases.behind_the_scenes import MemoryTenants
from tests.web.camara_rig import (
    CHECK,
    DATE,
    FREE_BANK,
    MESSAGE,
    OTHER_BANK,
    PHONE,
    SEND,
    STRANGER,
    CamaraRig,
    code_of,
)

HOUR = 3600


@pytest.fixture
def store(redis_url: str) -> Iterator[StoreRig]:
    rig = StoreRig(redis_url)
    yield rig
    rig.close()


@pytest.fixture
def rig(store: StoreRig) -> CamaraRig:
    return CamaraRig(store)


def watched(rig: CamaraRig, hours: int) -> None:
    """A number whose SIM was seen when a code was sent, so many hours ago."""
    assert rig.post(SEND, {"phoneNumber": PHONE, "message": MESSAGE}).status_code == 200
    rig.store.advance(hours * HOUR)


def swapped(rig: CamaraRig, **members: object) -> object:
    answer = rig.post(CHECK, {"phoneNumber": PHONE, **members})
    assert answer.status_code == 200, answer.get_json()
    assert set(answer.get_json()) == {"swapped"}
    return answer.get_json()["swapped"]


def test_a_sim_that_was_there_all_the_time_was_not_swapped(rig: CamaraRig) -> None:
    watched(rig, 300)
    assert swapped(rig) is False
    assert swapped(rig, maxAge=300) is False
    assert rig.post(DATE, {"phoneNumber": PHONE}).get_json() == {
        "latestSimChange": None, "monitoredPeriod": 12,
    }  # fmt: skip


def test_a_period_longer_than_the_number_is_watched_is_out_of_range_and_says_how_long_it_is(
    rig: CamaraRig,
) -> None:
    watched(rig, 30)
    answer = rig.post(CHECK, {"phoneNumber": PHONE})
    assert code_of(answer) == (400, "OUT_OF_RANGE")
    assert "30 hours" in answer.get_json()["message"]
    assert swapped(rig, maxAge=30) is False


def test_a_sim_that_is_new_now_was_swapped_however_short_the_period(rig: CamaraRig) -> None:
    watched(rig, 300)
    rig.service.sim.script = [NEW_SIM]
    assert swapped(rig, maxAge=1) is True
    told = rig.post(DATE, {"phoneNumber": PHONE}).get_json()
    assert told == {"latestSimChange": "2027-01-27T20:00:00.000Z"}


def test_a_question_learns_nothing_and_keeps_no_reference(rig: CamaraRig) -> None:
    assert code_of(rig.post(CHECK, {"phoneNumber": PHONE})) == (422, "SERVICE_NOT_APPLICABLE")
    assert code_of(rig.post(DATE, {"phoneNumber": PHONE})) == (422, "SERVICE_NOT_APPLICABLE")
    assert len(rig.service.sim.asked) == 2


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (NoData.UNKNOWN_SUBSCRIBER, (404, "IDENTIFIER_NOT_FOUND")),
        (NoData.ABSENT, (422, "SERVICE_NOT_APPLICABLE")),
        (NoData.NOT_SUPPORTED, (422, "SERVICE_NOT_APPLICABLE")),
        (NoData.UNAVAILABLE, (503, "UNAVAILABLE")),
        (StoreUnavailable("away"), (503, "UNAVAILABLE")),
    ],
)
def test_where_the_sim_cannot_be_seen_now_nobody_says_that_it_was_not_swapped(
    rig: CamaraRig, line: NoData | Exception, error: tuple[int, str]
) -> None:
    watched(rig, 300)
    rig.service.sim.script = [line]
    assert code_of(rig.post(CHECK, {"phoneNumber": PHONE})) == error
    assert code_of(rig.post(DATE, {"phoneNumber": PHONE})) == error


def test_another_bank_learns_nothing_of_what_this_one_saw(rig: CamaraRig) -> None:
    watched(rig, 300)
    theirs = rig.post(CHECK, {"phoneNumber": PHONE}, rig.token(STRANGER))
    assert code_of(theirs) == (422, "SERVICE_NOT_APPLICABLE")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ([], (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": PHONE, "maxAge": "240"}, (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": PHONE, "maxAge": 2.5}, (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": PHONE, "maxAge": True}, (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": PHONE, "maxAge": None}, (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": PHONE, "maxAge": 0}, (400, "OUT_OF_RANGE")),
        ({"phoneNumber": PHONE, "maxAge": -1}, (400, "OUT_OF_RANGE")),
        ({"phoneNumber": PHONE, "maxAge": 2401}, (400, "OUT_OF_RANGE")),
        ({"phoneNumber": PHONE, "maxAge": 10**30}, (400, "OUT_OF_RANGE")),
        ({"phoneNumber": "79161112211", "maxAge": 240}, (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": 79161112211}, (400, "INVALID_ARGUMENT")),
        ({"phoneNumber": ""}, (400, "INVALID_ARGUMENT")),
        ({"maxAge": 0}, (400, "OUT_OF_RANGE")),
        ({"maxAge": 240}, (422, "MISSING_IDENTIFIER")),
        ({}, (422, "MISSING_IDENTIFIER")),
        ({"phoneNumber": "+99999"}, (404, "IDENTIFIER_NOT_FOUND")),
    ],
)
def test_what_a_request_says_is_judged_before_anybody_is_asked(
    rig: CamaraRig, body: object, error: tuple[int, str]
) -> None:
    assert code_of(rig.post(CHECK, body)) == error
    assert rig.service.sim.asked == []


@pytest.mark.parametrize(("path", "scope", "other"), [(CHECK, CHECK_SCOPE, DATE_SCOPE),
                                                     (DATE, DATE_SCOPE, CHECK_SCOPE)])  # fmt: skip
def test_token_and_scope_come_before_the_body(rig: CamaraRig, path: str, scope: str, other: str) -> None:
    assert code_of(rig.post(path, [], "x")) == (401, "UNAUTHENTICATED")
    for wrong in (other, OTP_SCOPE):
        assert code_of(rig.post(path, [], rig.token(scope=wrong))) == (403, "PERMISSION_DENIED")
    for right in (scope, SIM_SWAP_SCOPE):
        assert code_of(rig.post(path, [], rig.token(scope=right))) == (400, "INVALID_ARGUMENT")


def test_a_wide_limit_holds_questions_back_too(rig: CamaraRig) -> None:
    limits = Limits(requests=(), checks=(), sends=(), source=(Window("of_source", 1, 60),))
    rig.tenants = MemoryTenants(replace(FREE_BANK, limits=limits), OTHER_BANK)
    rig.client = rig.faces().test_client()
    answers = [code_of(rig.post(CHECK, {"phoneNumber": PHONE})) for _ in range(2)]
    assert answers == [(422, "SERVICE_NOT_APPLICABLE"), (429, "TOO_MANY_REQUESTS")]


def test_every_question_is_told_with_who_asked_and_without_the_sim(rig: CamaraRig) -> None:
    watched(rig, 300)
    swapped(rig)
    [(tenant, number, event)] = rig.journal.told
    assert (tenant, f"+{number.digits if number else ''}") == ("bank", PHONE)
    assert (event.kind, event.facts["account"], event.facts["answer"]) == (
        EventKind.IMSI_ASKED, "mobile-app", "same",
    )  # fmt: skip
    assert OLD_SIM not in str(event.facts)


def test_a_body_that_never_ends_nesting_is_an_invalid_argument(rig: CamaraRig) -> None:
    headers = {"Authorization": f"Bearer {rig.token()}", "Content-Type": "application/json"}
    for body in (b"[" * 60_000, b"{", b"\xff", base64.b64encode(b"{}")):
        assert code_of(rig.client.post(CHECK, data=body, headers=headers)) == (400, "INVALID_ARGUMENT")
    large = rig.client.post(CHECK, data=b" " * 70_000, headers=headers)
    assert code_of(large)[0] == 413
