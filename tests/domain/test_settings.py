from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.errors import SettingsFault
from security_service.domain.limits import Limits, Window
from security_service.domain.secret import Secret
from security_service.domain.setting_kinds import setting_fields
from security_service.domain.setting_rows import describe, masked
from security_service.domain.settings import SourceText, read_settings


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True)
class Inner:
    depth: int = field(default=3, metadata={"help": "how deep", "least": 1, "most": 9})


@dataclass(frozen=True)
class Outer:
    name: str = field(metadata={"help": "who it is"})
    password: Secret = Secret("")
    colour: Colour = Colour.RED
    form: Literal["long", "short"] = "long"
    ratio: float = 0.5
    on: bool = False
    words: tuple[str, ...] = ()
    by_name: Mapping[str, str] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)
    inners: tuple[Inner, ...] = ()
    named: Mapping[str, Inner] = field(default_factory=dict)
    maybe: int | None = None


def faults_of(mapping: Mapping[str, object]) -> tuple[str, ...]:
    with pytest.raises(SettingsFault) as raised:
        read_settings(Outer, mapping)
    return raised.value.faults


def test_every_kind_is_read() -> None:
    read = read_settings(
        Outer,
        {
            "name": "n",
            "password": "p",
            "colour": "green",
            "form": "short",
            "ratio": 2,
            "on": True,
            "words": ["a", "b"],
            "by_name": {"x": "y"},
            "inner": {"depth": 4},
            "inners": [{"depth": 5}, {}],
            "named": {"first": {"depth": 6}},
            "maybe": 7,
        },
    )
    assert read == Outer(
        "n",
        Secret("p"),
        Colour.GREEN,
        "short",
        2.0,
        on=True,
        words=("a", "b"),
        by_name={"x": "y"},
        inner=Inner(4),
        inners=(Inner(5), Inner(3)),
        named={"first": Inner(6)},
        maybe=7,
    )


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of(
        {
            "nmae": "n",
            "colour": "gren",
            "ratio": "0.5",
            "on": 1,
            "words": "a",
            "by_name": {"x": 1},
            "inner": {"depth": 10},
            "inners": [{"dept": 1}],
            "named": [],
            "maybe": True,
        }
    )
    assert faults == (
        "nmae: there is no such setting (did you mean name?)",
        "name: must be given (who it is)",
        "colour: must be one of red, green (did you mean green?)",
        "ratio: must be a number, not this text",
        "on: must be true or false, not a number",
        "words: must be a list, not this text",
        "by_name.x: must be a text, not a number",
        "inner.depth: must be at most 9, not 10",
        "inners[0].dept: there is no such setting (did you mean depth?)",
        "named: must be a table, not a list",
        "maybe: must be a whole number, not a truth value",
    )


def test_faults_begin_with_the_path_they_are_given() -> None:
    with pytest.raises(SettingsFault) as raised:
        read_settings(Inner, {"depth": 0}, "gateways.sms")
    assert raised.value.faults == ("gateways.sms.depth: must be at least 1, not 0",)


def test_no_fault_repeats_a_value_that_may_be_a_secret() -> None:
    with pytest.raises(SettingsFault) as raised:
        read_settings(Outer, {"name": 5, "password": ["hunter2"], "ratio": "hunter2"})
    assert "hunter2" not in str(raised.value)


def test_what_the_class_itself_refuses_is_a_fault() -> None:
    with pytest.raises(SettingsFault) as raised:
        read_settings(Limits, {"sends": [{"name": "m", "limit": 0, "seconds": 60}]})
    assert raised.value.faults == ("sends[0]: window m: limit and seconds must be positive and sane",)


def test_windows_are_read_from_a_list_of_tables() -> None:
    read = read_settings(Limits, {"sends": [{"name": "m", "limit": 2, "seconds": 60, "record_only": True}]})
    assert read.sends == (Window("m", 2, 60, record_only=True),)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("ratio", " 2.5 ", 2.5),
        ("on", "Yes", True),
        ("on", "0", False),
        ("words", "a, b,", ("a", "b")),
        ("colour", "green", Colour.GREEN),
        ("maybe", "12", 12),
        ("password", " spaces stay ", Secret(" spaces stay ")),
    ],
)
def test_text_of_the_environment_is_read_as_the_kind_that_is_asked_for(
    key: str, text: str, value: object
) -> None:
    assert getattr(read_settings(Outer, {"name": "n", key: SourceText(text)}), key) == value


@pytest.mark.parametrize(
    ("key", "text"), [("ratio", "x"), ("on", "maybe"), ("maybe", "1.5"), ("inners", "x")]
)
def test_text_of_the_environment_that_is_not_of_the_kind_is_a_fault(key: str, text: str) -> None:
    assert len(faults_of({"name": "n", key: SourceText(text)})) == 1


@given(st.dictionaries(st.text(max_size=8), st.recursive(st.none() | st.text() | st.integers(), st.lists)))
def test_whatever_is_given_ends_in_settings_or_in_faults(mapping: dict[str, object]) -> None:
    try:
        read = read_settings(Outer, mapping)
    except SettingsFault as fault:
        told: object = fault.faults
    else:
        told = read.name == mapping["name"]
    assert told


def test_a_table_of_settings_tells_kind_default_and_help_of_each() -> None:
    rows = {row.key: row for row in describe(Outer)}
    assert rows["name"].required
    assert rows["inner.depth"].default == 3
    assert rows["inner.depth"].help == "how deep"
    assert rows["colour"].kind == "one of red, green"
    assert rows["inners"].kind == "list of tables (depth)"
    assert rows["maybe"].kind == "integer, or absent"
    assert rows["password"].secret


def test_a_secret_that_is_set_is_shown_as_stars_and_one_that_is_not_as_nothing() -> None:
    shown = masked(Outer("n", Secret("hunter2")))
    assert shown["password"] == "***"
    assert masked(Outer("n"))["password"] == ""
    assert "hunter2" not in repr(shown)


def test_a_class_with_a_kind_that_settings_cannot_have_is_refused() -> None:
    @dataclass(frozen=True)
    class Odd:
        what: set[int] = field(default_factory=set)

    with pytest.raises(TypeError, match=r"Odd\.what"):
        setting_fields(Odd)
