"""`policy`: check a policy document, and compare two; leaves both to the domain's checker."""

from __future__ import annotations

from pathlib import Path

import click

from security_service.domain.policy import Policy
from security_service.domain.policy_check import check, diff, render
from security_service.domain.policy_document import PolicyFaults, parse_policy
from security_service.domain.policy_space import TooManyCases

_DOCUMENT = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def policy() -> None:
    """Check policy documents and compare their versions."""


@policy.command("check")
@click.argument("documents", type=_DOCUMENT, nargs=-1, required=True)
def check_policies(documents: tuple[Path, ...]) -> None:
    """Go through every case of each document: unreachable rules, and cases only the last rule reaches.

    Exit code 1 where a document must not go live.
    """
    refused = 0
    for path in documents:
        findings = check(read_document(path))
        click.echo(render(findings))
        refused += isinstance(findings, TooManyCases) or not findings.is_acceptable
    if refused:
        raise click.ClickException(f"{refused} of {len(documents)} documents must not go live")


@policy.command("diff")
@click.argument("old", type=_DOCUMENT)
@click.argument("new", type=_DOCUMENT)
def diff_policies(old: Path, new: Path) -> None:
    """Print, case by case, what the NEW version decides otherwise than the OLD one."""
    difference = diff(read_document(old), read_document(new))
    click.echo(render(difference))
    if isinstance(difference, TooManyCases):
        raise click.ClickException("the documents name more than can be compared")


def read_document(path: Path) -> Policy:
    """Read one document; raises ClickException with every fault of it."""
    try:
        read = parse_policy(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path}: cannot be read: {type(error).__name__}") from None
    if isinstance(read, PolicyFaults):
        raise click.ClickException(
            "\n  ".join([f"{path} is no policy:", *(str(fault) for fault in read.faults)])
        )
    return read
