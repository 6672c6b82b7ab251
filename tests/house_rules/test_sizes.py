"""Habit 2 and the sizes: a file, a function and a view stay small enough to be read at once."""

from __future__ import annotations

import ast

from tests.house_rules.tree import PACKAGE, dotted, functions, length, name, python_files, text, tree

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONGEST_VIEW = 25
ROUTE_DECORATORS = frozenset({"route", "get", "post", "put", "patch", "delete"})
VERBS = frozenset({"get", "post", "put", "patch", "delete"})


def _views(module: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            calls = [d.func for d in node.decorator_list if isinstance(d, ast.Call)]
            if any(isinstance(call, ast.Attribute) and call.attr in ROUTE_DECORATORS for call in calls):
                found.append(node)
        elif isinstance(node, ast.ClassDef) and any(
            dotted(base).endswith("MethodView") for base in node.bases
        ):
            found += [
                method
                for method in node.body
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name in VERBS
            ]
    return found


def _body_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a view without its docstring, which OpenAPI takes its text from."""
    docstring = node.body[0] if ast.get_docstring(node) is not None else None
    lines = (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1 if docstring else 0
    return length(node) - lines


def test_no_file_is_longer_than_400_lines() -> None:
    long = {name(path): lines for path in python_files() if (lines := text(path).count("\n")) > LONGEST_FILE}
    assert long == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = {
        f"{name(path)}:{node.lineno} {node.name}": length(node)
        for path in python_files()
        for node in functions(path)
        if length(node) > LONGEST_FUNCTION
    }
    assert long == {}


def test_no_view_is_longer_than_25_lines() -> None:
    long = {
        f"{name(path)}:{view.lineno} {view.name}": _body_length(view)
        for path in python_files(PACKAGE / "web")
        for view in _views(tree(path))
        if _body_length(view) > LONGEST_VIEW
    }
    assert long == {}


def test_the_rule_finds_views_of_both_kinds() -> None:
    module = ast.parse(
        "@app.post('/x')\ndef one(): ...\n\n"
        "class Two(MethodView):\n    def put(self): ...\n    def plain(self): ...\n\n"
        "@app.errorhandler(404)\ndef three(): ...\n"
    )
    assert [view.name for view in _views(module)] == ["one", "put"]
