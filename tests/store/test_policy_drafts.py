"""A draft is its writer's, survives what its writer does elsewhere, and goes away by itself."""

from __future__ import annotations

from security_service.store.policy_drafts import StoredPolicyDrafts
from tests.store.rig import StoreRig


def test_a_draft_is_kept_for_its_writer_and_its_policy_alone(rig: StoreRig) -> None:
    drafts = StoredPolicyDrafts(rig.frame)
    drafts.put("anna", "standard", "version = «1»\n")
    assert drafts.get("anna", "standard") == "version = «1»\n"
    assert drafts.get("boris", "standard") == ""
    assert drafts.get("anna", "strict") == ""


def test_names_that_run_together_are_not_mistaken(rig: StoreRig) -> None:
    drafts = StoredPolicyDrafts(rig.frame)
    drafts.put("anna", "strict", "one")
    assert drafts.get("an", "nastrict") == ""


def test_a_draft_is_replaced_and_thrown_away(rig: StoreRig) -> None:
    drafts = StoredPolicyDrafts(rig.frame)
    drafts.put("anna", "standard", "one")
    drafts.put("anna", "standard", "two")
    assert drafts.get("anna", "standard") == "two"
    drafts.put("anna", "standard", "")
    assert drafts.get("anna", "standard") == ""


def test_a_draft_goes_away_by_itself_and_leaves_no_event(rig: StoreRig) -> None:
    before = rig.texts("m")
    StoredPolicyDrafts(rig.frame).put("anna", "standard", "one")
    (key,) = rig.redis.keys("*draft*")
    assert 0 < rig.redis.pttl(key) <= 30 * 86_400_000
    assert rig.texts("m") == before
