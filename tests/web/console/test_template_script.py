"""What the script counts while a text is typed is what the service counts; over made-up texts, in node."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import security_service.web.console as package
from security_service.domain.segments import GSM7_BASIC, GSM7_EXTENSION
from security_service.domain.templates import LONGEST_TEXT, AppHash, Autofill, NoAutofill, WebOtp
from security_service.domain.tenants import Tenant
from security_service.web.console.template_preview import preview_of, sample_of

NODE = shutil.which("node")
SCRIPT = Path(package.__file__).parent / "static" / "templates.js"
SAMPLE = sample_of(Tenant("demo"))
ASK = """
const { segments, foreign, filled } = globalThis.etalonTemplates;
const sample = JSON.parse(process.argv[1]);
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [text, webOtp, appHash] = JSON.parse(line);
  const shown = filled(text, sample, webOtp, appHash);
  const size = segments(shown);
  const told = { shown, ...size, foreign: foreign(shown) };
  process.stdout.write(`${JSON.stringify(told)}\\n`);
});
"""

pytestmark = pytest.mark.skipif(NODE is None, reason="needs node")

LETTERS = st.one_of(
    st.sampled_from([*(GSM7_BASIC + GSM7_EXTENSION), "ё", "Ж", "—", "😀", "\u00a0", "{", "}"]),
    st.characters(codec="utf-8"),
)
TEXTS = st.lists(
    st.one_of(
        LETTERS,
        st.sampled_from([f"{{{name}}}" for name in ("code", "minutes", "amount", "currency", "payee")]),
        st.sampled_from(["{odd}", "{}", "{__proto__}", "{toString}"]),
        st.sampled_from(["a" * 130, "я" * 60, "€" * 75, "😀" * 30]),
    ),
    max_size=40,
).map(lambda parts: "".join(parts)[:LONGEST_TEXT])  # fmt: skip
ENDINGS: st.SearchStrategy[Autofill] = st.sampled_from(
    [NoAutofill(), WebOtp("login.bank.example"), AppHash("AbCdEfGhIj+")]
)


class Asked:
    """The script in a process that answers line by line."""

    def __init__(self) -> None:
        sample = {
            "code": SAMPLE.code,
            "minutes": str(SAMPLE.minutes),
            "amount": SAMPLE.amount,
            "currency": SAMPLE.currency,
            "payee": SAMPLE.payee,
        }
        script = SCRIPT.read_text(encoding="utf-8") + ASK
        self.process = subprocess.Popen(
            [str(NODE), "-e", script, json.dumps(sample)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __call__(self, text: str, ending: Autofill) -> dict[str, Any]:
        web_otp = ending.domain if isinstance(ending, WebOtp) else ""
        app_hash = ending.value if isinstance(ending, AppHash) else ""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([text, web_otp, app_hash]) + "\n")
        self.process.stdin.flush()
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    started = Asked()
    yield started
    started.close()


@given(text=TEXTS, ending=ENDINGS)
def test_the_script_says_what_the_service_says(asked: Asked, text: str, ending: Autofill) -> None:
    told, preview = asked(text, ending), preview_of(text, ending, SAMPLE)
    assert told == {
        "shown": preview.text,
        "encoding": preview.size.encoding.value,
        "units": preview.size.units,
        "count": preview.size.count,
        "foreign": preview.foreign,
    }


@pytest.mark.parametrize(
    ("text", "units", "count"),
    [("a" * 160, 160, 1), ("a" * 161, 161, 2), ("€" * 80, 160, 1), ("я" * 70, 70, 1), ("я" * 71, 71, 2)],
)
def test_the_edges_of_a_segment_are_where_the_standard_has_them(
    asked: Asked, text: str, units: int, count: int
) -> None:
    told = asked(text, NoAutofill())
    assert (told["units"], told["count"]) == (units, count)
