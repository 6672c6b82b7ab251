from __future__ import annotations

from collections.abc import Iterator

import pytest

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi, Msisdn
from security_service.lookups.osmo_hlr import ERRORS, STATES, OsmoHlrLookup, OsmoHlrSettings
from tests.links.ctrl_service import CtrlHlr, frame

DIGITS = "79031234567"
NUMBER = Msisdn(DIGITS)
IMSI = "250990123456789"


@pytest.fixture
def hlr() -> Iterator[CtrlHlr]:
    with CtrlHlr() as serving:
        serving.put(IMSI, DIGITS)
        yield serving


def find(hlr: CtrlHlr, number: Msisdn = NUMBER, within_s: float = 5.0, **given: str) -> LookupAnswer:
    settings = OsmoHlrSettings(port=hlr.port, **given)  # type: ignore[arg-type]  # texts only
    return OsmoHlrLookup("hlr", settings).find(number, within_s)


def test_it_asks_by_the_digits_of_the_number(hlr: CtrlHlr) -> None:
    assert find(hlr) == SimSeen("hlr", Imsi(IMSI), Liveness.LIVE)
    assert hlr.asked == ["subscriber.by-msisdn-79031234567.info"]


@pytest.mark.parametrize("digits", ["+79031234567", "7903 123", "1.info\nSET 1 x y", "٧٩٠٣", ""])
def test_nothing_but_digits_gets_into_a_command(hlr: CtrlHlr, digits: str) -> None:
    assert find(hlr, Msisdn(digits)) == SimNotSeen("hlr", NoData.NOT_SUPPORTED, "number_not_digits")
    assert hlr.asked == []


def test_the_name_of_the_switch_tells_roaming_where_the_home_is_known(hlr: CtrlHlr) -> None:
    hlr.put(IMSI, DIGITS, "MSC-00-00-00-00-00-01")
    assert find(hlr) == SimSeen("hlr", Imsi(IMSI), Liveness.LIVE, msc="MSC-00-00-00-00-00-0")
    at_home, abroad = find(hlr, home_switches="MSC-"), find(hlr, home_switches="HOME")
    assert isinstance(at_home, SimSeen)
    assert isinstance(abroad, SimSeen)
    assert (at_home.roaming, abroad.roaming) == (False, True)


def test_the_operator_is_told_of_its_own_imsis_only(hlr: CtrlHlr) -> None:
    own, foreign = find(hlr, mcc_mnc="25099"), find(hlr, mcc_mnc="25001")
    assert isinstance(own, SimSeen)
    assert isinstance(foreign, SimSeen)
    assert (own.mcc_mnc, foreign.mcc_mnc) == ("25099", "")


def test_each_state_has_its_meaning(hlr: CtrlHlr) -> None:
    hlr.sims[DIGITS].purged = True
    assert find(hlr) == SimNotSeen("hlr", NoData.ABSENT, "ms_purged_cs_1")
    hlr.sims[DIGITS].nam_cs = False
    assert find(hlr) == SimNotSeen("hlr", NoData.BARRED, "nam_cs_0")
    assert [(name, value) for name, value, _ in STATES] == [("nam_cs", "0"), ("ms_purged_cs", "1")]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (
            "No such subscriber.",
            SimNotSeen("hlr", NoData.UNKNOWN_SUBSCRIBER, "no_such_subscriber"),
        ),
        (
            "Invalid value part of 'by-xxx-value' selector.",
            SimNotSeen("hlr", NoData.UNAVAILABLE, "hlr_error"),
        ),
        (
            "Not a known subscriber 'by-xxx-' selector.",
            SimNotSeen("hlr", NoData.UNAVAILABLE, "hlr_error"),
        ),
        ("Command not found", SimNotSeen("hlr", NoData.UNAVAILABLE, "hlr_error")),
        ("GET variable contains invalid characters", SimNotSeen("hlr", NoData.UNAVAILABLE, "hlr_error")),
    ],
)
def test_each_error_has_its_meaning(hlr: CtrlHlr, words: str, answer: LookupAnswer) -> None:
    hlr.respond = lambda number, variable: [frame(f"ERROR {number} {words}")]
    assert find(hlr) == answer
    assert set(ERRORS) == {"No such subscriber."}


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ("", SimNotSeen("hlr", NoData.UNTRUSTED, "imsi_missing")),
        ("nonsense", SimNotSeen("hlr", NoData.UNTRUSTED, "imsi_missing")),
        (f"\nimsi\t{IMSI}\nmsisdn\t79031234568", SimNotSeen("hlr", NoData.UNAVAILABLE, "another_number")),
        (f"\nimsi\t{IMSI}", SimSeen("hlr", Imsi(IMSI), Liveness.LIVE)),
    ],
)
def test_strange_answers_are_not_taken_for_a_sim(hlr: CtrlHlr, told: str, answer: LookupAnswer) -> None:
    hlr.respond = lambda number, variable: [frame(f"GET_REPLY {number} {variable} {told}")]
    assert find(hlr) == answer


def test_a_register_that_says_nothing_is_unavailable(hlr: CtrlHlr) -> None:
    hlr.respond = lambda number, variable: []
    assert find(hlr, within_s=0.2) == SimNotSeen("hlr", NoData.UNAVAILABLE, "timeout")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"host": "10.0.0.7"}, "loopback"),
        ({"host": "hlr.example"}, "loopback"),
        ({"mcc_mnc": "250"}, "mcc_mnc"),
        ({"connect_s": 0.0}, "connect_s"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        OsmoHlrSettings(**given)  # type: ignore[arg-type]  # wrong on purpose


def test_another_host_is_possible_where_somebody_said_so() -> None:
    assert OsmoHlrSettings(host="10.0.0.7", plain_tcp=True).host == "10.0.0.7"
