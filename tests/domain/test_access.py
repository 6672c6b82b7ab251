from __future__ import annotations

from security_service.domain.access import Actor, ManagementKeys, Role, bearer_digest
from security_service.domain.secret import Secret

_DESK = Actor("desk", frozenset({Role.ANALYST}))
_KEYS = ManagementKeys(((bearer_digest(Secret("k1")), _DESK), (bearer_digest(Secret("k2")), _DESK)))


def test_a_key_names_its_actor_and_another_names_nobody() -> None:
    assert _KEYS.actor(Secret("k2")) == _DESK
    assert _KEYS.actor(Secret("k3")) is None
    assert _KEYS.actor(Secret("")) is None


def test_the_digest_itself_is_no_key() -> None:
    assert _KEYS.actor(Secret(bearer_digest(Secret("k1")))) is None


def test_an_actor_may_what_one_of_its_roles_may_and_an_admin_everything() -> None:
    assert _DESK.may(Role.LEAD, Role.ANALYST)
    assert not _DESK.may(Role.AUDITOR)
    assert Actor("root", frozenset({Role.ADMIN})).may(Role.AUDITOR)
