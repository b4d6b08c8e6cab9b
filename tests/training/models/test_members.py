"""Organisations that live by fees: what is due is expected, however often fees come and however short the record is."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from benchmarks.fee_payers import BEGIN, MONTH, World, tables
from benchmarks.origins import rows_until
from features.histories.histories import build_histories
from features.instants import FloatArray
from features.sources.source import source_from_rows
from training.data.dataset import Dataset
from training.evaluation import metrics
from training.models.baselines import REVENUE, SWITCHING
from training.models.fitting import one_linear_algebra_thread
from training.models.revenue import fit_revenue
from training.models.switching import MEMBERS, PROCESS, fit_switching
from training.settings import Settings

SETTINGS = Settings()
YEARLY = World(months=54, accounts=400)
MONTHLY = World(terms=(30,), leave=0.03, months=48, accounts=400)
THREE_YEARS = World(terms=(1096,), leave=0.35, months=84, accounts=400)
WITH_ORDERS = World(orders=7.0, accounts=1000)
SHORT = World(months=26, accounts=400)


@cache
def dataset(world: World) -> tuple[Dataset, FloatArray]:
    """Return the rows until the last half year, and which of them are its beginning."""
    origin = int((BEGIN + pd.Timedelta(days=world.months * MONTH - 181)).value // 1000)
    data = rows_until(build_histories(source_from_rows(tables(world, 1))), SETTINGS, origin)
    return data, data.snapshots.as_of == origin


@pytest.mark.parametrize(
    ("world", "off"),
    [
        pytest.param(YEARLY, 0.12, id="yearly"),
        pytest.param(MONTHLY, 0.2, id="monthly"),
        pytest.param(THREE_YEARS, 0.25, id="three years"),
        pytest.param(WITH_ORDERS, 0.15, id="other orders beside"),
    ],
)
def test_fees_are_expected_when_they_are_due(world: World, off: float) -> None:
    """Of the sum that came, .1 (terms of three years) and .7 (of a month, and with other orders) was expected."""
    data, now = dataset(world)
    came = data.labels.revenue[now]
    with one_linear_algebra_thread():
        expected = fit_revenue(data, ~now, SETTINGS).predict(data.matrix[now])[:, 0]
    rules = ("the last horizon again", "last year's pace", "the same season a year ago")
    found = [REVENUE[rule](data, ~now, now, SETTINGS)[:, 0] for rule in rules]
    assert expected.sum() == pytest.approx(came.sum(), rel=off)
    assert np.square(expected - came).mean() < min(np.square(rule - came).mean() for rule in found)


def test_where_most_order_fees_alone_no_silence_tells_who_leaves() -> None:
    """The purchase process takes them for silent: of twenty months it said .35 where .16 left."""
    data, now = dataset(SHORT)
    can, train = now & data.labels.can_switch, ~now & data.labels.can_switch
    with one_linear_algebra_thread():
        pool = fit_switching(data, ~now, SETTINGS)
        best = SWITCHING["log-RFM logit"](data, train, can, SETTINGS)[:, 0]
    left, chance = data.labels.switched[can], pool.predict(data.matrix[can])[:, 0]
    assert not set(PROCESS) & set(pool.members)
    assert chance.mean() == pytest.approx(left.mean(), abs=0.06)
    assert metrics.row_log_loss(chance, left).mean() < 1.05 * metrics.row_log_loss(best, left).mean()


def test_whoever_keeps_the_purchase_process_alone_keeps_it() -> None:
    data, now = dataset(SHORT)
    kept = replace(SETTINGS.pool, switching_without=tuple(set(MEMBERS) - set(PROCESS)))
    with one_linear_algebra_thread():
        assert set(fit_switching(data, ~now, replace(SETTINGS, pool=kept)).members) <= set(PROCESS)
