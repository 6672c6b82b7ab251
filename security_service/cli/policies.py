"""`policy`: check and compare documents, and list what is in force; leaves changing that to policy_deeds."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import show
from security_service.cli.policy_deeds import (
    DOCUMENT,
    faults_told,
    publish,
    replay,
    roll_back,
    text_of,
    trial,
    trial_report,
)
from security_service.domain.policy_check import Difference, check, diff, render
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_space import TooManyCases
from security_service.domain.policy_versions import PolicyDocument, read_document
from security_service.usecases.read_policies import PolicyView, UnknownPolicy, UnknownVersion
from security_service.web.policy_document import policy_view_document


@click.group()
def policy() -> None:
    """Check, compare, publish and try policies."""


for _command in (publish, roll_back, trial, trial_report, replay):
    policy.add_command(_command)


@policy.command("list")
@settings_options
def list_policies(sources: Sources) -> None:
    """List the policies: name, version in force, where it came from, and what is on trial."""
    service = sources.service(sources.stored())
    for view in service.policy_desk.read.every():
        came = "file" if view.from_file else "published"
        on_trial = f"\ttrial: {view.shadow.version}" if view.shadow else ""
        click.echo(f"{view.name}\t{view.in_force}\t{came}{on_trial}")


@policy.command("show")
@settings_options
@click.option("--version", default="", help="Print the document of this version.")
@click.option("--document", "prints", is_flag=True, help="Print the document in force.")
@click.argument("name")
def show_policy(sources: Sources, version: str, name: str, *, prints: bool) -> None:
    """Show every version of a policy that was in force, or print the document of one."""
    service = sources.service(sources.stored())
    if prints or version:
        found = service.policy_desk.read.document(name, version)
        if isinstance(found, UnknownPolicy | UnknownVersion):
            raise click.ClickException(f"there is no policy {name} {version}".rstrip())
        click.echo(found.text, nl=False)
        return
    view = service.policy_desk.read.one(name)
    if not isinstance(view, PolicyView):
        raise click.ClickException(f"there is no policy {name}")
    show(policy_view_document(view))


@policy.command("check")
@click.argument("documents", type=DOCUMENT, nargs=-1, required=True)
def check_policies(documents: tuple[Path, ...]) -> None:
    """Go through every case of each document: unreachable rules, and cases only the last rule reaches.

    Exit code 1 where a document must not go live.
    """
    refused = 0
    for path in documents:
        findings = check(_read(path).policy)
        click.echo(render(findings))
        refused += isinstance(findings, TooManyCases) or not findings.is_acceptable
    if refused:
        raise click.ClickException(f"{refused} of {len(documents)} documents must not go live")


@policy.command("diff")
@settings_options
@click.argument("old", type=DOCUMENT)
@click.argument("new", type=DOCUMENT, required=False)
def diff_policies(sources: Sources, old: Path, new: Path | None) -> None:
    """Print, case by case, what the NEW document decides otherwise than the OLD one.

    With one document only: what it decides otherwise than the policy in force under its name.
    """
    difference = _in_force(sources, old) if new is None else diff(_read(old).policy, _read(new).policy)
    click.echo(render(difference))
    if isinstance(difference, TooManyCases):
        raise click.ClickException("the documents name more than can be compared")


def _in_force(sources: Sources, draft: Path) -> Difference | TooManyCases:
    service = sources.service(sources.stored())
    outcome = service.policy_desk.diff.run(text_of(draft))
    match outcome:
        case Difference() | TooManyCases():
            return outcome
        case PolicyFaults():
            raise faults_told(str(draft), outcome)
        case UnknownPolicy() | UnknownVersion():
            raise click.ClickException("no policy of this name is in force")
        case _:
            assert_never(outcome)


def _read(path: Path) -> PolicyDocument:
    """Read one document; raises ClickException with every fault of it."""
    read = read_document(text_of(path))
    if isinstance(read, PolicyFaults):
        raise faults_told(str(path), read)
    return read
