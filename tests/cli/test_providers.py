from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from security_service.cli import main
from tests.cli.conftest import Command
from tests.config.test_sources import KEYS
from tests.sandbox.rig import LOGIN, PASSWORD, make_rig

NUMBER = "8 916 123-45-67"


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[str]:
    """The address of a sandbox operator."""
    rig = make_rig(tmp_path / "handsets.json")
    server = make_server("127.0.0.1", 0, rig.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def provided(operator: str, redis_url: str, tmp_path: Path) -> Command:
    """Run one command of a service whose providers are the sandbox operator."""
    environ = {
        **KEYS,
        "ETALON_DATA_DIR": str(tmp_path / "data"),
        "ETALON_STORE__ADDRESS": redis_url,
        "ETALON_GATEWAYS__SMS__KIND": "devino_rest_v2",
        "ETALON_GATEWAYS__SMS__BASE_URL": f"{operator}/rest/v2",
        "ETALON_GATEWAYS__SMS__LOGIN": LOGIN,
        "ETALON_GATEWAYS__SMS__PASSWORD": PASSWORD,
        "ETALON_LOOKUPS__IMSI__KIND": "imsi_soap",
        "ETALON_LOOKUPS__IMSI__BASE_URL": f"{operator}/soap/imsi",
        "ETALON_LOOKUPS__IMSI__LOGIN": LOGIN,
        "ETALON_LOOKUPS__IMSI__PASSWORD": PASSWORD,
    }
    return lambda *words: CliRunner().invoke(main, words, env=environ)


def test_gateways_are_listed_with_kind_and_channel(provided: Command) -> None:
    listed = provided("gateway", "list").output
    assert re.fullmatch(r"sms  devino_rest_v2  sms  /callbacks/sms/[0-9a-f]{32}\n", listed)


def test_a_gateway_is_tried_with_a_message_and_its_receipt(provided: Command) -> None:
    result = provided("gateway", "test", "sms", "--to", NUMBER, "--wait", "20")
    assert result.exit_code == 0, result.output
    assert "sms to 7916***4567: accepted after" in result.output
    assert result.output.rstrip().endswith("delivered (0)")


def test_a_gateway_that_refuses_ends_with_1_and_says_why(provided: Command) -> None:
    result = provided("gateway", "test", "sms", "--to", NUMBER, "--sender", "МойБанк", "--wait", "0")
    assert result.exit_code == 1
    assert "failed:" in result.output or "refused:" in result.output


def test_a_source_is_asked_without_showing_an_imsi(provided: Command) -> None:
    result = provided("lookup", NUMBER)
    assert result.exit_code == 0, result.output
    assert "imsi: 7916***4567 seen after" in result.output
    assert "operator     25001" in result.output
    assert "25001" not in result.output.replace("operator     25001", "")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("gateway", "test", "nobody", "--to", NUMBER), 1),
        (("gateway", "test", "sms", "--to", "12"), 2),
        (("lookup", NUMBER, "--source", "nobody"), 1),
        (("lookup", "12"), 2),
    ],
)
def test_what_is_not_there_and_what_is_no_number_is_said(
    provided: Command, words: tuple[str, ...], code: int
) -> None:
    result = provided(*words)
    assert result.exit_code == code
    assert result.output.splitlines()[-1].startswith("Error: ")


def test_what_is_left_on_an_account_is_asked_for(provided: Command) -> None:
    assert provided("gateway", "balance", "sms").output == "20015.3\n"


def test_a_provider_without_sender_names_is_said(provided: Command) -> None:
    result = provided("gateway", "senders", "sms")
    assert (result.exit_code, result.output) == (
        1,
        "Error: there is no SMSC gateway sms; `gateway list` names them\n",
    )


def test_sender_names_are_registered_and_listed(operator: str, redis_url: str, tmp_path: Path) -> None:
    environ = {
        **KEYS,
        "ETALON_DATA_DIR": str(tmp_path / "data"),
        "ETALON_STORE__ADDRESS": redis_url,
        "ETALON_GATEWAYS__CALLS__KIND": "smsc",
        "ETALON_GATEWAYS__CALLS__BASE_URL": f"{operator}/sys",
        "ETALON_GATEWAYS__CALLS__LOGIN": LOGIN,
        "ETALON_GATEWAYS__CALLS__PASSWORD": PASSWORD,
    }
    words = ("gateway", "senders", "calls")
    created = CliRunner().invoke(main, [*words, "--create", "BANK", "--comment", "codes"], env=environ)
    assert created.exit_code == 0, created.output
    assert created.output.startswith("BANK  registered as ")
    assert "BANK  " in CliRunner().invoke(main, words, env=environ).output
