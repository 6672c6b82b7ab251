"""Readers of syslog and CEF that take nothing but what the documents allow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(
    rb"<(?P<pri>0|[1-9][0-9]{0,2})>1"
    rb" (?P<at>-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2}))"
    rb" (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<proc>[!-~]{1,128}) (?P<msgid>[!-~]{1,32}) "
)
_SD_ID = re.compile(r'[^ =\]"\x00-\x20\x7f-\uffff]{1,32}')
_CEF_KEY = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True)
class Message:
    """A message of RFC 5424: its priority, header, structured data, and what follows."""

    pri: int
    at: str
    host: str
    app: str
    msgid: str
    data: Mapping[str, Mapping[str, str]]
    text: bytes
    marked: bool


@dataclass(frozen=True)
class Cef:
    """A message of CEF: the seven fields of its header, and the pairs of its extension."""

    header: tuple[str, ...]
    pairs: Mapping[str, str]


def read_message(raw: bytes) -> Message:
    """Read a message of RFC 5424, section 6; AssertionError for whatever is none."""
    assert not {0, 10, 13} & set(raw)
    found = _HEADER.match(raw)
    assert found, raw
    assert int(found["pri"]) <= 191
    rest = raw[found.end() :]
    data: dict[str, dict[str, str]]
    if rest[:1] == b"-":
        data, after = {}, rest[1:]
    else:
        data, after = _elements(rest)
    assert after[:1] in {b"", b" "}
    text = after[1:]
    marked = text.startswith(BOM)
    text.decode("utf-8")
    header = {name: value.decode("ascii") for name, value in found.groupdict().items()}
    return Message(
        int(header["pri"]),
        header["at"],
        header["host"],
        header["app"],
        header["msgid"],
        data,
        text[3:] if marked else text,
        marked,
    )


def _elements(raw: bytes) -> tuple[dict[str, dict[str, str]], bytes]:
    data: dict[str, dict[str, str]] = {}
    while raw.startswith(b"["):
        name, pairs, raw = _element(raw)
        assert name not in data
        data[name] = pairs
    assert data
    return data, raw


def _element(raw: bytes) -> tuple[str, dict[str, str], bytes]:
    text = raw.decode("utf-8")
    name = text[1:].split(" ", 1)[0].split("]", 1)[0]
    assert _SD_ID.fullmatch(name)
    place = 1 + len(name)
    pairs: dict[str, str] = {}
    while text[place] == " ":
        key, _, _ = text[place + 1 :].partition('="')
        assert _SD_ID.fullmatch(key)
        assert key not in pairs
        place += 1 + len(key) + 2
        value = ""
        while text[place] != '"':
            if text[place] == "\\":
                place += 1
                assert text[place] in '\\"]'
            else:
                assert text[place] != "]"
            value += text[place]
            place += 1
        pairs[key] = value
        place += 1
    assert text[place] == "]"
    return name, pairs, text[place + 1 :].encode("utf-8")


def read_cef(text: str) -> Cef:
    """Read CEF, version 0; AssertionError for whatever is none."""
    assert text.startswith("CEF:0|")
    fields, place = [""], len("CEF:")
    while len(fields) < 8:
        if text[place] == "\\":
            place += 1
            assert text[place] in "\\|"
            fields[-1] += text[place]
        elif text[place] == "|":
            fields.append("")
        else:
            fields[-1] += text[place]
        place += 1
    return Cef(tuple(fields[:7]), _pairs(text[place:]))


def _pairs(extension: str) -> dict[str, str]:
    """Read `key=value` pairs: an `=` without a backslash before it ends a key, the word before it is one."""
    ends = [place for place in range(len(extension)) if _is_bare(extension, place)]
    pairs: dict[str, str] = {}
    starts = [extension.rfind(" ", 0, end) + 1 for end in ends]
    for end, start, following in zip(ends, starts, [*starts[1:], len(extension) + 1], strict=True):
        key = extension[start:end]
        assert _CEF_KEY.fullmatch(key), key
        assert key not in pairs
        pairs[key] = _unescaped(extension[end + 1 : following - 1])
    return pairs


def _is_bare(text: str, place: int) -> bool:
    before = len(text[:place]) - len(text[:place].rstrip("\\"))
    return text[place] == "=" and before % 2 == 0


def _unescaped(value: str) -> str:
    plain, place = "", 0
    while place < len(value):
        if value[place] == "\\":
            place += 1
            assert value[place] in "\\=nr"
        plain += value[place]
        place += 1
    return plain
