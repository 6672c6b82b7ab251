"""The settings of targets that events are forwarded to; leaves reaching them to the links."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, assert_never
from urllib.parse import urlsplit

from security_service.domain.audit import EventKind
from security_service.domain.forwarding import Numbers
from security_service.domain.secret import Secret

_KINDS = frozenset(kind.value for kind in EventKind)
_SHORTEST_KEY = 24


class ForwardKind(StrEnum):
    """What a target is given: messages of syslog, CEF within them, or signed posts."""

    SYSLOG = "syslog"
    CEF = "cef"
    WEBHOOK = "webhook"


@dataclass(frozen=True)
class ForwardSettings:
    """One target of events: syslog and cef need `host`, webhook needs `url` and `key`."""

    kind: ForwardKind = field(metadata={"help": "syslog (RFC 5424), cef within syslog, or a signed webhook"})
    host: str = field(default="", metadata={"help": "syslog, cef: name or address of the receiver"})
    port: int = field(default=6514, metadata={"help": "syslog, cef: its port", "least": 1, "most": 65535})
    protocol: Literal["tls", "tcp", "udp"] = field(
        default="tls",
        metadata={
            "help": "syslog, cef: tls; tcp, which anyone on the way reads; udp, which loses events untold"
        },
    )
    certificate_file: str = field(
        default="",
        metadata={"help": "syslog, cef over tls: PEM file of our certificate, if one is asked for"},
    )
    private_key_file: str = field(
        default="", metadata={"help": "PEM file of its key; empty: it stands with the certificate"}
    )
    facility: int = field(
        default=13,
        metadata={"help": "syslog, cef: facility, 13 is log audit, 16 is local0", "least": 0, "most": 23},
    )
    url: str = field(
        default="", metadata={"help": "webhook: https URL that is posted to; http on loopback or for trials"}
    )
    key: Secret = field(
        default=Secret(""), metadata={"help": "webhook: text that signs bodies, 24 characters or more"}
    )
    other_key: Secret = field(
        default=Secret(""), metadata={"help": "webhook: a second one that signs too, while keys change"}
    )
    body: Literal["lines", "array"] = field(
        default="lines", metadata={"help": "webhook: events as lines of JSON, or as one JSON array"}
    )
    ca_file: str = field(
        default="", metadata={"help": "PEM file of the authorities to trust in place of the system's"}
    )
    kinds: tuple[str, ...] = field(
        default=(), metadata={"help": "kinds of events that are forwarded; empty: all"}
    )
    numbers: Numbers = field(
        default=Numbers.MASKED,
        metadata={"help": "masked; full: numbers as they are, and the tokens of IMSIs with them"},
    )
    batch: int = field(
        default=100, metadata={"help": "events that are handed over at once", "least": 1, "most": 1000}
    )
    start: Literal["end", "begin"] = field(
        default="end",
        metadata={
            "help": "where a new target begins: with what happens from then on, or with the first event"
        },
    )
    longest_pause_s: int = field(
        default=3600,
        metadata={
            "help": "longest pause in seconds between two attempts that fail",
            "least": 1,
            "most": 3600,
        },
    )

    def __post_init__(self) -> None:
        unknown = sorted(set(self.kinds) - _KINDS)
        if unknown:
            raise ValueError(f"kinds: there is no kind {', '.join(unknown)}")
        match self.kind:
            case ForwardKind.SYSLOG | ForwardKind.CEF:
                if not self.host:
                    raise ValueError("host must be given for syslog and cef")
            case ForwardKind.WEBHOOK:
                self._check_webhook()
            case _:
                assert_never(self.kind)

    @property
    def keys(self) -> tuple[Secret, ...]:
        """The keys that sign, one or two."""
        return (self.key, self.other_key) if self.other_key.reveal() else (self.key,)

    @property
    def is_unanswered(self) -> bool:
        """True where nobody says whether events arrived."""
        return self.kind is not ForwardKind.WEBHOOK and self.protocol == "udp"

    def _check_webhook(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("url must be an absolute https URL without a query")
        if any(len(key.reveal()) < _SHORTEST_KEY for key in self.keys):
            raise ValueError(f"key and other_key must have {_SHORTEST_KEY} characters or more")
