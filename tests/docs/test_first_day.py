"""The ten checks of docs/start.md print what stands below them."""

import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.docs.documents import DOCS, Block, blocks
from tests.training.tracking.tracking import empty_registry

SECTION = [one for one in blocks(DOCS / "start.md") if one.language in ("python", "text")]
CHECKS = [
    (program, printed)
    for program, printed in pairwise(SECTION)
    if (program.language, printed.language) == ("python", "text")
]
WITHOUT_MLFLOW = 7
"""The export and the first six checks: the others take a minute."""


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, and an environment that is put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    before = dict(os.environ)
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)


def follow(checks: list[tuple[Block, Block]]) -> None:
    """Run programs one after the other, and compare what each prints with what stands below it."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for program, wanted in checks:
        printed = StringIO()
        lines = "\n" * program.line + program.text
        with redirect_stdout(printed):
            exec(compile(lines, str(program.document), "exec"), names)  # noqa: S102 - the document is ours
        same = OutputChecker().check_output(wanted.text, printed.getvalue(), ELLIPSIS | NORMALIZE_WHITESPACE)
        assert same, f"{program.name} prints\n{printed.getvalue()}"


@pytest.mark.usefixtures("alone")
def test_the_first_checks_print_what_stands_below_them() -> None:
    assert len(CHECKS) == 11
    follow(CHECKS[:WITHOUT_MLFLOW])


@pytest.mark.slow
def test_all_ten_checks_print_what_stands_below_them(alone: Path) -> None:
    import mlflow

    empty_registry(alone)
    tracked = mlflow.get_tracking_uri()
    try:
        follow(CHECKS)
    finally:
        mlflow.set_tracking_uri(tracked)
