"""What several ask for within a training is made once, and outside of it anew."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from training.model.buy_till_you_die import BuyTillYouDie
from training.model.predictors import Linear
from training.model.terms import Term
from training.models import fitting
from training.models.buy_till_you_die import PurchaseHistories, fit_buy_till_you_die
from training.models.fitting import fit_classes, fitted_once
from training.once import Once


def test_a_result_is_made_once_within_and_anew_outside() -> None:
    once, made = Once(), []
    for _ in range(2):
        with once.within(), once.within():
            assert {once.of(lambda: b"key", lambda: made.append(1)) for _ in range(3)} == {None}
    assert len(made) == 2
    once.of(lambda: b"key", lambda: made.append(1))
    assert len(made) == 3


def test_threads_wait_for_one_another_and_share_a_failure() -> None:
    once, together, tried = Once(), Barrier(2), []

    def fails() -> int:
        tried.append(1)
        raise ValueError("singular")

    def ask(_: int) -> None:
        together.wait()
        with pytest.raises(ValueError, match="singular"):
            once.of(lambda: b"key", fails)

    with once.within(), ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, range(2)))
    assert tried == [1]


def test_a_logit_is_solved_once_and_whatever_differs_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    solved, solve = [], fitting._solve
    monkeypatch.setattr(fitting, "_solve", lambda *asked: solved.append(1) or solve(*asked))  # type: ignore[func-returns-value]
    matrix = np.random.default_rng(0).gamma(2.0, size=(300, 3))
    target, even, heavy, terms = (matrix[:, 0] > 2).astype(np.int64), np.ones(300), np.linspace(0.5, 1.5, 300), TERMS

    def every() -> list[Linear]:
        return [
            fit_classes(matrix, target, even, terms, n_classes=1),
            fit_classes(matrix, 1 - target, even, terms, n_classes=1),
            fit_classes(matrix, target, heavy, terms, n_classes=1),
            fit_classes(matrix, target, even, terms[:1], n_classes=1),
            fit_classes(matrix, target, even, terms, n_classes=1, penalty=2.0),
            fit_classes(matrix + 1, target, even, terms, n_classes=1),
        ]  # fmt: skip

    apart = every()
    solved.clear()
    with fitted_once():
        assert every() == every() == apart
    assert len(solved) == len(apart)


TERMS = [Term(0), Term(1)]


def test_purchase_histories_are_fitted_once_by_each_law() -> None:
    draw = np.random.default_rng(0)
    age, repeats = draw.uniform(100, 700, 60), draw.poisson(3, 60).astype(float)
    recency = np.where(repeats > 0, age * draw.uniform(0.3, 1.0, 60), 0.0)
    seen = PurchaseHistories(repeats, recency, age, repeats * np.log(np.maximum(recency, 1) / np.maximum(repeats, 1)))

    def both() -> list[BuyTillYouDie]:
        return [fit_buy_till_you_die(seen, regularities=(1,), stops_at_once=at_once) for at_once in (True, False)]

    apart = both()
    with fitted_once():
        first, again = both(), both()
    assert first == apart
    assert all(one is other for one, other in zip(first, again, strict=True))
