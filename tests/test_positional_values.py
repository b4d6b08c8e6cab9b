"""A call with more than five values names them; ruff's PLR0917 asks the same of whoever is called."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT

MOST = 5
ROWS = {"Check", "Crm", "Expectation", "Words", "_each", "_one"}
"""Rows of tables, which are read column by column."""
EXEMPT = {"zip", "sa.Table", "sa.table", "sa.select", "op.create_table", *ROWS}
PACKAGES = ("features", "training", "serving", "commands")
MODULES = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def crowded(text: str) -> Iterator[tuple[int, str]]:
    """Line and name of every call that gives too many values without their names."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and len(node.args) > MOST and ast.unparse(node.func) not in EXEMPT:
            yield node.lineno, ast.unparse(node.func)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative_to(ROOT).as_posix())
def test_a_call_with_many_values_names_them(module: Path) -> None:
    assert list(crowded(module.read_text(encoding="utf-8"))) == []


def test_a_call_that_does_not_is_found() -> None:
    assert list(crowded("f(1, 2, 3, 4, 5)\nf(1, 2, 3, 4, 5, c=6)\nzip(a, b, c, d, e, f)")) == []
    assert list(crowded("\nf(1, 2, 3, 4, 5, 6)")) == [(2, "f")]
