"""A log that cannot be read whole is a problem of its own, never a part of the log."""

from __future__ import annotations

from flask import Flask
from structlog.testing import capture_logs

from security_service.domain.archive_ports import FoundEvents, Place
from security_service.domain.audit import AuditQuery
from security_service.domain.errors import ArchiveUnavailable
from security_service.usecases.read_audit import ReadAudit
from security_service.usecases.whole_log import WholeLog
from security_service.web.problems import register_problems


class FullTail:
    """The streams answer."""

    def archive(self) -> str:
        return "a"

    def newest(self, query: AuditQuery, before: Place | None, count: int) -> FoundEvents:
        return FoundEvents([(Place(1, "s000", 1), '{"kind":"mode_set"}')], None)


class ArchiveAway:
    """The database does not."""

    def id(self) -> str:
        raise ArchiveUnavailable("the database says OperationalError")

    def newest(self, query: AuditQuery, before: Place | None, count: int) -> FoundEvents:
        raise ArchiveUnavailable("the database says OperationalError")


def test_an_archive_that_is_away_is_503_though_the_streams_answer() -> None:
    app = Flask(__name__)
    register_problems(app)
    reading = ReadAudit(WholeLog(FullTail(), ArchiveAway()))
    app.add_url_rule("/audit", view_func=lambda: list(reading.run(AuditQuery()).events))
    with capture_logs() as logs:
        response = app.test_client().get("/audit")
    assert response.status_code == 503
    assert response.get_json()["type"] == "urn:etalon:problem:archive-unavailable"
    assert b"mode_set" not in response.data
    assert response.headers["Retry-After"] == "5"
    assert [one["event"] for one in logs] == ["archive_unavailable"]
