"""What real networks do to a number, played against the whole service over a register that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from security_service.domain.access import Actor, Role
from security_service.domain.trust import TrustWord
from security_service.usecases.add_sim import SimAdded
from security_service.usecases.reverify import Reverified, ReverifyRequest
from security_service.usecases.set_trust import SetTrust, TrustOrder, TrustSet
from tests.e2e.hlr.rig import HOUR, NUMBER, REFUSED, SENT, Bank, Register, bank_beside
from tests.links.ctrl_service import CtrlHlr

FIRST, SECOND, THIRD = "250011234567890", "250019876543210", "250015550001112"
PAIR = ("hlr", "25001")
LEAD = Actor("olga", frozenset({Role.LEAD}))


@pytest.fixture
def hlr() -> Iterator[CtrlHlr]:
    with CtrlHlr() as serving:
        yield serving


@pytest.fixture
def bank(hlr: CtrlHlr, redis_url: str) -> Iterator[Bank]:
    with bank_beside(redis_url, Register("hlr", hlr.port, mcc_mnc="25001")) as one:
        yield one


def reasons(bank: Bank, hlr: CtrlHlr, *imsis: str) -> list[str]:
    """Show one SIM after another and ask for a code each time."""
    told = []
    for imsi in imsis:
        hlr.put(imsi, NUMBER)
        told.append(bank.ask().reason)
    return told


# ------------------------------------------------------------------- the set of IMSIs, flip back


def test_within_the_set_a_flip_is_no_swap_and_beyond_it_one_is(bank: Bank, hlr: CtrlHlr) -> None:
    assert reasons(bank, hlr, FIRST) == ["sent"]
    hlr.put(SECOND, NUMBER)
    assert isinstance(bank.service.deeds.four_eyes.add_sim(bank.action()), SimAdded)
    assert reasons(bank, hlr, SECOND, FIRST, SECOND, FIRST) == ["sent"] * 4
    assert reasons(bank, hlr, THIRD, FIRST, THIRD) == ["sim_changed", "sent", "sim_changed"]
    assert len(bank.reference().members) == 2


def test_a_sim_that_was_replaced_must_not_come_back_unasked(bank: Bank, hlr: CtrlHlr) -> None:
    assert reasons(bank, hlr, FIRST, SECOND) == ["sent", "sim_changed"]
    assert isinstance(bank.service.deeds.four_eyes.reverify(bank.action(), ReverifyRequest()), Reverified)
    assert reasons(bank, hlr, SECOND, FIRST, SECOND) == ["sent", "sim_changed", "sent"]


def test_a_change_leaves_the_reference_alone_however_often_it_is_seen(bank: Bank, hlr: CtrlHlr) -> None:
    reasons(bank, hlr, FIRST)
    before = bank.reference()
    assert reasons(bank, hlr, SECOND, SECOND, THIRD, SECOND) == ["sim_changed"] * 4
    assert bank.reference() == before
    assert len(bank.texts()) == 1
    assert len(bank.facts("case_opened")) == 3


# ------------------------------------------------------------- the gap in which there is no SIM


def test_the_gap_of_a_swap_refuses_a_number_with_a_reference_and_stores_nothing(
    bank: Bank, hlr: CtrlHlr
) -> None:
    reasons(bank, hlr, FIRST)
    before = bank.stored()
    hlr.sims.clear()
    refused = bank.ask()
    assert (refused.code, refused.reason) == (REFUSED, "unknown_subscriber")
    assert bank.stored() == before
    assert bank.decided()["subscriber_changed"] is False
    assert "look" not in bank.inside.jobs("bank", NUMBER)
    # What comes after the gap decides: the old SIM again, or another one.
    assert reasons(bank, hlr, FIRST, SECOND) == ["sent", "sim_changed"]


def test_a_number_that_was_never_seen_gets_nothing_in_a_gap_either(bank: Bank) -> None:
    assert bank.ask().reason == "unknown_subscriber"
    assert (bank.stored(), bank.texts()) == (b"", [])


# ---------------------------------------------------------------------------------------- ports


def test_a_port_is_a_change_whose_operators_stand_in_the_event(hlr: CtrlHlr, redis_url: str) -> None:
    with CtrlHlr() as other:
        registers = (
            Register("hlr_mts", hlr.port, mcc_mnc="25001"),
            Register("hlr_other", other.port, mcc_mnc="25002"),
        )
        with bank_beside(redis_url, *registers) as bank:
            hlr.put(FIRST, NUMBER)
            assert bank.ask().code == SENT
            hlr.sims.clear()
            other.put("250029876543210", NUMBER)
            assert bank.ask().reason == "sim_changed"
            facts = bank.decided()
            assert facts["reference"][0]["mcc_mnc"] == "25001"
            assert facts["sim"]["mcc_mnc"] == "25002"
            assert [one["change"] for one in bank.facts("candidate_seen")] == ["port"]


# --------------------------------------------------------------------------------- home routing


class HomeRouter:
    """A network that answers every question with an IMSI made up for it (3GPP TS 23.040)."""

    def __init__(self, hlr: CtrlHlr) -> None:
        self._hlr = hlr
        self._made_up = count(250_010_000_000_017, 104_729)
        hlr.before = self

    def __call__(self, msisdn: str) -> None:
        self._hlr.put(str(next(self._made_up)), msisdn)


def test_home_routing_costs_its_source_the_trust_and_not_the_numbers_their_codes(
    bank: Bank, hlr: CtrlHlr
) -> None:
    HomeRouter(hlr)
    numbers = [f"7916{place:07}" for place in range(1, 22)]
    for number in numbers[:19]:
        answers = [bank.ask(number) for _ in range(3)]
        assert [one.reason for one in answers] == ["sent", "sim_changed", "sim_changed"]
    assert bank.book.word(*PAIR) is TrustWord.STABLE
    for _ in range(3):
        bank.ask(numbers[19])
    bank.clock.move(1.0)
    assert bank.book.word(*PAIR) is TrustWord.NEVER
    assert [one["reason"] for one in bank.managed("trust_demoted")] == ["three_imsis_a_day"]
    # From here on nobody is refused for an IMSI that was made up, and nothing is learnt from one.
    for number in numbers:
        answer = bank.ask(number)
        assert (answer.code, bank.decided(number)["sim"]["answer"]) == (SENT, "no_data:untrusted")
    assert bank.stored(numbers[20])
    assert not bank.reference(numbers[20])


def test_a_person_restores_a_source_that_was_demoted(bank: Bank, hlr: CtrlHlr) -> None:
    HomeRouter(hlr)
    for place in range(1, 21):
        for _ in range(3):
            bank.ask(f"7916{place:07}")
    bank.clock.move(1.0)
    assert bank.book.word(*PAIR) is TrustWord.NEVER
    hlr.before = None
    restore = SetTrust(bank.book, frozenset({"hlr"}), bank.service.outward.trust, bank.clock)
    order = TrustOrder(*PAIR, LEAD, "they told us that it is over", "r9")
    assert isinstance(restore.set_word(order, TrustWord.STABLE), TrustSet)
    hlr.put(FIRST, "79160009999")
    assert bank.ask("79160009999").code == SENT
    assert bank.decided("79160009999")["sim"]["answer"] == "first_seen"


# ---------------------------------------------------------------------------------- masked


@pytest.mark.parametrize("imsi", ["***************", "25001**********", "25001", "250010000000000"])
def test_a_masked_answer_is_no_sim_and_never_becomes_one(bank: Bank, hlr: CtrlHlr, imsi: str) -> None:
    hlr.put(imsi, NUMBER)
    assert bank.ask().code == SENT
    assert bank.decided()["sim"]["answer"] == "no_data:untrusted"
    assert not bank.reference()
    assert reasons(bank, hlr, FIRST, imsi, SECOND) == ["sent", "sent", "sim_changed"]


def test_unverified_sends_have_an_end_where_money_is_asked_for(bank: Bank, hlr: CtrlHlr) -> None:
    hlr.put("***************", NUMBER)
    payment = {"amount": "1500.00", "currency": "RUB"}
    told = [bank.ask(**payment).reason for _ in range(4)]
    assert told == ["sent"] * 3 + ["unverified_ceiling"]


# ---------------------------------------------------------------------------- mass changes


def changed_out(bank: Bank, hlr: CtrlHlr, numbers: range) -> list[str]:
    """An operator gives these numbers other SIMs; each asks for a code."""
    told = []
    for place in numbers:
        number = f"7916{place:07}"
        hlr.put(f"25001{7_000_000_000 + place * 7919}", number)
        told.append(bank.ask(number).reason)
    return told


def test_a_mass_change_is_an_incident_and_only_a_lead_eases_it(bank: Bank, hlr: CtrlHlr) -> None:
    numbers = range(1, 31)
    for place in numbers:
        hlr.put(f"25001{3_000_000_000 + place * 6007}", f"7916{place:07}")
        assert bank.ask(f"7916{place:07}").code == SENT
    assert changed_out(bank, hlr, numbers) == ["sim_changed"] * 30
    (incident,) = bank.managed("incident")
    assert (incident["what"], incident["source"], incident["mcc_mnc"]) == ("mass_change", *PAIR)
    assert incident["changed"] >= 20
    # It is told, and changes nothing by itself; an analyst can't, and a lead can.
    desk = SetTrust(bank.book, frozenset({"hlr"}), bank.service.outward.trust, bank.clock)
    analyst = Actor("ivan", frozenset({Role.ANALYST}))
    assert not isinstance(desk.ease(TrustOrder(*PAIR, analyst, "x", "r1"), HOUR), TrustSet)
    assert bank.ask("79160000001").reason == "sim_changed"
    assert isinstance(desk.ease(TrustOrder(*PAIR, LEAD, "SIMs are replaced", "r2"), HOUR), TrustSet)
    eased = bank.ask("79160000001")
    # No authenticator app is enrolled, so that stepping up ends in a refusal: never in a send.
    assert (eased.code, eased.reason) == (REFUSED, "no_step_up")
    facts = bank.decided("79160000001")
    assert (facts["sim"]["eased"], facts["policy_verdict"], facts["rule"]) == (True, "deny", "changed")
    assert len(bank.texts()) == 30
    bank.clock.move(HOUR)
    assert bank.ask("79160000001").reason == "sim_changed"


def test_single_changes_raise_nothing(bank: Bank, hlr: CtrlHlr) -> None:
    numbers = range(1, 11)
    for place in numbers:
        hlr.put(f"25001{3_000_000_000 + place * 6007}", f"7916{place:07}")
        bank.ask(f"7916{place:07}")
    assert changed_out(bank, hlr, numbers) == ["sim_changed"] * 10
    for _ in range(3):
        assert changed_out(bank, hlr, numbers) == ["sim_changed"] * 10
    assert bank.managed("incident") == []
    assert bank.book.word(*PAIR) is TrustWord.STABLE


# ------------------------------------------------------------------------- a source that learns


def test_a_source_that_learns_denies_only_once_it_has_proved_itself(hlr: CtrlHlr, redis_url: str) -> None:
    learn = {"ETALON_LOOKUPS__HLR__TRUST": "learn"}
    with bank_beside(redis_url, Register("hlr", hlr.port, mcc_mnc="25001"), settings=learn) as bank:
        assert reasons(bank, hlr, FIRST, SECOND) == ["sent", "sent"]
        assert bank.decided()["sim"]["detail"] == "operator_still_learning"
        assert bank.decided()["sim"]["learning"] is True
        assert bank.reference().members[0].imsi.mcc_mnc == "25001"
        assert bank.facts("candidate_seen") == []
        entry = TrustOrder(*PAIR, LEAD, "fifty numbers were checked by hand", "r1")
        desk = SetTrust(bank.book, frozenset({"hlr"}), bank.service.outward.trust, bank.clock)
        assert isinstance(desk.set_word(entry, TrustWord.STABLE), TrustSet)
        assert reasons(bank, hlr, SECOND) == ["sim_changed"]
