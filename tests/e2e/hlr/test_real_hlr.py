"""GenerateCode against a real HLR: SIMs are swapped, roam and fall silent in osmo-hlr itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from security_service.domain.imsi import Grade
from security_service.domain.lookup import NoData, SimNotSeen, SimSeen
from security_service.domain.secret import Msisdn
from security_service.lookups.osmo_hlr import OsmoHlrLookup, OsmoHlrSettings
from security_service.usecases.reverify import Reverified, ReverifyRequest
from tests.counterparts.osmo_hlr.gsup import Switch
from tests.counterparts.osmo_hlr.program import CTRL_PORT, MISSING, PROGRAM, OsmoHlr
from tests.e2e.hlr.rig import NUMBER, REFUSED, SENT, Bank, Register, bank_beside
from tests.links.ctrl_service import NO_SUBSCRIBER, CtrlHlr, Sim

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)

OLD, NEW, THIRD = "250011234567890", "250019876543210", "250015550001112"


@pytest.fixture
def hlr(tmp_path: Path) -> Iterator[OsmoHlr]:
    with OsmoHlr(tmp_path) as running:
        yield running


@pytest.fixture
def bank(hlr: OsmoHlr, redis_url: str) -> Iterator[Bank]:
    register = Register("mts", CTRL_PORT, hlr.address, "25001", "MSC-RU")
    with bank_beside(redis_url, register) as one:
        yield one


def test_a_code_goes_to_the_sim_that_is_known_and_not_to_another(hlr: OsmoHlr, bank: Bank) -> None:
    hlr.create(OLD, NUMBER)
    assert bank.ask().code == SENT
    assert bank.reference().members[0].grade is Grade.FIRST_SEEN
    assert bank.ask().code == SENT
    hlr.swap(OLD, NEW, NUMBER)
    refused = bank.ask()
    assert (refused.code, refused.reason) == (REFUSED, "sim_changed")
    assert len(bank.texts()) == 2
    assert bank.facts("candidate_seen")[0]["change"] == "same_operator"


def test_a_person_reverifies_and_the_old_sim_does_not_come_back_unasked(hlr: OsmoHlr, bank: Bank) -> None:
    hlr.create(OLD, NUMBER)
    bank.ask()
    hlr.swap(OLD, NEW, NUMBER)
    assert bank.ask().code == REFUSED
    assert isinstance(bank.service.deeds.four_eyes.reverify(bank.action(), ReverifyRequest()), Reverified)
    assert bank.ask().code == SENT
    hlr.take_number(NEW)
    hlr.give_number(OLD, NUMBER)
    assert bank.ask().reason == "sim_changed"


def test_the_gap_of_a_swap_is_refused_and_leaves_nothing_behind(hlr: OsmoHlr, bank: Bank) -> None:
    hlr.create(OLD, NUMBER)
    bank.ask()
    before = bank.stored()
    hlr.take_number(OLD)
    refused = bank.ask()
    assert (refused.code, refused.reason) == (REFUSED, "unknown_subscriber")
    assert bank.stored() == before
    assert "look" not in bank.inside.jobs("bank", NUMBER)
    hlr.create(NEW, NUMBER)
    assert bank.ask().reason == "sim_changed"


def test_a_sim_that_roams_is_the_same_sim(hlr: OsmoHlr, bank: Bank) -> None:
    hlr.create(OLD, NUMBER)
    with Switch(hlr.address, "MSC-RU-01") as home, Switch(hlr.address, "MSC-TR-07") as abroad:
        assert home.register(OLD)
        assert bank.ask().code == SENT
        assert bank.decided()["sim"]["roaming"] is False
        assert abroad.register(OLD)
        assert bank.ask().code == SENT
        assert bank.decided()["sim"]["roaming"] is True
        assert not abroad.register(THIRD)


def test_a_phone_that_went_absent_gets_no_payment_code(hlr: OsmoHlr, bank: Bank) -> None:
    hlr.create(OLD, NUMBER)
    bank.ask()
    with Switch(hlr.address, "MSC-RU-01") as home:
        home.register(OLD)
        home.forget(OLD)
    payment = bank.ask(amount="1500.00", currency="RUB")
    assert (payment.code, payment.reason) == (REFUSED, "absent")
    assert bank.ask().code == SENT
    assert bank.decided()["sim"]["answer"] == "no_data:absent"


def test_a_barred_subscription_gets_nothing(hlr: OsmoHlr, bank: Bank) -> None:
    hlr.create(OLD, NUMBER)
    hlr.bar(OLD)
    assert bank.ask().reason == "barred"
    assert bank.texts() == []


def test_an_hlr_that_falls_silent_is_unavailable_within_the_deadline(hlr: OsmoHlr, bank: Bank) -> None:
    hlr.create(OLD, NUMBER)
    bank.ask()
    bank.inside.tenant("bank", limits={"requests": [], "checks": [], "sends": []}, lookup_deadline_s=0.3)
    hlr.pause()
    assert bank.ask().code == SENT
    assert bank.decided()["sim"]["answer"] == "no_data:unavailable"
    assert bank.decided()["sim"]["detail"] == "timeout"
    hlr.go_on()
    assert bank.ask().code == SENT
    assert bank.decided()["sim"]["answer"] == "same"


def test_a_number_ported_to_another_operator_is_changed_and_told_as_a_port(
    hlr: OsmoHlr, redis_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    with OsmoHlr(folder) as other:
        registers = (
            Register("hlr_mts", CTRL_PORT, hlr.address, "25001"),
            Register("hlr_other", CTRL_PORT, other.address, "25002"),
        )
        with bank_beside(redis_url, *registers) as bank:
            hlr.create(OLD, NUMBER)
            assert bank.ask().code == SENT
            hlr.order(f"SET subscriber.delete {OLD}")
            other.create("250029876543210", NUMBER)
            refused = bank.ask()
            assert (refused.code, refused.reason) == (REFUSED, "sim_changed")
            facts = bank.decided()
            assert [one["mcc_mnc"] for one in facts["reference"]] == ["25001"]
            assert (facts["sim"]["mcc_mnc"], facts["sim"]["source"]) == ("25002", "hlr_other")
            assert bank.facts("candidate_seen")[0]["change"] == "port"
            outcomes = [(one["source"], one["outcome"]) for one in facts["lookups"]]
            assert outcomes == [("hlr_mts", "unknown_subscriber"), ("hlr_other", "seen")]


# What the other tests of this folder play with answers as the real one does.


def test_the_register_of_the_tests_answers_as_the_real_one(hlr: OsmoHlr) -> None:
    hlr.create(OLD, NUMBER)
    with Switch(hlr.address, "MSC-RU-01") as home:
        home.register(OLD)
    told = hlr.order(f"GET subscriber.by-msisdn-{NUMBER}.info").partition(" ")[2]
    mine = Sim(OLD, NUMBER, "MSC-RU-01").info()
    names = [line.split("\t")[0] for line in told.splitlines()]
    assert names == [line.split("\t")[0] for line in mine.splitlines()]
    assert {"imsi": OLD, "msisdn": NUMBER, "vlr_number": "MSC-RU-01"}.items() <= dict(
        line.split("\t") for line in told.splitlines() if "\t" in line
    ).items()
    with pytest.raises(AssertionError, match=NO_SUBSCRIBER):
        hlr.order("GET subscriber.by-msisdn-79990000000.info")
    with CtrlHlr() as fake:
        fake.put(OLD, NUMBER, "MSC-RU-01")
        answers = [
            [
                OsmoHlrLookup("it", OsmoHlrSettings(host=host, port=port)).find(Msisdn(number), 5.0)
                for number in (NUMBER, "79990000000")
            ]
            for host, port in ((hlr.address, CTRL_PORT), ("127.0.0.1", fake.port))
        ]
    assert answers[0] == answers[1]
    seen, unknown = answers[0]
    assert isinstance(seen, SimSeen)
    assert unknown == SimNotSeen("it", NoData.UNKNOWN_SUBSCRIBER, "no_such_subscriber")
