"""Publishing and rolling back: checked, higher each time, and never over what another person put in force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from security_service.domain.policy import Verdict
from security_service.domain.policy_check import Difference
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_space import TooManyCases
from security_service.usecases.check_policy import Checked
from security_service.usecases.publish_policy import (
    AlreadyInForce,
    OtherInForce,
    PolicyRefused,
    Published,
    PublishOrder,
    RollBackOrder,
    VersionNotHigher,
    WarningsUnread,
)
from security_service.usecases.read_policies import UnknownPolicy, UnknownVersion
from tests.store.rig import StoreRig
from tests.usecases.policies import STANDARD, STRICT, Desk, document, renamed, wide

HELD = STANDARD.replace('verdict = "deny"', 'verdict = "hold"', 1)


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def desk(rig: StoreRig) -> Desk:
    return Desk(rig)


def no_event(rig: StoreRig) -> bool:
    return b"policy_published" not in b"".join(rig.texts("m"))


def test_a_published_document_decides(desk: Desk) -> None:
    assert desk.decide("79031112233").verdict is Verdict.SEND
    assert desk.published(document("2", "deny"), "1") == Published("standard", "2", "1")
    decision = desk.decide("79031112233")
    assert (decision.verdict, decision.policy_version, decision.rule) == (
        Verdict.DENY, "standard@2", "otherwise",
    )  # fmt: skip


def test_a_policy_of_a_new_name_is_published_where_none_is_expected(desk: Desk) -> None:
    assert desk.published(document("1", name="night"), "") == Published("night", "1", "")
    assert desk.publish(document("2", name="night"), "") == OtherInForce("1")


@pytest.mark.parametrize("version", ["1", "0.9", "01", "0"])
def test_a_version_must_be_higher_than_that_of_the_file(desk: Desk, rig: StoreRig, version: str) -> None:
    assert desk.publish(renamed(STANDARD, version), "1") == VersionNotHigher("1")
    assert no_event(rig)


def test_a_version_must_be_higher_than_every_one_before_even_after_a_roll_back(desk: Desk) -> None:
    desk.published(renamed(STANDARD, "10"), "1")
    desk.roll_back("1", "10")
    assert desk.publish(renamed(STRICT, "10"), "1") == VersionNotHigher("10")
    assert desk.publish(renamed(STRICT, "9"), "1") == VersionNotHigher("10")
    assert desk.published(renamed(STRICT, "11"), "1").version == "11"


def test_a_lead_who_did_not_see_anothers_publish_is_refused(rig: StoreRig, desk: Desk) -> None:
    other = Desk(rig)
    desk.published(renamed(STANDARD, "2"), "1")
    assert other.publish(renamed(STRICT, "3"), "1") == OtherInForce("2")
    assert other.roll_back("1", "1") == OtherInForce("2")
    assert desk.book.head("standard").in_force == "2"


def test_of_leads_who_publish_at_once_one_is_heard(rig: StoreRig, desk: Desk) -> None:
    others = [Desk(rig) for _ in range(6)]
    orders = [(one, renamed(STANDARD, str(number))) for number, one in enumerate(others, 2)]
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda one: one[0].publish(one[1], "1"), orders))
    heard = [outcome for outcome in outcomes if isinstance(outcome, Published)]
    assert len(heard) == 1
    assert desk.book.head("standard").in_force == heard[0].version
    assert {type(outcome) for outcome in outcomes} == {Published, OtherInForce}


def test_a_document_with_the_checkers_errors_is_refused(rig: StoreRig, desk: Desk) -> None:
    outcome = desk.publish(renamed(HELD, "2"), "1")
    assert isinstance(outcome, PolicyRefused)
    assert not outcome.checked.findings.is_acceptable
    assert no_event(rig)


def test_warnings_must_be_acknowledged(rig: StoreRig, desk: Desk) -> None:
    text = document("2")
    outcome = desk.do.publish.run(PublishOrder(text, "1", "anna", "why", "r"))
    assert isinstance(outcome, WarningsUnread)
    assert outcome.checked.has_warnings
    assert no_event(rig)
    quiet = desk.do.publish.run(PublishOrder(renamed(STANDARD, "2"), "1", "anna", "why", "r"))
    assert isinstance(quiet, Published)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a = [" * 20_000,
        "{" * 60_000,
        "#" * 70_000,
        "name = \x00",
        f"{STANDARD}\n[[rule]]\n",
        "\ud800",
    ],
    ids=range(8),
)
def test_what_is_no_document_is_refused_with_its_faults(rig: StoreRig, desk: Desk, text: str) -> None:
    outcome = desk.publish(text, "1")
    assert isinstance(outcome, PolicyFaults)
    assert all(fault.sentence for fault in outcome.faults)
    assert no_event(rig)


def test_a_document_that_tells_too_many_cases_apart_is_refused(desk: Desk) -> None:
    assert isinstance(desk.publish(wide(100), "1"), TooManyCases)


def test_a_roll_back_puts_an_earlier_version_in_force_and_publishes_nothing(
    rig: StoreRig, desk: Desk
) -> None:
    desk.published(document("2", "deny"), "1")
    assert desk.roll_back("1", "2") == Published("standard", "1", "2")
    assert desk.decide("79031112233").policy_version == "standard@1"
    facts = json.loads(rig.texts("m")[-1])["facts"]
    assert (facts["rolled_back"], facts["version"], facts["before"]) == (True, "1", "2")
    assert (facts["actor"], facts["reason"], facts["document"]) == ("boris", "too many calls", STANDARD)
    assert [one.version for one in desk.book.kept("standard").versions] == ["2", "1"]
    assert desk.roll_back("2", "1") == Published("standard", "2", "1")


def test_only_what_was_in_force_before_can_be_put_in_force_again(desk: Desk) -> None:
    desk.published(renamed(STANDARD, "2"), "1")
    assert desk.roll_back("3", "2") == UnknownVersion()
    assert desk.roll_back("2", "2") == AlreadyInForce()
    assert desk.roll_back("1", "", "nobody") == UnknownPolicy()


def test_an_approved_proposal_stands_in_the_event(rig: StoreRig, desk: Desk) -> None:
    text = renamed(STANDARD, "2")
    desk.do.publish.run(PublishOrder(text, "1", "anna", "why", "r", approved_by="boris", proposal="p1"))
    facts = json.loads(rig.texts("m")[-1])["facts"]
    assert (facts["actor"], facts["approved_by"], facts["proposal"]) == ("anna", "boris", "p1")
    desk.do.roll_back.run(RollBackOrder("standard", "1", "2", "boris", "why", "r", "anna", "p2"))
    facts = json.loads(rig.texts("m")[-1])["facts"]
    assert (facts["approved_by"], facts["proposal"]) == ("anna", "p2")


def test_a_publish_while_a_message_is_at_the_gate_changes_nothing_for_it(rig: StoreRig, desk: Desk) -> None:
    other = Desk(rig)

    def meanwhile() -> None:
        desk.sim.meanwhile = None
        other.published(document("2", "deny"), "1")
        desk.clock.move(5)

    desk.sim.meanwhile = meanwhile
    first = desk.decide("79031112233")
    second = desk.decide("79031112244")
    assert (first.verdict, first.policy_version) == (Verdict.SEND, "standard@1")
    assert (second.verdict, second.policy_version) == (Verdict.DENY, "standard@2")
    told = [json.loads(text)["facts"]["policy"] for text in _decisions(rig)]
    assert sorted(told) == ["standard@1", "standard@2"]


def _decisions(rig: StoreRig) -> list[bytes]:
    shards = [f"s{one:03d}" for one in range(64)]
    return [text for shard in shards for text in rig.texts(shard) if b'"gate_decided"' in text]


# --- reading and comparing


def test_policies_are_read_with_what_is_in_force_and_every_version(desk: Desk) -> None:
    desk.published(renamed(STRICT, "2"), "1")
    views = {view.name: view for view in desk.do.read.every()}
    assert list(views) == ["observe", "standard", "strict"]
    assert (views["standard"].in_force, views["standard"].from_file) == ("2", False)
    assert [one.version for one in views["standard"].versions] == ["2", "1"]
    assert (views["strict"].in_force, views["strict"].from_file) == ("1", True)
    assert [one.text for one in views["strict"].versions] == [STRICT]
    assert desk.do.read.one("nobody") == UnknownPolicy()
    assert desk.do.read.document("standard", "7") == UnknownVersion()
    newest = desk.do.read.document("standard")
    assert getattr(newest, "version", "") == "2"


def test_a_draft_is_held_against_what_is_in_force_case_by_case(desk: Desk) -> None:
    same = desk.do.diff.run(renamed(STANDARD, "2"))
    assert isinstance(same, Difference)
    assert (same.old, same.new, same.changes) == ("standard@1", "standard@2", ())
    other = desk.do.diff.run(renamed(STRICT, "2"))
    assert isinstance(other, Difference)
    assert other.changes
    desk.published(renamed(STRICT, "2"), "1")
    again = desk.do.diff.run(renamed(STRICT, "3"))
    assert isinstance(again, Difference)
    assert again.changes == ()
    back = desk.do.diff.run(renamed(STANDARD, "3"), version="1")
    assert isinstance(back, Difference)
    assert back.changes == ()


def test_a_draft_can_be_held_against_a_policy_of_another_name(desk: Desk) -> None:
    found = desk.do.diff.run(STRICT, "standard")
    assert isinstance(found, Difference)
    assert found.old == "standard@1"
    assert desk.do.diff.run(STRICT, "nobody") == UnknownPolicy()
    assert desk.do.diff.run(STRICT, "standard", "9") == UnknownVersion()
    assert isinstance(desk.do.diff.run("x"), PolicyFaults)


def test_checking_a_draft_tells_its_findings(desk: Desk) -> None:
    good, held = desk.do.check.run(STANDARD), desk.do.check.run(HELD)
    assert isinstance(good, Checked)
    assert good.findings.is_acceptable
    assert isinstance(held, Checked)
    assert not held.findings.is_acceptable
    assert isinstance(desk.do.check.run("x"), PolicyFaults)
    assert isinstance(desk.do.check.run(wide(100)), TooManyCases)
