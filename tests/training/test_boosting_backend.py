"""What is fitted twice while a bundle is trained is fitted once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from features.instants import FloatArray, IntArray
from tests.trained import small_settings, tiny_dataset
from training.boosting_backend import Remembered, binned_once, in_this_process, local_backend
from training.evaluation.evaluation import evaluate
from training.models.next_rung import fit_with_earlier


class Counted:
    """A backend that counts boosters; with `answer`, it says that instead of training."""

    def __init__(self, answer: str | None = None) -> None:
        self.targets: list[bytes] = []
        self.answer = answer

    def __call__(
        self, values: FloatArray, targets: Sequence[FloatArray | IntArray], weight: FloatArray, **asked: Any
    ) -> list[str]:
        self.targets += [target.tobytes() for target in targets]
        if self.answer is None:
            return local_backend(values, targets, weight, **asked)
        return [f"{self.answer} {len(self.targets)}" for _ in targets]


ROWS, WEIGHT = np.arange(12.0).reshape(6, 2), np.ones(6)
ONE, OTHER = np.array([0, 1, 0, 1, 0, 1]), np.array([0, 0, 0, 1, 1, 1])
ASKED: dict[str, Any] = {"names": ["f0", "f1"], "parameters": {"objective": "binary"}, "rounds": 3}


def test_only_what_nobody_asked_for_yet_is_trained() -> None:
    inner = Counted("text")
    backend = Remembered(inner)
    first = backend(ROWS, [ONE], WEIGHT, **ASKED)
    both = backend(ROWS.copy(), [OTHER, ONE], WEIGHT.copy(), **ASKED)
    assert both[1] == first[0]
    assert len(inner.targets) == 2


@pytest.mark.parametrize(
    ("values", "target", "weight", "asked"),
    [
        (ROWS + 1, ONE, WEIGHT, {}),
        (ROWS, ONE.astype(float), WEIGHT, {}),
        (ROWS, ONE, 2 * WEIGHT, {}),
        (ROWS, ONE, WEIGHT, {"rounds": 4}),
        (ROWS, ONE, WEIGHT, {"names": ["f0", "f2"]}),
        (ROWS, ONE, WEIGHT, {"parameters": {"objective": "regression"}}),
        (ROWS.reshape(6, 2)[:, ::-1], ONE, WEIGHT, {}),
    ],
)
def test_whatever_differs_is_another_booster(values: Any, target: Any, weight: Any, asked: dict[str, Any]) -> None:
    inner = Counted("text")
    backend = Remembered(inner)
    backend(ROWS, [ONE], WEIGHT, **ASKED)
    backend(values, [target], weight, **{**ASKED, **asked})
    assert len(inner.targets) == 2


def test_two_threads_that_ask_for_the_same_get_the_same() -> None:
    inner, together = Counted("text"), Barrier(2)
    backend = Remembered(inner)

    def ask(_: int) -> list[str]:
        together.wait()
        return backend(ROWS, [ONE, OTHER], WEIGHT, **ASKED)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(ask, range(2))
    assert one == other
    assert len(inner.targets) == 2


def test_a_failure_is_told_to_all_who_asked() -> None:
    def failing(*_: Any, **__: Any) -> list[str]:
        raise ValueError("no rows")

    backend = Remembered(failing)
    for _ in range(2):
        with pytest.raises(ValueError, match="no rows"):
            backend(ROWS, [ONE], WEIGHT, **ASKED)
    assert not backend.local
    assert in_this_process(Remembered(local_backend))


def test_the_weights_of_the_served_pool_rest_on_the_models_of_the_latest_origin() -> None:
    """So its earlier members are not fitted again: one softmax booster and as many as there are steps, once."""
    inner = Counted()
    data = replace(tiny_dataset(), backend=Remembered(inner))
    evaluate(data, small_settings(), folds=1, wanted=lambda name: name == "next_rung")
    judged = len(inner.targets)
    pool, earlier = fit_with_earlier(data, np.ones(len(data.matrix), bool), small_settings())
    assert earlier is not None
    steps = len([step for step in pool.members["ordinal"].steps if hasattr(step, "text")])  # type: ignore[attr-defined]
    assert len(inner.targets) == judged + 1 + steps


@pytest.fixture
def matrices(monkeypatch: pytest.MonkeyPatch) -> list[FloatArray]:
    """Return the matrices that were given to LightGBM to be binned."""
    given, plain = [], lgb.Dataset

    def counted(values: FloatArray, **more: Any) -> lgb.Dataset:
        given.append(values)
        return plain(values, **more)

    monkeypatch.setattr("training.boosting_backend.lgb.Dataset", counted)
    return given


MANY = np.random.default_rng(0).normal(size=(400, 5))
NAMES = [f"f{k}" for k in range(5)]
RISES, FALLS = (MANY[:, 0] > 0).astype(np.int64), (MANY[:, 1] < 0).astype(np.int64)


def grown(target: IntArray, weight: FloatArray, values: FloatArray = MANY, **more: Any) -> str:
    basic = {
        "objective": "binary",
        "num_threads": 1,
        "seed": 0,
        "deterministic": True,
        "verbosity": -1,
        "num_leaves": 4,
    }
    (text,) = local_backend(values, [target], weight, names=NAMES, parameters={**basic, **more}, rounds=5)
    return text


def test_a_matrix_is_binned_once_and_its_boosters_are_the_same_bytes(matrices: list[FloatArray]) -> None:
    heavy = np.linspace(0.5, 1.5, 400)
    asked: list[tuple[IntArray, FloatArray, dict[str, Any]]] = [
        (RISES, heavy, {}), (FALLS, np.ones(400), {"objective": "regression"}), (RISES, np.ones(400), {}),
        (FALLS, heavy, {"monotone_constraints": [0, -1, 0, 0, 0]}), (RISES, heavy, {}),
    ]  # fmt: skip
    apart = [grown(target, weight, **more) for target, weight, more in asked]
    assert len(matrices) == len(asked)
    matrices.clear()
    with binned_once():
        together = [grown(target, weight, MANY.copy(), **more) for target, weight, more in asked]
    assert together == apart
    assert len(matrices) == 2  # with weights, and without


def test_what_bins_depend_on_is_never_shared_and_nothing_is_kept_afterwards(matrices: list[FloatArray]) -> None:
    with binned_once():
        least = [grown(RISES, np.ones(400), min_data_in_leaf=leaf) for leaf in (100, 5, 100)]
        grown(RISES, np.ones(400), MANY + 1)
    assert least[0] == least[2] != least[1]
    assert len(matrices) == 3
    with binned_once():
        grown(RISES, np.ones(400))
    assert len(matrices) == 4


def test_no_more_is_kept_than_fits(matrices: list[FloatArray], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.boosting_backend._BINNED.MOST", 2 * MANY.size)
    with binned_once():
        for shift in (0, 1, 2, 1, 2, 0):
            grown(RISES, np.ones(400), MANY + shift)
    assert len(matrices) == 4


def test_threads_that_train_on_the_same_rows_do_not_share_a_matrix_at_a_time() -> None:
    apart = [grown(target, np.ones(400)) for target in (RISES, FALLS)]
    with binned_once(), ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(grown, (RISES, FALLS)[k % 2], np.ones(400)) for k in range(12)]
        assert [job.result() for job in jobs] == apart * 6
