"""The pool of switching: members that could be learnt once only, and a level at the edge."""

from itertools import permutations

import numpy as np
import pytest

from training.data.present import Present
from training.model.predictors import FLOOR, Pool
from training.model.rules import Constant
from training.models.fitting import weighed_pool
from training.models.switching import _to_level


def test_a_member_that_was_not_weighed_has_no_weight_and_one_that_is_gone_leaves_its_to_the_others() -> None:
    members = {"a": Constant(0.2), "new": Constant(0.9)}
    pool = weighed_pool(members, {"a": 0.5, "gone": 0.5})
    assert pool.weights == {"a": 1.0, "new": 0.0}
    assert pool.predict(np.zeros((1, 1)))[0, 0] == pytest.approx(0.2)
    assert weighed_pool({"new": Constant(0.9)}, {"gone": 1.0}).weights == {"new": 1.0}


def test_weights_are_the_same_to_the_last_digit_in_any_order_of_the_members() -> None:
    learnt = {"booster": 0.0791, "logit": 0.4783, "ordinal": 0.079, "table": 0.3637}
    orders = list(permutations(learnt))
    sums = {sum(learnt[name] for name in order) for order in orders}
    assert len(sums) > 1, "the order of adding would show"
    pools = [weighed_pool({name: Constant(0.2) for name in order}, learnt).weights for order in orders]
    assert all(dict(weights) == dict(pools[0]) for weights in pools)


@pytest.mark.parametrize("expected", [FLOOR, 0.3, 0.9, 1 - FLOOR])
@pytest.mark.parametrize("said", [FLOOR, 0.5, 1 - FLOOR])
def test_the_level_follows_the_process_even_from_one_end_to_the_other(expected: float, said: float) -> None:
    pool = Pool({"silence": Constant(expected), "other": Constant(said)}, {"silence": 0.0, "other": 1.0})
    everybody = Present(np.zeros((5, 1)), np.ones(5, bool))
    moved = Pool(pool.members, pool.weights, _to_level(pool, everybody))
    assert moved.predict(everybody.matrix)[:, 0] == pytest.approx(expected, rel=1e-3)
    assert _to_level(pool, Present(np.zeros((5, 1)), np.zeros(5, bool))) == 0.0
