"""What goes on now: plots and tables that refresh themselves; leaves counting to the use case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from flask import Response, request

from security_service.domain.counts import Counted
from security_service.usecases.view_now import NowView, Stretch
from security_service.web.console.figures import Writing
from security_service.web.console.plots import Plot, plot_of, rate_bars
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import chosen_tenant
from security_service.web.console.visit import this_visit
from security_service.web.console.words import Words

_OUTCOMES: Final = {
    "sent": "p1",
    "not_sent": "p2",
    "unknown": "p3",
    "hold": "p4",
    "step_up": "p5",
    "deny": "p6",
    "exists": "p0",
}
_CHECKS: Final = {"accepted": "p1", "expired": "p5", "not_found": "p6"}
_COLOURS: Final = {Counted.GENERATE: _OUTCOMES, Counted.CHECK: _CHECKS}


class NowPages:
    """One page, and the part of it that is fetched again and again."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen

    def page(self) -> Response:
        """Show the whole page."""
        return self._answer("now.html")

    def part(self) -> Response:
        """Show what changes of it."""
        return self._answer("now_part.html")

    def _answer(self, template: str) -> Response:
        visit, words = this_visit(), this_visit().words
        stretch = _stretch(request.args.get("span", ""))
        view = self._services.view_now.run(chosen_tenant(self._services).id, stretch, self.day_began_ms())
        return self._screen.show(
            template,
            view=view,
            stretch=stretch,
            stretches=list(Stretch),
            plots=_plots(view, words),
            rates=list(zip(view.rates, rate_bars(view.rates), strict=True)),
            write=Writing(visit.locale),
        )

    def day_began_ms(self) -> int:
        """Give the moment at which the visitor's day began, in Unix milliseconds."""
        now = datetime.fromtimestamp(self._services.clock.unix_ms() / 1000, UTC).astimezone(this_visit().zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return round(midnight.timestamp() * 1000)


def _stretch(word: str) -> Stretch:
    return Stretch(word) if word in set(Stretch) else Stretch.HOUR


def _plots(view: NowView, words: Words) -> dict[str, Plot]:
    return {
        what.value: plot_of(flow, _namer(what, words), _clock(view.stretch), _COLOURS.get(what))
        for what, flow in view.flows.items()
    }


def _namer(what: Counted, words: Words) -> Callable[[str], str]:
    """Give how the names of a kind are shown: tokens in words, what has a name of its own by it."""
    match what:
        case Counted.GENERATE:
            return lambda name: words.token("now.outcome", name)
        case Counted.CHECK:
            return lambda name: words.token("check_result", name)
        case _:
            return lambda name: name or words("now.no_name")


def _clock(stretch: Stretch) -> Callable[[int], str]:
    zone = this_visit().zone
    form = "%d.%m %H:%M" if stretch is Stretch.WEEK else "%H:%M"
    return lambda at_ms: datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).strftime(form)
