"""The application for a WSGI server of your own (`granian --interface wsgi wsgi:app`)."""

from __future__ import annotations

from security_service.cli.web_app import application_from_environment

app = application_from_environment()
