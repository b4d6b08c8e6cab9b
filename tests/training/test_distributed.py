"""A cluster of two workers gives what one machine gives, also when one of them is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster

from features.errors import ClusterError, SourceUnreadable
from features.partitions.summary import summarise_part
from features.sources.partitioned import LocalExecutor, Part
from serving.scoring.partitioned import score_parts
from serving.scoring.score_columns import TABLES
from serving.scoring.scoring import Scorer
from tests.parted import tiny_parts
from tests.trained import small_settings, tiny_bundle, tiny_dataset, tiny_histories, tiny_trained
from training import distributed
from training.boosting_backend import local_backend
from training.data.partitioned import gather_dataset
from training.distributed import Cluster, connect
from training.evaluation.evaluation import evaluate
from training.evaluation.metrics import row_log_loss
from training.model.bundle import read_bundle, write_bundle
from training.pipeline import train_on

FEW = 300
"""Rows from which on a booster is trained by the workers: the tiny supplier has some thousands."""


@pytest.fixture(scope="module")
def two_workers() -> Iterator[LocalCluster]:
    """Two processes on this machine, each with one thread; one that is killed is started again."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as local:
        yield local


@pytest.fixture
def cluster(two_workers: LocalCluster) -> Iterator[Cluster]:
    two_workers.wait_for_workers(2)
    with connect(two_workers.scheduler_address, min_rows=FEW) as found:
        yield found


def test_rows_and_bundle_are_to_the_byte_those_of_one_machine(cluster: Cluster) -> None:
    """Boosters are trained here: everything else is the same already."""
    data = gather_dataset(tiny_parts(), cluster, small_settings(), tiny_histories().end)
    np.testing.assert_array_equal(data.matrix, tiny_dataset().matrix)
    assert train_on(data, small_settings(), folds=0).bundle.files() == tiny_trained().bundle.files()


def test_scores_are_those_of_one_machine(cluster: Cluster, tmp_path: Path) -> None:
    scorer, end = Scorer(tiny_bundle(), "v1"), tiny_histories().end
    for name, executor in {"local": LocalExecutor(), "cluster": cluster}.items():
        score_parts(
            tiny_parts(),
            executor,
            scorer,
            as_of=end,
            most_bad=0.05,
            out=tmp_path / name,
            form="parquet",
            progress=lambda _, __: None,
        )
    for name in TABLES:
        local, other = (tmp_path / folder / f"{name}.parquet" for folder in ("local", "cluster"))
        assert local.read_bytes() == other.read_bytes()


def test_a_worker_killed_in_the_middle_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """The first to look at part 2 is killed while it does, and the answers are the same."""
    answers = list(cluster.map(partial(fatal_once, mark=tmp_path / "killed", number=2), tiny_parts().parts))
    assert (tmp_path / "killed").exists()
    expected = [summarise_part(part) for part in tiny_parts().parts]
    assert [one.rows_read for one in answers] == [one.rows_read for one in expected]
    assert [one.end for one in answers] == [one.end for one in expected]


def fatal_once(part: Part, mark: Path, number: int) -> Any:
    """The outline; but whoever comes first to that part ends there as if the machine had been switched off."""
    if part.number == number and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return summarise_part(part)


def test_a_result_that_comes_while_the_workers_are_checked_is_taken(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow parts, and a look at the workers every millisecond: any of them may end between two looks."""
    monkeypatch.setattr(distributed, "POLL_SECONDS", 0.001)
    for _ in range(5):
        assert list(cluster.map(slow_number, tiny_parts().parts)) == [0, 1, 2, 3]


def slow_number(part: Part) -> int:
    """The part's number, after a while."""
    time.sleep(0.02)
    return part.number


def booster_by(backend: Any, rounds: int = 20) -> Any:
    """The next rung's booster on two thirds of the tiny supplier, and its log loss on the rest."""
    from training.models.fitting import fit_trees

    data, settings = tiny_dataset(), small_settings()
    learn = data.snapshots.account % 3 > 0
    booster = replace(settings.booster, rounds=rounds)
    trees = fit_trees(
        data.matrix[learn],
        data.labels.next_rung[learn],
        data.weight[learn],
        booster,
        objective="multiclass",
        n_classes=7,
        backend=backend,
    )
    loss = row_log_loss(trees.predict(data.matrix[~learn]), data.labels.next_rung[~learn])
    return trees, loss


def test_a_booster_trained_by_all_is_as_good_and_names_no_machine(cluster: Cluster, capfd: Any) -> None:
    trees, loss = booster_by(cluster.train_booster)
    others, here = booster_by(local_backend)
    assert trees.text != others.text
    assert trees.columns == others.columns
    assert "tree_learner: data" in trees.text
    assert "127.0.0.1" not in trees.text
    difference = loss - here
    assert abs(difference.mean()) < max(0.02, 3 * difference.std() / np.sqrt(len(difference) / 12))
    assert "ports" not in capfd.readouterr().out


def test_few_rows_are_trained_here(cluster: Cluster) -> None:
    rng = np.random.default_rng(0)
    values, target = rng.normal(size=(FEW - 1, 3)), rng.normal(size=FEW - 1)
    parameters = {"objective": "regression", "num_threads": 1, "verbosity": -1, "deterministic": True}
    arguments = (values, [target], np.ones(FEW - 1))
    more = {"names": ["a", "b", "c"], "parameters": parameters, "rounds": 5}
    assert cluster.train_booster(*arguments, **more) == local_backend(*arguments, **more)


def test_a_worker_killed_while_a_booster_grows_costs_time_and_no_more(cluster: Cluster) -> None:
    pids = cluster._client.run(os.getpid)
    seen = threading.Event()

    def kill_when_training() -> None:
        while not seen.is_set():
            time.sleep(0.05)
            busy = cluster._client.processing()
            if sum(any("_train_part" in key for key in keys) for keys in busy.values()) == 2:
                time.sleep(0.3)
                os.kill(pids[max(pids)], signal.SIGKILL)
                seen.set()

    killer = threading.Thread(target=kill_when_training, daemon=True)
    killer.start()
    trees, _ = booster_by(cluster.train_booster, rounds=250)
    assert seen.is_set(), "the booster was ready before anybody was killed"
    assert trees.booster.num_trees() == 250 * 7
    killer.join()


@pytest.mark.slow
def test_models_trained_by_all_are_within_the_noise_of_the_folds(cluster: Cluster, tmp_path: Path) -> None:
    settings, end = small_settings(), tiny_histories().end
    data = gather_dataset(tiny_parts(), cluster, settings, end, backend=cluster.train_booster)
    for one, other in zip(evaluate(data, settings, 2), evaluate(tiny_dataset(), settings, 2), strict=True):
        ours, theirs = one.figures()[f"{one.task}_{one.primary}"], other.figures()[f"{one.task}_{one.primary}"]
        assert abs(ours - theirs) < 0.05 * theirs, one.task
    bundle = train_on(data, settings, folds=0).bundle
    assert bundle.files().keys() == tiny_bundle().files().keys()
    write_bundle(bundle, tmp_path / "bundle")
    assert read_bundle(tmp_path / "bundle")[0].files() == bundle.files()


def test_a_part_that_cannot_be_read_is_named(cluster: Cluster, tmp_path: Path) -> None:
    parts = tiny_parts().parts
    lost = replace(parts[1], folder=tmp_path)
    with pytest.raises(SourceUnreadable, match=r"part 1: .*accounts.parquet cannot be read"):
        list(cluster.map(summarise_part, [parts[0], lost]))


def always_fatal(_: Part) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_part_that_kills_every_worker_is_named(cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match="part 0 has cost several workers their life"):
        list(cluster.map(always_fatal, tiny_parts().parts[:1]))


def test_nobody_at_the_address_is_said() -> None:
    for address in ("tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1:notaport"):
        with pytest.raises(ClusterError, match="no Dask scheduler answers at"), connect(address, answer=1.0):
            pass


def test_a_cluster_without_workers_is_not_waited_for_forever() -> None:
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        pytest.raises(ClusterError, match="no worker for 1 seconds"),
        connect(empty.scheduler_address, patience=1.0),
    ):
        pass


def test_a_worker_of_another_version_is_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "version", lambda _: "1.0")  # here; the workers have the true ones
    with pytest.raises(ClusterError, match=r"runs another program: numpy [0-9.]+ \(here 1.0\)"):
        cluster.refuse_other_programs()


@pytest.mark.parametrize(
    "module", ["ladder", "serving.scoring.partitioned", "training.data.partitioned", "training.pipeline"]
)
def test_nothing_of_dask_is_imported_without_a_cluster(module: str) -> None:
    code = f"import sys, {module}, features.partitions.write, training.models.fitting; print('dask' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
