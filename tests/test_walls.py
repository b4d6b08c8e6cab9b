"""Every wall between the packages stands: a violation is planted for each contract, and that contract breaks."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.paths import ROOT

LINT = Path(sys.executable).with_name("lint-imports")
PROJECT: Mapping[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETTINGS = PROJECT["tool"]["importlinter"]
CONTRACTS = [contract["name"] for contract in SETTINGS["contracts"]]
PLANTED = (
    ("one direction", "training/pipeline.py", "import serving.scoring.batch"),
    ("serving has floors", "serving/integrations/crm.py", "from serving.planning import plan"),
    ("no circles", "serving/planning/knapsack.py", "from serving.planning.plan import Plan"),
    ("features, from the bottom", "features/sources/cleaning/cells.py", "from features.histories import streams"),
    ("only serving.api, serving.web and serving.runtime know HTTP", "serving/planning/planner.py",
     "from starlette.responses import Response"),
    ("training, from the bottom", "training/models/buy_till_you_die.py", "import training.effects.trials"),
    ("pydantic reads requests and settings", "serving/scoring/results.py", "import pydantic"),
    ("only serving.api, serving.web and serving.runtime know HTTP", "serving/store/lookups.py",
     "from http.client import HTTPException"),
    ("only serving.runtime knows BentoML", "serving/web/routes.py", "import bentoml"),
    ("serving imports of training only training.model", "serving/scoring/batch.py", "from training import settings"),
    ("what serves needs no learning library", "serving/planning/plan.py", "from scipy.optimize import milp"),
    ("the exact solver", "serving/planning/planner.py", "from serving.planning.integer_program import solve"),
    ("training.model stands alone", "training/model/margins.py", "from training.settings import Settings"),
    ("only training.tracking knows MLflow", "training/evaluation/metrics.py", "import mlflow"),
    ("only training.distributed knows Dask", "training/data/partitioned.py", "import dask.array"),
    ("no estimator sees the simulator", "training/effects/uplift.py", "from training.simulator.truth import Truth"),
)  # fmt: skip
"""The beginning of a contract's name, and an import that breaks it, with the module where it is planted."""
ALSO = {"no estimator sees the simulator": "training, from the bottom"}
"""A contract that any violation of another breaks as well: the simulator stands on the top floor of training."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages and of the contracts."""
    folder = tmp_path_factory.mktemp("walls")
    for package in SETTINGS["root_packages"]:
        shutil.copytree(ROOT / package, folder / package, ignore=lambda _, names: [n for n in names if _other(n)])
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def _other(name: str) -> bool:
    return name == "__pycache__" or ("." in name and not name.endswith(".py"))


def broken(tree: Path) -> set[str]:
    """The names of the contracts that do not hold in that tree."""
    done = subprocess.run(
        [LINT, "--config", "pyproject.toml", "--cache-dir", ".cache"],
        cwd=tree, env=os.environ | {"COLUMNS": "300"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    verdicts = dict(re.findall(r"^(.+?) ?(KEPT|BROKEN)\b.*$", done.stdout, re.MULTILINE))
    assert set(verdicts) == set(CONTRACTS), done.stdout + done.stderr
    return {name for name, verdict in verdicts.items() if verdict == "BROKEN"}


@contextmanager
def violation(file: Path, planted: str) -> Iterator[None]:
    """The import at the end of that module, for the length of the block."""
    whole = file.read_text(encoding="utf-8")
    file.write_text(f"{whole}\n{planted}\n", encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(whole, encoding="utf-8")


def test_every_wall_stands(tree: Path) -> None:
    assert broken(tree) == set()


def test_every_wall_has_a_violation_planted() -> None:
    told = {name for name in CONTRACTS for beginning, _, _ in PLANTED if name.startswith(beginning)}
    assert told == set(CONTRACTS)


@pytest.mark.parametrize(("wall", "module", "planted"), PLANTED)
def test_a_planted_import_breaks_its_wall_and_no_other(wall: str, module: str, planted: str, tree: Path) -> None:
    with violation(tree / module, planted):
        others = [name for name in broken(tree) if not name.startswith(ALSO.get(wall, "-"))]
        assert [name[: len(wall)] for name in others] == [wall]


def test_a_learning_library_in_what_is_served_is_seen_from_both_sides(tree: Path) -> None:
    with violation(tree / "training" / "model" / "predictors.py", "import sklearn.linear_model"):
        assert {name.partition(":")[0] for name in broken(tree)} == {
            "what serves needs no learning library", "training.model stands alone",
        }  # fmt: skip


def test_a_new_package_of_serving_needs_a_floor(tree: Path) -> None:
    attic = tree / "serving" / "attic"
    attic.mkdir()
    (attic / "__init__.py").touch()
    try:
        assert [name.partition(":")[0] for name in broken(tree)] == ["serving has floors"]
    finally:
        shutil.rmtree(attic)
