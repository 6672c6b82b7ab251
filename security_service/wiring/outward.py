"""What speaks with providers, built from the settings; connects to nothing yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from security_service.config.classes import PluginEntry, Settings
from security_service.domain.errors import SettingsFault
from security_service.domain.incoming import IncomingSource
from security_service.domain.ports import Gateway, SimLookup
from security_service.domain.trust import TrustRules
from security_service.gateways.smpp import SmppSettings
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.links.sealed_text import TextSealer
from security_service.links.smpp.account import SmppAccount
from security_service.store.connection import Scripts
from security_service.store.handover import StoredDesk, StoredHandover, StoredReceipts, block_s
from security_service.usecases.receive_push import PushReader, ReplyReader
from security_service.wiring.plugins import GATEWAYS, LOOKUPS
from security_service.wiring.stored import build_scripts


@dataclass(frozen=True, slots=True)
class Outward:
    """What speaks with providers, by the names of the settings and in their order.

    `per_second` holds their own limits by the name of the gateway, or `lookup:` and that of the source.
    """

    gateways: Mapping[str, Gateway]
    lookups: Mapping[str, SimLookup]
    trust: TrustRules
    per_second: Mapping[str, float]

    @property
    def readers(self) -> Mapping[str, PushReader]:
        """The gateways whose providers bring receipts by themselves."""
        return {name: one for name, one in self.gateways.items() if isinstance(one, PushReader)}

    @property
    def reply_readers(self) -> Mapping[str, ReplyReader]:
        """The gateways whose providers bring what subscribers write."""
        return {name: one for name, one in self.gateways.items() if isinstance(one, ReplyReader)}

    @property
    def reply_sources(self) -> Sequence[IncomingSource]:
        """The gateways that are asked for what subscribers write."""
        return [
            one for one in self.gateways.values() if isinstance(one, IncomingSource) and one.asks_for_replies
        ]


def build_outward(settings: Settings, scripts: Scripts | None = None) -> Outward:
    """Build gateways, lookups and what people decided of them; connects to nothing.

    `scripts` is the store's client where there is one already: some gateways hand over through it.
    """
    return Outward(
        gateways={
            entry.name: GATEWAYS[entry.kind][1](
                entry.name, entry.settings, *_handover_ports(settings, entry, scripts)
            )
            for entry in settings.gateways
        },
        lookups={
            entry.name: LOOKUPS[entry.kind][1](entry.name, entry.settings) for entry in settings.lookups
        },
        trust=build_trust(settings),
        per_second={
            f"{prefix}{entry.name}": float(getattr(entry.settings, "requests_per_second", 0.0))
            for prefix, entries in (("", settings.gateways), ("lookup:", settings.lookups))
            for entry in entries
        },
    )


def _handover_ports(
    settings: Settings, entry: PluginEntry, scripts: Scripts | None
) -> tuple[StoredHandover, StoredReceipts] | tuple[()]:
    """Give what a gateway needs beside its settings where another process owns its connections."""
    if not isinstance(entry.settings, SmppSettings):
        return ()
    client = scripts or build_scripts(settings)
    sealer, blocks_s = TextSealer(settings.keys.code_ring), block_s(settings.store.timeout_s)
    handover = StoredHandover(client, sealer, SystemChance(), SystemClock(), blocks_s)
    return handover, StoredReceipts(client)


@dataclass(frozen=True, slots=True)
class HandoverSide:
    """What the process that owns connections needs: the accounts by gateway, and the store's other side."""

    accounts: Mapping[str, SmppAccount]
    desk: StoredDesk
    inbox: StoredReceipts
    clock: SystemClock


def build_handover_side(settings: Settings) -> HandoverSide:
    """Build the side that takes messages over; raises SettingsFault for authorities that cannot be read."""
    accounts: dict[str, SmppAccount] = {}
    for entry in settings.gateways:
        if isinstance(entry.settings, SmppSettings):
            try:
                accounts[entry.name] = entry.settings.account()
            except OSError as error:
                raise SettingsFault([f"gateways.{entry.name}.ca_file: {error.strerror}"]) from error
    scripts = build_scripts(settings)
    desk = StoredDesk(scripts, TextSealer(settings.keys.code_ring), block_s(settings.store.timeout_s))
    return HandoverSide(accounts, desk, StoredReceipts(scripts), SystemClock())


def build_trust(settings: Settings) -> TrustRules:
    """Give what the settings say of whose word on whose SIMs may decide."""
    return TrustRules(
        by_source={entry.name: entry.rules.trust for entry in settings.lookups},
        never=frozenset(
            (entry.name, operator)
            for entry in settings.lookups
            for operator in entry.rules.distrusted_operators
        ),
    )
