"""Every word speaks about the product: nothing tells how, where or by what it was written."""

from __future__ import annotations

import re

import pytest

from tests.house_rules.tree import all_files, name

# Put together from halves, so that this file does not hold what it looks for.
FORBIDDEN = re.compile(
    "|".join(
        (
            "/wo" + "rk/",
            "/fa" + "rm/",
            r"\bfa" + "rm-",
            r"\.\./sha" + "red",
            "sub" + "agent",
            "cla" + "ude",
            "anth" + "ropic",
            "chat" + "gpt",
            r"\bA" + r"I[- ](agent|assistant|generated|written)",
            r"\bL" + r"LM\b",
            "coding ses" + "sion",
            "before-" + "stop",
            r"DEVEL" + r"OPERS\.md",
            r"\bthe br" + r"ief\b",
        )
    ),
    re.IGNORECASE,
)
TEXT = frozenset(
    ".py .lua .toml .md .txt .html .css .js .json .xml .wsdl .csv .jsv .yaml .yml .conf .cs .sh".split()
)


def _is_text(file_name: str, suffix: str) -> bool:
    return suffix in TEXT or (not suffix and file_name != "LICENSE") or file_name.startswith(".")


@pytest.mark.parametrize(
    "word", ["/wo" + "rk/main", "Sub" + "Agent", "A" + "I-generated", "../sha" + "red/x"]
)
def test_the_rule_finds_what_it_looks_for(word: str) -> None:
    assert FORBIDDEN.search(f"see {word} for it")


@pytest.mark.parametrize(
    "word", ["SIM farms", "in brief", "shared", "a working day", "network/work", "email"]
)
def test_the_rule_lets_plain_words_be(word: str) -> None:
    assert not FORBIDDEN.search(word)


def test_every_word_speaks_about_the_product() -> None:
    found = {}
    for path in all_files():
        if _is_text(path.name, path.suffix):
            content = path.read_text(encoding="utf-8", errors="replace")
            if hits := sorted({match[0] for match in FORBIDDEN.finditer(content)}):
                found[name(path)] = hits
    assert found == {}
