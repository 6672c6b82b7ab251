"""Habits 12 and 13: every module says what it is for, and every opt-out says why."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house_rules.tree import PACKAGE, ROOT, comments, name, python_files, text, tree

# A pragma and its codes; what else the comment holds is the reason.
NOQA = re.compile(r"#\s*noqa\b(?P<codes>\s*:\s*[A-Z]+\d+(\s*,\s*[A-Z]+\d+)*)?", re.IGNORECASE)
TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore(?P<codes>\[[\w-]+(\s*,\s*[\w-]+)*\])?")
WHOLE_FILE = re.compile(r"#\s*(ruff|flake8|mypy)\s*:")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|pragma: no" + " cover")
SHORTEST_REASON = 8  # characters
HIGHEST_SHARE = 0.15
SHORT_FILE = 40  # lines, under which a share says nothing
LONGEST_HEADER = 3


def _fault(comment: str) -> str | None:
    """What is wrong with an opt-out; None for a good one and for a plain comment."""
    pragmas = [match for pattern in (NOQA, TYPE_IGNORE) for match in pattern.finditer(comment)]
    if WHOLE_FILE.search(comment):
        return "opts a whole file out"
    if not pragmas:
        return None
    if any(match["codes"] is None for match in pragmas):
        return "has no code"
    reason = TYPE_IGNORE.sub("", NOQA.sub("", comment)).strip(" #-:–—")
    return None if len(reason) >= SHORTEST_REASON else "has no reason"


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("# why this stands here", None),
        ("# no" + "qa", "has no code"),
        ("# no" + "qa: S603", "has no reason"),
        ("# no" + "qa: S603, S607 - the program is our own", None),
        ("# type: ig" + "nore", "has no code"),
        ("# type: ig" + "nore[attr-defined]", "has no reason"),
        ("# type: ig" + "nore[attr-defined]  # the stubs lack it", None),
        ("# type: ig" + "nore[misc]  # no" + "qa: N801", "has no reason"),
        ("# ruff" + ": noqa: D100 - for some reason", "opts a whole file out"),
    ],
)
def test_the_rule_tells_a_good_opt_out_from_a_bad_one(comment: str, fault: str | None) -> None:
    assert _fault(comment) == fault


def test_every_opt_out_bears_a_code_and_a_reason() -> None:
    faults = {
        f"{name(path)}:{token.start[0]} {fault}"
        for path in python_files()
        for token in comments(path)
        if (fault := _fault(token.string))
    }
    assert faults == set()


def test_nothing_is_left_unfinished() -> None:
    unfinished = {
        f"{name(path)}:{token.start[0]}"
        for path in python_files()
        for token in comments(path)
        if UNFINISHED.search(token.string)
    }
    stubs = {
        f"{name(path)}:{node.lineno}"
        for path in python_files(PACKAGE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Name) and node.id == "NotImplementedError"
    }
    assert unfinished | stubs == set()


def test_every_module_of_the_product_says_what_it_is_for() -> None:
    silent = {
        name(path)
        for path in python_files(PACKAGE, ROOT / "benchmarks", ROOT / "wsgi.py")
        if not (ast.get_docstring(tree(path)) or "").partition("\n")[0].strip().endswith((".", ":"))
    }
    assert silent == set()


def test_nothing_but_a_few_lines_stands_before_the_docstring() -> None:
    late = {
        name(path)
        for path in python_files(PACKAGE)
        if tree(path).body and tree(path).body[0].lineno > LONGEST_HEADER
    }
    assert late == set()


def test_comments_are_fewer_than_15_percent_of_a_module() -> None:
    chatty = {}
    for path in python_files(PACKAGE):
        lines = text(path).count("\n")
        if lines >= SHORT_FILE and (share := len(comments(path)) / lines) > HIGHEST_SHARE:
            chatty[name(path)] = round(share, 2)
    assert chatty == {}
