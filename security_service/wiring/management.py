"""What people manage beside subscribers, put together: tenants, their keys and senders, whose word counts."""

from __future__ import annotations

from security_service.config.classes import Settings
from security_service.domain.sender_ports import ListsSenders
from security_service.domain.trust import TrustWord
from security_service.usecases.check_senders import CheckSenders
from security_service.usecases.keep_accounts import KeepAccounts
from security_service.usecases.keep_api_keys import KeepApiKeys
from security_service.usecases.manage_tenants import ManageTenants, ProviderNames
from security_service.usecases.management_desk import ManagementDesk
from security_service.usecases.set_trust import SetTrust
from security_service.usecases.view_providers import GatewayLine, LookupLine, ViewProviders
from security_service.wiring.outward import Outward
from security_service.wiring.shared import Core


def build_management(settings: Settings, core: Core, accounts: KeepAccounts) -> ManagementDesk:
    """Put it together over what the service shares."""
    stored, outward = core.stored.tenants, core.outward
    channels = frozenset(one.channel for one in outward.gateways.values())
    names = ProviderNames(tuple(outward.gateways), tuple(outward.lookups), channels)
    listing = {name: one for name, one in outward.gateways.items() if isinstance(one, ListsSenders)}
    return ManagementDesk(
        tenants=ManageTenants(stored, core.policies, names),
        api_keys=KeepApiKeys(stored, stored, core.chance, core.clock),
        accounts=accounts,
        senders=CheckSenders(listing),
        providers=_build_view(settings, outward, core),
        set_trust=SetTrust(core.book, frozenset(outward.lookups), outward.trust, core.clock),
    )


def _build_view(settings: Settings, outward: Outward, core: Core) -> ViewProviders:
    gateways = tuple(
        GatewayLine(
            entry.name,
            entry.kind,
            outward.gateways[entry.name].channel,
            outward.per_second[entry.name],
            entry.name in outward.readers,
        )
        for entry in settings.gateways
    )
    lookups = tuple(
        LookupLine(
            entry.name,
            entry.kind,
            outward.per_second[f"lookup:{entry.name}"],
            outward.trust.by_source.get(entry.name, TrustWord.STABLE),
        )
        for entry in settings.lookups
    )
    return ViewProviders(gateways, lookups, core.book, outward.trust)
