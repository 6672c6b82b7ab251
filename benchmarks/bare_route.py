"""The least that a Flask route can do: JSON in and out, and with one round trip; served as the service is."""

from __future__ import annotations

from wsgiref.types import WSGIApplication

import click
from flask import Flask, Response, jsonify, request

from benchmarks.round_trips import ONE_WRITE
from security_service.cli.options import Sources, settings_options
from security_service.cli.web_server import serve_web
from security_service.config.classes import Settings
from security_service.wiring import build_scripts


def make_app(settings: Settings) -> WSGIApplication:
    """Give the application with its routes."""
    app = Flask(__name__, static_folder=None)
    scripts = build_scripts(settings)

    @app.post("/bare")
    def bare() -> Response:
        """Answer what CheckCode answers, whatever the code is."""
        message = request.get_json()
        return jsonify(Code=0, Description="Valid Code" if message["Code"] else "Code not Found")

    @app.post("/bare_trip")
    def bare_trip() -> Response:
        """Do the same, and write one key of the store before."""
        message = request.get_json()
        scripts.run(ONE_WRITE, [f"bare:{message['DestinationNumber']}"], ["1"])
        return jsonify(Code=0, Description="Valid Code" if message["Code"] else "Code not Found")

    @app.get("/readyz")
    def ready() -> Response:
        """Tell that the server answers."""
        return jsonify(status="ready")

    return app


@click.group()
def main() -> None:
    """Serve the bare route."""


@main.command()
@settings_options
def web(sources: Sources) -> None:
    """Answer HTTP until SIGTERM with the service's own settings of `web`."""
    serve_web(sources.settings(), make_app)


if __name__ == "__main__":
    main()
