"""The bits of a snapshot depend on its own account and instant, and on nothing else in memory."""

from functools import cache
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalog.catalog import CODED_COLUMNS, NAMES, Context, compute
from features.histories.histories import Histories, build_histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import FloatArray, instant
from features.ladder.rules import LadderRules, rungs
from features.schema import Kind
from features.sources.source import source_from_rows
from features.tables import TABLE
from tests.builders import Frames
from tests.strategies import Drawn, sources
from training.simulator.simulation import simulate

CONTEXT = Context(vocabulary=dict.fromkeys(CODED_COLUMNS, ("a", "b", "c")))


def bits(known: Histories, snapshots: Snapshots) -> np.ndarray:
    """Features and rungs of every snapshot as whole numbers, so that NaN equals NaN and -0 is not 0."""
    seen = View(known, snapshots)
    ladder = [rungs(seen, LadderRules(), days).astype(np.float64)[:, None] for days in (0, 200, -100)]
    matrix: FloatArray = np.ascontiguousarray(np.hstack([compute(seen, CONTEXT), *ladder]))
    return matrix.view(np.int64)


def rows_of(tables: Frames, keep: set[str]) -> dict[str, pd.DataFrame]:
    """The rows of those accounts only."""
    return {
        name: frame[frame["account_id"].isin(keep)] if "account_id" in frame else frame
        for name, frame in tables.items()
    }


def without_keys(tables: Frames) -> dict[str, pd.DataFrame]:
    """Tables whose rows are all kept: of two rows with one key, accounts do influence which one stays."""
    keys = {name: TABLE[name].key for name in tables if TABLE[name].key not in (None, "account_id", "investment")}
    return {
        name: frame.drop_duplicates(keys[name]) if name in keys and keys[name] in frame else frame
        for name, frame in tables.items()
    }


@settings(max_examples=25)
@given(sources())
def test_an_account_has_the_same_bits_by_itself_and_among_all(drawn: Drawn) -> None:
    tables = without_keys(drawn.tables)
    known = build_histories(source_from_rows(tables))
    snapshots = known.known_at(drawn.at)
    together = bits(known, snapshots)
    for row, account in enumerate(known.account_ids[snapshots.account]):
        alone = build_histories(source_from_rows(rows_of(tables, {account})))
        np.testing.assert_array_equal(bits(alone, alone.known_at(drawn.at))[0], together[row])


@settings(max_examples=40)
@given(sources(), st.lists(st.tuples(st.integers(0, 3), st.integers(-500, 100), st.booleans()), min_size=1, max_size=8))
def test_many_snapshots_in_one_view_have_the_bits_of_one_by_one(
    drawn: Drawn, places: list[tuple[int, int, bool]]
) -> None:
    known = build_histories(source_from_rows(drawn.tables))
    if not len(known.account_ids):
        return
    account = np.array([place % len(known.account_ids) for place, _, _ in places], np.int64)
    days = np.array([days * 86_400_000_000 + 7 * odd for _, days, odd in places], np.int64)
    snapshots = Snapshots(account, drawn.at + days)
    together = bits(known, snapshots)
    for row in range(len(snapshots)):
        np.testing.assert_array_equal(bits(known, snapshots.take(np.array([row])))[0], together[row])


@settings(max_examples=50)
@given(sources(), st.integers(0, 2**32 - 1))
def test_the_order_of_rows_and_tables_changes_nothing(drawn: Drawn, seed: int) -> None:
    random = Random(seed)
    names = sorted(drawn.tables, key=lambda _: random.random())
    shuffled = {name: drawn.tables[name].sample(frac=1, random_state=seed).reset_index(drop=True) for name in names}
    one, other = (build_histories(source_from_rows(tables)) for tables in (drawn.tables, shuffled))
    np.testing.assert_array_equal(bits(one, one.known_at(drawn.at)), bits(other, other.known_at(drawn.at)))


@cache
def tiny() -> Frames:
    return simulate("tiny", accounts=60, months=24, seed=3).tables


def renamed(tables: Frames, names: dict[str, object]) -> dict[str, pd.DataFrame]:
    return {
        table: frame.assign(account_id=frame["account_id"].map(names)) if "account_id" in frame else frame
        for table, frame in tables.items()
    }


AT = instant("2025-10-01")


def by_account(tables: Frames) -> dict[str, bytes]:
    known = build_histories(source_from_rows(tables))
    snapshots = known.known_at(AT)
    return dict(zip(known.account_ids[snapshots.account], map(bytes, bits(known, snapshots)), strict=True))


@pytest.mark.parametrize("kind", ["number", "digits", "long unicode"])
def test_what_an_account_is_called_changes_nothing(kind: str) -> None:
    ids = sorted(tiny()["accounts"]["account_id"])
    numbers = {name: 7 * k + 100 for k, name in enumerate(ids)}
    written = {name: f"{'Groß-Händler 東京 ' * 40}{100 - k}" for k, name in enumerate(ids)}
    names = {"number": numbers, "digits": {n: f"{k:07d}" for n, k in numbers.items()}, "long unicode": written}[kind]
    before, after = by_account(tiny()), by_account(renamed(tiny(), names))
    assert {str(names[name]): cells for name, cells in before.items()} == after


def test_files_delivered_twice_change_nothing_but_the_rows_set_aside() -> None:
    keyed = [name for name, frame in tiny().items() if TABLE[name].key in frame]
    twice = dict(tiny()) | {name: pd.concat([tiny()[name], tiny()[name]], ignore_index=True) for name in keyed}
    assert len(keyed) >= 6
    assert by_account(twice) == by_account(tiny())
    aside = source_from_rows(twice).set_aside
    assert len(aside) - len(source_from_rows(tiny()).set_aside) == sum(len(tiny()[name]) for name in keyed)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Amsterdam", "Asia/Kolkata"])
def test_the_zone_in_which_a_time_is_written_changes_nothing(zone: str) -> None:
    zoned = {
        name: frame.assign(
            **{
                column.name: frame[column.name].dt.tz_localize("UTC").dt.tz_convert(zone)
                for column in TABLE[name].columns
                if column.kind is Kind.TIME and column.name in frame
            }
        )
        for name, frame in tiny().items()
    }
    assert by_account(zoned) == by_account(tiny())


def test_every_feature_has_a_value_for_each_snapshot_and_no_other_shape() -> None:
    known = build_histories(source_from_rows(tiny()))
    nobody = View(known, known.known_at(instant("1990-01-01")))
    assert compute(nobody, CONTEXT).shape == (0, len(NAMES))
    assert rungs(nobody, LadderRules()).shape == (0,)
