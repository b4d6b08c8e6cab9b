"""MLproject and the command line never drift apart; every entry point runs."""

import os
import shlex
import shutil
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands.command_line import make_parser
from tests.paths import ROOT

PROJECT: dict[str, Any] = yaml.safe_load((ROOT / "MLproject").read_text())
POINTS: dict[str, Any] = PROJECT["entry_points"]
GIVEN = {"data": "exports"}
"""What has no default."""


def test_the_entry_points_that_people_are_told_of_are_there() -> None:
    assert set(POINTS) >= {"main", "simulate", "train", "backtest", "tune", "score", "monitor"}
    assert (ROOT / PROJECT["python_env"]).is_file()


@pytest.mark.parametrize("name", POINTS)
def test_every_entry_point_is_a_command_that_the_program_takes(name: str) -> None:
    declared, command = POINTS[name]["parameters"], POINTS[name]["command"]
    used = {field for _, field, _, _ in string.Formatter().parse(command) if field}
    assert used == set(declared)
    assert {parameter["type"] for parameter in declared.values()} <= {"string", "float"}
    assert {parameter for parameter in declared if "default" not in declared[parameter]} <= set(GIVEN)
    values = {parameter: str(one.get("default", GIVEN.get(parameter))) for parameter, one in declared.items()}
    words = shlex.split(command.format(**{parameter: shlex.quote(value) for parameter, value in values.items()}))
    assert words[0] == "ladder"
    options = make_parser().parse_args(words[1:])
    for parameter, value in values.items():
        flag = {"minutes": "tune"}.get(parameter, parameter)
        taken = getattr(options, flag)
        assert float(taken) == float(value) if value.isdigit() else str(taken or "") == value


CONFIG = """
[booster]
rounds = 20
[slices]
every_days = 60
[uplift]
least_treated = 20
least_effective = 20
folds = 2
"""


def mlflow_run(folder: Path, project: Path, store: Path, *asked: str) -> None:
    """`mlflow run` in that folder, as its users type it with this environment activated."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}  # of other tests
    environment = {**plain, "PATH": programs, "MLFLOW_TRACKING_URI": f"sqlite:///{store}"}
    command = [sys.executable, "-m", "mlflow", "run", str(project), *asked]
    said = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert said.returncode == 0, (asked, said.stdout[-2000:], said.stderr[-2000:])


def copy_of_the_project(folder: Path) -> Path:
    """The files that `mlflow run` reads; what the commands write falls beside them."""
    folder.mkdir()
    for file in ("MLproject", "python_env.yaml"):
        shutil.copy(ROOT / file, folder)
    return folder


def test_an_entry_point_runs_by_mlflow(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "project")
    few = ["-Pscenario=tiny", "-Paccounts=50", "-Pmonths=12"]
    mlflow_run(tmp_path, project, tmp_path / "mlflow.db", "--env-manager", "local", "-e", "simulate", *few)
    assert (project / "source" / "orders.parquet").is_file()


@pytest.mark.slow
def test_mlflow_makes_the_environment_by_uv(tmp_path: Path) -> None:
    """On a machine that has nothing but MLflow and uv: what runs is the program as it is installed there."""
    (tmp_path / "few.toml").write_text(f'{CONFIG}[registry]\nchampion_folder = "{tmp_path / "champion"}"\n')
    source = tmp_path / "source"
    for asked in (
        ["simulate", "-Pscenario=tiny", "-Paccounts=300", "-Pseed=1", f"-Pout={source}"],
        ["main", f"-Pdata={source}", f"-Pconfig={tmp_path / 'few.toml'}"],
        ["score", f"-Pdata={source}", f"-Pconfig={tmp_path / 'few.toml'}", f"-Pout={tmp_path / 'scores'}"],
    ):
        mlflow_run(tmp_path, ROOT, tmp_path / "mlflow.db", "--env-manager", "uv", "-e", *asked)
    assert (tmp_path / "scores" / "scores.parquet").is_file()


@pytest.mark.slow
def test_every_entry_point_runs_by_mlflow(tmp_path: Path) -> None:
    project, store = copy_of_the_project(tmp_path / "project"), tmp_path / "mlflow.db"
    (project / "few.toml").write_text(CONFIG)
    own = {
        "simulate": {"scenario": "tiny", "accounts": "300", "months": "48", "seed": "1"},
        "backtest": {"folds": "1"},
        "tune": {"minutes": "0.05"},
    }
    for name in ("simulate", *(point for point in POINTS if point != "simulate")):
        values = {"data": "source", "config": "few.toml", **own.get(name, {})}
        given = [f"-P{key}={value}" for key, value in values.items() if key in POINTS[name]["parameters"]]
        mlflow_run(tmp_path, project, store, "--env-manager", "local", "-e", name, *given)
    assert (project / "scores" / "scores.parquet").is_file()
    assert (project / "retrain" / "scores" / "scores.parquet").is_file()
    from training.tracking.registry import Registry
    from training.tracking.tracker import connected

    registry = Registry(f"sqlite:///{store}")
    assert registry.champion() == 4  # main made the first, train promoted its own, tune did not, retrain did
    with connected(registry.uri) as (_, client):
        runs = client.search_runs(["0"])
        begun_by = {run.data.tags.get("mlflow.project.entryPoint") for run in runs}
        assert begun_by - {None} == set(POINTS)  # models and origins of a training are runs of their own
        assert {run.info.status for run in runs} == {"FINISHED"}
        version = client.get_run(client.get_model_version("loyalty-ladder", "1").run_id)
    assert version.data.tags["mlflow.project.entryPoint"] == "main"
    assert version.data.params["data"] == "source"
    assert version.data.metrics["next_rung_log_loss"] > 0
