"""Forwarding of events put together: a link, a cursor and a worker's part for each target that is set."""

from __future__ import annotations

from collections.abc import Sequence

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.forwarding import ArchivedForwarding
from security_service.archive.writer import EventWriter
from security_service.config.classes import Environment, Settings
from security_service.config.forward_settings import ForwardKind, ForwardSettings
from security_service.domain.errors import SettingsFault
from security_service.domain.forwarded_syslog import as_cef, as_syslog
from security_service.domain.forwarding_ports import ForwardLink, ForwardMeter
from security_service.domain.ports import Chance, Clock
from security_service.links.http_link import HttpLink
from security_service.links.syslog_link import SyslogLink, SyslogProtocol, SyslogReceiver
from security_service.links.webhook_link import BodyForm, WebhookLink, WebhookSigner
from security_service.usecases.forward_events import ForwardEvents, ForwardTarget
from security_service.usecases.watch_forwarding import WatchForwarding

_LONGEST_NAME = 64


def build_forwarding(
    settings: Settings, database: ArchiveDatabase, clock: Clock, chance: Chance, meter: ForwardMeter
) -> Sequence[ForwardEvents]:
    """Give what a worker does for each target; nothing is reached before its first use.

    Raises SettingsFault.
    """
    if not settings.forward:
        return ()
    kept = ArchivedForwarding(database, settings.installation_id)
    writer = EventWriter(database, settings.installation_id, clock)
    holder = chance.token()
    return [
        ForwardEvents(
            _target(name, one),
            kept,
            kept,
            build_forward_link(settings, name, clock),
            writer,
            clock,
            meter,
            holder,
        )
        for name, one in settings.forward.items()
    ]


def build_watch_forwarding(settings: Settings, database: ArchiveDatabase, clock: Clock) -> WatchForwarding:
    """Give what people see of the targets."""
    return WatchForwarding(
        tuple(settings.forward), ArchivedForwarding(database, settings.installation_id), clock
    )


def build_forward_link(settings: Settings, name: str, clock: Clock) -> ForwardLink:
    """Give the link to one target; raises SettingsFault."""
    asked = settings.forward[name]
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise SettingsFault([f"forward.{name}: a name has 64 characters at most"])
    try:
        if asked.kind is ForwardKind.WEBHOOK:
            link = HttpLink(
                asked.url,
                ca_file=asked.ca_file,
                plain_http=settings.environment is not Environment.PRODUCTION,
            )
            return WebhookLink(link, WebhookSigner(asked.keys), BodyForm(asked.body), clock.unix_ms)
        form = as_cef if asked.kind is ForwardKind.CEF else as_syslog
        return SyslogLink(_receiver(asked), form, facility=asked.facility)
    except ValueError as error:
        raise SettingsFault([f"forward.{name}.url: {error}"]) from None
    except OSError as error:
        raise SettingsFault([f"forward.{name}: a file of TLS cannot be used: {error.strerror}"]) from None


def _receiver(asked: ForwardSettings) -> SyslogReceiver:
    return SyslogReceiver(
        asked.host,
        asked.port,
        SyslogProtocol(asked.protocol),
        ca_file=asked.ca_file,
        certificate_file=asked.certificate_file,
        private_key_file=asked.private_key_file,
    )


def _target(name: str, asked: ForwardSettings) -> ForwardTarget:
    return ForwardTarget(
        name,
        kinds=asked.kinds,
        numbers=asked.numbers,
        batch=asked.batch,
        from_begin=asked.start == "begin",
        longest_pause_s=asked.longest_pause_s,
    )
