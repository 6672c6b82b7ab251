"""Dockerfile and compose.yaml name what exists: commands, paths, settings. Nothing here runs a container."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from security_service.cli import main
from security_service.config.classes import Environment
from security_service.config.sources import load
from security_service.wiring import plugin_kinds

_ROOT = Path(__file__).parents[2]
_DOCKERFILE = (_ROOT / "Dockerfile").read_text(encoding="utf-8")
_COMPOSE = (_ROOT / "compose.yaml").read_text(encoding="utf-8")
_WORDS = {
    "INSTALLATION_ID": "i1",
    "SMS_LOGIN": "bank",
    "IMSI_LOGIN": "bank",
    "IMSI_URL": "https://imsi.example/soap",
}


def image_variables() -> dict[str, str]:
    return dict(re.findall(r"^ {4}(ETALON_\w+)=(\S+?)(?: \\)?$", _DOCKERFILE, re.MULTILINE))


def compose_variables(secrets: Path) -> dict[str, str]:
    """The variables of compose.yaml as the service would get them, secrets in files of their own."""
    found = dict(re.findall(r"^\s+(ETALON_\w+): (.+)$", _COMPOSE, re.MULTILINE))
    for name, value in found.items():
        filled = re.sub(r"\$\{(\w+):\?[^}]*\}", lambda match: _WORDS[match[1]], value.strip('"'))
        if name.endswith("_FILE"):
            filled = str(secrets / Path(filled).name)
        found[name] = filled
    return found


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    for number, name in enumerate(re.findall(r"^  (\w+): \{ file: ", _COMPOSE, re.MULTILINE)):
        (tmp_path / name).write_text(f"{number:02x}" * 32 + "\n")
    return tmp_path


def test_the_variables_of_image_and_compose_are_settings_fit_for_production(secrets: Path) -> None:
    environ = {**image_variables(), **compose_variables(secrets)}
    settings = load(plugin_kinds(), environ=environ).settings
    assert settings.environment is Environment.PRODUCTION
    assert settings.store.password.reveal() == (secrets / "store_password").read_text().strip()
    assert settings.worker.metrics_port == 9090
    assert settings.web.host == "0.0.0.0"  # noqa: S104 - a container is reached from outside it


def test_every_secret_is_declared_given_and_used() -> None:
    declared = set(re.findall(r"^  (\w+): \{ file: ", _COMPOSE, re.MULTILINE))
    used = set(re.findall(r"/run/secrets/(\w+)", _COMPOSE))
    given = set(re.findall(r"^  secrets: \[(.+)\]", _COMPOSE, re.MULTILINE)[0].split(", "))
    assert declared == used == given


def test_no_secret_stands_in_either_file() -> None:
    for line in (*_COMPOSE.splitlines(), *_DOCKERFILE.splitlines()):
        name = line.strip().partition(":")[0]
        assert not re.search(r"(PASSWORD|KEY|KEYS__\w+__\d+)$", name), line


@pytest.mark.parametrize("text", [_DOCKERFILE, _COMPOSE], ids=["Dockerfile", "compose.yaml"])
def test_every_command_that_is_named_exists(text: str) -> None:
    named = [words.split(", ") for words in re.findall(r"^\s+command: \[([a-z, ]+)\]", text, re.MULTILINE)]
    named += [json.loads(words) for words in re.findall(r"^CMD (\[.+\])", text, re.MULTILINE)]
    named += [shlex.split(words) for words in re.findall(r"docker compose run --rm web ([^`)\n]+)", text)]
    named += [
        [word.strip('" ') for word in words.split(",")]
        for words in re.findall(r'\["CMD", "security-service", (.+)\]', text)
    ]
    assert named
    for words in named:
        command = main.commands[words[0]]
        inner = getattr(command, "commands", None)
        assert inner is None or words[1] in inner, words


def test_every_path_that_is_copied_exists() -> None:
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", _DOCKERFILE, re.MULTILINE):
        for source in sources.split():
            assert source == "README.md" or (_ROOT / source).exists(), source


def test_the_image_does_not_run_as_root_and_checks_its_health() -> None:
    final = _DOCKERFILE.split("FROM ")[-1]
    assert re.search(r"^USER etalon$", final, re.MULTILINE)
    assert "/healthz" in final.split("HEALTHCHECK")[1]


def test_the_sandbox_is_neither_started_nor_published() -> None:
    services = _COMPOSE.split("services:")[1]
    assert "sandbox" not in services
    assert re.findall(r"ports: (.+)", services) == ['["127.0.0.1:8080:8080"]', '["127.0.0.1:2775:2775"]']
