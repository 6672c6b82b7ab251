"""Habit 3: a port is a Protocol of one to four methods that cannot succeed by accident."""

from __future__ import annotations

import ast

from tests.house_rules.tree import PACKAGE, dotted, tree

PORTS = sorted((PACKAGE / "domain").glob("*ports.py"))
MOST_METHODS = 4
Method = ast.FunctionDef | ast.AsyncFunctionDef


def _classes() -> list[ast.ClassDef]:
    return [node for path in PORTS for node in tree(path).body if isinstance(node, ast.ClassDef)]


def _ports() -> list[ast.ClassDef]:
    return [
        node for node in _classes() if any(_without_parameters(base) == "Protocol" for base in node.bases)
    ]


def _without_parameters(base: ast.expr) -> str:
    return dotted(base.value if isinstance(base, ast.Subscript) else base).rpartition(".")[2]


def _methods(port: ast.ClassDef) -> list[Method]:
    return [node for node in port.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _is_data(node: ast.ClassDef) -> bool:
    decorators = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return any(dotted(decorator).endswith("dataclass") for decorator in decorators)


def _does_something(method: Method) -> bool:
    """Whether there is more than a docstring and an ellipsis."""
    return not all(
        isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in method.body
    )


def test_what_stands_among_the_ports_is_a_protocol_or_plain_data() -> None:
    ports = _ports()
    assert {node.name for node in _classes() if node not in ports and not _is_data(node)} == set()


def test_a_port_has_one_to_four_methods() -> None:
    counts = {port.name: len(_methods(port)) for port in _ports()}
    assert {name: count for name, count in counts.items() if not 1 <= count <= MOST_METHODS} == {}


def test_no_port_has_a_default_that_could_succeed_by_accident() -> None:
    defaults = {f"{port.name}.{m.name}" for port in _ports() for m in _methods(port) if _does_something(m)}
    assert defaults == set()


def test_every_method_of_a_port_states_its_contract() -> None:
    silent = {
        f"{port.name}.{m.name}" for port in _ports() for m in _methods(port) if not ast.get_docstring(m)
    }
    assert silent == set()
