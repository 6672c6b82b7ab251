"""Evidence over the management API: the same file as on the command line, for who may export the log."""

from __future__ import annotations

import json

from security_service.domain.access import Role
from security_service.domain.evidence import verify_pack
from security_service.domain.log_verdict import Proved
from tests.domain.log_attack import TRUSTED
from tests.web.rig import ODD, WebRig, as_role

PATH = "/api/v1/evidence"


def test_a_pack_comes_as_a_file_that_verifies_and_names_who_asked() -> None:
    rig = WebRig()
    response = rig.client.get(f"{PATH}/c1", headers=as_role(Role.AUDITOR))
    assert response.headers["Content-Disposition"] == "attachment; filename=evidence.json"
    assert response.headers["Cache-Control"] == "no-store"
    assert isinstance(verify_pack(json.loads(response.data), TRUSTED.check), Proved)
    ((_, _, event),) = rig.evidence.journal.told
    assert event.facts["actor"] == "auditor"


def test_another_code_or_another_tenants_has_no_pack() -> None:
    rig = WebRig()
    lead = as_role(Role.LEAD)
    assert rig.client.get(f"{PATH}/c9", headers=lead).status_code == 404
    assert rig.client.get(f"{PATH}/c1?tenant={ODD.id}", headers=lead).status_code == 404


def test_nothing_is_signed_over_an_archive_that_was_altered() -> None:
    rig = WebRig()
    text = rig.evidence.log.texts[12]
    assert text is not None
    rig.evidence.log.texts[12] = text.replace('"sms"', '"smz"')
    response = rig.client.get(f"{PATH}/c1", headers=as_role(Role.LEAD))
    assert (response.status_code, json.loads(response.data)["type"]) == (
        409,
        "urn:etalon:problem:archive-altered",
    )
