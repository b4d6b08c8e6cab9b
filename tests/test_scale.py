"""The program on a partitioned source, on one machine and on a cluster: the same answers as on the source itself."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster

from serving.scoring.score_columns import TABLES
from tests.commands.test_cli import Run, champion, data, refused, run

__all__ = ["champion", "data", "run"]


@pytest.fixture
def parts(run: Run, data: str, tmp_path: Path) -> str:
    """The tiny supplier in four parts."""
    said = run("partition", "--data", data, "--out", "parts", "--parts", "4", "--json")
    assert said.status == 0, said.err
    assert said.figures["parts"] == 4
    assert said.figures["split_keys"] == {}
    assert said.figures["rows"]["orders"] == pq.read_metadata(Path(data) / "orders.parquet").num_rows
    return str(tmp_path / "parts")


def same_tables(one: Path, other: Path) -> None:
    for name in TABLES:
        left, right = (pd.read_parquet(folder / f"{name}.parquet") for folder in (one, other))
        pd.testing.assert_frame_equal(left, right, check_exact=True)
        assert len(left)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster of two workers on this machine."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as local:
        yield local.scheduler_address


def test_plain_in_parts_and_on_a_cluster_the_scores_are_the_same(
    run: Run, data: str, parts: str, champion: str, address: str, tmp_path: Path
) -> None:
    assert champion
    ways = {"plain": [data], "parts": [parts], "cluster": [parts, "--dask", address]}
    for name, arguments in ways.items():
        said = run("score", "--out", name, "--json", "--data", *arguments)
        assert said.status == 0, said.err
        assert said.figures["accounts"] == 300
        assert said.err.count("rows were set aside") == 1
    for name in ("parts", "cluster"):
        same_tables(tmp_path / "plain", tmp_path / name)
    for name in ("plain", "cluster"):
        assert run("score", "--out", f"early {name}", "--as-of", "2025-01-01", "--data", *ways[name]).status == 0
    same_tables(tmp_path / "early plain", tmp_path / "early cluster")


QUICK = """
[booster]
rounds = 30
[slices]
every_days = 120
most = 4
[uplift]
least_treated = 20
least_effective = 20
folds = 2
"""


@pytest.mark.slow
def test_in_parts_a_model_is_trained_and_scores_without_a_trace_of_dask(run: Run, parts: str, tmp_path: Path) -> None:
    assert run
    (tmp_path / "quick.toml").write_text(QUICK)
    code = (
        "import sys, ladder\n"
        f"assert ladder.main(['train', '--data', {parts!r}, '--config', 'quick.toml']) == 0\n"
        f"assert ladder.main(['score', '--data', {parts!r}, '--out', 'out']) == 0\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'dask', 'distributed'}))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_plain_in_parts_and_on_a_cluster_the_model_is_the_same_to_the_byte(
    run: Run, data: str, parts: str, address: str, tmp_path: Path
) -> None:
    """On the cluster too, for so few rows are grown into boosters here."""
    (tmp_path / "quick.toml").write_text(QUICK)
    ways = {"plain": [data], "parts": [parts], "cluster": [parts, "--dask", address]}
    said = {name: run("train", "--config", "quick.toml", "--json", "--data", *way) for name, way in ways.items()}
    assert [one.status for one in said.values()] == [0, 0, 0]
    assert len({one.figures["bundle"] for one in said.values()}) == 1


def tuned(run: Run, *arguments: str) -> str:
    """The bundle of a training whose tuning had time for the settings given alone, so that it can be compared."""
    said = run("train", "--config", "few.toml", "--tune", "0.0001", "--json", "--data", *arguments)
    assert said.status == 0, said.err
    assert said.figures["tuning_trials"] == 1
    assert "no time for a second trial" in said.out
    return str(said.figures["bundle"])


@pytest.mark.slow
def test_settings_are_searched_on_parts_and_on_a_cluster_as_on_the_whole(
    run: Run, data: str, parts: str, address: str
) -> None:
    assert tuned(run, data) == tuned(run, parts) == tuned(run, parts, "--dask", address)


def test_what_is_not_done_by_parts_reads_them_as_one(run: Run, data: str, parts: str) -> None:
    plain, parted = (run("check", "--data", source, "--json") for source in (data, parts))
    assert parted.status == 0, parted.err
    assert parted.figures == plain.figures


def test_what_cannot_be_done_is_refused(run: Run, data: str, parts: str, tmp_path: Path) -> None:
    for command in (("train",), ("score", "--out", "out")):
        assert "ladder partition" in refused(run(*command, "--data", data, "--dask", "tcp://127.0.0.1:9"))
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "part-00000").mkdir()
    assert "interrupted" in refused(run("train", "--data", "half"))
    assert "not empty" in refused(run("partition", "--data", data, "--out", "parts"))
    assert run("partition", "--data", data, "--out", "more", "--parts", "0").status == 2
    assert "history" in refused(run("train", "--data", parts, "--as-of", "1999-01-01"))
    assert not (tmp_path / "out").exists()


def test_without_dask_installed_it_is_said_what_to_install(
    run: Run, parts: str, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert champion
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = refused(run("score", "--data", parts, "--out", "out", "--dask", "tcp://127.0.0.1:9"))
    assert "install loyalty-ladder[dask]" in message
