"""A reading of Lua that is just enough to see which keys a script touches; judging is left to the tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<comment>--\[\[.*?\]\]|--[^\n]*)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\[\[.*?\]\])
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\d[\w.]*)
  | (?P<sign>\.\.\.|\.\.|[=~<>]=|\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_SECTION = re.compile(r"^--\s*(PURPOSE|KEYS|ARGV|RETURNS|EXAMPLE)\b:?(.*)$")
_OPEN, _CLOSE = "([{", ")]}"

KEYLESS = frozenset({"TIME", "PING", "INFO", "MEMORY"})
SUBCOMMAND_FIRST = frozenset({"XGROUP", "XINFO", "OBJECT"})
ONLY_KEYS = frozenset({"DEL", "UNLINK", "EXISTS", "MGET", "TOUCH", "SUNION", "SINTER", "PFCOUNT"})
TWO_KEYS = frozenset({"RENAME", "RENAMENX", "COPY", "SMOVE", "LMOVE", "RPOPLPUSH", "ZRANGESTORE"})

Tokens = list[str]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: where it stands, the name called, its arguments as tokens."""

    at: int
    function: str
    arguments: list[Tokens]


@dataclass(frozen=True, slots=True)
class Function:
    """A function from its word `function` to its `end`; without a name it is one of no use to callers."""

    first: int
    last: int
    name: str
    parameters: list[str]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One name and what it is set to; a field of a table is named with a dot before it."""

    at: int
    name: str
    value: Tokens


def tokens(script: str) -> Tokens:
    """The script's words without its comments."""
    return [match[0] for match in _TOKEN.finditer(script) if match.lastgroup != "comment"]


def header(script: str) -> dict[str, str]:
    """Text of each section of the comment that the script starts with."""
    sections: dict[str, str] = {}
    section = None
    for line in script.splitlines():
        if not line.startswith("--"):
            break
        if match := _SECTION.match(line):
            section = match[1]
            sections[section] = match[2]
        elif section:
            sections[section] += "\n" + line.lstrip("- ")
    return sections


def arguments(words: Tokens, start: int) -> list[Tokens]:
    """Split what stands between the parenthesis at `start` and its partner at the commas."""
    depth, parts = 0, [Tokens()]
    for word in words[start:]:
        depth += (word in _OPEN) - (word in _CLOSE)
        if depth == 0:
            break
        if depth == 1 and word == ",":
            parts.append([])
        elif not (depth == 1 and word == "(" and parts == [[]]):
            parts[-1].append(word)
    return [part for part in parts if part]


def calls(words: Tokens) -> Iterator[Call]:
    """Every call in the script; `redis.call` by its full name, definitions left out."""
    for index, word in enumerate(words[:-1]):
        if words[index + 1] != "(" or not _is_name(word):
            continue
        before = words[index - 1] if index else ""
        if before != "function":
            owner = f"{words[index - 2]}." if before == "." else ""
            yield Call(index, owner + word, arguments(words, index + 1))


def functions(words: Tokens) -> list[Function]:
    """Every function, the innermost last among those that hold one another."""
    found = []
    for index, word in enumerate(words):
        if word == "function":
            named = words[index + 1] != "("
            parameters = [part[0] for part in arguments(words, index + (2 if named else 1))]
            found.append(Function(index, _end(words, index), words[index + 1] if named else "", parameters))
    return found


def _end(words: Tokens, start: int) -> int:
    depth = 0
    for index in range(start, len(words)):
        depth += (words[index] in {"function", "if", "do", "repeat"}) - (words[index] in {"end", "until"})
        if depth == 0:
            return index
    return len(words)


def assignments(words: Tokens) -> Iterator[Assignment]:
    """Each name with what it is set to, up to the end of that statement as far as it can be told."""
    brackets: list[str] = []
    for index, word in enumerate(words):
        if word in _OPEN:
            brackets.append(word)
        elif word in _CLOSE:
            brackets.pop()
        elif word == "=" and brackets and brackets[-1] == "{":
            yield Assignment(index, f".{words[index - 1]}", _values(words, index + 1, 1)[0])
        elif word == "=":
            names = _assigned_names(words, index)
            for name, value in zip(names, _values(words, index + 1, len(names)), strict=False):
                yield Assignment(index, name, value)


def _assigned_names(words: Tokens, sign: int) -> list[str]:
    names: list[str] = []
    index = sign - 1
    while index >= 0:
        dotted = index > 0 and words[index - 1] == "."
        names.insert(0, f".{words[index]}" if dotted else words[index])
        index -= 3 if dotted else 1
        if index < 0 or words[index] != ",":
            break
        index -= 1
    return names


def _values(words: Tokens, start: int, count: int) -> list[Tokens]:
    depth, parts = 0, [Tokens()]
    for index in range(start, len(words)):
        word = words[index]
        if depth == 0 and parts[-1] and _ends_value(words[index - 1], word):
            break
        depth += (word in _OPEN) - (word in _CLOSE)
        if depth < 0 or word == ";":
            break
        if depth == 0 and word == ",":
            if len(parts) == count:
                break
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _is_name(word: str) -> bool:
    return re.fullmatch(r"[A-Za-z_]\w*", word) is not None


def _ends_value(previous: str, word: str) -> bool:
    """Whether a new statement begins with `word`: two operands in a row have no operator between them."""
    joining = {"and", "or", "not"}
    operand = previous not in joining and (_is_name(previous) or previous[0] in ")]}\"'0123456789")
    return operand and _is_name(word) and word not in joining
