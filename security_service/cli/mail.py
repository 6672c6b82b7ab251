"""`mail`: the process that takes letters over SMTP; it does the work itself."""

from __future__ import annotations

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.ports import refuse_taken_port
from security_service.cli.serve import share_metrics
from security_service.cli.web_app import shared_meter
from security_service.processes.mail_listener import MailPlan, MailProcess, MailUses
from security_service.telemetry.logs import configure_logs
from security_service.wiring import build_service


@click.command()
@settings_options
def mail(sources: Sources) -> None:
    """Take letters for SMS and commands until SIGTERM; settings mail.* say where and from whom."""
    settings = sources.stored()
    share_metrics(settings, "mail")
    configure_logs(settings.log_level)
    where = settings.mail
    if not where.port:
        raise click.ClickException("mail.port is 0: there is nothing to listen on")
    refuse_taken_port(where.host, where.port, "the setting mail.port")
    meter = shared_meter()
    desk = build_service(settings, meter).mail
    plan = MailPlan(where.host, where.port, where.sms_address, where.commands_address)
    MailProcess(plan, MailUses(desk.read, desk.obey.run, desk.send_sms.run), meter).run()
