"""Counts and durations for Prometheus; labels never hold a number, a code or an IMSI. `web` serves them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
"""The media type of what `render` gives."""

# From a check (1 ms) to a provider at its deadline (10 s and more).
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class PrometheusMeter:
    """Implements the ports `Meter`, `ArchiveMeter` and `ForwardMeter`.

    `shared_dir` is the directory where all processes of one service leave their values
    (PROMETHEUS_MULTIPROC_DIR, which the library itself reads when it is first imported); without
    one only this process is shown.
    """

    def __init__(self, shared_dir: Path | None = None) -> None:
        self._shared_dir = shared_dir
        self._registry = CollectorRegistry()
        self._operations = self._counter(
            "operations", "Calls of GenerateCode and CheckCode by answer", "operation", "answer", "reason"
        )
        self._operation_seconds = self._histogram(
            "operation_seconds", "Duration of GenerateCode and CheckCode", "operation"
        )
        self._lookups = self._counter("lookups", "Questions to lookup sources", "source", "outcome")
        self._lookup_seconds = self._histogram("lookup_seconds", "Duration of lookups", "source")
        self._messages = self._counter("messages", "Messages handed to gateways", "gateway", "outcome")
        self._message_seconds = self._histogram("message_seconds", "Duration of handing over", "gateway")
        self._limits = self._counter("limits_reached", "Calls that a limit or a lock refused", "limit")
        self._fail_open = self._counter("fail_open", "Messages sent without a usable SIM answer", "reason")
        self._events = self._counter("events", "Whatever else happened", "event", "label")
        self._relay_sessions = self._gauge("relay_sessions", "Sessions of banks that are bound over SMPP")
        self._moved = self._counter("archived", "Events moved into the archive")
        self._waiting = self._gauge("archive_waiting_events", "Events that wait to be archived")
        self._waited = self._gauge(
            "archive_waited_seconds", "How long the oldest event of the last move had waited"
        )
        self._forwarded = self._counter("forwarded", "Events that targets of forwarding took", "target")
        self._behind = self._gauge("forward_waiting_events", "Events that a target lacks", "target")
        self._behind_seconds = self._gauge(
            "forward_waited_seconds", "How old the oldest of them is", "target"
        )

    def operation(self, name: str, code: int, reason: str, seconds: float) -> None:
        """Count one GenerateCode or CheckCode by its answer and reason."""
        self._operations.labels(name, str(code), reason).inc()
        self._operation_seconds.labels(name).observe(seconds)

    def lookup(self, source: str, outcome: str, seconds: float) -> None:
        """Count one question to a source."""
        self._lookups.labels(source, outcome).inc()
        self._lookup_seconds.labels(source).observe(seconds)

    def gateway(self, gateway: str, outcome: str, seconds: float) -> None:
        """Count one message handed to a gateway."""
        self._messages.labels(gateway, outcome).inc()
        self._message_seconds.labels(gateway).observe(seconds)

    def event(self, name: str, label: str) -> None:
        """Count a limit hit, a fail-open send, a job, an incident: a name and one label."""
        match name:
            case "limit":
                self._limits.labels(label).inc()
            case "fail_open":
                self._fail_open.labels(label).inc()
            case _:
                self._events.labels(name, label).inc()

    def relay_sessions(self, bound: int) -> None:
        """Show how many sessions of banks are bound over SMPP."""
        self._relay_sessions.set(bound)

    def moved(self, events: int) -> None:
        """Count events that were archived."""
        self._moved.inc(events)

    def lag(self, events: int, seconds: float) -> None:
        """Show how many events wait in the streams, and for how long the oldest had waited."""
        self._waiting.set(events)
        self._waited.set(seconds)

    def forwarded(self, target: str, events: int) -> None:
        """Count events that a target of forwarding took."""
        self._forwarded.labels(target).inc(events)

    def behind(self, target: str, events: int, seconds: float) -> None:
        """Show how many leaves a target is behind, and how old the oldest of them is."""
        self._behind.labels(target).set(events)
        self._behind_seconds.labels(target).set(seconds)

    def render(self) -> bytes:
        """Give the values of all processes in Prometheus' text format (`CONTENT_TYPE`)."""
        return generate_latest(self._shown())

    def serve(self, host: str, port: int) -> None:
        """Serve /metrics on a port of its own, for a process that answers no other HTTP."""
        start_http_server(port, host, self._shown())

    def _shown(self) -> CollectorRegistry:
        if self._shared_dir is None:
            return self._registry
        shown = CollectorRegistry()
        MultiProcessCollector(shown, str(self._shared_dir))  # type: ignore[no-untyped-call]  # ships no types
        return shown

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"etalon_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A value of which the newest counts, whichever process set it."""
        return Gauge(f"etalon_{name}", text, labels, registry=self._registry, multiprocess_mode="mostrecent")

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"etalon_{name}", text, labels, registry=self._registry, buckets=_SECONDS)
