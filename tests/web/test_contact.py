"""GET /api/v1/subscribers/<number>/contact: advice without a message."""

from __future__ import annotations

from security_service.domain.access import Role
from tests.web.rig import NUMBER, WebRig, as_role


def test_a_number_never_met_is_unknown() -> None:
    answer = WebRig().client.get(
        f"/api/v1/subscribers/{NUMBER.digits}/contact", headers=as_role(Role.ANALYST)
    )
    assert answer.status_code == 200
    assert answer.json == {"contact": "unknown", "reasons": ["no_reference"], "seen_at": None}


def test_a_look_asks_the_network_and_keeps_nothing() -> None:
    rig = WebRig()
    path = f"/api/v1/subscribers/{NUMBER.digits}/contact"
    rig.client.get(f"{path}?look=true", headers=as_role(Role.AUDITOR))
    assert len(rig.sim.asked) == 1
    again = rig.client.get(path, headers=as_role(Role.AUDITOR)).get_json()
    assert again["reasons"] == ["no_reference"]
    assert len(rig.sim.asked) == 1


def test_a_switch_that_is_none_is_refused() -> None:
    path = f"/api/v1/subscribers/{NUMBER.digits}/contact?look=perhaps"
    assert WebRig().client.get(path, headers=as_role(Role.LEAD)).status_code == 422
