"""The pages of docs/ as a reader goes through them: each is listed, and every link leads to a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from security_service.web.wire.codec import RequestCodec
from security_service.web.wire.messages import CheckCodeRequest, GenerateCodeRequest
from security_service.web.wire.negotiation import CSV, JSON, JSV, XML

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GOLDEN = ROOT / "tests" / "golden" / "wire"
PAGES = [
    ROOT / "README.md",
    ROOT / "README.ru.md",
    ROOT / "policies" / "README.md",
    *sorted(DOCS.rglob("*.md")),
]
CODECS: Mapping[str, RequestCodec] = {"JSON": JSON, "XML": XML, "JSV": JSV, "CSV": CSV}


def _links(page: Path) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    return [link.partition("#")[0] for link in found if "://" not in link and not link.startswith("#")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    assert [link for link in _links(page) if not (page.parent / link).exists()] == []


def test_the_index_lists_every_page() -> None:
    listed = {(DOCS / link).resolve() for link in _links(DOCS / "README.md")}
    assert sorted(set(DOCS.rglob("*.md")) - listed - {DOCS / "README.md"}) == []


@pytest.mark.parametrize("name", CODECS)
def test_the_formats_side_by_side_are_those_that_are_read_and_written(name: str) -> None:
    page = (DOCS / "formats.md").read_text(encoding="utf-8")
    section = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
    for answer in ("generate_code/answer_sent", "check_code/answer_valid", "check_code/answer_refused"):
        assert (GOLDEN / f"{answer}.{name.lower()}").read_text(encoding="utf-8").strip() in section
    blocks = re.findall(r"```\nPOST /(\w+) [^\n]+\n(.*?)\n\n", section, re.DOTALL)
    sent, checked = (body.encode() for _, body in blocks)
    payment = GenerateCodeRequest("79161112211", purpose="payment", amount="1500.00", currency="RUB")
    assert CODECS[name].decode_generate(sent) == payment
    code = CODECS[name].decode_check(checked)
    assert isinstance(code, CheckCodeRequest)
    assert (code.destination_number, code.code) == ("79161112211", "175650")
