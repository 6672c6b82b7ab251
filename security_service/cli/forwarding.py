"""`forward`: how far targets of events are, trying one, turning one on; and serving them in the worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, assert_never

import click

from security_service.cli.options import Sources, settings_options
from security_service.config.classes import Settings
from security_service.domain.forwarding_ports import Delivered, NotDelivered, TurnedOff
from security_service.processes.job_threads import Bell
from security_service.processes.slow_chores import SlowChores, beside
from security_service.processes.worker import Chore
from security_service.telemetry.metrics import PrometheusMeter
from security_service.usecases.forward_events import ForwardEvents
from security_service.usecases.watch_forwarding import ForwardView
from security_service.web.subscriber_document import moment
from security_service.wiring import Service, build_forward_link, build_forwarding, build_watch_forwarding
from security_service.wiring.camara import build_swap_forwarding

_LOOK_EVERY_S: Final = 1.0


@click.group()
def forward() -> None:
    """Watch the targets that events are forwarded to (settings forward.*)."""


@forward.command("status")
@settings_options
def status(sources: Sources) -> None:
    """Say how far every target is; exit code 1 where one is off."""
    settings = sources.stored()
    service = sources.service(settings)
    views = build_watch_forwarding(settings, service.archive, service.clock).views()
    for view in views:
        click.echo(shown(view))
    if not views:
        click.echo("No target is set.")
    if any(view.state is not None and view.state.off_at_ms for view in views):
        raise click.ClickException("a target is off: see `forward resume`")


@forward.command("test")
@settings_options
@click.argument("name")
def test(sources: Sources, name: str) -> None:
    """Send one made-up event (forward_test) to a target now; exit code 1 where it was not taken."""
    settings = sources.stored()
    service = sources.service(settings)
    link = build_forward_link(settings, _set_name(settings, name), service.clock)
    watch = build_watch_forwarding(settings, service.archive, service.clock)
    outcome = watch.test(link, settings.forward[name].numbers)
    match outcome:
        case Delivered():
            click.echo("Sent." if settings.forward[name].is_unanswered else "Taken.")
        case NotDelivered() | TurnedOff():
            raise click.ClickException(f"not taken: {outcome.reason}")
        case _:
            assert_never(outcome)


@forward.command("resume")
@settings_options
@click.argument("name")
def resume(sources: Sources, name: str) -> None:
    """Have a target that is off or failing tried again at once, beginning with what it has not taken."""
    settings = sources.stored()
    service = sources.service(settings)
    watch = build_watch_forwarding(settings, service.archive, service.clock)
    if not watch.resume(_set_name(settings, name)):
        raise click.ClickException("no worker has served that target yet")
    click.echo("It is tried again within a second or so.")


def shown(view: ForwardView) -> str:
    """Give a target on one line."""
    line = f"{view.name:<20} {view.standing.value:<8} {view.behind} waiting"
    if view.state is None:
        return line
    if view.state.told_at_ms:
        line += f", last taken {moment(view.state.told_at_ms // 1000)}"
    if view.state.failures:
        line += f", {view.state.failures} failures ({view.state.reason})"
    if view.state.retry_at_ms and not view.state.off_at_ms:
        line += f", tried again {moment(view.state.retry_at_ms // 1000)}"
    return line


@contextmanager
def forwarding(settings: Settings, service: Service, meter: PrometheusMeter) -> Iterator[None]:
    """Have every target served in a thread of its own while the block runs, so that none delays another."""
    served = [*build_forwarding(settings, service.archive, service.clock, service.chance, meter)]
    gateway, letters = service.open_gateway, Bell()
    if gateway.issuer:
        holder = service.chance.token()
        served.append(build_swap_forwarding(settings, gateway, service.archive, service.clock, holder, meter))
    bells = [*(Bell() for _ in served), letters]
    with ExitStack() as stack:
        for one, bell in zip(served, bells, strict=False):
            stack.enter_context(beside(SlowChores([_chore(one, bell)], service.clock, meter, bell), bell))
        if gateway.issuer:
            sending = Chore(
                "swap_letters", _LOOK_EVERY_S, lambda: gateway.send_letters.run(lambda: letters.stopped)
            )
            stack.enter_context(beside(SlowChores([sending], service.clock, meter, letters), letters))
        yield
        for bell in bells:
            bell.stop()


def _chore(one: ForwardEvents, bell: Bell) -> Chore:
    """Give the chore of serving a target; its last deed is to leave the target to other workers."""

    def serve() -> None:
        if bell.stopped:
            one.release()
        else:
            one.run(lambda: bell.stopped)

    return Chore(f"forward_{one.target.name}", _LOOK_EVERY_S, serve, at_stop=True)


def _set_name(settings: Settings, name: str) -> str:
    if name not in settings.forward:
        known = ", ".join(settings.forward) or "none"
        raise click.ClickException(f"there is no target of that name: set are {known}")
    return name
