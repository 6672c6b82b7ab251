"""Habits 11 and 15: no junk rooms, no standard-library names, tests where their code is looked for."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.house_rules.tree import PACKAGE, TESTS, name, python_files

JUNK = frozenset(
    {"util", "utils", "common", "helper", "helpers", "core", "base", "manager", "managers", "misc"}
)
# Folders of tests that answer to no folder of the package.
TESTS_APART = frozenset(
    {"contracts", "counterparts", "fakes", "golden", "policies", "e2e", "house_rules", "benchmarks"}
)


def _segments(path: Path) -> set[str]:
    return {part.removesuffix(".py") for part in path.relative_to(PACKAGE).parts}


def test_no_file_and_no_folder_is_a_junk_room() -> None:
    junk = {
        name(path)
        for path in python_files(PACKAGE)
        if any(JUNK & set(segment.split("_")) for segment in _segments(path))
    }
    assert junk == set()


def test_no_file_and_no_folder_is_named_as_a_module_of_the_standard_library() -> None:
    taken = sys.stdlib_module_names - {"__init__", "__main__"}
    assert {name(path) for path in python_files(PACKAGE) if _segments(path) & taken} == set()


def test_every_folder_of_tests_mirrors_a_folder_of_the_package_or_stands_apart() -> None:
    strays = set()
    for path in python_files(TESTS):
        folder = path.relative_to(TESTS).parent
        apart = folder.parts and folder.parts[0] in TESTS_APART
        if not apart and not (PACKAGE / folder).is_dir():
            strays.add(name(path))
    assert strays == set()


def test_a_test_beside_no_folder_tests_a_module_beside_no_folder() -> None:
    modules = {f"test_{path.stem}" for path in PACKAGE.glob("*.py")}
    strays = {
        path.stem for path in TESTS.glob("test_*.py") if not any(path.stem.startswith(m) for m in modules)
    }
    assert strays == set()
