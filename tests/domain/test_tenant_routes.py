"""Routes and senders of a tenant's document: what cannot be is a fault that names its place."""

from __future__ import annotations

import pytest

from security_service.domain.errors import SettingsFault
from security_service.domain.tenant_document import read_tenant, unknown_names

ROUTE = {"legs": [{"gateway": "sms"}]}


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        ({"legs": []}, "routes[0].legs: a route needs a gateway"),
        ({"legs": [{"gateway": "S M S"}]}, "routes[0].legs: names"),
        ({**ROUTE, "prefixes": ["+7916"]}, "routes[0].prefixes: take"),
        ({**ROUTE, "countries": ["ru"]}, "routes[0].countries: are"),
        ({**ROUTE, "countries": ["\ud800\ud800"]}, "routes[0].countries: are"),
        ({**ROUTE, "operators": ["250-01"]}, "routes[0].operators: are"),
    ],
)
def test_a_route_that_cannot_be_is_refused(route: dict[str, object], fault: str) -> None:
    with pytest.raises(SettingsFault) as raised:
        read_tenant({"id": "bank", "routes": [route]})
    assert any(one.startswith(fault) for one in raised.value.faults)


def test_further_senders_are_checked_like_the_first() -> None:
    with pytest.raises(SettingsFault, match="senders"):
        read_tenant({"id": "bank", "senders": ["SHOP", "МАГАЗИН"]})


def test_a_route_over_a_gateway_that_nobody_configured_is_a_fault() -> None:
    tenant = read_tenant({"id": "bank", "routes": [{**ROUTE, "prefixes": ["7916"]}]}).tenant
    assert unknown_names(tenant, ("standard",), ("call",), ()) == (
        "routes: there is no sms (there are: call)",
    )
    assert unknown_names(tenant, ("standard",), ("sms",), ()) == ()
