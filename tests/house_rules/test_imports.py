"""Habits 1 and 6: imports stand at the top, do no work, and name only what is pinned."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

from tests.house_rules.tree import PACKAGE, ROOT, functions, module_name, name, python_files, text, tree

# Runs in a process of its own, with nothing in the environment, where work at import would show.
IMPORT_EACH = """
import importlib, sys, threading
sys.path.insert(0, sys.argv[1])
WORK = {"socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.mkdir", "os.remove"}
def refuse(event, args):
    if event in WORK or (event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")):
        raise RuntimeError(f"{event} {args!r} at import")
sys.addaudithook(refuse)
for module in sys.argv[2:]:
    try:
        importlib.import_module(module)
    except Exception as error:
        print(f"{module}: {type(error).__name__}: {error}")
if threading.active_count() > 1:
    print(f"threads run after import: {threading.enumerate()}")
"""


def _inner_imports(path: Path) -> list[int]:
    found = set()
    for function in functions(path):
        for node in ast.walk(function):
            match node:
                case ast.Import(names=names):
                    modules = [alias.name for alias in names]
                case ast.ImportFrom(module=module):
                    modules = [module or ""]
                case _:
                    continue
            if any(module.partition(".")[0] in {"security_service", "tests"} for module in modules):
                found.add(node.lineno)
    return sorted(found)


def _imported_packages(path: Path) -> set[str]:
    packages = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            packages |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            packages.add(node.module.partition(".")[0])
    return packages - set(sys.stdlib_module_names) - {"security_service"}


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _pinned(requirements: Path) -> set[str]:
    return {_canonical(match) for match in re.findall(r"^([\w.-]+)==\S", text(requirements), re.MULTILINE)}


def test_no_import_of_ours_stands_inside_a_function() -> None:
    assert {name(path): lines for path in python_files() if (lines := _inner_imports(path))} == {}


def test_every_module_can_be_imported_with_an_empty_environment_and_does_nothing(tmp_path: Path) -> None:
    modules = [module_name(path) for path in python_files(PACKAGE)]
    command = [sys.executable, "-I", "-B", "-c", IMPORT_EACH, str(ROOT), *modules]
    finished = subprocess.run(
        command, env={}, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100
    )
    assert (finished.stdout, finished.stderr, finished.returncode) == ("", "", 0)


def test_what_the_package_imports_is_pinned_as_a_requirement_of_production() -> None:
    distributions = importlib.metadata.packages_distributions()
    pinned = _pinned(ROOT / "requirements.txt")
    unpinned = {
        f"{name(path)} imports {package}"
        for path in python_files(PACKAGE)
        for package in _imported_packages(path)
        if not {_canonical(found) for found in distributions.get(package, [])} & pinned
    }
    assert unpinned == set()


def test_every_requirement_is_pinned_to_one_version() -> None:
    for requirements in (ROOT / "requirements.txt", ROOT / "requirements-dev.txt"):
        lines = [
            line for line in text(requirements).splitlines() if line and not line.startswith(("#", "-r "))
        ]
        assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+(; .+)?", line)] == []


def test_what_the_pins_need_is_pinned_too() -> None:
    pinned = _pinned(ROOT / "requirements.txt") | _pinned(ROOT / "requirements-dev.txt")
    unpinned = set()
    for distribution in pinned & {_canonical(found.name) for found in importlib.metadata.distributions()}:
        for line in importlib.metadata.requires(distribution) or []:
            requirement, _, marker = line.partition(";")
            needed = re.match(r"[\w.-]+", requirement)
            if needed and not marker.strip() and _canonical(needed[0]) not in pinned:
                unpinned.add(f"{distribution} needs {needed[0]}")
    assert unpinned == set()
