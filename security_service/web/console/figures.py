"""How counts, shares, amounts of money and tokens of SIMs are written on pages, in the visit's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from security_service.domain.operation import Operation
from security_service.web.console.words import Locale

_NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
_FINGERPRINT: Final = 8
_LEAST_SHOWN: Final = 0.005
_NEARLY_ALL: Final = 99.95


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes figures in one language; templates call it `write`."""

    locale: Locale

    def whole(self, number: int) -> str:
        """Give a whole number with its thousands apart: `12 345`, in English `12,345`."""
        return self._told(f"{number:,}")

    def percent(self, value: float) -> str:
        """Give a percentage with as many digits as tell something: `100 %`, `3,4 %`, `0,12 %`."""
        if 0 < value < _LEAST_SHOWN:
            return f"<{self._told('0.01')}{self._sign}"
        if value == 0 or value >= _NEARLY_ALL:
            return f"{self._told(f'{value:,.0f}')}{self._sign}"
        return f"{self._told(f'{value:.2f}' if value < 1 else f'{value:.1f}')}{self._sign}"

    def times(self, value: float) -> str:
        """Give how many times one thing is another: `×3,4`."""
        return f"×{self._told(f'{value:,.1f}')}"

    def amount(self, minor: int | None, currency: str) -> str:
        """Give an amount of the currency's minor unit as people write it; empty where nothing is at stake."""
        if minor is None:
            return ""
        whole, point, rest = Operation(minor=minor, currency=currency).amount_text().partition(".")
        return f"{self._told(f'{int(whole):,}{point}{rest}')} {currency}".rstrip()

    @staticmethod
    def sim(token: str) -> str:
        """Shorten a SIM's token `version:representation:digest` to what people compare by."""
        head, _, digest = token.rpartition(":")
        return f"{head}:{digest[:_FINGERPRINT]}" if head else token[:_FINGERPRINT]

    def _told(self, text: str) -> str:
        is_russian = self.locale is Locale.RU
        return text.replace(",", _NARROW).replace(".", ",") if is_russian else text

    @property
    def _sign(self) -> str:
        return f"{_NARROW}%" if self.locale is Locale.RU else "%"
