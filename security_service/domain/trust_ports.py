"""The ports of trust in sources, beside those in `ports`; both may raise StoreUnavailable. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from security_service.domain.audit import Event
from security_service.domain.trust import Sighting, TrustEntry, TrustNews, TrustWord


class TrustBook(Protocol):
    """Whose word on which operator's SIMs may decide, and what is learnt from what they say."""

    def word(self, source: str, mcc_mnc: str) -> TrustWord:
        """Give what holds for a source and an operator (empty where the source did not tell it)."""
        ...

    def eases(self, source: str, mcc_mnc: str) -> bool:
        """True while a lead lets changed SIMs of an operator step up in place of a denial."""
        ...

    def observe(self, sighting: Sighting) -> Sequence[TrustNews]:
        """Take in one usable answer; gives what the answers so far have just brought about."""
        ...


class TrustRecords(Protocol):
    """What people decide of sources and operators, with its events."""

    def entry(self, source: str, mcc_mnc: str) -> TrustEntry | None:
        """Give what stands in the book, None where only the settings speak."""
        ...

    def put(
        self, source: str, mcc_mnc: str, known: TrustEntry | None, entry: TrustEntry, event: Event
    ) -> bool:
        """Write an entry where `known` still stands there; False, and nothing written, where not."""
        ...

    def forget(self, source: str, mcc_mnc: str) -> None:
        """Forget what was seen so far, so that a restored source is judged by what it says from now on."""
        ...


class TrustEntries(Protocol):
    """The whole trust book."""

    def entries(self) -> Mapping[tuple[str, str], TrustEntry]:
        """Give every entry by source and MCC-MNC."""
        ...
