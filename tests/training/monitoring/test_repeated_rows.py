"""A feed that comes twice under other numbers is named; equal rows that there always were are not."""

import numpy as np
import pandas as pd
import pytest

from features.histories.histories import Histories, build_histories
from features.instants import MICROSECONDS_PER_DAY
from features.sources.source import source_from_rows
from tests.trained import tiny, tiny_histories
from training.monitoring.repeated_rows import repeated_rows

TRAINED = tiny_histories().end - 70 * MICROSECONDS_PER_DAY


def with_orders(orders: pd.DataFrame) -> Histories:
    return build_histories(source_from_rows(dict(tiny().tables) | {"orders": orders}))


def copies(orders: pd.DataFrame, since_days: int, every: int = 1) -> pd.DataFrame:
    """The orders since some days before the end, again under other numbers."""
    begin = pd.Timestamp(tiny_histories().end, unit="us") - pd.Timedelta(days=since_days)
    again = orders[pd.to_datetime(orders["ordered_at"]) >= begin]
    return pd.concat([orders, again[::every].assign(order_id=lambda rows: "again-" + rows["order_id"].astype(str))])


@pytest.mark.parametrize(("since", "every", "share"), [(60, 1, 0.5), (28, 1, 0.5), (60, 2, 0.33)])
def test_a_feed_that_comes_twice_is_named(since: int, every: int, share: float) -> None:
    known = with_orders(copies(tiny().tables["orders"], since, every))
    (one,) = repeated_rows(known, known.end, TRAINED)
    assert (one.table, one.column, one.kind) == ("orders", "", "repeated")
    assert one.now == pytest.approx(share, abs=0.06)
    assert one.before < 0.1


def test_what_was_always_so_or_hardly_happens_is_no_news() -> None:
    orders = tiny().tables["orders"]
    for some in (orders, copies(orders, 4000), copies(orders, 60, 8)):
        known = with_orders(some)
        assert repeated_rows(known, known.end, TRAINED) == ()
    later = orders.assign(revenue=np.where(np.arange(len(orders)) % 2, orders["revenue"], orders["revenue"] + 1))
    known = with_orders(pd.concat([orders, later.assign(order_id=None)]).drop_duplicates(["account_id", "revenue"]))
    assert repeated_rows(known, known.end, TRAINED) == ()
