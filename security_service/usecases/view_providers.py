"""What gateways and lookups are configured, and whose word on whose SIMs may decide; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from security_service.domain.messages import Channel
from security_service.domain.trust import TrustEntry, TrustRules, TrustWord
from security_service.domain.trust_ports import TrustEntries


@dataclass(frozen=True, slots=True)
class GatewayLine:
    """One configured gateway. `per_second` is its provider's limit, 0 where there is none."""

    name: str
    kind: str
    channel: Channel
    per_second: float
    brings_receipts: bool


@dataclass(frozen=True, slots=True)
class LookupLine:
    """One configured source, with the word of the settings on it."""

    name: str
    kind: str
    per_second: float
    word: TrustWord


@dataclass(frozen=True, slots=True)
class TrustLine:
    """What holds for a source and an operator (MCC-MNC, '' where answers name none).

    `configured` is the settings' word, `in_force` the one that counts; `entry` is None where only the
    settings speak.
    """

    source: str
    mcc_mnc: str
    configured: TrustWord
    in_force: TrustWord
    entry: TrustEntry | None


@dataclass(frozen=True, slots=True)
class ProvidersView:
    """All of it, in the order of the settings; trust by source and operator."""

    gateways: tuple[GatewayLine, ...]
    lookups: tuple[LookupLine, ...]
    trust: tuple[TrustLine, ...]


@dataclass(frozen=True, slots=True)
class ViewProviders:
    """Reads the trust book beside what is configured."""

    gateways: tuple[GatewayLine, ...]
    lookups: tuple[LookupLine, ...]
    book: TrustEntries
    rules: TrustRules

    def run(self) -> ProvidersView:
        """Give everything. Raises StoreUnavailable."""
        return ProvidersView(self.gateways, self.lookups, tuple(self._trust()))

    def _trust(self) -> Sequence[TrustLine]:
        entries = self.book.entries()
        pairs = sorted({*entries, *self.rules.never})
        return [self._line(*pair, entries.get(pair)) for pair in pairs]

    def _line(self, source: str, mcc_mnc: str, entry: TrustEntry | None) -> TrustLine:
        configured = self.rules.word(source, mcc_mnc)
        return TrustLine(source, mcc_mnc, configured, self.rules.in_force(source, mcc_mnc, entry), entry)
