"""What broke in a source is named, column by column, against what the model remembers; what merely moved is not."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from features.histories.column_profiles import Profiles, add_profiles, profile_columns
from features.histories.histories import build_histories
from features.sources.cleaning.rules import SourceRules
from features.sources.source import read_source, source_from_rows
from tests.trained import tiny, tiny_bundle, tiny_histories
from tests.training.monitoring.test_realised_performance import CALM
from training.data.raw_columns import remember_columns
from training.model.text.catalogue import render
from training.monitoring.advice import KEEP, WATCH, advice_of, reasons_of
from training.monitoring.broken_column import BrokenColumn
from training.monitoring.raw_columns import broken_columns

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


def even_accounts(orders: pd.DataFrame) -> pd.Series:
    return orders["account_id"].map(lambda name: sum(map(ord, name)) % 2 == 0)


CHANGES: dict[str, tuple[str, Change, str, str]] = {
    "a column that is gone": ("orders", lambda t: t.drop(columns="discount"), "discount", "emptied"),
    "a column that is empty": ("accounts", lambda t: t.assign(industry=None), "industry", "emptied"),
    "values under other names": (
        "accounts", lambda t: t.assign(industry="sector " + t["industry"]), "industry", "renamed"
    ),
    "money in cents": ("orders", lambda t: t.assign(revenue=t["revenue"] * 100), "revenue", "rescaled"),
    "money in thousands": ("orders", lambda t: t.assign(cost=t["cost"] / 1000), "cost", "rescaled"),
    "every amount zero": (
        "orders", lambda t: t.assign(revenue=t["revenue"].where(~recent(t), 0.0)), "revenue", "constant"
    ),
    "a default for every cost": ("orders", lambda t: t.assign(cost=100.0), "cost", "constant"),
    "times without their hour": (
        "orders", lambda t: t.assign(ordered_at=pd.to_datetime(t["ordered_at"]).dt.normalize()),
        "ordered_at", "hour_lost",
    ),
    "a sign turned round": ("orders", lambda t: t.assign(revenue=-t["revenue"]), "revenue", "sign"),
    "every amount twice as large": ("orders", lambda t: t.assign(revenue=t["revenue"] * 2), "revenue", "rescaled"),
    "yes for no": (
        "interactions", lambda t: t.assign(initiated_by=t["initiated_by"].map({"us": "them", "them": "us"})),
        "initiated_by", "swapped",
    ),
    "one way of contact for all": ("interactions", lambda t: t.assign(channel="visit"), "channel", "moved"),
    "a share the other way round": (
        "orders", lambda t: t.assign(discount=1 - t["discount"]), "discount", "reversed"
    ),
    "half of the rows since five weeks": (
        "orders", lambda t: t[~recent(t) | (np.arange(len(t)) % 2 == 0)], "", "fell"
    ),
    "half of the accounts since five weeks": (
        "orders", lambda t: t[~recent(t) | even_accounts(t)], "", "fell"
    ),
    "half of the accounts, old rows too": ("orders", lambda t: t[even_accounts(t)], "", "history_gone"),
    "every row twice, old ones too": (
        "orders", lambda t: pd.concat([t, t.assign(order_id=None, revenue=t["revenue"] + 0.01)]), "", "history_added"
    ),
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
        assert "{" not in sentence


def test_a_new_value_beside_those_that_are_there_yet_is_told_and_nothing_is_broken() -> None:
    found = broken(
        "orders", lambda t: t.assign(product_line=t["product_line"].where(np.arange(len(t)) % 3 > 0, "solar"))
    )
    assert [(one.column, one.kind, one.names) for one in found if not one.part] == [
        ("product_line", "new_value", ("solar",))
    ]
    assert not replace(CALM, columns=found).broken
    (reason, *_) = reasons_of(replace(CALM, columns=found))
    assert "values that the champion never saw, such as solar" in render(reason, "en")
    assert advice_of(reasons_of(replace(CALM, columns=found))) == KEEP
    assert not [one for one in broken("orders", lambda t: t) if one.kind == "new_value"]


Frames = dict[str, pd.DataFrame]


def international() -> Frames:
    """The tiny supplier with orders in two currencies, of dates without hours."""
    tables = dict(tiny().tables)
    orders = tables["orders"]
    abroad = orders["account_id"].map(lambda name: sum(map(ord, name)) % 3 == 0)
    days = pd.to_datetime(orders["ordered_at"]).dt.normalize()
    return {**tables, "orders": orders.assign(currency=np.where(abroad, "USD", "EUR"), ordered_at=days)}


def profiled(tables: Frames) -> Profiles:
    rules = SourceRules(currency="EUR", exchange_rates={"USD": 0.9})
    return build_histories(read_source(tables, {}, max_bad_share=1.0, rules=rules)).profiles


@cache
def remembered() -> dict[str, object]:
    return remember_columns(profiled(international()), tiny_histories().end)


def of_country(tables: Frames, table: str, country: str) -> pd.Series:
    accounts = tables["accounts"]
    return tables[table]["account_id"].isin(accounts.loc[accounts["country"] == country, "account_id"])


def cents_of_one_currency(tables: Frames) -> Frames:
    orders = tables["orders"]
    of_it = orders["currency"] == "USD"
    return {**tables, "orders": orders.assign(revenue=orders["revenue"].where(~of_it, orders["revenue"] * 100))}


def emptied_for_one_country(tables: Frames) -> Frames:
    orders = tables["orders"]
    of_it = of_country(tables, "orders", "BE")
    return {**tables, "orders": orders.assign(discount=orders["discount"].mask(of_it))}


def shifted_half_a_day(tables: Frames) -> Frames:
    return {**tables, "orders": shifted(tables["orders"], 12)}


def shifted_for_one_country(tables: Frames) -> Frames:
    orders, of_it = tables["orders"], of_country(tables, "orders", "BE")
    later = pd.to_datetime(orders["ordered_at"]) + pd.Timedelta(hours=2)
    return {**tables, "orders": orders.assign(ordered_at=orders["ordered_at"].mask(of_it, later))}


def one_category_renamed(tables: Frames) -> Frames:
    accounts = tables["accounts"]
    first = accounts["industry"].value_counts().index[2]
    return {**tables, "accounts": accounts.assign(industry=accounts["industry"].replace(first, "renamed"))}


def one_country_stopped(tables: Frames) -> Frames:
    orders = tables["orders"]
    of_it = of_country(tables, "orders", "NL") & recent(orders)
    return {**tables, "orders": orders[~of_it]}


PARTLY: dict[str, tuple[Callable[[Frames], Frames], tuple[str, str, str]]] = {
    "one of several currencies in cents": (cents_of_one_currency, ("orders[currency=USD]", "revenue", "rescaled")),
    "a column emptied for one country": (emptied_for_one_country, ("orders[country=BE]", "discount", "emptied")),
    "days shifted by half a day": (shifted_half_a_day, ("orders", "ordered_at", "shifted")),
    "another time zone in one country": (shifted_for_one_country, ("orders[country=BE]", "ordered_at", "shifted")),
    "one category under another name": (one_category_renamed, ("accounts", "industry", "one_renamed")),
    "no orders from one country any more": (one_country_stopped, ("orders[country=NL]", "", "fewer_rows")),
}


@pytest.mark.parametrize("what", PARTLY)
def test_what_broke_in_a_part_alone_is_named_once_with_the_part(what: str) -> None:
    change, expected = PARTLY[what]
    found = broken_columns(remembered(), profiled(change(international())), tiny_histories().end)
    assert [(one.where, one.column, one.kind) for one in found] == [expected]
    (reason,) = reasons_of(replace(CALM, columns=found))
    for language in ("en", "nl"):
        assert expected[0] in render(reason, language)
    if what == "days shifted by half a day":
        assert found[0].change == 12
    if what == "one category under another name":
        assert "renamed" in render(reason, "en")


def test_parts_that_are_as_they_were_are_calm_and_parts_of_a_source_add_up_to_them() -> None:
    tables = international()
    whole = profiled(tables)
    for days in (0, 35, 200):
        assert broken_columns(remembered(), whole, tiny_histories().end - days * 86_400_000_000) == ()
    halves = []
    for odd in (False, True):
        cut = {}
        for name, table in tables.items():
            ids = table.get("account_id")
            mine = ids.astype(str).map(lambda text: sum(map(ord, text)) % 2 == 1) == odd if ids is not None else None
            cut[name] = table if mine is None else table[mine.to_numpy()]
        halves.append(profiled(cut))
    joined = add_profiles(halves)
    assert joined == whole
    assert remember_columns(joined, tiny_histories().end) == remembered()


def test_a_factor_and_a_shift_are_told() -> None:
    (cents,) = broken("orders", lambda t: t.assign(revenue=t["revenue"] * 100))
    assert cents.change == 100
    (zone,) = broken("orders", lambda t: shifted(t, 2))
    assert zone.change == 2


TOPS = {"nps": 10, "csat": 6, "ces": 8, "trust": 6, "value": 6}


def test_answers_on_a_scale_that_is_turned_round_are_named_with_their_instrument() -> None:
    def turned(surveys: pd.DataFrame) -> pd.DataFrame:
        return surveys.assign(score=surveys["instrument"].map(TOPS) - surveys["score"])

    (nps,) = broken("surveys", turned)
    assert (nps.where, nps.column, nps.kind, nps.change) == ("surveys[instrument=nps]", "score", "reversed", 10)
    assert "the scale is turned round, 10 less what it was" in render(
        reasons_of(replace(CALM, columns=(nps,)))[0], "en"
    )


def test_a_source_as_it_was_has_nothing_broken() -> None:
    profiles, remembered = tiny_histories().profiles, tiny_bundle().facts.raw_columns
    for days in (0, 7, 120, 400):
        assert broken_columns(remembered, profiles, tiny_histories().end - days * 86_400_000_000) == ()
    assert broken_columns({}, profiles, tiny_histories().end) == ()


def lines(names: Sequence[str | None]) -> tuple[BrokenColumn, ...]:
    """What is found in the second of two years of orders, evenly spread, with these product lines."""
    days = pd.date_range("2023-01-01", "2024-12-31", periods=len(names)).normalize()
    ids = [f"A{k % 7}" for k in range(len(names))]
    orders = pd.DataFrame({"account_id": ids, "ordered_at": days, "revenue": 100.0, "product_line": names})
    profiles = build_histories(source_from_rows({"orders": orders})).profiles
    first, second = (pd.Timestamp(day).value // 1_000 for day in ("2024-01-01", "2025-01-01"))
    return broken_columns(remember_columns(profiles, first), profiles, second)


def test_texts_of_which_every_row_has_its_own_are_not_renamed() -> None:
    assert lines([f"as discussed, no. {k}" for k in range(98)]) == ()
    assert [one.kind for one in lines(["steel" if k < 49 else "staal" for k in range(98)])] == ["renamed"]


def test_a_few_filled_cells_of_many_rows_are_not_taken_for_other_values() -> None:
    names = np.random.default_rng(4).integers(0, 12, 1_400)
    assert lines([f"rival {name}" if k % 20 == 0 else None for k, name in enumerate(names)]) == ()
    few = [("rival" if k < 700 else "competitor") if k % 20 == 0 else None for k in range(1_400)]
    assert [one.kind for one in lines(few)] == ["renamed"]


def test_what_months_usually_do_is_not_known_of_a_few_rows_a_month_and_nothing_has_moved_then() -> None:
    rare = lines([("steel", "copper", "steel", "copper", "zinc")[k % 5] if k < 75 else "zinc" for k in range(150)])
    often = lines([("steel", "copper", "steel", "copper", "zinc")[k % 5] if k < 750 else "zinc" for k in range(1_500)])
    assert [one.kind for one in rare] == []
    assert [one.kind for one in often] == ["moved"]


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
