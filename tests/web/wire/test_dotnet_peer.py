"""A real .NET peer: its DataContractSerializer writes requests for us to read and reads our answers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from security_service.web.wire.messages import (
    Answer,
    AnswerStyle,
    CheckCodeRequest,
    GenerateCodeRequest,
    OperationName,
)
from security_service.web.wire.negotiation import XML

SOURCE: Final = Path(__file__).parents[2] / "counterparts" / "dotnet" / "DataContractPeer.cs"

pytestmark = pytest.mark.skipif(
    shutil.which("mcs") is None or shutil.which("mono") is None,
    reason="needs Mono: apt-get install mono-mcs mono-runtime libmono-system-runtime-serialization4.0-cil",
)


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("dotnet") / "peer.exe"
    subprocess.run(
        ["mcs", "-codepage:utf8", "-r:System.Runtime.Serialization.dll", f"-out:{program}", str(SOURCE)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return program


def _run(peer: Path, command: str, given: bytes = b"") -> bytes:
    return subprocess.run(
        ["mono", str(peer), command], input=given, check=True, capture_output=True, timeout=60
    ).stdout


def test_a_dotnet_generate_code_request_is_read(peer: Path) -> None:
    assert XML.decode_generate(_run(peer, "write-generate")) == GenerateCodeRequest(
        destination_number="79169492211",
        imsi_code="D92C2B0A1D5C64BBA8DD8BCE43C4BA11",
        purpose="payment",
        payee='ООО "Ромашка" & <К°>',
        limit_keys=("device:1", "10.0.0.7"),
    )


def test_members_that_dotnet_writes_as_nil_are_absent(peer: Path) -> None:
    body = _run(peer, "write-generate-nil")
    assert b"nil=" in body
    assert XML.decode_generate(body) == GenerateCodeRequest("79169492211")


def test_a_dotnet_check_code_request_keeps_its_leading_zero(peer: Path) -> None:
    assert XML.decode_check(_run(peer, "write-check")) == CheckCodeRequest("79169492283", "07565")


def test_dotnet_reads_both_answers(peer: Path) -> None:
    sent = XML.encode(Answer(0, "Code Sent"), OperationName.GENERATE_CODE, AnswerStyle())
    assert _run(peer, "read-generate", sent) == b"0|Code Sent"
    wrong = XML.encode(Answer(5, "Code not Found"), OperationName.CHECK_CODE, AnswerStyle())
    assert _run(peer, "read-check", wrong) == b"5|Code not Found"
