"""What is fitted twice while a bundle is trained is fitted once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from features.instants import FloatArray, IntArray
from tests.trained import small_settings, tiny_dataset
from training.boosting_backend import Remembered, in_this_process, local_backend
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
