"""Events as messages of syslog (RFC 5424) and of CEF within them; leaves carrying them to the links.

Nothing that an event says gets out of its place: what could end a value is escaped or left out, and
no message holds a line break.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from security_service.domain.event_columns import EventColumns, columns_of
from security_service.domain.forwarding import ForwardedEvent, Severity, json_of, severity_of

APP_NAME: Final = "etalon"
SD_ID: Final = "etalon@32473"
"""The name of the structured data; 32473 is the enterprise number for whoever has none (RFC 5612)."""
CEF_VERSION: Final = "1"
"""The version that CEF tells: that of these messages, which changes when a key changes its meaning."""

LONGEST: Final = 8192
"""Bytes of a message over a stream; what receivers take unless they are told otherwise."""
LONGEST_DATAGRAM: Final = 2048
"""Bytes of a message in a datagram, which receivers should take (RFC 5426, 3.2)."""

_BOM: Final = b"\xef\xbb\xbf"
_NIL: Final = "-"
_LONGEST_HOST: Final = 255
_LONGEST_MSGID: Final = 32
_LONGEST_VALUE: Final = 64
# What the dictionary of CEF gives to `rawEvent`, here in bytes and with its key.
_LONGEST_RAW: Final = 4000
_LAST_MS: Final = 253_402_300_799_999
_CEF_GRAVITY: Final[Mapping[Severity, int]] = {
    Severity.CRITICAL: 10,
    Severity.WARNING: 7,
    Severity.NOTICE: 5,
    Severity.INFORMATIONAL: 3,
}


@dataclass(frozen=True, slots=True)
class SyslogFrame:
    """What stands round every message: the sender's host, the facility (0 to 23), the longest message."""

    host: str
    facility: int = 13
    longest: int = LONGEST


Form = Callable[[ForwardedEvent, SyslogFrame], bytes]
"""Writes one event as one message."""


def as_syslog(event: ForwardedEvent, frame: SyslogFrame) -> bytes:
    """Give an event as a message of RFC 5424: what it is searched by as structured data, then its JSON.

    The message begins with the mark of UTF-8 where it holds more than ASCII (6.4). Facts are left
    out where it would be too long with them, and the JSON altogether where even that is not enough.
    """
    pairs = "".join(f' {name}="{_sd_value(value)}"' for name, value in _searched(event))
    head = _utf8(f"{_head(event, frame)} [{SD_ID}{pairs}]")
    for text in (json_of(event.told), json_of(_short(event.told))):
        body = _utf8(text)
        marked = body if body.isascii() else _BOM + body
        if len(head) + 1 + len(marked) <= frame.longest:
            return head + b" " + marked
    return head


def as_cef(event: ForwardedEvent, frame: SyslogFrame) -> bytes:
    """Give an event in the Common Event Format, version 0, as a message of syslog.

    There is no mark of UTF-8 before it: readers look for `CEF:` at the message's beginning, and the
    format is UTF-8 by itself.
    """
    head = f"{_head(event, frame)} - CEF:0|Etalon|Etalon|{CEF_VERSION}"
    kind = _cut(event.kind)
    gravity = _CEF_GRAVITY[severity_of(event.kind)]
    header = f"{head}|{_cef_header(kind)}|{_cef_header(kind.replace('_', ' '))}|{gravity}|"
    base = _utf8(header + " ".join(f"{key}={_cef_value(value)}" for key, value in _cef_pairs(event)))
    for told in (event.told, _short(event.told)):
        raw = _utf8(f" rawEvent={_cef_value(json_of(told))}")
        if len(raw) <= _LONGEST_RAW and len(base) + len(raw) <= frame.longest:
            return base + raw
    return base


def _head(event: ForwardedEvent, frame: SyslogFrame) -> str:
    priority = frame.facility * 8 + severity_of(event.kind)
    host = _token(frame.host, _LONGEST_HOST)
    return f"<{priority}>1 {_moment(event.at_ms)} {host} {APP_NAME} - {_token(event.kind, _LONGEST_MSGID)}"


def _searched(event: ForwardedEvent) -> list[tuple[str, str]]:
    """What an event is searched by, as names and values; what it does not tell is left out."""
    told, columns = event.told, _columns(event)
    pairs = [
        ("leaf", str(event.leaf) if event.leaf >= 0 else ""),
        ("shard", _cut(str(told.get("shard", "")))),
        ("seq", _cut(str(told.get("seq", "")))),
        ("tenant", columns.tenant),
        ("number", columns.number),
        ("verdict", columns.verdict),
        ("reason", columns.reason),
        ("codeId", columns.code_id),
        ("actor", columns.actor),
        ("operator", columns.operator),
    ]
    return [(name, _cut(value)) for name, value in pairs if value]


def _cef_pairs(event: ForwardedEvent) -> list[tuple[str, str]]:
    searched = dict(_searched(event))
    pairs = [("rt", str(event.at_ms))] if event.at_ms >= 0 else []
    pairs.append(("externalId", _cut(f"{searched.get('shard', '')}-{searched.get('seq', '')}")))
    for key, name in (("suser", "actor"), ("outcome", "verdict"), ("reason", "reason")):
        pairs += [(key, searched[name])] if name in searched else []
    for key, label in (
        ("cs1", "tenant"),
        ("cs2", "number"),
        ("cs3", "codeId"),
        ("cs4", "operator"),
        ("cn1", "leaf"),
    ):
        if label in searched:
            pairs += [(f"{key}Label", label), (key, searched[label])]
    return pairs


def _columns(event: ForwardedEvent) -> EventColumns:
    read: dict[str, Any] = {"kind": event.kind}
    for name in ("facts", "outcome", "subject"):
        part = event.told.get(name)
        read[name] = part if isinstance(part, dict) else {}
    return columns_of(read)


def _short(told: Mapping[str, Any]) -> dict[str, Any]:
    """An event without its facts, which says that they are missing."""
    kept = {name: value for name, value in told.items() if name not in {"facts", "outcome"}}
    return {**kept, "cut": True}


def _moment(at_ms: int) -> str:
    """Give RFC 3339 in UTC; `-` for what is no moment.

    There are six digits after the full stop, for some readers take three for microseconds.
    """
    if not 0 <= at_ms <= _LAST_MS:
        return _NIL
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}000Z"


def _token(text: str, longest: int) -> str:
    """Give printable ASCII without spaces (PRINTUSASCII); `-` where nothing is left."""
    return "".join(one for one in text if "!" <= one <= "~")[:longest] or _NIL


def _cut(value: str) -> str:
    """Give a value of 64 bytes of UTF-8 at most, on one line."""
    line = "".join(one if one.isprintable() else " " for one in value[:_LONGEST_VALUE])
    return _utf8(line)[:_LONGEST_VALUE].decode("utf-8", "ignore")


def _sd_value(value: str) -> str:
    r"""Escape `\`, `"` and `]` (RFC 5424, 6.3.3)."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _cef_header(value: str) -> str:
    r"""Escape `\` and `|`, which end a field of the header."""
    return value.replace("\\", "\\\\").replace("|", "\\|")


def _cef_value(value: str) -> str:
    r"""Escape `\` and `=`, which begin the next pair; line breaks were gone before."""
    return value.replace("\\", "\\\\").replace("=", "\\=")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
