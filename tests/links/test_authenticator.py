from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from security_service.domain.secret import Secret
from security_service.links.authenticator import AuthenticatorApp

APP = AuthenticatorApp()
# RFC 6238, appendix B, SHA-1: the last six of the eight digits there.
SECRET = Secret(base64.b32encode(b"12345678901234567890").decode())
VECTORS = [
    (59, "287082"),
    (1_111_111_109, "081804"),
    (1_111_111_111, "050471"),
    (1_234_567_890, "005924"),
    (2_000_000_000, "279037"),
    (20_000_000_000, "353130"),
]


@pytest.mark.parametrize(("at_s", "code"), VECTORS)
def test_the_vectors_of_the_standard_match_their_step(at_s: int, code: str) -> None:
    assert APP.matching_step(SECRET, Secret(code), at_s) == at_s // 30


@pytest.mark.parametrize("late", [-30, 0, 30])
def test_one_step_beside_is_accepted_and_named(late: int) -> None:
    assert APP.matching_step(SECRET, Secret("005924"), 1_234_567_890 + late) == 1_234_567_890 // 30


@pytest.mark.parametrize("late", [-60, 60, 3600])
def test_two_steps_beside_are_not(late: int) -> None:
    assert APP.matching_step(SECRET, Secret("005924"), 1_234_567_890 + late) is None


@pytest.mark.parametrize("code", ["", "5924", "00592", "0059240", "00592a", "٠٠٥٩٢٤", "......", "005924x"])
def test_what_is_no_code_of_six_digits_matches_nothing(code: str) -> None:
    assert APP.matching_step(SECRET, Secret(code), 1_234_567_890) is None


def test_a_code_may_be_typed_in_groups() -> None:
    assert APP.matching_step(SECRET, Secret(" 005 924 "), 1_234_567_890) is not None


def test_the_beginning_of_time_has_no_step_before_it() -> None:
    assert APP.matching_step(SECRET, Secret(pyotp.TOTP(SECRET.reveal()).at(0)), 0) == 0


def test_every_secret_is_new_and_has_160_bits() -> None:
    drawn = {APP.new_secret().reveal() for _ in range(50)}
    assert len(drawn) == 50
    assert {len(base64.b32decode(secret)) for secret in drawn} == {20}


def test_the_address_tells_an_app_what_it_needs_and_prints_masked() -> None:
    uri = APP.uri(SECRET, "anna", "Etalon")
    parts = urlsplit(uri.reveal())
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Etalon:anna")
    told = parse_qs(parts.query)
    assert told["secret"] == [SECRET.reveal()]
    assert told["issuer"] == ["Etalon"]
    assert SECRET.reveal() not in repr(uri)


def test_the_image_is_svg_without_style_or_script() -> None:
    drawn = APP.qr_svg(APP.uri(SECRET, "anna", "Etalon"))
    root = ET.fromstring(drawn)  # noqa: S314 - as above
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "style" not in drawn
    assert "script" not in drawn
    assert drawn != APP.qr_svg(APP.uri(SECRET, "boris", "Etalon"))
