"""The mass of a distribution over the rungs above and below today's."""

import numpy as np

from features.tables import RUNGS
from training.model.predictors import normalise
from training.model.rung_mass import mass_above, mass_below


def test_mass_by_hand() -> None:
    chances = np.array([[0.125, 0.25, 0.625], [0.5, 0.25, 0.25]])
    rung = np.array([1, 2])
    assert mass_above(chances, rung).tolist() == [0.625, 0.0]
    assert mass_below(chances, rung).tolist() == [0.125, 0.75]
    assert mass_above(np.empty((0, 3)), np.empty(0, np.int64)).shape == (0,)


def test_mass_has_the_bits_of_a_sum_over_the_row_whatever_stands_beside_it() -> None:
    rng = np.random.default_rng(0)
    chances, rung = normalise(rng.uniform(size=(500, len(RUNGS)))), rng.integers(0, len(RUNGS), 500)
    steps = np.arange(len(RUNGS))
    assert mass_above(chances, rung).tolist() == (chances * (steps > rung[:, None])).sum(axis=1).tolist()
    assert mass_below(chances, rung).tolist() == (chances * (steps < rung[:, None])).sum(axis=1).tolist()
    assert mass_above(chances[7:8], rung[7:8])[0] == mass_above(chances, rung)[7]
