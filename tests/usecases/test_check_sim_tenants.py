from __future__ import annotations

from dataclasses import replace

from security_service.domain.imsi import ImsiForm
from security_service.domain.lookup import NoData
from tests.fakes.lookups import FakeLookup
from tests.fakes.routing import FreePace
from tests.fakes.sim import OLD_SIM
from tests.usecases.test_check_sim import BANK, Rig, source


def test_a_source_whose_pace_is_used_up_counts_as_away() -> None:
    rig = Rig([FakeLookup("first")], pace=FreePace("lookup:first"))
    finding = rig.ask()
    assert finding.answer.no_data is NoData.UNAVAILABLE
    assert finding.answer.detail == "pace_of_the_provider"


def test_a_tenants_own_form_of_imsi_code_is_sealed_too() -> None:
    rig = Rig([source("one", OLD_SIM)])
    answer = rig.ask(tenant=replace(BANK, imsi_form=ImsiForm.SHA256)).answer
    assert answer.imsi is not None
    assert {member.representation for member in answer.imsi.members} == {"imsi", "sha256"}
