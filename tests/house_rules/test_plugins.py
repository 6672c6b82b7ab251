"""Habit 4: a gateway or a lookup is one file and one registry line; policies are documents with tests."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from tests.house_rules.tree import PACKAGE, ROOT, TESTS, all_files, module_name, python_files, text, tree

KINDS = {"GATEWAYS": "gateways", "LOOKUPS": "lookups"}


def _registry(variable: str) -> tuple[Path, ast.Dict] | None:
    """The dict literal of that name, and the module that holds it."""
    for path in python_files(PACKAGE):
        for node in tree(path).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            target = node.target if isinstance(node, ast.AnnAssign) else target
            if isinstance(target, ast.Name) and target.id == variable:
                assert isinstance(node, ast.Assign | ast.AnnAssign)
                assert isinstance(node.value, ast.Dict), f"{variable} is not a dict literal"
                return path, node.value
    return None


def _origins(path: Path) -> dict[str, str]:
    """Module of ours by the name under which it, or a thing in it, was imported."""
    origins = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                origins[alias.asname or alias.name] = inner if _exists(inner) else node.module
    return origins


def _exists(module: str) -> bool:
    return (ROOT / Path(*module.split("."))).with_suffix(".py").exists()


def _files(folder: str) -> set[str]:
    return {module_name(path) for path in python_files(PACKAGE / folder) if path.stem != "__init__"}


@pytest.mark.parametrize(("variable", "folder"), KINDS.items())
def test_the_registry_names_exactly_the_files_of_the_folder(variable: str, folder: str) -> None:
    found = _registry(variable)
    assert found is not None, f"no {variable} names the {folder}"
    path, registry = found
    origins = _origins(path)
    named = {
        origins[node.id]
        for value in registry.values
        for node in ast.walk(value)
        if isinstance(node, ast.Name) and origins.get(node.id, "").startswith(f"security_service.{folder}.")
    }
    assert named == _files(folder)


@pytest.mark.parametrize("variable", KINDS)
def test_every_key_of_a_registry_is_a_short_stable_name_that_the_docs_list(variable: str) -> None:
    found = _registry(variable)
    keys = [ast.literal_eval(key) for key in found[1].keys if key is not None] if found else []
    assert [key for key in keys if not (isinstance(key, str) and key.replace("_", "").isalnum())] == []
    page = ROOT / "docs" / "gateways.md"
    listed = text(page) if page.exists() else " ".join(keys)
    assert [key for key in keys if key not in listed] == []


def test_every_policy_can_be_read_and_has_tests_of_its_own() -> None:
    policies = [path for path in all_files() if path.parent == ROOT / "policies" and path.suffix == ".toml"]
    tests = "\n".join(text(path) for path in python_files(TESTS) if path != Path(__file__))
    for path in policies:
        assert tomllib.loads(text(path)), path
    assert [path.stem for path in policies if path.stem not in tests] == []
