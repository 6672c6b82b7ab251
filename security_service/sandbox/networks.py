"""Which network a number belongs to and which SIM it has there; leaves changing SIMs to the handsets."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Network:
    """A mobile network: MCC and MNC, names, ISO 3166 country and the start of its switches' addresses."""

    mcc_mnc: str
    name: str
    country: str
    country_name: str
    switch_prefix: str


_MTS: Final = Network("25001", "ПАО МТС", "RU", "Россия", "7916899")
_MEGAFON: Final = Network("25002", "ПАО МегаФон", "RU", "Россия", "7926900")
_BEELINE: Final = Network("25099", "ПАО Вымпел-Коммуникации", "RU", "Россия", "7903701")
_TELE2: Final = Network("25020", "ООО Т2 Мобайл", "RU", "Россия", "7904001")
_ELSEWHERE: Final = Network("00101", "Test network", "ZZ", "Неизвестно", "88210010")

ABROAD: Final = Network("28602", "Vodafone TR", "TR", "Турция", "9054200")
"""Where every roaming handset of the sandbox is."""

_BY_RUSSIAN_CODE: Final[dict[str, Network]] = {
    **dict.fromkeys((str(code) for code in (*range(910, 920), *range(980, 990))), _MTS),
    **dict.fromkeys((str(code) for code in range(920, 940)), _MEGAFON),
    **dict.fromkeys((str(code) for code in (903, 905, 906, 909, *range(960, 970))), _BEELINE),
    **dict.fromkeys((str(code) for code in (900, 902, 904, 908, *range(950, 954), 958, 977)), _TELE2),
    **dict.fromkeys((str(code) for code in range(991, 997)), _TELE2),
}

_BY_COUNTRY_CODE: Final[dict[str, Network]] = {
    "77": Network("40101", "Beeline KZ", "KZ", "Казахстан", "7705100"),
    "374": Network("28305", "Viva", "AM", "Армения", "3749310"),
    "375": Network("25702", "МТС Беларусь", "BY", "Беларусь", "3752970"),
    "994": Network("40001", "Azercell", "AZ", "Азербайджан", "9945000"),
    "995": Network("28202", "Magti", "GE", "Грузия", "9955990"),
    "996": Network("43705", "MegaCom", "KG", "Киргизия", "9965550"),
    "998": Network("43404", "Beeline UZ", "UZ", "Узбекистан", "9989000"),
}

_RUSSIAN_DIGITS: Final = 11
_SUBSCRIBER_DIGITS: Final = 10
_SWITCHES: Final = 1000


def network_of(number: str) -> Network:
    """Give the network of a number of plain digits; numbers of no known country are in a test network."""
    for length in (3, 2):
        network = _BY_COUNTRY_CODE.get(number[:length])
        if network is not None:
            return network
    if number.startswith("7") and len(number) == _RUSSIAN_DIGITS:
        return _BY_RUSSIAN_CODE.get(number[1:4], _MTS)
    return _ELSEWHERE


def is_fixed_line(number: str) -> bool:
    """Say whether a Russian number has a geographic or a service code, behind which there is no SIM."""
    return len(number) == _RUSSIAN_DIGITS and number[0] == "7" and number[1] in "348"


def derive_imsi(seed: str, number: str, generation: int) -> str:
    """Give the 15 digits of a number's SIM; `generation` 0 is its first SIM, each swap adds one.

    The same seed, number and generation always give the same IMSI.
    """
    digest = hmac.digest(seed.encode(), f"{number}:{generation}".encode(), "sha256")
    subscriber = int.from_bytes(digest[:8], "big") % 10**_SUBSCRIBER_DIGITS
    return f"{network_of(number).mcc_mnc}{subscriber:0{_SUBSCRIBER_DIGITS}d}"


def switch_of(number: str, *, roaming: bool) -> str:
    """Give the E.164 digits of the switch that a number is registered at."""
    network = ABROAD if roaming else network_of(number)
    return f"{network.switch_prefix}{int(number) % _SWITCHES:04d}"
