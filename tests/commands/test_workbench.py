"""What `import ladder` has beyond the commands: days of one's choice, outcomes, trials, a feature of one's own."""

from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import ladder
from features.errors import NotEnoughData, SettingsError
from tests.trained import tiny
from training.model.findings import Finding, to_json


@pytest.fixture(scope="module")
def source() -> ladder.Source:
    return ladder.read(dict(tiny().tables), {"slices": {"every_days": 180, "most": 3}})


def test_the_rungs_of_today_are_those_of_the_report(source: ladder.Source) -> None:
    today = ladder.rungs(source)
    assert today["rung"].value_counts(sort=False).to_dict() == ladder.check(source).ladder
    assert (today.loc[today["rung"] == "shopper", "order_days"] == 1).all()


def test_rungs_and_features_are_of_the_days_and_accounts_that_are_asked_for(source: ladder.Source) -> None:
    accounts, days = ["A00003", "A00001"], ["2025-06-01", pd.Timestamp("2026-01-01")]
    for of in (ladder.rungs, ladder.features):
        frame = of(source, as_of=days, accounts=accounts)
        assert frame["account_id"].tolist() == accounts * 2
        assert frame["as_of"].dt.year.tolist() == [2025, 2025, 2026, 2026]
    whole = ladder.features(source, as_of=days[0]).set_index("account_id")
    some = ladder.features(source, as_of=days[0], accounts=accounts).set_index("account_id")
    pd.testing.assert_frame_equal(some, whole.loc[accounts])


def test_snapshots_have_what_was_known_and_what_came_of_it(source: ladder.Source) -> None:
    found = ladder.snapshots(source)
    assert len(found.features) == len(found.outcomes) == len(found)
    assert list(ladder.features(source, like=found).columns) == list(found.features.columns)
    assert found.definition in ("recorded", "silence")
    own = ladder.own.ORDERS.feature("one", "count", "always one", "never", lambda view, _: np.ones(len(view)))
    assert set(found.measure(own)) == {1.0}
    assert found.beside(own).data.matrix.shape[1] == found.data.matrix.shape[1] + 1
    assert ladder.features(source, more=[own])["one"].eq(1).all()


def test_trials_are_of_one_investment_and_of_nothing(source: ladder.Source) -> None:
    found = ladder.snapshots(source)
    first = source.histories.options.names[0]
    trials = ladder.trials(found, first)
    assert trials["treated"].any()
    assert not trials["treated"].all()
    assert trials["revenue"].notna().all()
    with pytest.raises(NotEnoughData, match=f"there is no 'prayer' in investments; there are {first}"):
        ladder.trials(found, "prayer")


def test_a_plot_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match=r"no plot 'pie'. Choose one of .*reliability"):
        ladder.draw(None, "pie", None)  # type: ignore[arg-type]


def test_findings_are_read_in_both_languages() -> None:
    stored = to_json([Finding.of("can_train_no_investments", "note")])
    texts = [ladder.findings(stored, language=language)["text"][0] for language in ("en", "nl")]
    assert texts[0] != texts[1]


def test_the_contract_names_the_time_and_the_key_of_every_table() -> None:
    assert ladder.contract().loc["orders", ["time", "key"]].tolist() == ["ordered_at", "order_id"]


ORDERS = pd.DataFrame({"account_id": ["K1", "K2"], "ordered_at": ["13-02-2025", "14-02-2025"], "revenue": ["1,5", "2"]})
FRAMES = {
    "narwhals over pandas": nw.from_native(ORDERS),
    "narwhals over Arrow": nw.from_native(pa.Table.from_pandas(ORDERS)),
    "Arrow": pa.Table.from_pandas(ORDERS),
    "a batch of Arrow": pa.RecordBatch.from_pandas(ORDERS),
    "DuckDB": duckdb.from_arrow(pa.Table.from_pandas(ORDERS)),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_every_library_that_speaks_arrow_go_in(name: str) -> None:
    source = ladder.read({"orders": FRAMES[name]})
    revenue: Any = source.tables["orders"]["revenue"]
    assert (revenue.to_pylist() if isinstance(revenue, pa.ChunkedArray) else revenue.tolist()) == [1.5, 2.0]


def test_frames_of_polars_go_in_and_come_out() -> None:
    polars = pytest.importorskip("polars")
    source = ladder.read({"orders": polars.from_pandas(ORDERS)})
    for frame in (*source.tables.values(), source.set_aside, ladder.rungs(source)):
        assert isinstance(frame, polars.DataFrame)
    assert source.tables["orders"]["revenue"].to_list() == [1.5, 2.0]
