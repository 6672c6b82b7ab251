"""Both languages say the same things, and templates and views use no word that is not there."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

import security_service.web.console as package
from security_service.domain.access import Role
from security_service.domain.audit import EventKind
from security_service.domain.authenticators import AuthenticatorState
from security_service.domain.imsi import Grade, SimState
from security_service.domain.log_verdict import FaultCode
from security_service.domain.lookup import NoData
from security_service.domain.people import PasswordFault
from security_service.domain.policy import ATTRIBUTES, FIXED_VALUES, Verdict
from security_service.domain.sim_change import SimChange
from security_service.domain.subscriber import Mode
from security_service.usecases.export_audit import ExportForm
from security_service.web.console.action_pages import Deed
from security_service.web.console.event_words import Group
from security_service.web.console.notices import Tone
from security_service.web.console.visit import Theme
from security_service.web.console.words import DICTIONARIES, FAMILIES, Locale, Words

FOLDER = Path(package.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
RU, EN = DICTIONARIES[Locale.RU], DICTIONARIES[Locale.EN]
PLACES = re.compile(r"{(\w+)}")
KEY = re.compile(r"""\b(?:t|n|t\.count|words|words\.count)\(\s*["']([a-z_.]+)["']\s*[,)]""")
FAMILIES_IN_CODE = "error|deed|subscriber|sign_in|welcome|me|password|now|cases|bans|proposals|policy|audit"
WORD_OF_CODE = re.compile(rf'"((?:{FAMILIES_IN_CODE})\.[a-z_.]+[a-z])"')


def test_both_languages_have_the_same_words_and_none_stands_twice() -> None:
    assert RU.keys() == EN.keys()
    assert sum(len(family.RU) for family in FAMILIES) == len(RU)
    assert sum(len(family.EN) for family in FAMILIES) == len(EN)


def test_both_languages_put_the_same_facts_into_a_sentence() -> None:
    differ = {key for key in RU if set(PLACES.findall(RU[key])) != set(PLACES.findall(EN[key]))}
    assert differ == set()


def test_counted_words_have_three_forms_in_russian_and_two_in_english() -> None:
    counted = {key for key in RU if "|" in RU[key]}
    assert counted
    assert {key for key in counted if (RU[key].count("|"), EN[key].count("|")) != (2, 1)} == set()


@pytest.mark.parametrize(
    ("number", "ru", "en"),
    [
        (0, "0 дней", "0 days"),
        (1, "1 день", "1 day"),
        (3, "3 дня", "3 days"),
        (5, "5 дней", "5 days"),
        (11, "11 дней", "11 days"),
        (12, "12 дней", "12 days"),
        (21, "21 день", "21 days"),
        (112, "112 дней", "112 days"),
    ],
)
def test_a_number_takes_its_form(number: int, ru: str, en: str) -> None:
    assert Words(Locale.RU).count("span.days", number) == ru
    assert Words(Locale.EN).count("span.days", number) == en


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_uses_only_words_that_are_there(template: Path) -> None:
    used = set(KEY.findall(template.read_text(encoding="utf-8")))
    assert {key for key in used if key not in RU and not key.endswith(".")} == set()


def test_views_name_only_words_that_are_there() -> None:
    named = set(chain.from_iterable(WORD_OF_CODE.findall(path.read_text()) for path in FOLDER.glob("*.py")))
    assert len(named) > 20
    assert {key for key in named if not key.endswith(".html")} - RU.keys() == set()


@pytest.mark.parametrize(
    "key",
    [
        *(f"event.{kind}" for kind in EventKind),
        *(f"role.{role}" for role in Role),
        *(f"mode.{mode}" for mode in Mode),
        *(f"grade.{grade.word}" for grade in Grade),
        *(f"verdict.{verdict}" for verdict in Verdict),
        *(f"sim.{state}" for state in SimState if state is not SimState.NO_DATA),
        *(f"sim_change.{change}" for change in SimChange),
        *(f"{family}.{why}" for why in NoData for family in ("sim", "lookup", "reason")),
        *(f"sim.no_data:{why}" for why in NoData),
        *(f"deed.reverify.pending.{why}" for why in NoData),
        *(f"deed.add_sim.no_answer.{why}" for why in NoData),
        *(f"deed.{deed}{rest}" for deed in Deed for rest in ("", ".will", ".done")),
        *(f"password.{fault}" for fault in PasswordFault),
        *(f"subscriber.group.{group}" for group in Group),
        *(f"subscriber.authenticator.{state}" for state in AuthenticatorState),
        *(f"frame.theme.{theme}" for theme in Theme),
        *(f"tone.{tone}" for tone in Tone),
        *(f"audit.check.fault.{code}" for code in FaultCode),
        *(f"audit.export.{form}" for form in ExportForm),
        *(f"policy.what.{name}" for name in ATTRIBUTES),
        *(
            f"policy.value.{name}.{value}"
            for name, values in FIXED_VALUES.items()
            if name != "sim"
            for value in values
        ),
    ],
)
def test_every_value_that_is_put_in_words_has_a_word(key: str) -> None:
    assert key in RU


def test_no_template_lets_markup_through_and_none_has_styles_or_scripts_of_its_own() -> None:
    unsafe = re.compile(r"\|\s*safe|autoescape|style=|<style|\bon[a-z]+=|<script(?! src=)|javascript:")
    found = {path.name: hits for path in TEMPLATES if (hits := unsafe.findall(path.read_text()))}
    assert found == {}


def test_every_form_that_posts_is_made_by_the_part_that_brings_the_token() -> None:
    posting = {path.name for path in TEMPLATES if 'method="post"' in path.read_text()}
    assert posting == {"parts.html"}
