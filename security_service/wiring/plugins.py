"""The registries: every kind of gateway and lookup with its settings class; builds nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from security_service.config.sources import PluginKinds
from security_service.domain.ports import Gateway, SimLookup
from security_service.gateways.aso_broker import AsoBrokerGateway, AsoBrokerSettings
from security_service.gateways.devino_email import DevinoEmailGateway, DevinoEmailSettings
from security_service.gateways.devino_rest import DevinoRestGateway, DevinoRestSettings
from security_service.gateways.devino_rest_v2 import DevinoRestV2Gateway, DevinoRestV2Settings
from security_service.gateways.devino_soap import DevinoSoapGateway, DevinoSoapSessionSettings
from security_service.gateways.devino_soap_v2 import DevinoSoapV2Gateway, DevinoSoapV2Settings
from security_service.gateways.devino_viber import DevinoViberGateway, DevinoViberSettings
from security_service.gateways.devino_vk import DevinoVkGateway, DevinoVkSettings
from security_service.gateways.devino_xml import DevinoXmlGateway, DevinoXmlSettings
from security_service.gateways.smpp import SmppGateway, SmppSettings
from security_service.gateways.smsc import SmscGateway, SmscSettings
from security_service.gateways.smtp import SmtpGateway, SmtpSettings
from security_service.gateways.stream_telecom import StreamTelecomGateway, StreamTelecomSettings
from security_service.lookups.camara_sim_swap import CamaraSimSwapLookup, CamaraSimSwapSettings
from security_service.lookups.devino_hlr import DevinoHlrLookup, DevinoHlrSettings
from security_service.lookups.hlr_lookups import HlrLookupsLookup, HlrLookupsSettings
from security_service.lookups.imsi_soap import ImsiSoapLookup, ImsiSoapSettings
from security_service.lookups.infobip import InfobipLookup, InfobipLookupSettings
from security_service.lookups.infobip_sim_swap import InfobipSimSwapLookup, InfobipSimSwapSettings
from security_service.lookups.osmo_hlr import OsmoHlrLookup, OsmoHlrSettings
from security_service.lookups.smsc_hlr import SmscHlrLookup, SmscHlrSettings

# Each class is called with the name of the entry and an object of the settings class beside it; that the
# two belong together is what a row says, and what tests/wiring tries.
GatewayKind = tuple[type, Callable[..., Gateway]]
LookupKind = tuple[type, Callable[[str, Any], SimLookup]]

GATEWAYS: Final[Mapping[str, GatewayKind]] = {
    "devino_rest": (DevinoRestSettings, DevinoRestGateway),
    "devino_rest_v2": (DevinoRestV2Settings, DevinoRestV2Gateway),
    "devino_soap": (DevinoSoapSessionSettings, DevinoSoapGateway),
    "devino_soap_v2": (DevinoSoapV2Settings, DevinoSoapV2Gateway),
    "devino_xml": (DevinoXmlSettings, DevinoXmlGateway),
    "devino_viber": (DevinoViberSettings, DevinoViberGateway),
    "devino_vk": (DevinoVkSettings, DevinoVkGateway),
    "devino_email": (DevinoEmailSettings, DevinoEmailGateway),
    "smtp": (SmtpSettings, SmtpGateway),
    "stream_telecom": (StreamTelecomSettings, StreamTelecomGateway),
    "aso_broker": (AsoBrokerSettings, AsoBrokerGateway),
    "smsc": (SmscSettings, SmscGateway),
    "smpp": (SmppSettings, SmppGateway),
}

LOOKUPS: Final[Mapping[str, LookupKind]] = {
    "imsi_soap": (ImsiSoapSettings, ImsiSoapLookup),
    "devino_hlr": (DevinoHlrSettings, DevinoHlrLookup),
    "smsc_hlr": (SmscHlrSettings, SmscHlrLookup),
    "hlr_lookups": (HlrLookupsSettings, HlrLookupsLookup),
    "infobip": (InfobipLookupSettings, InfobipLookup),
    "infobip_sim_swap": (InfobipSimSwapSettings, InfobipSimSwapLookup),
    "camara_sim_swap": (CamaraSimSwapSettings, CamaraSimSwapLookup),
    "osmo_hlr": (OsmoHlrSettings, OsmoHlrLookup),
}


CARRIED_KIND: Final = "smpp"
"""Gateways of this kind are carried by a process of their own: `security-service gateways`."""

DATE_KINDS: Final = frozenset({"camara_sim_swap", "infobip_sim_swap"})
"""Lookups that never name the SIM but date its last change: asked where a date tells something new."""


def plugin_kinds() -> PluginKinds:
    """Give the kinds of gateways and lookups with their settings classes, as `config` reads them."""
    return PluginKinds(
        gateways={kind: settings for kind, (settings, _) in GATEWAYS.items()},
        lookups={kind: settings for kind, (settings, _) in LOOKUPS.items()},
    )
