"""Published policies: in force everywhere within a second, kept for ever, written by compare-and-set."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.errors import StoreUnavailable
from security_service.domain.policy_ports import PolicyChange
from security_service.domain.policy_versions import PolicyHead, PolicyVersion
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.frame import StoreFrame
from security_service.store.policy_book import StoredPolicyBook
from tests.store.rig import START_MS, StoreRig
from tests.usecases.policies import STANDARD, STRICT, Desk, StoreTime, document, files, renamed

EVENT = Event(EventKind.POLICY_PUBLISHED, {"name": "standard"})


@pytest.fixture
def desk(rig: StoreRig) -> Desk:
    return Desk(rig)


@pytest.fixture
def away(rig: StoreRig) -> Iterator[StoredPolicyBook]:
    """The book of a process whose store does not answer."""
    scripts = ThinScripts(parse_address("unix:///nowhere"), within_s=0.1)
    yield StoredPolicyBook(StoreFrame(scripts, lambda: rig.layout, "i1"), StoreTime(rig), files())
    scripts.close()


def change(known: PolicyHead, version: str, text: str = STANDARD) -> PolicyChange:
    head = PolicyHead("standard", version, version, revision=known.revision + 1)
    return PolicyChange(known, head, EVENT, (PolicyVersion(version, text, "anna", "why"),))


def test_the_documents_of_the_files_are_in_force_until_one_of_their_name_is_published(desk: Desk) -> None:
    assert desk.book.get("standard").version == "1"
    assert desk.book.put(change(PolicyHead("standard"), "2", renamed(STRICT, "2")))
    assert desk.book.get("standard").version == "2"
    assert desk.book.get("strict").version == "1"
    assert desk.book.shadow("standard") is None


def test_a_name_that_no_document_has_is_a_key_error(desk: Desk) -> None:
    with pytest.raises(KeyError):
        desk.book.get("nobody")


def test_another_process_sees_a_publish_within_a_second_and_believes_what_it_read_until_then(
    rig: StoreRig, desk: Desk
) -> None:
    other = Desk(rig)
    assert other.book.get("standard").version == "1"
    desk.published(renamed(STANDARD, "2"), "1")
    other.clock.move(0.9)
    assert other.book.get("standard").version == "1"
    other.clock.move(0.1)
    assert other.book.get("standard").version == "2"
    assert desk.book.get("standard").version == "2"


def test_another_process_sees_a_trial_begin_change_and_end_within_a_second(rig: StoreRig, desk: Desk) -> None:
    other, seen = Desk(rig), []
    for text in (document("8"), document("9", "deny"), ""):
        desk.try_out(text)
        other.clock.move(1.0)
        found = other.book.shadow("standard")
        seen.append("" if found is None else found.version)
    assert seen == ["8", "9", ""]


def test_a_document_is_read_and_parsed_once(rig: StoreRig, desk: Desk) -> None:
    desk.published(renamed(STANDARD, "2"), "1")
    first = desk.book.get("standard")
    desk.clock.move(5)
    assert desk.book.get("standard") is first


def test_a_head_that_moved_is_not_written_over(rig: StoreRig, desk: Desk) -> None:
    assert desk.book.put(change(PolicyHead("standard"), "2"))
    before = rig.texts("m")
    assert not desk.book.put(change(PolicyHead("standard"), "3"))
    assert not desk.book.put(change(PolicyHead("standard", "2", "2", revision=9), "3"))
    assert rig.texts("m") == before
    assert [one.version for one in desk.book.kept("standard").versions] == ["2"]
    assert desk.book.put(change(desk.book.head("standard"), "3"))


def test_every_version_is_kept_for_ever_with_who_when_and_why(rig: StoreRig, desk: Desk) -> None:
    for version, before in (("2", "1"), ("10", "2"), ("11", "10")):
        desk.published(renamed(STANDARD, version), before)
        rig.advance(400 * 86_400)
    kept = desk.book.kept("standard").versions
    assert [one.version for one in kept] == ["11", "10", "2", "1"]
    assert [one.at_ms for one in kept] == [START_MS + n * 400 * 86_400_000 for n in (2, 1, 0)] + [0]
    assert {(one.actor, one.reason) for one in kept[:3]} == {("anna", "fewer calls")}
    assert (kept[3].actor, kept[3].text) == ("", STANDARD)
    assert rig.redis.ttl("{m}:policies") == -1


def test_the_event_tells_the_document_and_the_head_without_the_trial(rig: StoreRig, desk: Desk) -> None:
    desk.try_out(document("8"))
    desk.published(renamed(STANDARD, "2"), "1")
    event = json.loads(rig.texts("m")[-1])
    assert (event["kind"], event["subject"]) == ("policy_published", {"policy": "standard"})
    facts = event["facts"]
    assert facts["document"] == renamed(STANDARD, "2")
    assert (facts["name"], facts["version"], facts["before"]) == ("standard", "2", "1")
    assert facts["before_document"] == STANDARD
    assert (facts["actor"], facts["reason"], facts["rolled_back"]) == ("anna", "fewer calls", False)
    assert json.loads(facts["head"]) == ["2", "2", "", "", 2]
    assert desk.book.head("standard").shadow == "8"


def test_a_store_that_is_away_says_so_once_what_was_read_is_old(away: StoredPolicyBook) -> None:
    with pytest.raises(StoreUnavailable):
        away.get("standard")
    with pytest.raises(StoreUnavailable):
        away.shadow("standard")


def test_a_published_document_that_cannot_be_read_is_never_replaced_by_another(
    rig: StoreRig, desk: Desk
) -> None:
    rig.redis.hset("{m}:policies", "standard", '["2", "2", "", "", 1]')
    rig.redis.hset("{m}:policies", "standard@2", '["2", "of a later release", "anna", "", 1]')
    with pytest.raises(StoreUnavailable):
        desk.book.get("standard")
    rig.redis.hdel("{m}:policies", "standard@2")
    with pytest.raises(StoreUnavailable):
        desk.book.get("standard")


@pytest.mark.parametrize("row", ['["9", "of a later release", "anna", "", 1]', None])
def test_a_trial_that_cannot_be_read_stops_nothing(rig: StoreRig, desk: Desk, row: str | None) -> None:
    rig.redis.hset("{m}:policies", "standard", '["", "", "9", "ab", 1]')
    if row is not None:
        rig.redis.hset("{m}:policies", "standard#", row)
    assert desk.book.shadow("standard") is None
    assert desk.book.get("standard").version == "1"


def test_nothing_is_published_into_a_store_that_was_emptied(rig: StoreRig, desk: Desk) -> None:
    rig.redis.flushall()
    with pytest.raises(StoreUnavailable):
        desk.book.put(change(PolicyHead("standard"), "2"))
    assert rig.redis.keys("*") == []


def test_a_tenant_may_choose_what_is_in_a_file_or_was_published(desk: Desk) -> None:
    desk.published(document("1", name="night"), "")
    desk.try_out(document("9"))
    assert desk.book.names() == ["night", "observe", "standard", "strict"]
    assert set(desk.book.heads()) == {"night", "standard"}
