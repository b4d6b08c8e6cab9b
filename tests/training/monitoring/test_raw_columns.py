"""What broke in a source is named, column by column, against what the model remembers; what merely moved is not."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from features.histories.column_profiles import add_profiles, profile_columns
from features.histories.histories import build_histories
from features.sources.source import source_from_rows
from tests.trained import tiny, tiny_bundle, tiny_histories
from tests.training.monitoring.test_realised_performance import CALM
from training.model.text.catalogue import render
from training.monitoring.advice import WATCH, advice_of, reasons_of
from training.monitoring.raw_columns import BrokenColumn, broken_columns

Change = Callable[[pd.DataFrame], pd.DataFrame]


def broken(table: str, change: Change) -> tuple[BrokenColumn, ...]:
    """What is found where a table of the tiny supplier was changed, from its first row on."""
    tables = dict(tiny().tables)
    tables[table] = change(tables[table].copy())
    changed = build_histories(source_from_rows(tables))
    return broken_columns(tiny_bundle().facts.raw_columns, changed.profiles, tiny_histories().end)


@cache
def end() -> pd.Timestamp:
    return pd.Timestamp(tiny_histories().end, unit="us", tz="UTC")


def recent(orders: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(orders["ordered_at"], utc=True) >= end() - pd.Timedelta(days=35)


def shifted(orders: pd.DataFrame, hours: int) -> pd.DataFrame:
    return orders.assign(ordered_at=pd.to_datetime(orders["ordered_at"]) + pd.Timedelta(hours=hours))


CHANGES: dict[str, tuple[str, Change, str, str]] = {
    "a column that is gone": ("orders", lambda t: t.drop(columns="discount"), "discount", "emptied"),
    "a column that is empty": ("accounts", lambda t: t.assign(industry=None), "industry", "emptied"),
    "values under other names": (
        "accounts", lambda t: t.assign(industry="sector " + t["industry"]), "industry", "renamed"
    ),
    "money in cents": ("orders", lambda t: t.assign(revenue=t["revenue"] * 100), "revenue", "rescaled"),
    "money in thousands": ("orders", lambda t: t.assign(cost=t["cost"] / 1000), "cost", "rescaled"),
    "a sign turned round": ("orders", lambda t: t.assign(revenue=-t["revenue"]), "revenue", "sign"),
    "another time zone": ("orders", lambda t: shifted(t, -5), "ordered_at", "shifted"),
    "orders of one shop only": ("orders", lambda t: t[~recent(t) | (np.arange(len(t)) % 20 == 0)], "", "fewer_rows"),
    "orders five times over": (
        "orders", lambda t: pd.concat([t, *[t[recent(t)].assign(order_id=None)] * 5]), "", "more_rows"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_broke_is_named(what: str) -> None:
    table, change, column, kind = CHANGES[what]
    found = broken(table, change)
    assert (table, column, kind) in {(one.table, one.column, one.kind) for one in found}
    assert {one.table for one in found} == {table}
    reasons = reasons_of(replace(CALM, columns=found))
    assert advice_of(reasons) == WATCH
    for language in ("en", "nl"):
        sentence = render(reasons[0], language)
        assert table in sentence
        assert column in sentence
        assert "_by" not in sentence


def test_a_factor_and_a_shift_are_told() -> None:
    (cents,) = broken("orders", lambda t: t.assign(revenue=t["revenue"] * 100))
    assert cents.change == 100
    (zone,) = broken("orders", lambda t: shifted(t, 2))
    assert zone.change == 2


def test_a_source_as_it_was_has_nothing_broken() -> None:
    profiles, remembered = tiny_histories().profiles, tiny_bundle().facts.raw_columns
    for days in (0, 7, 120, 400):
        assert broken_columns(remembered, profiles, tiny_histories().end - days * 86_400_000_000) == ()
    assert broken_columns({}, profiles, tiny_histories().end) == ()


def test_counts_add_up_over_parts_and_hold_no_person() -> None:
    source = source_from_rows(tiny().tables)
    halves = []
    for odd in (False, True):
        tables = {}
        for name, table in tiny().tables.items():
            if "account_id" not in table:
                continue
            ids = table["account_id"].astype(str)
            tables[name] = table[(ids.map(lambda text: sum(map(ord, text)) % 2 == 1) == odd).to_numpy()]
        halves.append(profile_columns(source_from_rows(tables)))
    whole = profile_columns(source)
    joined = add_profiles(halves)
    assert {table: {c: dict(n) for c, n in columns.items()} for table, columns in joined.items()} == whole
    for table in tiny_bundle().facts.raw_columns.values():
        for name, column in table["columns"].items():
            if name.endswith("_id") or name in ("name", "owner", "made_by"):
                assert set(column.get("values", {})) <= {"filled"}
