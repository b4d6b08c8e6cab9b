"""Accounts that order once a year have no pace over half a year: their revenue comes by season, or they are gone."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from benchmarks.origins import rows_until
from features.histories.histories import build_histories
from features.instants import FloatArray
from features.sources.source import source_from_rows
from tests.trained import small_settings
from training.models.baselines import REVENUE
from training.models.fitting import one_linear_algebra_thread
from training.models.revenue import fit_revenue

BEGIN, DAYS = pd.Timestamp("2022-01-01"), 1260
ORIGIN = BEGIN + pd.Timedelta(days=DAYS - 181)


def orders(yearly: int, monthly: int) -> pd.DataFrame:
    """Some accounts order once a year at their own time of it, others once in thirty days."""
    rng = np.random.default_rng(3)
    rows = []
    for k in range(yearly + monthly):
        gap, spread = (365.0, 10.0) if k < yearly else (30.0, 12.0)
        amount, day = np.exp(rng.normal(6.0, 0.7)), rng.uniform(0, 365)
        ends = day + rng.exponential(3000)
        while day < min(DAYS, ends):
            rows.append((f"A{k}", BEGIN + pd.Timedelta(days=day), amount * np.exp(rng.normal(0, 0.2))))
            day += max(1.0, gap + rng.normal(0, spread))
    found = pd.DataFrame(rows, columns=["account_id", "ordered_at", "revenue"])
    return found.assign(order_id=[str(k) for k in range(len(found))])


@cache
def judged(yearly: int, monthly: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return revenue that came, as expected, and of the same season a year ago."""
    origin, settings = int(ORIGIN.value // 1000), small_settings()
    data = rows_until(build_histories(source_from_rows({"orders": orders(yearly, monthly)})), settings, origin)
    now = data.snapshots.as_of == origin
    with one_linear_algebra_thread():
        expected = fit_revenue(data, ~now, settings).predict(data.matrix[now])[:, 0]
    return data.labels.revenue[now], expected, REVENUE["the same season a year ago"](data, ~now, now, settings)[:, 0]


@pytest.mark.parametrize(("yearly", "monthly"), [(300, 0), (150, 150)])
def test_yearly_buyers_are_expected_by_their_season(yearly: int, monthly: int) -> None:
    """Of yearly buyers alone .2 to 1.5 times what came was expected, with a miss of 1.4 to 1.8 times the season's."""
    came, expected, season = judged(yearly, monthly)
    assert expected.sum() == pytest.approx(came.sum(), rel=0.15)
    assert np.abs(expected - came).mean() < 1.1 * np.abs(season - came).mean()
