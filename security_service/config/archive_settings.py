"""The settings of the archive of the audit log; leaves connecting to it to the archive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from security_service.domain.audit import EventKind
from security_service.domain.secret import Secret

_KINDS = frozenset(kind.value for kind in EventKind)
_SEED_DIGITS = 64


@dataclass(frozen=True)
class RetentionRule:
    """How long events of some kinds keep their texts; what no rule names is kept for ever."""

    kinds: tuple[str, ...] = field(metadata={"help": "kinds of events that lose their texts"})
    days: int = field(metadata={"help": "whole days (UTC) until they lose them", "least": 1, "most": 36_500})
    tenants: tuple[str, ...] = field(
        default=(),
        metadata={"help": "only events of these tenants; empty: of all that no rule of the kind names"},
    )

    def __post_init__(self) -> None:
        if not self.kinds:
            raise ValueError("kinds must name at least one kind of event")
        unknown = sorted(set(self.kinds) - _KINDS)
        if unknown:
            raise ValueError(f"kinds: there is no kind {', '.join(unknown)}")
        if EventKind.EVENTS_PRUNED in self.kinds:
            raise ValueError("kinds: events_pruned is kept for ever, for it tells what else was pruned")


@dataclass(frozen=True)
class ArchiveSettings:
    """Where the audit log is kept for years, and for how long."""

    url: str = field(
        default="",
        metadata={
            "help": "postgresql://user@host/database, or sqlite:////path; empty: archive.db in data_dir"
        },
    )
    password: Secret = field(default=Secret(""), metadata={"help": "password of the database, if it has one"})
    timeout_s: float = field(
        default=10.0,
        metadata={"help": "seconds until a silent database counts as down", "least": 1, "most": 300},
    )
    move_every_s: float = field(
        default=1.0,
        metadata={
            "help": "seconds between two moves of events from the store",
            "least": 0.1,
            "most": 3600,
        },
    )
    signing_key: Secret = field(
        default=Secret(""),
        metadata={
            "help": "seed of the Ed25519 key that signs heads of the log, 64 hexadecimal digits; empty: "
            "heads are not signed"
        },
    )
    seal_every_s: float = field(
        default=60.0,
        metadata={"help": "seconds between two signed heads of the log", "least": 1, "most": 86_400},
    )
    heads_file: str = field(
        default="",
        metadata={
            "help": "file that signed heads are appended to, best on another machine; empty: heads.jsonl "
            "in data_dir"
        },
    )
    heads_url: str = field(
        default="", metadata={"help": "URL that signed heads are posted to as JSON; empty: none"}
    )
    retention: Mapping[str, RetentionRule] = field(
        default_factory=dict,
        metadata={"help": "rules of what loses its text when, by any name; none: everything is kept"},
    )

    def __post_init__(self) -> None:
        if self.url and urlsplit(self.url).scheme not in {"postgresql", "sqlite"}:
            raise ValueError("url must begin with postgresql:// or sqlite:///")
        seed = self.signing_key.reveal()
        if seed and (len(seed) != _SEED_DIGITS or not set(seed.lower()) <= set("0123456789abcdef")):
            raise ValueError("signing_key must be 64 hexadecimal digits")
        if self.heads_url and urlsplit(self.heads_url).scheme not in {"http", "https"}:
            raise ValueError("heads_url must begin with https://, or http:// on loopback")
