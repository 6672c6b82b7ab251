"""The login of a bank's application: number, one-time code, session; after a SIM swap an authenticator app.

A real bank asks for a password or a bound device first; here the number is enough, to keep to codes.
"""

from __future__ import annotations

import hmac
import re
from http import HTTPStatus

from etalon import Asked, Away, Checked, Etalon
from flask import Flask, Response, abort, g, make_response, redirect, render_template, request
from markupsafe import Markup
from visits import Visit, Visits
from werkzeug.wrappers import Response as AnyResponse

COOKIE = "sample_login"
NUMBER = re.compile(r"\+?[0-9]{10,15}")
CODE = re.compile(r"[0-9]{4,10}")
HEADERS = {
    "Cache-Control": "no-store",
    # The QR code is part of the page, and nothing is fetched from anywhere.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
ASKED_WORDS = {
    Asked.REFUSED: "The SIM of this number has changed. Please come to a branch with your passport.",
    Asked.WAIT: "Too many tries.",
    Asked.BAD_NUMBER: "This is not a mobile number.",
    Asked.NOT_SENT: "The code could not be sent. Please try again.",
}
CHECKED_WORDS = {
    Checked.WRONG: "This is not the code.",
    Checked.EXPIRED: "The code has expired. Please ask for another.",
    Checked.WAIT: "Too many tries.",
    Checked.NOT_CHECKED: "The code could not be checked. Please try again.",
}
NO_APP = "The app cannot be added now."
WRONG_CODE = "authenticator-wrong-code"
APP_WORDS = {
    "authenticator-sim-in-question": "The SIM of this number has changed: no app can be added now.",
    "authenticator-sim-unknown": "The operator does not name your SIM now. Please try again later.",
    "authenticator-enrolled": "You have an app already.",
    WRONG_CODE: "This is not the app's code.",
}


class Login:
    """The pages, over the service and the visits of this process."""

    def __init__(self, etalon: Etalon, *, over_tls: bool) -> None:
        self._etalon = etalon
        self._visits = Visits()
        self._over_tls = over_tls

    # --- before and after every page

    def know_the_visitor(self) -> None:
        """Find the visit, and refuse a form that none of our own pages held."""
        g.name = request.cookies.get(COOKIE, "")
        visit = self._visits.get(g.name)
        if request.method == "POST":
            given = request.form.get("csrf", "").encode()
            if visit is None or not hmac.compare_digest(visit.csrf.encode(), given):
                abort(HTTPStatus.FORBIDDEN)
        if visit is None:
            visit = Visit()
            g.name = self._visits.begin(visit)
        g.visit = visit

    def protect(self, response: Response) -> Response:
        """Let nobody keep or frame an answer, and keep the cookie from scripts and other sites."""
        response.headers.update(HEADERS)
        if "visit" in g:
            response.set_cookie(COOKIE, g.name, httponly=True, secure=self._over_tls, samesite="Strict")
        return response

    def away(self, _error: Away) -> AnyResponse:
        """Say that nothing is known: the next try bears the same key, so that nothing is done twice."""
        words = "Codes cannot be sent or checked now. Please try again in a minute."
        return page("code.html" if g.visit.asked_for else "number.html", words)

    # --- signing in

    def home(self) -> AnyResponse:
        """Show the page that the visit is at."""
        if g.visit.signed_in:
            return page("home.html")
        return page("code.html" if g.visit.asked_for else "number.html")

    def login(self) -> AnyResponse:
        """Have a code sent, or ask for the app's."""
        visit: Visit = g.visit
        number = request.form.get("number", "").strip()
        if not NUMBER.fullmatch(number):
            return page("number.html", ASKED_WORDS[Asked.BAD_NUMBER])
        outcome, wait_s = self._etalon.ask_for_code(number, source(), visit.attempt)
        visit.next_attempt()
        if outcome not in {Asked.SENT, Asked.APP}:
            return page("number.html", waiting(ASKED_WORDS[outcome], wait_s))
        visit.asked_for, visit.by_app, visit.signed_in = number, outcome is Asked.APP, ""
        return to_home()

    def code(self) -> AnyResponse:
        """Check what was typed; the right code begins a session."""
        visit: Visit = g.visit
        typed = request.form.get("code", "").strip()
        if not visit.asked_for:
            return to_home()
        if not CODE.fullmatch(typed):
            return page("code.html", CHECKED_WORDS[Checked.WRONG])
        outcome, wait_s = self._etalon.check(visit.asked_for, typed, source(), visit.attempt)
        visit.next_attempt()
        if outcome is not Checked.RIGHT:
            return page("code.html", waiting(CHECKED_WORDS[outcome], wait_s))
        return self._anew(Visit(signed_in=visit.asked_for))

    def leave(self) -> AnyResponse:
        """Forget all of the visit: signing out, or another number."""
        return self._anew(Visit())

    def _anew(self, visit: Visit) -> AnyResponse:
        """Go on under a new name: one that was known before a sign-in is worth nothing after it."""
        self._visits.end(g.name)
        g.visit, g.name = visit, self._visits.begin(visit)
        return to_home()

    # --- the authenticator app

    def offer(self) -> AnyResponse:
        """Show the app's secret, this once."""
        if not g.visit.signed_in:
            return to_home()
        offered = self._etalon.offer_app(g.visit.signed_in)
        if isinstance(offered, str):
            return page("home.html", APP_WORDS.get(offered, NO_APP))
        picture = Markup(offered.qr_svg)  # noqa: S704 - the service drew it; nobody's words are in it
        return page("app.html", qr_svg=picture, uri=offered.uri)

    def confirm(self) -> AnyResponse:
        """Put the app into force by its first code."""
        if not g.visit.signed_in:
            return to_home()
        typed = request.form.get("code", "").strip()
        problem = WRONG_CODE
        if CODE.fullmatch(typed):
            problem = self._etalon.confirm_app(g.visit.signed_in, typed)
        if problem == WRONG_CODE:
            return page("app.html", APP_WORDS[problem])
        return page("home.html", APP_WORDS.get(problem, NO_APP) if problem else "The app is added.")


def create_app(etalon: Etalon, *, over_tls: bool) -> Flask:
    """Give the application; `over_tls` keeps the cookie to TLS."""
    app, login = Flask(__name__), Login(etalon, over_tls=over_tls)
    app.before_request(login.know_the_visitor)
    app.after_request(login.protect)
    app.register_error_handler(Away, login.away)
    app.add_url_rule("/", "home", login.home)
    for path, view in (
        ("/login", login.login),
        ("/code", login.code),
        ("/again", login.leave),
        ("/logout", login.leave),
        ("/app", login.offer),
        ("/app/confirm", login.confirm),
    ):
        app.add_url_rule(path, path, view, methods=["POST"])
    return app


def to_home() -> AnyResponse:
    """Send the browser to the page that the visit is at now."""
    return redirect("/", HTTPStatus.SEE_OTHER)


def page(template: str, notice: str = "", **members: object) -> AnyResponse:
    """Give a page, whose forms bear the visit's token."""
    return make_response(render_template(template, visit=g.visit, notice=notice, **members))


def source() -> str:
    """Who asks, for the count of wrong guesses: the address, which a new cookie does not change."""
    return request.remote_addr or "unknown"


def waiting(words: str, wait_s: int) -> str:
    """Add how long to wait."""
    return f"{words} Please wait {wait_s} s." if wait_s else words
