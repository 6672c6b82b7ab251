"""Habits 10 and 11: tests neither sleep nor mock our own code, and no assertion holds by itself."""

from __future__ import annotations

import ast

import pytest

from tests.house_rules.tree import TESTS, dotted, name, python_files, tree


def _always_true(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=elements):
            return bool(elements)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_always_true(value) for value in values)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_always_true(value) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
            return not value
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return ast.dump(left) == ast.dump(right) and not isinstance(left, ast.Call)
        case _:
            return False


def _fault(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=function) if dotted(function).split(".")[-1] == "sleep":
            return "sleeps"
        case ast.Import(names=names) if any(alias.name.startswith("unittest") for alias in names):
            return "imports unittest"
        case ast.ImportFrom(module=str(module)) if module.startswith("unittest"):
            return "imports unittest"
        case ast.Call(func=function, args=[first, *_]) if dotted(function).endswith(".setattr"):
            return "replaces our own code" if _is_ours(first) else None
        case ast.Assert(test=test) if _always_true(test):
            return "asserts what cannot fail"
        case _:
            return None


def _is_ours(target: ast.expr) -> bool:
    """Whether `monkeypatch.setattr` aims at a module of ours, by its path or by its name."""
    if isinstance(target, ast.Constant):
        return str(target.value).startswith("security_service")
    return dotted(target).startswith("security_service")


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep" + "(1)",
        "await asyncio.sleep" + "(0)",
        "from unittest import mo" + "ck",
        "import unittest.mo" + "ck as m",
        "monkeypatch.setattr('security_service.cli.main', None)",
        "monkeypatch.setattr(security_service.cli, 'main', None)",
        "assert Tr" + "ue",
        "assert 1",
        "assert (x == 1, 'told')",
        "assert x or Tr" + "ue",
        "assert not None",
        "assert x == x",
    ],
)
def test_the_rule_finds_what_proves_nothing(code: str) -> None:
    module = ast.parse(f"async def test():\n    {code}\n")
    assert [fault for node in ast.walk(module) if (fault := _fault(node))]


@pytest.mark.parametrize(
    "code",
    [
        "assert f() == f()",
        "assert x",
        "monkeypatch.setattr(sys, 'argv', [])",
        "assert not x",
        "clock.move(1)",
    ],
)
def test_the_rule_lets_a_plain_test_be(code: str) -> None:
    assert not [fault for node in ast.walk(ast.parse(code)) if (fault := _fault(node))]


def test_no_test_sleeps_mocks_or_asserts_what_cannot_fail() -> None:
    faults = {
        f"{name(path)}:{getattr(node, 'lineno', 0)} {fault}"
        for path in python_files(TESTS)
        for node in ast.walk(tree(path))
        if (fault := _fault(node))
    }
    assert faults == set()
