from __future__ import annotations

import re
from pathlib import Path

from benchmarks import load
from benchmarks.python_load import BODIES
from benchmarks.subjects import FIRST_NUMBER, Places, code, imsi, number
from security_service.domain.phone import parse_msisdn
from security_service.domain.secret import Msisdn

SCRIPT = Path(load.__file__).with_name("load.lua").read_text(encoding="utf-8")


def test_every_number_is_a_valid_mobile_one() -> None:
    for place in (0, 1, 999_999, 9_999_999):
        assert parse_msisdn(number(place), "RU") == Msisdn(number(place))


def test_a_code_has_six_digits_and_hangs_on_the_number_alone() -> None:
    codes = [code(place) for place in range(1000)]
    assert all(re.fullmatch(r"\d{6}", one) for one in codes)
    assert codes == [code(place) for place in range(1000)]
    assert len(set(codes)) > 900


def test_the_script_for_wrk_has_the_same_arithmetic() -> None:
    found = re.search(r"\(n \* (\d+) \+ (\d+)\) % (\d+)", SCRIPT)
    assert found is not None
    factor, shift, codes = (int(group) for group in found.groups())
    assert code(12_345) == f"{((FIRST_NUMBER + 12_345) * factor + shift) % codes:06d}"


def test_both_generators_know_the_same_operations() -> None:
    known = set(re.findall(r"^  \['?([\w/]+)'?\] =|^  (\w+) = function|^bodies\.(\w+)", SCRIPT, re.MULTILINE))
    assert {name for groups in known for name in groups if name} == set(BODIES)


def test_the_body_of_a_check_holds_the_code_of_its_number() -> None:
    body = BODIES["CheckCode"](FIRST_NUMBER + 7)
    assert body == f'{{"DestinationNumber":"{number(7)}","Code":"{code(7)}"}}'


def test_two_numbers_have_two_imsis() -> None:
    assert imsi(number(1)) != imsi(number(2))
    assert re.fullmatch(r"\d{15}", imsi(number(1)))


def test_no_place_is_given_twice() -> None:
    places = Places()
    first, second = places.take(10), places.take(5)
    assert (len(first), len(second)) == (10, 5)
    assert set(first).isdisjoint(second)
