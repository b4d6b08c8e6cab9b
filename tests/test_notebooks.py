"""The notebooks run from the first cell to the last, and are kept as they should be."""

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tests.notebooks import FOLDER, NOTEBOOKS, execute

STRICT = new_code_cell("import warnings\nwarnings.simplefilter('error')")
LENIENT = new_code_cell("warnings.simplefilter('default')")
"""Before the kernel goes, which has warnings of its own."""
LONGEST_DEFINITION = 6
"""Lines: what is longer matters, and belongs into a package with its tests."""


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def code_of(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs_of(notebook: NotebookNode) -> list[Any]:
    return [output for cell in code_of(notebook) for output in cell.outputs]


each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def in_time(path: Path) -> Any:
    """The notebook as a parameter of a test that runs it; one that learns effects or trains twice is a slow one."""
    text = path.read_text(encoding="utf-8")
    slow = any(words in text for words in ("ladder.main(", "ladder.effects(", "ladder.evaluate_plan("))
    return pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if slow else [])


def test_there_are_the_six_stories_and_the_readme_tells_of_each() -> None:
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{number}_" for number in range(1, 7)]
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in NOTEBOOKS] == re.findall(r"\]\((\w+\.ipynb)\)", told)


@each
def test_a_notebook_begins_with_its_title_and_its_question(path: Path) -> None:
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    title, _, question, *_ = first.source.splitlines()
    assert title.startswith("# ")
    assert re.fullmatch(r"\*Question: .*\?\*", question)


@each
def test_nothing_that_it_put_out_is_stored(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert outputs_of(notebook) == []
    assert {cell.execution_count for cell in code_of(notebook)} == {None}
    assert not any(cell.metadata for cell in notebook.cells)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


@each
def test_nothing_that_matters_is_defined_in_it(path: Path) -> None:
    for cell in code_of(read(path)):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.ClassDef)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < LONGEST_DEFINITION, node.name


@each
def test_it_uses_what_anybody_may_count_on_and_nothing_below(path: Path) -> None:
    for cell in code_of(read(path)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                named = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
                inside = {name.split(".")[0] for name in named} & {"features", "training", "serving", "commands"}
                assert inside == set(), ast.unparse(node)


@each
def test_no_figure_in_its_text_is_typed_by_hand(path: Path) -> None:
    """Of what came out, that is; how many things there are and what days they span does not change."""
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            text = re.sub("9[05] % interval", "", cell.source)
            assert not re.search(r"\d[\d,]*\.\d|\d,\d{3}|\d %", text), text


@each
def test_links_lead_to_a_file(path: Path) -> None:
    for cell in read(path).cells:
        for target in re.findall(r"\]\(([^)#:]+)\)", cell.source) if cell.cell_type == "markdown" else ():
            assert (FOLDER / target).is_file(), target


@pytest.mark.parametrize("path", [in_time(path) for path in NOTEBOOKS])
def test_it_runs_from_the_first_cell_to_the_last_without_a_warning(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LADDER_NOTEBOOK_SCALE", "small")
    monkeypatch.setenv("LADDER_DATA", str(tmp_path / "nowhere"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    notebook = read(path)
    notebook.cells = [STRICT, *notebook.cells, LENIENT]
    outputs = outputs_of(execute(notebook, tmp_path / "run"))
    assert [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"] == []
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
