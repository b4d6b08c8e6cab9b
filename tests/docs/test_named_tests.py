"""Documents that say which test holds a promise name tests that there are."""

import ast
import re
from pathlib import Path

import pytest

from tests.docs.documents import DOCS
from tests.paths import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def _tests_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("document", sorted(file.name for file in DOCS.glob("*.md")))
def test_every_test_that_a_document_names_is_there(document: str) -> None:
    for file, test in NAMED.findall((DOCS / document).read_text(encoding="utf-8")):
        assert (ROOT / file).is_file(), file
        assert not test or test in _tests_of(ROOT / file), f"{file}::{test}"


def test_each_of_nineteen_points_has_its_test() -> None:
    rows = re.findall(r"^\| (\d+) \|.*$", (DOCS / "tracking.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 20))
    for line in (DOCS / "tracking.md").read_text(encoding="utf-8").splitlines():
        if re.match(r"\| \d+ \|", line):
            assert any(test for _, test in NAMED.findall(line)), line
