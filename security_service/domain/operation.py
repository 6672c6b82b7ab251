"""What a code is for: purpose, amount, currency, payee; leaves reading them to the wire formats."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

DEFAULT_PURPOSE: Final = "default"

_PURPOSE: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_EXPONENTS: Final = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_GREATEST: Final = Decimal(10) ** 15
_LONGEST_PAYEE: Final = 140
_UNREADABLE: Final = frozenset({"Cc", "Cs"})


@dataclass(frozen=True, slots=True)
class Operation:
    """What one code is for. `minor` is the amount in the currency's minor unit, None without one."""

    purpose: str = DEFAULT_PURPOSE
    minor: int | None = None
    currency: str = ""
    payee: str = ""

    @property
    def is_payment(self) -> bool:
        """True where an amount is at stake."""
        return self.minor is not None

    def parts(self) -> tuple[str, ...]:
        """The parts that a digest of the operation is made over; purpose is the slot's own."""
        return ("" if self.minor is None else str(self.minor), self.currency, self.payee)

    def amount_text(self) -> str:
        """The amount as decimal text for messages (`1500.00`), empty without one."""
        if self.minor is None:
            return ""
        exponent = exponent_of(self.currency)
        return f"{Decimal(self.minor).scaleb(-exponent):.{exponent}f}"


@dataclass(frozen=True, slots=True)
class OperationFault:
    """Which member of an operation cannot be read, and why."""

    member: str
    sentence: str


def exponent_of(currency: str) -> int:
    """Give the ISO 4217 exponent of a currency; 2 where the list of exceptions has none."""
    return _EXPONENTS.get(currency, 2)


def read_operation(
    purpose: str | None, amount: str | None, currency: str | None, payee: str | None
) -> Operation | OperationFault:
    """Bring the members of a request to the form they are compared in (design, section 2).

    The amount to the currency's ISO 4217 exponent, the currency in upper case, the payee in NFC
    with spaces collapsed, free of control characters and lone surrogates, up to 140 characters.
    An amount needs a currency and a currency an amount.
    """
    slot = purpose or DEFAULT_PURPOSE
    if not _PURPOSE.fullmatch(slot):
        return OperationFault("Purpose", "Purpose takes 1 to 32 of A-Z a-z 0-9 _ . -")
    code = (currency or "").strip().upper()
    if code and not _CURRENCY.fullmatch(code):
        return OperationFault("Currency", "Currency must be three letters of ISO 4217")
    if bool(code) != bool(amount):
        missing = "Amount" if code else "Currency"
        return OperationFault(missing, "Amount and Currency come together")
    minor = _minor_units(amount, code) if amount else None
    if isinstance(minor, OperationFault):
        return minor
    name = " ".join(unicodedata.normalize("NFC", payee or "").split())
    if len(name) > _LONGEST_PAYEE:
        return OperationFault("Payee", f"Payee takes up to {_LONGEST_PAYEE} characters")
    if any(unicodedata.category(character) in _UNREADABLE for character in name):
        return OperationFault("Payee", "Payee holds a character that cannot be read")
    return Operation(slot, minor, code, name)


def _minor_units(amount: str, currency: str) -> int | OperationFault:
    text = amount.strip()
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,8})?", text):
        return OperationFault("Amount", "Amount must be a plain decimal number such as 1500.00")
    try:
        value = Decimal(text).scaleb(exponent_of(currency))
    except InvalidOperation:
        return OperationFault("Amount", "Amount is out of range")
    if value != value.to_integral_value():
        return OperationFault("Amount", "Amount has more decimals than its currency")
    if not 0 < value < _GREATEST:
        return OperationFault("Amount", "Amount is out of range")
    return int(value)
