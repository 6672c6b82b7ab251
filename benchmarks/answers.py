"""What the service itself says that it answered, by its metrics: a load that was refused measures nothing."""

from __future__ import annotations

import re
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from benchmarks.rig import WebServer

_COUNTER: Final = re.compile(
    r'^etalon_operations_total\{answer="(\d+)",operation="(\w+)",reason="([^"]*)"\} ([0-9.e+]+)$',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Answers:
    """Counts of answers by operation, code and reason."""

    counts: Counter[tuple[str, int, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, server: WebServer) -> Answers:
        """Read what a server has answered so far."""
        with urllib.request.urlopen(f"{server.base_url}/metrics", timeout=10) as answer:  # noqa: S310 - loopback
            return cls.read(answer.read().decode())

    @classmethod
    def read(cls, metrics: str) -> Answers:
        """Read the text of /metrics."""
        counts: Counter[tuple[str, int, str]] = Counter()
        for code, operation, reason, count in _COUNTER.findall(metrics):
            counts[operation, int(code), reason] += round(float(count))
        return cls(counts)

    def since(self, before: Answers) -> Answers:
        """Give what came after an earlier reading."""
        return Answers(self.counts - before.counts)

    def told(self, operation: str) -> str:
        """Say how many answers of an operation were 0, which is sent or right, and what the others were."""
        ours = {key[1:]: count for key, count in self.counts.items() if key[0] == operation}
        good = sum(count for (code, _), count in ours.items() if code == 0)
        others = [
            f"{count:,} times {code} ({reason})" for (code, reason), count in sorted(ours.items()) if code
        ]
        return ", ".join([f"{good:,} of {sum(ours.values()):,} answers 0", *others])
