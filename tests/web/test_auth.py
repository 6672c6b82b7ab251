"""Bearer keys of the management API: who they are, and for which tenants."""

from __future__ import annotations

import pytest

from security_service.domain.access import Actor, Role
from security_service.domain.secret import Secret
from security_service.web.auth import EVERY_TENANT, Principal, bearer_key
from tests.web.rig import BANK, HOMELESS_KEY, ODD, ONE_TENANT_KEY, ROLE_KEYS, management_keys

ACTOR = Actor("olga", frozenset({Role.LEAD}))


def test_a_known_key_gives_its_principal_and_an_unknown_one_gives_none() -> None:
    keys = management_keys()
    lead = keys.find(Secret(ROLE_KEYS[Role.LEAD]))
    assert lead == Principal(Actor("lead", frozenset({Role.LEAD})), EVERY_TENANT, BANK.id)
    assert keys.find(Secret("unknown")) is None
    assert keys.find(Secret("ключ")) is None


@pytest.mark.parametrize(
    ("principal", "tenant"),
    [
        (Principal(ACTOR, frozenset({"one"})), "one"),
        (Principal(ACTOR, frozenset({"one", "two"})), ""),
        (Principal(ACTOR, frozenset({"one", "two"}), "two"), "two"),
        (Principal(ACTOR), ""),
        (Principal(ACTOR, home="one"), "one"),
        (Principal(ACTOR, frozenset()), ""),
    ],
)
def test_the_tenant_of_a_request_that_names_none(principal: Principal, tenant: str) -> None:
    assert principal.default_tenant() == tenant


def test_a_principal_acts_for_its_own_tenants_only() -> None:
    keys = management_keys()
    own, both = keys.find(Secret(ONE_TENANT_KEY)), keys.find(Secret(HOMELESS_KEY))
    assert own is not None
    assert both is not None
    assert (own.may_act_for(ODD.id), own.may_act_for(BANK.id)) == (True, False)
    assert (both.may_act_for(ODD.id), both.may_act_for("third")) == (True, False)
    assert Principal(ACTOR).may_act_for("any")
    assert not Principal(ACTOR, frozenset()).may_act_for("*")


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("Bearer " + "k" * 257, None),
        ("", None),
    ],
)
def test_a_bearer_key_is_read_out_of_its_header(header: str, key: str | None) -> None:
    assert bearer_key(header) == (None if key is None else Secret(key))
