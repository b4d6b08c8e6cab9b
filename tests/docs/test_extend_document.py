"""What docs/extend.md tells one to write does what it says, in a copy of the program."""

import shutil
import subprocess
import sys

import pytest

from tests.docs.documents import DOCS, python_blocks

ROOT = DOCS.parent
BLOCKS = python_blocks(DOCS / "extend.md")


def first_line(block: str) -> str:
    return block.splitlines()[0].removeprefix("# ")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the trials print, once everything has been written where the document says."""
    copy = tmp_path_factory.mktemp("extended")
    for package in ("features", "training"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for block in BLOCKS:
        if first_line(block) != "try it":
            with (copy / first_line(block)).open("a", encoding="utf-8") as file:
                file.write("\n\n" + block)
    trial = "\n".join(block for block in BLOCKS if first_line(block) == "try it")
    (copy / "trial.py").write_text(trial + "\nprint('from', catalog.__file__)\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "trial.py"], cwd=copy, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"from {copy}" in done.stdout
    return done.stdout


def test_every_block_says_where_it_goes() -> None:
    for block in BLOCKS:
        assert first_line(block) == "try it" or (ROOT / first_line(block)).is_file()


def test_the_new_feature_is_in_the_catalogue_and_is_computed(told: str) -> None:
    line = next(line for line in told.splitlines() if line.startswith("part of a year's order days"))
    assert any(digit in line for digit in "123456789")


def test_the_new_model_is_judged_weighed_and_comes_back_from_its_bundle(told: str) -> None:
    lines = told.splitlines()
    losses = {line[:28].strip(): float(line[28:35]) for line in lines if line[28:31] in (" 0.", " 1.", " 2.")}
    assert losses["naive Bayes alone"] < losses["class frequencies"]
    assert any(line.startswith("its weight in the pool:") for line in lines)
    assert "read back: True NaiveBayes" in lines


def test_the_new_baseline_stands_in_the_comparison(told: str) -> None:
    rows = [line for line in told.splitlines() if line.startswith("overdue alone")]
    assert len(rows) == 1
    assert "[" in rows[0]
