"""A worker's forwarding in a process of its own, until it is killed.

`forwarder_process ARCHIVE-URL KIND PORT`; its wall clock runs a hundred times as fast, so that what a
killed one held is free within a second.
"""

from __future__ import annotations

import sys
import threading

from security_service.archive.forwarding import ArchivedForwarding
from security_service.archive.writer import EventWriter
from security_service.domain.forwarded_syslog import as_syslog
from security_service.domain.forwarding_ports import ForwardLink
from security_service.domain.secret import Secret
from security_service.links.http_link import HttpLink
from security_service.links.operating_system import SystemChance, SystemClock
from security_service.links.syslog_link import SyslogLink, SyslogProtocol, SyslogReceiver
from security_service.links.webhook_link import BodyForm, WebhookLink, WebhookSigner
from security_service.telemetry.metrics import PrometheusMeter
from security_service.usecases.forward_events import ForwardEvents, ForwardTarget
from tests.archive.rig import database_of
from tests.links.webhook_receiver import KEY

FASTER = 100


class FastClock(SystemClock):
    def unix_ms(self) -> int:
        return super().unix_ms() * FASTER


def link_to(kind: str, port: int) -> ForwardLink:
    if kind == "webhook":
        link = HttpLink(f"http://127.0.0.1:{port}/")
        return WebhookLink(
            link, WebhookSigner((Secret(KEY),)), BodyForm.LINES, SystemClock().unix_ms, within_s=1.0
        )
    return SyslogLink(SyslogReceiver("127.0.0.1", port, SyslogProtocol.TCP), as_syslog, facility=13)


def main(url: str, kind: str, port: str) -> None:
    """Forward from the log's beginning."""
    database, clock = database_of(url), FastClock()
    kept, writer = ArchivedForwarding(database, "i1"), EventWriter(database, "i1", clock, ())
    served = ForwardEvents(
        ForwardTarget("siem", batch=20, from_begin=True),
        kept,
        kept,
        link_to(kind, int(port)),
        writer,
        clock,
        PrometheusMeter(),
        SystemChance().token(),
    )
    pause = threading.Event()
    while True:
        served.run()
        pause.wait(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
