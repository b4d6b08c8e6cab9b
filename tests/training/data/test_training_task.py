"""Which members of a pool learn."""

from dataclasses import replace

import numpy as np
import pytest

from features.errors import SettingsError
from tests.trained import tiny_dataset
from tests.training.evaluation.comparisons import hasty_settings
from training.models.next_rung import fit_next_rung
from training.models.switching import MEMBERS, fit_switching
from training.settings import PoolSettings


def test_a_member_that_the_settings_leave_out_does_not_learn() -> None:
    data, everybody = tiny_dataset(), np.ones(len(tiny_dataset().matrix), bool)
    without = replace(hasty_settings(), pool=PoolSettings(("ordinal", "booster"), ("booster",)))
    assert set(fit_next_rung(data, everybody, without).members) == {"logit", "table"}
    assert set(fit_switching(data, everybody, without).members) == {
        "logit", "rfm", "recency", "expected orders", "regular orders",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "said"),
    [(("forest",), "called forest.*may leave out booster, logit, rfm"), (tuple(MEMBERS), "keep one of")],
)
def test_a_pool_refuses_to_leave_out_what_it_has_not_or_all_it_has(names: tuple[str, ...], said: str) -> None:
    data, settings = tiny_dataset(), replace(hasty_settings(), pool=PoolSettings(switching_without=names))
    with pytest.raises(SettingsError, match=said):
        fit_switching(data, np.ones(len(data.matrix), bool), settings)
