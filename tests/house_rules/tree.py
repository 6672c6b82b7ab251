"""The files of the product as the house rules see them; each rule is left to its own test."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "security_service"
TESTS = ROOT / "tests"
NOT_OURS = frozenset({".git", ".venv", "var", "build", "dist", "__pycache__", "node_modules"})


def _ours(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in NOT_OURS or path.name.endswith(("_cache", ".egg-info")) or path.name == ".hypothesis":
            continue
        if path.is_dir():
            yield from _ours(path)
        elif path.is_file():
            yield path


@cache
def all_files() -> tuple[Path, ...]:
    return tuple(_ours(ROOT))


def python_files(*places: Path) -> list[Path]:
    """Python files under any of the places; without places, all of the product's."""
    within = places or (PACKAGE, TESTS, ROOT / "benchmarks", ROOT / "wsgi.py")
    return [
        path
        for path in all_files()
        if path.suffix == ".py" and any(path.is_relative_to(place) for place in within)
    ]


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_name(path: Path) -> str:
    """How a file of the package is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def comments(path: Path) -> list[tokenize.TokenInfo]:
    readline = io.StringIO(text(path)).readline
    return [token for token in tokenize.generate_tokens(readline) if token.type == tokenize.COMMENT]


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, decorators apart."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or an attribute; empty for anything else."""
    match node:
        case ast.Name(id=identifier):
            return identifier
        case ast.Attribute(value=owner, attr=attribute):
            return f"{dotted(owner)}.{attribute}"
        case _:
            return ""
