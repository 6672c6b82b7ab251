"""Habit 8: a script says what it does in a header, and touches only keys that it was handed."""

from __future__ import annotations

import re

import pytest

from tests.house_rules import lua
from tests.house_rules.tree import PACKAGE, all_files, name, text

SECTIONS = frozenset({"PURPOSE", "KEYS", "ARGV", "RETURNS", "EXAMPLE"})
FOLDER = PACKAGE / "store" / "scripts"
SCRIPTS = [path for path in all_files() if path.suffix == ".lua" and path.is_relative_to(FOLDER)]
# Fragments that scripts include stand in a folder below: they have no KEYS of their own.
WHOLE_SCRIPTS = [path for path in SCRIPTS if path.parent == FOLDER]


class Script:
    """One script and what its names hold."""

    def __init__(self, source: str) -> None:
        self.words = lua.tokens(source)
        self.calls = list(lua.calls(self.words))
        self.functions = lua.functions(self.words)
        self.assignments = list(lua.assignments(self.words))

    def functions_around(self, at: int) -> list[lua.Function]:
        """Innermost first."""
        return [function for function in reversed(self.functions) if function.first < at < function.last]

    def is_handed(self, value: lua.Tokens, at: int, fields: set[str]) -> bool:
        """Whether the words are KEYS[...], all of KEYS, or a name or field that holds one of them."""
        match value:
            case ["KEYS", "[", *inside, "]"]:
                return not {"..", "]", "or", "and"} & set(inside)
            case ["unpack", "(", "KEYS", ")"]:
                return True
            case [_, ".", field]:
                return field in fields
            case [name]:
                return self._holds_a_key(name, at, fields)
            case _:
                return False

    def _holds_a_key(self, name: str, at: int, fields: set[str]) -> bool:
        """Judge by the innermost function that binds the name; parameters are judged where it is called."""
        around = self.functions_around(at)
        for scope in [*around, None]:
            bound = [
                other
                for other in self.assignments
                if other.name == name and next(iter(self.functions_around(other.at)), None) == scope
            ]
            parameter = scope is not None and name in scope.parameters
            if bound or parameter:
                return all(
                    other.at != at and self.is_handed(other.value, other.at, fields) for other in bound
                )
        return self._runs_over_keys(name)

    def _runs_over_keys(self, name: str) -> bool:
        loops = [i for i, word in enumerate(self.words) if word == "in" and self.words[i - 1] == name]
        over_keys = ["ipairs", "(", "KEYS", ")"]
        return bool(loops) and all(self.words[i + 1 : i + 5] == over_keys for i in loops)

    def key_arguments(self, call: lua.Call, parameters: set[tuple[str, int]]) -> list[lua.Tokens]:
        """What the call uses as keys; `parameters` are the places of functions that take keys."""
        if call.function in {"redis.call", "redis.pcall"}:
            return _keys_of(call)
        return [words for place, words in enumerate(call.arguments) if (call.function, place) in parameters]


def _keys_of(call: lua.Call) -> list[lua.Tokens]:
    """The arguments of a redis.call that are keys."""
    command = call.arguments[0][0].strip("\"'").upper()
    given = call.arguments[1:]
    if command in lua.KEYLESS:
        return []
    if command in lua.ONLY_KEYS:
        return given
    if command in lua.TWO_KEYS:
        return given[:2]
    return given[1:2] if command in lua.SUBCOMMAND_FIRST else given[:1]


def _key_parameters(scripts: list[Script]) -> set[tuple[str, int]]:
    """(function, place) of every parameter that ends as a key, straight or through other functions."""
    found: set[tuple[str, int]] = set()
    while True:
        more = {
            (function.name, function.parameters.index(key[0]))
            for script in scripts
            for call in script.calls
            for key in script.key_arguments(call, found)
            for function in script.functions_around(call.at)
            if len(key) == 1 and key[0] in function.parameters
        }
        if more <= found:
            return found
        found |= more


def _key_fields(scripts: list[Script]) -> set[str]:
    """Fields of tables that are set to handed keys, everywhere they are set."""
    held: set[str] = set()
    tainted: set[str] = set()
    for script in scripts:
        for one in script.assignments:
            if one.name.startswith("."):
                (held if script.is_handed(one.value, one.at, set()) else tainted).add(one.name[1:])
    return held - tainted


def _glued_keys(sources: dict[str, str]) -> set[str]:
    """Where a key is not one that was handed in; functions and fields of all scripts are known to each."""
    scripts = {script: Script(source) for script, source in sources.items()}
    parameters = _key_parameters(list(scripts.values()))
    fields = _key_fields(list(scripts.values()))
    return {
        f"{name}: {call.function} on {' '.join(key)}"
        for name, script in scripts.items()
        for call in script.calls
        for key in script.key_arguments(call, parameters)
        if not script.is_handed(key, call.at, fields)
    }


def _other_names_of_call(source: str) -> bool:
    """Whether redis.call is passed about under another name, where this test cannot follow it."""
    return re.search(r"redis\s*\.\s*p?call\b(?!\s*\()|redis\s*\[", " ".join(lua.tokens(source))) is not None


@pytest.mark.parametrize(
    "good",
    [
        "redis.call('GET', KEYS[1])",
        "redis.call('TIME')",
        "redis.call('DEL', unpack(KEYS))",
        "local slot, tomb = KEYS[1], KEYS[2]\nredis.call('HSET', slot, 'a', 'b' .. 'c')",
        "local slot, tomb = KEYS[1], KEYS[2]\nredis.call('DEL', slot, tomb)",
        "for i = 1, #KEYS do redis.call('ZADD', KEYS[i], 1, 'x') end",
        "for i, window in ipairs(KEYS) do redis.call('ZCARD', window) end",
        "local function take(key, n) return redis.call('INCRBY', key, n) end\ntake(KEYS[1], 2 .. '')",
        "local f = { n = 1, log = KEYS[2] }\nlocal function w(f) redis.call('XADD', f.log, '*') end\nw(f)",
        "local k = KEYS[1]\nlocal again = k\nredis.call('GET', again)",
        "local function a(key) redis.call('GET', key) end\nlocal function b(c) local key = 1 end\nb('x')",
    ],
)
def test_the_rule_lets_handed_keys_be(good: str) -> None:
    assert _glued_keys({"good": good}) == set()


@pytest.mark.parametrize(
    "bad",
    [
        "redis.call('GET', 'otp:' .. ARGV[1])",
        "redis.call('GET', KEYS[1] .. ':lock')",
        "redis.call('GET', ARGV[1])",
        "local key = 'otp:' .. ARGV[1]\nredis.call('GET', key)",
        "local key = KEYS[1]\nkey = key .. ':x'\nredis.call('GET', key)",
        "redis.call('DEL', KEYS[1], 'other')",
        "redis.call('XGROUP', 'CREATE', ARGV[1], 'g')",
        "local function take(key) return redis.call('INCR', key) end\ntake('otp:' .. ARGV[1])",
        "local function a(k) redis.call('GET', k) end\nlocal function b(n, x) a(x) end\nb(1, ARGV[1])",
        "local f = { n = 1, log = 'log:' .. ARGV[2] }\nredis.call('XADD', f.log, '*')",
        "local k = 'x' .. ARGV[1]\nlocal again = k\nredis.call('GET', again)",
        "redis.call('GET', KEYS[1] or 'x')",
        "for i, key in ipairs(ARGV) do redis.call('GET', key) end",
        "local function a(key) key = key .. 'x' return redis.call('GET', key) end\na(KEYS[1])",
    ],
)
def test_the_rule_finds_glued_keys(bad: str) -> None:
    assert _glued_keys({"bad": bad}) != set()


def test_every_key_is_one_that_the_script_was_handed() -> None:
    assert _glued_keys({path.name: text(path) for path in SCRIPTS}) == set()


def test_redis_is_called_under_its_own_name() -> None:
    assert [name(path) for path in SCRIPTS if _other_names_of_call(text(path))] == []


def test_every_script_has_the_whole_header() -> None:
    gaps = {name(path): SECTIONS - lua.header(text(path)).keys() for path in WHOLE_SCRIPTS}
    assert {script: missing for script, missing in gaps.items() if missing} == {}


def test_no_section_of_a_header_is_empty() -> None:
    sections = {f"{name(path)}: {s}": body for path in SCRIPTS for s, body in lua.header(text(path)).items()}
    assert [section for section, body in sections.items() if not body.strip()] == []


def test_every_fragment_says_its_purpose() -> None:
    assert [name(path) for path in SCRIPTS if "PURPOSE" not in lua.header(text(path))] == []


def test_the_header_counts_every_key_that_the_script_touches() -> None:
    untold = {}
    for path in WHOLE_SCRIPTS:
        told = _numbers(lua.header(text(path)).get("KEYS", ""))
        touched = {
            int(number) for number in re.findall(r"KEYS \[ (\d+) \]", " ".join(lua.tokens(text(path))))
        }
        if touched - told:
            untold[name(path)] = sorted(touched - told)
    assert untold == {}


def _numbers(section: str) -> set[int]:
    """All whole numbers of a text, ranges such as 3-5 or 3..5 spelled out."""
    ranges = re.findall(r"(\d+)\s*(?:-|\.\.|–)\s*(\d+)", section)
    spelled = {number for first, last in ranges for number in range(int(first), int(last) + 1)}
    return spelled | {int(number) for number in re.findall(r"\d+", section)}
