"""Frames in memory as notebooks have them: an index that holds a column, unusual types, and what is no table."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import ladder
from features.errors import SettingsError, SourceUnreadable, TooManyBadRows

DAYS = pd.to_datetime(["2025-02-01", "2025-03-01", "2025-02-01"])
ORDERS = pd.DataFrame({"account_id": ["K1", "K1", "K2"], "ordered_at": DAYS, "revenue": [5.0, 6.5, 7.0]})
ARROW = pa.Table.from_pandas(ORDERS)
CODED = pc.run_end_encode(ARROW["account_id"].combine_chunks())

SAME: dict[str, Any] = {
    "the account in the index": ORDERS.set_index("account_id"),
    "two levels of an index": ORDERS.set_index(["account_id", "ordered_at"]),
    "an index that repeats a column": ORDERS.set_index("account_id", drop=False),
    "a total by account and month": ORDERS.groupby(["account_id", "ordered_at"])[["revenue"]].sum(),
    "days as periods": ORDERS.assign(ordered_at=ORDERS["ordered_at"].dt.to_period("D")),
    "months as periods": ORDERS.assign(ordered_at=ORDERS["ordered_at"].dt.to_period("M")),
    "sparse numbers": ORDERS.assign(revenue=ORDERS["revenue"].astype("Sparse[float]")),
    "runs of Arrow": ARROW.set_column(0, "account_id", pa.chunked_array([CODED])),
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("copies", [1, 700])
def test_the_same_rows_are_read_from_any_form_of_frame(name: str, copies: int) -> None:
    frame = SAME[name]
    given = pa.concat_tables([frame] * copies) if isinstance(frame, pa.Table) else pd.concat([frame] * copies)
    source = ladder.read({"orders": given}, {"source": {"drop_copies": "no"}})
    found = source.cleaned.tables["orders"]
    assert found["revenue"].tolist()[:3] == [5.0, 6.5, 7.0]
    assert found["ordered_at"].view("datetime64[us]").tolist()[:3] == DAYS.to_pydatetime().tolist()
    assert source.histories.account_ids.tolist() == ["K1", "K2"]


@pytest.mark.parametrize(
    ("orders", "told"),
    [
        (pd.concat([ORDERS, ORDERS[["revenue"]]], axis=1), "more than one column called revenue"),
        (ARROW.append_column("revenue", ARROW["revenue"]), "more than one column called revenue"),
        (ORDERS["revenue"], "a Series is no table"),
        ({**ORDERS.to_dict("list"), "revenue": [1.0, 2.0]}, "3 of account_id, 3 of ordered_at, 2 of revenue cells"),
        ({"account_id": "K1", "ordered_at": "2025-02-01", "revenue": 5.0}, "the column account_id holds a str"),
        ({**ORDERS.to_dict("list"), "revenue": 5.0}, "the column revenue holds a float"),
    ],
)
def test_what_is_no_table_is_refused_by_name(orders: object, told: str) -> None:
    with pytest.raises(SourceUnreadable, match=told):
        ladder.read({"orders": orders})


@pytest.mark.parametrize("spans", [lambda days: days, lambda days: days.astype(object), np.array])
@pytest.mark.parametrize("copies", [1, 700])
def test_a_span_of_time_is_no_amount(spans: Callable[[Any], Any], copies: int) -> None:
    orders = pd.concat([ORDERS] * copies)
    days = pd.Series(pd.to_timedelta(range(len(orders)), unit="us"))
    with pytest.raises(TooManyBadRows, match="unreadable number in revenue"):
        ladder.read({"orders": {**orders.to_dict("list"), "revenue": spans(days)}})


@pytest.mark.parametrize("data", [None, 5, ORDERS, [ORDERS]])
def test_what_is_no_source_is_refused_by_its_kind(data: Any) -> None:
    with pytest.raises(SourceUnreadable, match=f"a {type(data).__name__} is no source: .*frames by the name"):
        ladder.read(data)


def test_settings_of_another_kind_are_refused() -> None:
    with pytest.raises(SettingsError, match="A list holds no settings"):
        ladder.read({"orders": ORDERS}, [1])  # type: ignore[arg-type]
