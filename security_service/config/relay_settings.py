"""Settings of relayed messages: what may wait, how long accounts may stay away, where SMPP is spoken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

USUAL_PORT: Final = 2775
"""The port that SMPP is registered for."""


@dataclass(frozen=True)
class RelaySettings:
    """Messages in the bank's own words, by whichever face they come; and the port that SMPP comes in by."""

    host: str = field(default="127.0.0.1", metadata={"help": "address that the SMPP relay listens on"})
    port: int = field(
        default=USUAL_PORT, metadata={"help": "its port without TLS; 0: none", "least": 0, "most": 65535}
    )
    tls_port: int = field(
        default=0, metadata={"help": "its port with TLS; 0: none", "least": 0, "most": 65535}
    )
    certificate_file: str = field(
        default="", metadata={"help": "certificate for the port with TLS, its chain after it (PEM)"}
    )
    key_file: str = field(default="", metadata={"help": "private key of that certificate (PEM)"})
    most_sessions: int = field(
        default=2000, metadata={"help": "SMPP connections at once", "least": 1, "most": 60_000}
    )
    window: int = field(
        default=100,
        metadata={"help": "requests of one SMPP session without an answer", "least": 15, "most": 10_000},
    )
    silence_s: int = field(
        default=60,
        metadata={"help": "seconds without a PDU until an SMPP peer is asked", "least": 5, "most": 3600},
    )
    enquire_s: int = field(
        default=10,
        metadata={"help": "seconds that it then has to answer", "least": 1, "most": 600},
    )
    threads: int = field(
        default=16,
        metadata={"help": "calls of the store that the relay makes at once", "least": 1, "most": 512},
    )
    receipt_offset_minutes: int = field(
        default=0,
        metadata={"help": "minutes ahead of UTC of dates in SMPP receipts", "least": -720, "most": 840},
    )

    queue_limit: int = field(
        default=100_000,
        metadata={
            "help": "jobs that may be due at once before messages are refused as queue full",
            "least": 64,
            "most": 10**8,
        },
    )
    reports_kept_days: int = field(
        default=7,
        metadata={"help": "days that an account's reports are kept while it is away", "least": 1, "most": 31},
    )
    reports_kept: int = field(
        default=1_000_000,
        metadata={"help": "most reports that are kept for one account", "least": 1000, "most": 10**8},
    )

    def __post_init__(self) -> None:
        if self.tls_port and not (self.certificate_file and self.key_file):
            raise ValueError("tls_port needs certificate_file and key_file")
        if self.port and self.port == self.tls_port:
            raise ValueError("tls_port must not be port")
