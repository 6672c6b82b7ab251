from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from wsgiref.types import WSGIApplication

import pytest
from werkzeug.test import Client

from security_service.cli.web_app import application
from security_service.config.sources import load
from security_service.domain.errors import SettingsFault
from security_service.telemetry.logs import configure_logs
from security_service.wiring import plugin_kinds
from tests.config.test_sources import IMSI, KEYS, SMS

_WSGI = Path(__file__).parents[2] / "wsgi.py"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    store = {"ETALON_STORE__ADDRESS": f"unix://{tmp_path}/gone.sock", "ETALON_DATA_DIR": str(tmp_path)}
    return {**KEYS, **SMS, **IMSI, **store}


def test_the_application_is_alive_and_says_what_keeps_it_from_being_ready(environ: dict[str, str]) -> None:
    client = Client(application(load(plugin_kinds(), environ=environ).settings))
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert "the store does not answer" in ready.get_data(as_text=True)
    legacy = client.get("/rest/User/Balance", query_string={"SessionID": "A" * 36})
    assert (legacy.status_code, legacy.get_data(as_text=True)) == (
        500,
        '{"Code":9,"Desc":"Internal server error"}',
    )
    configure_logs("warning", sys.stderr)


def test_wsgi_gives_the_application_of_the_environment(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert Client(loaded_wsgi()).get("/healthz").status_code == 200


def test_wsgi_stops_with_every_fault_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETALON_DATA_DIR", str(tmp_path))
    with pytest.raises(SettingsFault):
        loaded_wsgi()


def loaded_wsgi() -> WSGIApplication:
    specification = importlib.util.spec_from_file_location("wsgi_under_test", _WSGI)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    app: WSGIApplication = module.app
    return app
