"""What an installed package adds is used as ours is, and called by its name where it is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from features.errors import BundleError
from tests.paths import ROOT
from training.model.bundle import read_bundle

ACME = """
from dataclasses import dataclass

import numpy as np

from features.catalog.declarations import Family
from features.sources.proposals.recipes import Recipe
from training.model.serialization import served

ORDERS = Family("acme", "orders")
DAYS = (ORDERS.recency("orders", "acme_days_since_order", "the last order, as Acme counts"),)
TILL = Recipe("Acme Till", "receipts", "orders", ("kassa", "wie", "wanneer", "hoeveel"),
              {"account_id": "wie", "ordered_at": "wanneer", "revenue": "hoeveel"})


@served
@dataclass(frozen=True)
class AcmeConstant:
    share: float

    def predict(self, matrix):
        return np.full((len(matrix), 1), self.share)


def learn(task):
    return AcmeConstant(0.3)
"""
POINTS = {
    "features": "[loyalty_ladder.features]\nacme = acme:DAYS\n",
    "members": "[loyalty_ladder.members]\nswitching.acme = acme:learn\n",
    "exports": "[loyalty_ladder.exports]\nacme = acme:TILL\n",
}
TRAIN = """
import sys, ladder
from tests.trained import tiny
small = {"booster": {"rounds": 5}, "slices": {"every_days": 180}, "outcome": {"further_horizons_days": []}}
model = ladder.train(ladder.read(dict(tiny().tables), small), folds=0)
print("members", sorted(model.bundle.switching.members), "acme_days_since_order" in model.bundle.facts.features)
model.save(sys.argv[1])
"""


def installed(folder: Path, points: str) -> str:
    """Lay a package with entry points into a folder, as an installer does; what PYTHONPATH must be."""
    (folder / "acme.py").write_text(ACME)
    described = folder / "acme_ladder-1.2.dist-info"
    described.mkdir(exist_ok=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-ladder\nVersion: 1.2\n")
    (described / "entry_points.txt").write_text(points)
    return f"{folder}{os.pathsep}{ROOT}"


def python(path: str, program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("kind", "named"),
    [("features", "acme_days_since_order"), pytest.param("members", "AcmeConstant", marks=pytest.mark.slow)],
)
def test_a_model_with_a_foreign_part_serves_where_it_is_installed_and_names_it_where_not(
    kind: str, named: str, tmp_path: Path
) -> None:
    path = installed(tmp_path, POINTS[kind])
    trained = python(path, TRAIN, str(tmp_path / "bundle"), folder=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert ("'acme'" in trained.stdout) == (kind == "members")
    assert ("True" in trained.stdout) == (kind == "features")
    read = "import sys; from training.model.bundle import read_bundle, Path; print(read_bundle(Path(sys.argv[1]))[1])"
    there = python(path, read, str(tmp_path / "bundle"), folder=tmp_path)
    assert there.returncode == 0, there.stderr
    assert "Warning" not in there.stderr
    with pytest.raises(BundleError, match=rf"{named}.*acme-ladder 1\.2, which is not installed here"):
        read_bundle(tmp_path / "bundle")
    metadata = tmp_path / "acme_ladder-1.2.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.2", "Version: 1.3"))
    newer = python(path, read, str(tmp_path / "bundle"), folder=tmp_path)
    assert newer.returncode == 0, newer.stderr
    assert "was trained with acme-ladder 1.2, and 1.3 is installed here" in newer.stderr


def test_a_foreign_recipe_is_known_to_init(tmp_path: Path) -> None:
    path = installed(tmp_path, POINTS["exports"])
    (tmp_path / "till.csv").write_text("kassa,wie,wanneer,hoeveel\n1,K1,2025-01-13,5\n")
    start = "import sys; from commands.command_line import main; sys.exit(main(sys.argv[1:]))"
    made = python(path, start, "init", "--data", "till.csv", "--yes", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "taken as Acme Till, receipts" in made.stdout


@pytest.mark.parametrize(
    "points",
    [
        "[loyalty_ladder.features]\nacme = acme:NOTHING\n",
        "[loyalty_ladder.features]\nacme = acme:learn\n",
        "[loyalty_ladder.members]\nacme = acme:learn\n",
        "[loyalty_ladder.baselines]\nacme = acme:learn\n",
    ],
    ids=["what is not there", "what is no feature", "a member of no pool", "a baseline of no task"],
)
def test_a_package_that_adds_what_cannot_be_used_is_called_by_its_name(points: str, tmp_path: Path) -> None:
    program = "import features.catalog.catalog, training.models.switching, training.models.baselines"
    done = python(installed(tmp_path, points), program, folder=tmp_path)
    assert "SettingsError: The package acme-ladder 1.2 adds 'acme'" in done.stderr
