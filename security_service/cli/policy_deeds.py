"""`policy publish`, `rollback`, `shadow` and `replay`; leaves what each of them does to its use case."""

from __future__ import annotations

from pathlib import Path
from typing import Final, assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import CLI_ROLES, actor, past_moment_of, tenant_named
from security_service.domain.access import Actor
from security_service.domain.policy_check import render
from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_space import TooManyCases
from security_service.domain.replay import Compared, ReplayRun, Tally
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.four_eyes import NotAllowed, Proposed, Reviewer
from security_service.usecases.publish_policy import (
    AlreadyInForce,
    OtherInForce,
    PolicyRefused,
    Published,
    PublishOrder,
    PublishOutcome,
    RollBackOrder,
    RollBackOutcome,
    VersionNotHigher,
    WarningsUnread,
)
from security_service.usecases.read_policies import UnknownPolicy, UnknownVersion
from security_service.usecases.replay_policy import EmptyPeriod, ReplayOrder, UnknownRun
from security_service.usecases.shadow_policy import OtherName, ShadowOrder, ShadowSet
from security_service.web.subscriber_document import moment
from security_service.wiring import Service

DOCUMENT: Final = click.Path(path_type=Path, exists=True, dir_okay=False)

_REASON: Final = click.option("--reason", required=True, help="Why; it stands in the audit.")
_EXPECTED: Final = click.option(
    "--expected", default="", help="Version in force that was seen; empty for a policy that is new."
)
_TENANT: Final = click.option("--tenant", help="The tenant for which this is done (setting home_tenant).")
_MOST_PRINTED: Final = 50


@click.command("publish")
@settings_options
@_TENANT
@_REASON
@_EXPECTED
@click.option(
    "--acknowledge-warnings", "acknowledged", is_flag=True, help="The checker's warnings were read."
)
@click.argument("document", type=DOCUMENT)
def publish(
    sources: Sources, tenant: str | None, reason: str, expected: str, document: Path, *, acknowledged: bool
) -> None:
    """Put DOCUMENT in force; everywhere within a second."""
    service, reviewer = _opened(sources, tenant)
    order = PublishOrder(
        text_of(document), expected, reviewer.actor.name, reason, reviewer.request_id, acknowledged
    )
    _tell(service.deeds.four_eyes.publish_policy(reviewer, order), str(document))


@click.command("rollback")
@settings_options
@_TENANT
@_REASON
@_EXPECTED
@click.argument("name")
@click.argument("version")
def roll_back(
    sources: Sources, tenant: str | None, reason: str, expected: str, name: str, version: str
) -> None:
    """Put a VERSION that was in force before in force again."""
    service, reviewer = _opened(sources, tenant)
    order = RollBackOrder(name, version, expected, reviewer.actor.name, reason, reviewer.request_id)
    _tell(service.deeds.four_eyes.roll_back_policy(reviewer, order), name)


@click.command("shadow")
@settings_options
@_REASON
@click.argument("name")
@click.argument("document", type=DOCUMENT, required=False)
def trial(sources: Sources, reason: str, name: str, document: Path | None) -> None:
    """Let DOCUMENT run beside the policy NAME and decide nothing; without one, end the trial."""
    service = sources.service(sources.stored())
    text = "" if document is None else text_of(document)
    outcome = service.policy_desk.shadow.run(ShadowOrder(name, text, actor(), reason, service.chance.token()))
    match outcome:
        case ShadowSet():
            on_trial = "nothing" if outcome.shadow is None else outcome.shadow.version
            click.echo(f"{name}: {on_trial} is on trial")
        case PolicyFaults():
            raise faults_told(str(document), outcome)
        case UnknownPolicy():
            raise click.ClickException(f"there is no policy {name}")
        case OtherName():
            raise click.ClickException(f"the document is of the policy {outcome.name}")
        case RecordKeepsMoving():
            raise _moving()
        case _:
            assert_never(outcome)


@click.command("shadow-report")
@settings_options
@click.option("--tenant", default="", help="Only decisions of this tenant.")
@click.option("--since", default="", help="From: 2026-01-31T12:00:00Z, or 30m, 12h, 7d ago.")
@click.option("-n", "--count", type=click.IntRange(1), default=20_000, show_default=True)
@click.argument("name")
def trial_report(sources: Sources, tenant: str, since: str, count: int, name: str) -> None:
    """Count what the document on trial said of the newest decisions, and list where it differs."""
    service = sources.service(sources.stored())
    since_ms = past_moment_of(since) * 1000 if since else 0
    report = service.policy_desk.shadow.report(name, tenant, since_ms, "", count)
    _print_tally(report.tally)
    if report.next:
        click.echo("There are more: raise --count.", err=True)


@click.command("replay")
@settings_options
@click.option("--tenant", default="", help="Only decisions of this tenant.")
@click.option("--policy", "of_policy", default="", help="Only decisions of policies of this name.")
@click.option("--since", required=True, help="From: 2026-01-31T12:00:00Z, or 30m, 12h, 7d ago.")
@click.option("--until", default="", help="To; now without it.")
@click.argument("document", type=DOCUMENT)
def replay(sources: Sources, tenant: str, of_policy: str, since: str, until: str, document: Path) -> None:
    """Decide a period of the past again under DOCUMENT: what would change, and for whom."""
    service = sources.service(sources.stored())
    since_ms = past_moment_of(since) * 1000
    until_ms = past_moment_of(until) * 1000 if until else 0
    order = ReplayOrder(text_of(document), since_ms, until_ms, actor(), tenant, of_policy)
    outcome = service.policy_desk.replay.begin(order)
    match outcome:
        case ReplayRun():
            _print_tally(_finished(service, outcome).tally)
        case PolicyFaults():
            raise faults_told(str(document), outcome)
        case EmptyPeriod():
            raise click.UsageError("the period is empty or lies ahead")
        case _:
            assert_never(outcome)


def text_of(path: Path) -> str:
    """Read the text of a document; raises ClickException."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path}: cannot be read: {type(error).__name__}") from None


def faults_told(what: str, faults: PolicyFaults) -> click.ClickException:
    """Give the exception that tells every fault of a document."""
    return click.ClickException(
        "\n  ".join([f"{what} is no policy:", *(str(fault) for fault in faults.faults)])
    )


def _opened(sources: Sources, tenant: str | None) -> tuple[Service, Reviewer]:
    settings = sources.stored()
    service = sources.service(settings)
    owner = tenant_named(service.tenants, settings, tenant)
    return service, Reviewer(owner, Actor(actor(), CLI_ROLES), service.chance.token())


def _tell(outcome: PublishOutcome | RollBackOutcome | Proposed | NotAllowed, what: str) -> None:
    match outcome:
        case Published():
            click.echo(f"{outcome.name}: {outcome.version} is in force (before: {outcome.before or 'none'})")
        case Proposed():
            until = moment(outcome.expires_at)
            click.echo(f"It waits for a second person until {until}: proposal {outcome.id}.")
        case NotAllowed():
            raise click.ClickException("only a lead may do this")
        case PolicyFaults():
            raise faults_told(what, outcome)
        case PolicyRefused() | WarningsUnread():
            click.echo(render(outcome.checked.findings), err=True)
            raise click.ClickException(
                "it must not go live"
                if isinstance(outcome, PolicyRefused)
                else "read the warnings and say --acknowledge-warnings"
            )
        case TooManyCases():
            raise click.ClickException(render(outcome))
        case RecordKeepsMoving():
            raise _moving()
        case _:
            raise click.ClickException(_sentence(outcome))


def _sentence(
    outcome: VersionNotHigher | OtherInForce | AlreadyInForce | UnknownPolicy | UnknownVersion,
) -> str:
    match outcome:
        case VersionNotHigher():
            return f"its version must be higher than {outcome.highest}"
        case OtherInForce():
            seen = outcome.in_force or "nothing"
            return f"{seen} is in force, which is not what --expected says"
        case AlreadyInForce():
            return "this version is in force"
        case UnknownPolicy():
            return "there is no such policy"
        case UnknownVersion():
            return "the policy never had this version in force"
        case _:
            assert_never(outcome)


def _finished(service: Service, run: ReplayRun) -> ReplayRun:
    """Step to the end; progress goes to standard error."""
    while not run.done:
        stepped = service.policy_desk.replay.step(run.id)
        if isinstance(stepped, UnknownRun):
            raise click.ClickException("the replay is gone: somebody emptied the store")
        run = stepped
        click.echo(f"\r{run.percent} %, {run.tally.compared} decisions", nl=False, err=True)
    click.echo("", err=True)
    return run


def _print_tally(tally: Tally) -> None:
    click.echo(f"{tally.compared} decisions, {tally.differing} would differ", nl=False)
    click.echo(f", {tally.passed_over} tell nothing" if tally.passed_over else "")
    for (was, by, becomes, through), count in tally.rows.most_common():
        click.echo(f"{count}\t{was} ({by}) -> {becomes} ({through})")
    for one in tally.listed[:_MOST_PRINTED]:
        click.echo(_line(one))
    left = tally.differing - min(len(tally.listed), _MOST_PRINTED)
    if left:
        click.echo(f"and {left} more")


def _line(one: Compared) -> str:
    amount = f" {one.amount} {one.currency}" if one.amount else ""
    change = f"{one.before.verdict} -> {one.after.verdict} ({one.after.rule})"
    return f"{moment(one.at_ms // 1000)} {one.tenant} {one.number}{amount}: {change}"


def _moving() -> click.ClickException:
    return click.ClickException("others change this policy at this moment; try again")
