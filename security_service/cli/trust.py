"""`trust`: whose word on whose SIMs may deny; leaves what a decision does to its use case."""

from __future__ import annotations

from typing import NoReturn, assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.cli.people import actor
from security_service.domain.access import Actor, Role
from security_service.domain.trust import HOUR_S, TrustWord
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.set_trust import (
    LONGEST_EASING_S,
    NeverBySettings,
    OnlyALead,
    TrustOrder,
    TrustOutcome,
    TrustSet,
    UnknownSource,
)
from security_service.wiring import Service

_REASON = click.option("--reason", required=True, help="Why; it stands in the audit.")
_MOST_HOURS = LONGEST_EASING_S // HOUR_S


@click.group()
def trust() -> None:
    """Decide whose word on which operator's SIMs may deny."""


@trust.command("set")
@settings_options
@_REASON
@click.argument("source")
@click.argument("operator", metavar="MCC-MNC")
@click.argument("word", type=click.Choice([word.value for word in TrustWord]))
def set_word(sources: Sources, reason: str, source: str, operator: str, word: str) -> None:
    """Believe SOURCE on the SIMs of an operator (25001), let it learn, or hear it no more."""
    service = sources.service(sources.stored())
    order = _order(service, source, operator, reason)
    outcome = service.management.set_trust.set_word(order, TrustWord(word))
    if not isinstance(outcome, TrustSet):
        _refused(outcome, source)
    click.echo(f"{source} on {operator}: {word}")


@trust.command("ease")
@settings_options
@_REASON
@click.option(
    "--hours",
    type=click.IntRange(0, _MOST_HOURS),
    default=24,
    show_default=True,
    help="How long; 0 ends it.",
)
@click.argument("source")
@click.argument("operator", metavar="MCC-MNC")
def ease(sources: Sources, reason: str, hours: int, source: str, operator: str) -> None:
    """Let changed SIMs of an operator that replaces many of them step up in place of a denial."""
    service = sources.service(sources.stored())
    outcome = service.management.set_trust.ease(_order(service, source, operator, reason), hours * HOUR_S)
    if not isinstance(outcome, TrustSet):
        _refused(outcome, source)
    click.echo(f"{source} on {operator}: " + (f"eased for {hours} h" if hours else "no longer eased"))


def _order(service: Service, source: str, operator: str, reason: str) -> TrustOrder:
    if not (operator.isascii() and operator.isdigit() and len(operator) in {5, 6}):
        raise click.UsageError(f"{operator} is not an MCC-MNC of five or six digits")
    # whoever has the service's own keys at hand decides as a lead
    who = Actor(actor(), frozenset({Role.LEAD}))
    return TrustOrder(source, operator, who, reason, service.chance.token())


def _refused(outcome: TrustOutcome, source: str) -> NoReturn:
    match outcome:
        case UnknownSource():
            raise click.ClickException(f"there is no lookup {source}")
        case NeverBySettings():
            raise click.ClickException("the settings say never, which only the settings can take back")
        case OnlyALead():
            raise click.ClickException("only a lead may decide this")
        case RecordKeepsMoving():
            raise click.ClickException("others decide on the same entry at this moment; try again")
        case TrustSet():
            raise AssertionError("a decision that was written is no refusal")
        case _:
            assert_never(outcome)
