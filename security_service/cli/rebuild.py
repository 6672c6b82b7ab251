"""`store rebuild`: put a lost store together from the archive, or hold both against each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.config.classes import Settings
from security_service.usecases.compare_states import Difference, Differs
from security_service.usecases.rebuild_store import RebuildRefused, Rebuilt, WhyNot
from security_service.wiring import Service, build_comparison, build_rebuild

NOT_REBUILT: Final = (
    "codes that were live, and what calls came to under their idempotency keys",
    "windows of limits and counts of unverified sends: all begin at nothing",
    "messages, lookups and receipts that waited behind the scenes",
    "authenticator apps of subscribers: each has to be enrolled again",
    "people, their sessions and proposals: see `security-service people invite`",
    "what is learnt of sources and gateways, and what the store took within its last second or so",
)
"""What no archive brings back."""

_REFUSED: Final = {
    WhyNot.NOTHING_ARCHIVED: "the archive tells of no initialised store: is archive.url the right one?",
    WhyNot.ANOTHERS_ARCHIVE: "the archive holds the events of another installation",
    WhyNot.IN_USE: "the store is in use: only an empty one can be rebuilt (`--check` compares it)",
    WhyNot.ANOTHERS_STORE: "the store belongs to another installation",
    WhyNot.NOT_EMPTY: "the store is not empty, and no rebuild was begun on it: empty it first",
}
_MOST_SHOWN: Final = 100


@click.command("rebuild")
@settings_options
@click.option("--check", "is_check", is_flag=True, help="Change nothing: list what differs, exit code 1.")
def rebuild(sources: Sources, *, is_check: bool) -> None:
    """Put an emptied store together again from the archive; until the end nobody can use it.

    A rebuild that was interrupted is begun again with the same command.
    """
    settings = sources.stored()
    service = sources.service(settings)
    if is_check:
        _compare(build_comparison(service.scripts, service.archive).run())
        return
    rebuild_now(service, settings)


def rebuild_now(service: Service, settings: Settings) -> None:
    """Rebuild the store and say what came of it; raises ClickException where nothing was changed."""
    outcome = build_rebuild(service.scripts, service.archive, settings.installation_id).run(_progress)
    match outcome:
        case Rebuilt():
            _tell(outcome)
        case RebuildRefused():
            where = f" (shard {outcome.shard})" if outcome.shard else ""
            raise click.ClickException(f"{_REFUSED[outcome.why]}{where}; nothing was changed")
        case _:
            assert_never(outcome)


def _progress(what: str, done: int, of: int) -> None:
    if done % 8 == 0 or done == of:
        click.echo(f"{what}: {done} of {of} shards", err=True)


def _tell(rebuilt: Rebuilt) -> None:
    click.echo(
        f"Rebuilt from {rebuilt.archived} events: {rebuilt.records} subscribers, {rebuilt.guesses} with"
        f" guesses or locks, {rebuilt.managed} tenants, keys, policies, bans and words of trust;"
        f" {rebuilt.buckets} buckets."
    )
    click.echo(f"The log's root is {rebuilt.root}.")
    click.echo("Not brought back:")
    for one in NOT_REBUILT:
        click.echo(f"  - {one}")


def _compare(differences: Iterable[Difference]) -> None:
    count = 0
    for count, one in enumerate(differences, start=1):
        if count <= _MOST_SHOWN:
            click.echo(_line(one))
    if count:
        raise click.ClickException(f"{count} differences; what changed this second may still be on its way")
    click.echo("The store is what the archive says.")


def _line(one: Difference) -> str:
    match one.what:
        case Differs.RECORD | Differs.GUESSES:
            number = one.number.digits if one.number else ""
            return f"{one.what.value}\t{one.shard}\t{one.tenant}\t{number}"
        case Differs.COUNT:
            return f"count\t{one.shard}\t{one.archived} archived, {one.stored} in the store"
        case Differs.MANAGED:
            return f"managed\t{one.name}"
        case Differs.MISSING:
            return "the archive tells of no initialised store"
        case _:
            assert_never(one.what)
