from __future__ import annotations

import pytest

from security_service.sandbox.networks import derive_imsi, is_fixed_line, network_of, switch_of


@pytest.mark.parametrize(
    ("number", "mcc_mnc"),
    [
        ("79161234567", "25001"),
        ("79261234567", "25002"),
        ("79031234567", "25099"),
        ("79041234567", "25020"),
        ("375291234567", "25702"),
        ("77051234567", "40101"),
        ("447700900123", "00101"),
    ],
)
def test_the_imsi_begins_with_the_network_of_the_number(number: str, mcc_mnc: str) -> None:
    imsi = derive_imsi("seed", number, 0)
    assert network_of(number).mcc_mnc == mcc_mnc
    assert imsi.startswith(mcc_mnc)
    assert len(imsi) == 15
    assert imsi.isdigit()


def test_an_imsi_follows_from_seed_number_and_generation_alone() -> None:
    first = derive_imsi("seed", "79161234567", 0)
    assert derive_imsi("seed", "79161234567", 0) == first
    others = {
        derive_imsi("other", "79161234567", 0),
        derive_imsi("seed", "79161234568", 0),
        derive_imsi("seed", "79161234567", 1),
    }
    assert len(others | {first}) == 4


def test_numbers_with_a_geographic_code_have_no_sim() -> None:
    assert is_fixed_line("74951234567")
    assert is_fixed_line("78001234567")
    assert not is_fixed_line("79161234567")
    assert not is_fixed_line("447700900123")


def test_a_roaming_number_is_at_a_switch_abroad() -> None:
    assert switch_of("79161234567", roaming=False).startswith("7916")
    assert switch_of("79161234567", roaming=True).startswith("90")
