"""The pages of the reference are those that the code would write now, and whole; examples in docstrings run."""

import doctest
import importlib
import re

import pytest

from docs.reference import FOLDER, PAGES, PUBLIC, scores, tree
from features import errors
from serving.scoring.score_columns import HORIZON_COLUMNS, INVESTMENT_COLUMNS, REASON_COLUMNS, SCORE_COLUMNS


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_reference_is_fresh(page: str) -> None:
    assert (FOLDER / f"{page}.md").read_text(encoding="utf-8") == PAGES[page](), "run: make reference"


@pytest.mark.parametrize(
    ("part", "columns"),
    [
        ("scores", SCORE_COLUMNS),
        ("investment_scores", INVESTMENT_COLUMNS),
        ("horizons", HORIZON_COLUMNS),
        ("reasons", REASON_COLUMNS),
    ],
)
def test_every_column_of_a_file_is_in_the_reference_in_its_order(part: str, columns: tuple[str, ...]) -> None:
    told = scores().partition(f"\n## {part}\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE) == [*columns]


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"^([│├└─ ]*)([A-Z]\w+)", tree().partition("```text\n")[2].partition("```")[0], re.MULTILINE)
    depth_of = {name: len(lines) // 4 for lines, name in drawn}
    declared = [error for error in vars(errors).values() if isinstance(error, type)]
    assert {error.__name__: len(error.__mro__) - len(errors.LadderError.__mro__) for error in declared} == depth_of


@pytest.mark.parametrize("name", [*PUBLIC, "docs.conf", "tests.docs.documents"])
def test_a_module_that_programs_may_count_on_says_what_it_is_and_its_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip().splitlines()[0].endswith((".", ":", "`."))
    assert doctest.testmod(module).failed == 0
