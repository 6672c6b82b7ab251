"""Every command; the all-in-one starts store, web, worker and sandbox. What they do is for the use cases."""

from __future__ import annotations

import click

from security_service.cli.accounts import account
from security_service.cli.archive import archive
from security_service.cli.audit import audit
from security_service.cli.camara import camara
from security_service.cli.cases import case
from security_service.cli.console_people import people
from security_service.cli.forwarding import forward
from security_service.cli.mail import mail
from security_service.cli.options import Commands
from security_service.cli.policies import policy
from security_service.cli.proposals import proposal
from security_service.cli.providers import gateway, lookup
from security_service.cli.relay import relay
from security_service.cli.run import run
from security_service.cli.serve import gateways, web, worker
from security_service.cli.settings import config, docs
from security_service.cli.store import store
from security_service.cli.subscribers import subscriber
from security_service.cli.tenants import tenant
from security_service.cli.trust import trust


@click.group(cls=Commands)
@click.version_option(package_name="etalon", prog_name="security-service")
def main() -> None:
    """One-time codes for banks that refuse to go to a swapped SIM."""


for _command in (
    run, web, worker, gateways, relay, store, tenant, subscriber, archive, audit, policy, config, docs,
    gateway, lookup, trust, people, account, mail, camara, case,
    proposal, forward,
):  # fmt: skip
    main.add_command(_command)
