"""Settings of relayed messages: how many may wait, and how long accounts may stay away."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RelaySettings:
    """Messages in the bank's own words, by whichever face they come."""

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
