"""A feature of one's own in which chance, the clock or other accounts have a part is refused by its name."""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from features.catalog import catalog
from features.catalog.catalog import FEATURES, check_added
from features.catalog.declarations import Context, Feature
from features.errors import PluginFailed
from features.histories.order_days import order_days
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray
from tests.trained import small_settings, tiny_histories
from training.data.dataset import build_dataset
from training.estimators.features import HistoryFeatures

Compute = Callable[[View, Context], FloatArray]


def days(view: View, _: Context) -> FloatArray:
    return order_days(view).in_window(90).astype(float)


def noisy(view: View, context: Context) -> FloatArray:
    return days(view, context) + np.random.default_rng().random(len(view))


def by_lot(view: View, _: Context) -> FloatArray:
    return np.array([random.random() for _ in range(len(view))])


def clocked(view: View, _: Context) -> FloatArray:
    return time.time() // 86_400 - view.as_of / MICROSECONDS_PER_DAY


def dated(view: View, _: Context) -> FloatArray:
    return np.full(len(view), float(date.today().month))


def timed(view: View, _: Context) -> FloatArray:
    return np.full(len(view), float(datetime.now(UTC).year))


def in_pandas(view: View, _: Context) -> FloatArray:
    return np.full(len(view), float(pd.Timestamp.now("UTC").year))


def in_numpy(view: View, _: Context) -> FloatArray:
    return np.full(len(view), np.datetime64("today").astype(float))


def ranked(view: View, context: Context) -> FloatArray:
    return days(view, context).argsort().argsort().astype(float)


def monthly(view: View, _: Context) -> FloatArray:
    return pd.to_datetime(view.as_of, unit="us").month.to_numpy(float)


def own(compute: Compute) -> Feature:
    return replace(FEATURES[0], name="our_own", compute=compute, tables=("orders",))


UNSTEADY: dict[str, tuple[Compute, str]] = {
    "chance": (noisy, "other numbers when it is computed again"),
    "the standard library's chance": (by_lot, "other numbers when it is computed again"),
    "the clock": (clocked, r"what time it is now \(time.time\)"),
    "the date": (dated, r"what time it is now \(date.today\)"),
    "the time": (timed, r"what time it is now \(datetime.now\)"),
    "the time of pandas": (in_pandas, r"what time it is now \(Timestamp.now\)"),
    "the date of NumPy": (in_numpy, r"what time it is now \('today'\)"),
    "other accounts": (ranked, "other numbers when others are left out"),
}


@pytest.mark.parametrize("what", UNSTEADY)
def test_what_is_not_steady_is_refused_by_its_name(what: str) -> None:
    compute, message = UNSTEADY[what]
    known = tiny_histories()
    view = View(known, known.known_at(known.end))
    with pytest.raises(PluginFailed, match=f"The feature our_own .*{message}.*learnt as one thing"):
        check_added(view, Context(), (*FEATURES, own(compute)))
    rows = pd.DataFrame({"account_id": known.account_ids[:40], "as_of": pd.Timestamp(known.end, unit="us")})
    with pytest.raises(PluginFailed, match="The feature our_own"):
        HistoryFeatures(known, features=(*FEATURES, own(compute))).fit(rows)


@pytest.mark.parametrize("compute", [days, monthly])
def test_what_is_steady_is_not_refused(compute: Compute) -> None:
    known = tiny_histories()
    check_added(View(known, known.known_at(known.end)), Context(), (*FEATURES, own(compute)))
    check_added(View(known, known.known_at(known.end).take(np.arange(0))), Context(), (own(ranked),))


def test_a_training_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog.check_added, "__defaults__", ((*FEATURES, own(noisy)),))
    with pytest.raises(PluginFailed, match="The feature our_own gives other numbers"):
        build_dataset(tiny_histories(), small_settings(), tiny_histories().end)
