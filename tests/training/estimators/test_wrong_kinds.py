"""What an estimator, or a function of `import ladder`, cannot use is refused in a sentence that names it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ladder
from features.errors import LadderError
from tests.trained import tiny, tiny_histories
from training.estimators import HistoryFeatures, RungClassifier, SetCalibrator, UpliftRegressor

STRANGE: tuple[Any, ...] = (None, 5, "x", b"x", [], {"a": 1}, object(), pd.DataFrame({"a": [1]}), np.zeros(3), len)
X, Y = np.random.default_rng(0).random((60, 3)), np.arange(60) % 2
KNOWN = pd.DataFrame({"account_id": tiny_histories().account_ids[:20], "as_of": "2025-06-01"})
SOURCE = ladder.read(tiny().tables)
CALLS: dict[str, tuple[Callable[[Any], Any], tuple[Any, ...]]] = {
    "histories": (lambda given: HistoryFeatures(given).fit(KNOWN), (*STRANGE, SOURCE)),
    "horizon_days": (lambda days: HistoryFeatures(tiny_histories(), horizon_days=days).fit(KNOWN), (*STRANGE[2:], -1)),
    "rules": (lambda given: HistoryFeatures(tiny_histories(), rules=given).fit(KNOWN), STRANGE[1:]),
    "features": (lambda given: HistoryFeatures(tiny_histories(), features=given).fit(KNOWN), (None, 5, "x", [1], len)),
    "n_jobs": (lambda given: RungClassifier(rounds=1, n_jobs=given).fit(X, Y), STRANGE[2:]),
    "estimator": (lambda given: SetCalibrator(given).fit(X, Y), STRANGE),
    "folds": (lambda given: UpliftRegressor(rounds=1, folds=given).fit(X, Y, treatment=Y), (*STRANGE[2:], 1, None)),
    "clip": (lambda given: UpliftRegressor(rounds=1, clip=given).fit(X, Y, treatment=Y), (*STRANGE[1:], None)),
    "modifiers": (lambda given: UpliftRegressor(rounds=1, modifiers=given).fit(X, Y, treatment=Y), (5, len, object())),
    "more": (lambda given: ladder.features(SOURCE, more=given), ([1], "x", SOURCE)),
    "like": (lambda given: ladder.features(SOURCE, like=given), STRANGE[1:]),
    "of": (lambda given: ladder.trials(given, "rebate"), (*STRANGE, SOURCE)),
    "of, judged": (lambda given: ladder.evaluate(given), (*STRANGE, SOURCE)),
    "of, effects": (lambda given: ladder.effects(given), (*STRANGE, SOURCE)),
    "comparisons": (lambda given: ladder.grades(given), STRANGE),
    "plot": (lambda given: ladder.draw(None, given, None), STRANGE),  # type: ignore[arg-type]
    "plan": (lambda given: ladder.evaluate_plan(given, SOURCE), STRANGE),
    "model": (lambda given: ladder.load(given), (*STRANGE[:2], *STRANGE[3:])),
    "accounts": (lambda given: ladder.rungs(SOURCE, accounts=given), (5, [[1]], SOURCE)),
    "months": (lambda given: ladder.simulate(accounts=50, months=given), STRANGE),
    "scenario": (lambda given: ladder.simulate(given), STRANGE),
}  # fmt: skip


@pytest.mark.parametrize("what", CALLS)
def test_what_is_of_the_wrong_kind_is_refused_in_a_sentence(what: str) -> None:
    call, given = CALLS[what]
    for strange in given:
        with pytest.raises((LadderError, TypeError, ValueError)) as refusal:
            call(strange)
        said = str(refusal.value)
        assert isinstance(refusal.value, LadderError) or what in said or "one of" in said, (strange, said)
        assert not any(
            words in said for words in ("no attribute", "not supported between", "not iterable", "unhashable")
        )
