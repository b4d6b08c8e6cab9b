"""What one cell means, which rows are set aside, and that short and long columns are read alike."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.errors import ColumnMissing, ShapeMismatch
from features.instants import ALWAYS, NEVER
from features.schema import Column, Kind, Table
from features.sources.cleaning.cleaning import Cleaned, clean
from features.sources.cleaning.columns import MIN_ARROW_CELLS
from features.tables import TABLE, TABLES

UTC = dt.UTC
ROADS = ("few", "many", "arrow")


def micros(text: str) -> int:
    """The oracle for times: Python's own reading."""
    moment = dt.datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round((moment - dt.datetime(1970, 1, 1, tzinfo=UTC)) / dt.timedelta(microseconds=1))


def orders(**columns: Sequence[Any] | NDArray[Any]) -> dict[str, Any]:
    """Raw orders of as many rows as the given columns have, sound where nothing else is said."""
    rows = len(next(iter(columns.values())))
    sound = {"account_id": ["A"] * rows, "ordered_at": ["2024-03-01"] * rows, "revenue": [100.0] * rows}
    return sound | columns


def tickets(**columns: Sequence[Any]) -> dict[str, Any]:
    rows = len(next(iter(columns.values())))
    return {"account_id": ["A"] * rows, "opened_at": ["2024-03-01"] * rows} | columns


def by_road(cells: list[Any], road: str) -> Any:
    """The same cells as a short list, as a list long enough for Arrow, or as Arrow."""
    if road == "arrow":
        return pa.array(cells)
    return cells if road == "few" else cells * (MIN_ARROW_CELLS // len(cells) + 1)


def reasons(cleaned: Cleaned) -> list[tuple[int, str, str]]:
    return [(bad.row, bad.column, bad.reason) for bad in cleaned.set_aside]


def clean_orders(raw: Mapping[str, Any]) -> Cleaned:
    return clean(TABLE["orders"], raw)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-02-29", "2024-02-29T00:00:00"),
        ("2024-02-29 13", "2024-02-29T13:00:00"),
        ("2024-02-29T13:45", "2024-02-29T13:45:00"),
        ("2024-02-29 13:45:10.5", "2024-02-29T13:45:10.500000"),
        ("2024-02-29T13:45:10Z", "2024-02-29T13:45:10"),
        ("2024-02-29T13:45:10+02:00", "2024-02-29T11:45:10"),
        ("2024-02-29 13:45:10-0530", "2024-02-29T19:15:10"),
        ("2024-02-29 13:45:10.123456789+02", "2024-02-29T11:45:10.123456"),
        (" 2024-02-29 ", "2024-02-29T00:00:00"),
        ("1899-12-31", "1899-12-31T00:00:00"),
        ("9999-12-31", "9999-12-31T00:00:00"),
    ],
)
def test_a_written_time_is_iso_8601_in_utc_unless_it_says_otherwise(written: str, meant: str, road: str) -> None:
    cells = by_road([written], road)
    cleaned = clean_orders(orders(ordered_at=cells))
    assert set(cleaned.columns["ordered_at"].tolist()) == {micros(meant)}
    assert len(cleaned.columns["ordered_at"]) == len(cells)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    "written",
    [
        "yesterday",
        "31/12/2024",
        "20240131",
        "2024-02-30",
        "2024-01",
        "0000-01-01",
        "2024-13-01",
        "now",
        "2024-01-01T25:00",
        "2024-01-01T10:00:00+99:00",
        "9999-12-31T23:59:59-05:00",
        "١٩٩٩-٠١-٠١",
    ],
)
def test_an_unreadable_time_sets_the_row_aside(written: str, road: str) -> None:
    cells = by_road([written], road)
    cleaned = clean_orders(orders(ordered_at=cells))
    assert len(cleaned.set_aside) == len(cells) == cleaned.rows_read
    assert reasons(cleaned)[0] == (0, "ordered_at", f"unreadable time: ordered_at is {written!r}")


@pytest.mark.parametrize(
    "cells",
    [
        np.array(["2024-03-01T10:00:00"], dtype="datetime64[ns]"),
        np.array(["2024-03-01T10:00:00"], dtype="datetime64[us]"),
        np.array(["2024-03-01T10:00:00"], dtype="datetime64[s]"),
        np.array(["2024-03-01T10"], dtype="datetime64[h]"),
        [dt.datetime(2024, 3, 1, 10)],
        [dt.datetime(2024, 3, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=2)))],
        [pd.Timestamp("2024-03-01 10:00:00")],
        [pd.Timestamp("2024-03-01 11:00:00", tz="Europe/Amsterdam")],
        [np.datetime64("2024-03-01T10:00:00")],
        pa.array([dt.datetime(2024, 3, 1, 10)], pa.timestamp("ms")),
        pa.array([dt.datetime(2024, 3, 1, 10, tzinfo=UTC)], pa.timestamp("ns", tz="Europe/Amsterdam")),
        pa.chunked_array([pa.array(["2024-03-01 10:00"]).dictionary_encode()]),
    ],
)
def test_a_typed_time_keeps_its_instant(cells: Any) -> None:
    cleaned = clean_orders(orders(ordered_at=cells))
    assert cleaned.columns["ordered_at"].tolist() == [micros("2024-03-01T10:00:00")]
    assert cleaned.columns["ordered_at"].dtype == np.int64


@pytest.mark.parametrize(
    "cells", [[dt.date(2024, 3, 1)], np.array(["2024-03-01"], "M8[D]"), pa.array([19783], pa.date32())]
)
def test_a_date_is_its_midnight(cells: Any) -> None:
    assert clean_orders(orders(ordered_at=cells)).columns["ordered_at"].tolist() == [micros("2024-03-01")]


@pytest.mark.parametrize(
    "cells",
    [
        [1709251200],
        np.array([1709251200]),
        np.array([1709251200] * MIN_ARROW_CELLS),
        pa.array([1709251200]),
        [True],
        [1709251200.5],
        np.array(["12024-01-01"], dtype="datetime64[D]"),
        np.array(["-0005-01-01"], dtype="datetime64[s]"),
        pa.array([2**62], pa.timestamp("s")),
        pa.array([-(2**62)], pa.timestamp("us")),
    ],
)
def test_a_bare_number_or_an_impossible_year_is_no_time(cells: Any) -> None:
    cleaned = clean_orders(orders(ordered_at=cells))
    assert len(cleaned.set_aside) == len(cells)
    assert cleaned.set_aside[0].reason.startswith("unreadable time: ordered_at is ")


@pytest.mark.parametrize("road", ROADS)
def test_an_account_id_is_text_as_it_stands(road: str) -> None:
    names = ["007", "Zoë & Zn. ", "Zoe\u0308", "会" * 200]
    cells = by_road(names, road)
    assert clean_orders(orders(account_id=cells)).columns["account_id"].tolist()[:4] == names


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        ([123], "123"),
        ([123.0], "123"),
        ([Decimal("123")], "123"),
        (np.array([123], dtype=np.int64), "123"),
        (np.array([123.0] * MIN_ARROW_CELLS), "123"),
        (np.array([2**53 + 1] * MIN_ARROW_CELLS), "9007199254740993"),
        ([None] + [2**53 + 1] * MIN_ARROW_CELLS, "9007199254740993"),
        (pa.array([123.0]), "123"),
        (pa.array([123], pa.uint16()), "123"),
        (pa.array([Decimal("123")]), "123"),
        ([UUID(int=5)], "00000000-0000-0000-0000-000000000005"),
    ],
)
def test_a_number_as_account_id_loses_its_point(cells: Any, meant: str) -> None:
    assert set(clean_orders(orders(account_id=cells)).columns["account_id"]) == {meant}


@pytest.mark.parametrize("road", ROADS)
def test_a_blank_account_id_is_no_account(road: str) -> None:
    cells = by_road(["A", "", "  \t", None], road)
    cleaned = clean_orders(orders(account_id=cells))
    assert reasons(cleaned)[:3] == [(row, "account_id", "no account") for row in (1, 2, 3)]
    assert set(cleaned.columns["account_id"]) == {"A"}


@pytest.mark.parametrize("cell", [True, np.True_, float("inf"), b"A", ["A"], "\ud800", dt.date(2024, 1, 1)])
def test_an_account_id_that_is_no_text_or_number_is_unreadable(cell: Any) -> None:
    cleaned = clean_orders(orders(account_id=[cell]))
    assert [bad.reason.split(":")[0] for bad in cleaned.set_aside] == ["unreadable text"]


@pytest.mark.parametrize("cell", [float("nan"), pd.NA, pd.NaT, None, np.float64("nan"), Decimal("NaN"), ""])
def test_every_kind_of_nothing_is_missing(cell: Any) -> None:
    cleaned = clean_orders(orders(order_id=[cell], cost=[cell], recorded_at=[cell], account_id=["A"]))
    assert cleaned.set_aside == ()
    assert cleaned.columns["order_id"].tolist() == [None]
    assert np.isnan(cleaned.columns["cost"]).all()
    assert cleaned.columns["recorded_at"].tolist() == [micros("2024-03-01")]


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("written", "meant"), [("12.50", 12.5), ("-3", -3.0), ("+3", 3.0), (" 4 ", 4.0), ("1e3", 1000.0), (".5", 0.5)]
)
def test_a_written_number_uses_a_point(written: str, meant: float, road: str) -> None:
    assert set(clean_orders(orders(revenue=by_road([written], road))).columns["revenue"].tolist()) == {meant}


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("written", ["1,5", "abc", "1_000", "inf", "0x10", "€ 5", "١"])
def test_an_unreadable_number_sets_the_row_aside(written: str, road: str) -> None:
    cells = by_road([written], road)
    cleaned = clean_orders(orders(revenue=cells))
    assert len(cleaned.set_aside) == len(cells)
    assert cleaned.set_aside[0].reason == f"unreadable number: revenue is {written!r}"


@pytest.mark.parametrize("cells", [[1e300], ["1e300"], np.array([1e300]), pa.array([1e300]), pa.array(["1e300"])])
def test_a_number_beyond_its_limit_says_which_limit(cells: Any) -> None:
    cleaned = clean_orders(orders(revenue=cells))
    assert reasons(cleaned) == [(0, "revenue", "unreadable number: revenue is 1e+300; the limit is 100000000000")]


@pytest.mark.parametrize(
    "cells",
    [[True], np.array([True]), pa.array([True]), [float("inf")], [10**400], ["1e400"], [1j], [dt.date(2024, 1, 1)]],
)
def test_what_is_no_finite_number_is_unreadable(cells: Any) -> None:
    cleaned = clean_orders(orders(revenue=cells))
    assert [bad.reason.split(":")[0] for bad in cleaned.set_aside] == ["unreadable number"]


@pytest.mark.parametrize(
    "cells",
    [[Decimal("12.50")], pa.array([Decimal("12.50")]), [np.float32(12.5)], [Decimal("12.50")] * MIN_ARROW_CELLS],
)
def test_a_decimal_of_a_database_is_a_number(cells: Any) -> None:
    assert set(clean_orders(orders(revenue=cells)).columns["revenue"].tolist()) == {12.5}


@pytest.mark.parametrize("road", ROADS)
def test_a_missing_required_number_sets_the_row_aside_and_a_missing_optional_one_does_not(road: str) -> None:
    cleaned = clean_orders(orders(revenue=by_road(["5", "", None], road), cost=by_road(["", "3", None], road)))
    reason = "required value missing: revenue is empty"
    assert reasons(cleaned)[:2] == [(1, "revenue", reason), (2, "revenue", reason)]
    assert np.isnan(cleaned.columns["cost"]).all()


@pytest.mark.parametrize("road", ROADS)
def test_an_unknown_category_is_missing_with_a_note_where_it_is_optional(road: str) -> None:
    cells = by_road(["visit", "FAX", " Email ", None], road)
    raw = {"account_id": ["A"] * len(cells), "happened_at": ["2024-03-01"] * len(cells), "channel": cells}
    cleaned = clean(TABLE["interactions"], raw)
    assert cleaned.set_aside == ()
    assert cleaned.columns["channel"].tolist()[:4] == [0, -1, 2, -1]
    assert cleaned.columns["channel"].dtype == np.int8
    assert cleaned.notes == (
        f"interactions.channel: {len(cells) // 4} cells count as missing (unknown value, e.g. 'FAX')",
    )


def test_an_unknown_or_missing_category_sets_the_row_aside_where_it_is_required() -> None:
    raw = {"account_id": ["A"] * 3, "occurred_at": ["2024-03-01"] * 3, "kind": ["reactional", "bad luck", None]}
    assert reasons(clean(TABLE["triggers"], raw)) == [
        (1, "kind", "unknown value: kind is 'bad luck'; it must be one of situational, reactional, influential"),
        (2, "kind", "required value missing: kind is empty"),
    ]


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        ([True, False, None, 1, 0, 1.0], [1, 0, -1, 1, 0, 1]),
        (["True", "f", "YES", "no", "1", "0", ""], [1, 0, 1, 0, 1, 0, -1]),
        (np.array([True, False]), [1, 0]),
        (np.array([1.0, np.nan]), [1, -1]),
        (pa.array([True, None]), [1, -1]),
        (pa.array(["t", "maybe"]), [1, -1]),
    ],
)
def test_a_flag_is_yes_no_or_missing(cells: Any, meant: list[int]) -> None:
    assert clean(TABLE["tickets"], tickets(sla_breached=cells)).columns["sla_breached"].tolist() == meant


def test_free_text_never_appears_in_a_note() -> None:
    cleaned = clean_orders(orders(product_line=[b"Jansen"]))
    assert cleaned.notes == ("orders.product_line: 1 cells count as missing (unreadable text)",)


def test_a_row_is_known_from_its_own_time_unless_it_says_when() -> None:
    raw = orders(ordered_at=["2024-03-01", "2024-03-02"], recorded_at=[None, "2024-03-09"])
    assert clean_orders(raw).columns["recorded_at"].tolist() == [micros("2024-03-01"), micros("2024-03-09")]
    assert clean_orders(orders(revenue=[1.0])).columns["recorded_at"].tolist() == [micros("2024-03-01")]


def test_an_account_without_a_date_is_older_than_the_data_and_is_noted() -> None:
    raw = {"account_id": ["A", "B"], "created_at": [None, "2024-03-01"]}
    cleaned = clean(TABLE["accounts"], raw)
    assert cleaned.columns["recorded_at"].tolist() == [ALWAYS, micros("2024-03-01")]
    assert cleaned.notes == ("accounts: 1 of 2 rows have no created_at; they count as older than the data",)
    bare = clean(TABLE["accounts"], {"account_id": ["A"]})
    assert bare.columns["created_at"].tolist() == bare.columns["recorded_at"].tolist() == [ALWAYS]


def test_what_is_filled_in_later_has_not_happened_while_it_is_empty() -> None:
    raw = {"contact_id": ["c"], "account_id": ["A"], "active_from": [None], "active_until": [None]}
    columns = clean(TABLE["contacts"], raw).columns
    assert (columns["active_from"].tolist(), columns["active_until"].tolist()) == ([ALWAYS], [NEVER])


def test_an_unreadable_later_time_sets_the_row_aside_and_one_too_early_is_noted() -> None:
    cleaned = clean(TABLE["tickets"], tickets(resolved_at=["soon", "2024-02-01", "2024-04-01"]))
    assert reasons(cleaned) == [(0, "resolved_at", "unreadable time: resolved_at is 'soon'")]
    assert cleaned.notes == ("tickets: 1 rows have resolved_at before opened_at; they are kept",)


def test_a_row_recorded_more_than_a_day_before_it_happened_is_set_aside() -> None:
    exactly, over = "2024-02-29T00:00:00", "2024-02-28T23:59:59.999999"
    cleaned = clean_orders(orders(recorded_at=[exactly, over]))
    reason = "recorded before it happened: recorded_at is 1.0 days before ordered_at"
    assert reasons(cleaned) == [(1, "recorded_at", reason)]


def test_a_contract_may_be_recorded_long_before_it_starts() -> None:
    raw = {"account_id": ["A"], "starts_on": ["2025-01-01"], "recorded_at": ["2024-03-01"], "ends_on": ["9999-12-31"]}
    cleaned = clean(TABLE["contracts"], raw)
    assert cleaned.set_aside == ()
    assert cleaned.columns["recorded_at"].tolist() == [micros("2024-03-01")]


def test_a_survey_score_must_lie_on_the_scale_of_its_instrument() -> None:
    raw = {
        "account_id": ["A"] * 7,
        "answered_at": ["2024-03-01"] * 7,
        "score": [10, 0, 6, 0, 8, 7, 11],
        "instrument": [None, "nps", "csat", "ces", "ces", "ces", "nps"],
    }
    assert reasons(clean(TABLE["surveys"], raw)) == [
        (2, "score", "outside the scale: score is 6; csat runs 1..5"),
        (3, "score", "outside the scale: score is 0; ces runs 1..7"),
        (4, "score", "outside the scale: score is 8; ces runs 1..7"),
        (6, "score", "unreadable number: score is 11; the limit is 10"),
    ]


@pytest.mark.parametrize("repeat", [1, MIN_ARROW_CELLS])
def test_of_two_orders_with_one_key_the_one_recorded_first_is_kept(repeat: int) -> None:
    raw = orders(
        order_id=["1", "1", "2", None, None, *map(str, range(9, 9 + repeat))],
        recorded_at=["2024-03-05", "2024-03-04"] + [None] * (repeat + 3),
    )
    cleaned = clean_orders(raw)
    assert reasons(cleaned) == [(0, "order_id", "duplicate order_id: row 1 is kept")]


def test_the_first_recorded_counts_before_the_first_that_happened() -> None:
    raw = orders(order_id=["1", "1"], ordered_at=["2024-03-02", "2024-03-01"], recorded_at=["2024-03-04", "2024-03-05"])
    assert [bad.row for bad in clean_orders(raw).set_aside] == [1]


def test_a_row_that_is_bad_itself_does_not_drive_out_its_duplicate() -> None:
    cleaned = clean_orders(orders(order_id=["1", "1"], ordered_at=["2024-01-01", "2024-02-01"], revenue=["x", 5]))
    assert [bad.row for bad in cleaned.set_aside] == [0]


DUPLICATES = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", None]),
        st.sampled_from(["A", "B"]),
        st.sampled_from([0, 1]),
        st.sampled_from([None, 2, 5]),
        st.sampled_from([None, 3, 4, 6]),
        st.sampled_from([None, 1, 4]),
    ),
    min_size=1,
    max_size=12,
)


def _ticket_rows(rows: Sequence[tuple[Any, ...]], before: int = 99) -> dict[str, Any]:
    """Tickets on days of March 2024, as the source stood before that day: later fields still empty."""

    def day(number: int | None) -> str | None:
        return None if number is None or number >= before else f"2024-03-{number + 1:02d}"

    known = [row for row in rows if (row[2] if row[5] is None else row[5]) < before]
    return {
        "ticket_id": [row[0] for row in known],
        "account_id": [row[1] for row in known],
        "opened_at": [day(row[2]) for row in known],
        "first_response_at": [day(row[3]) for row in known],
        "resolved_at": [day(row[4]) for row in known],
        "recorded_at": [day(row[5]) for row in known],
    }


def _kept(cleaned: Cleaned) -> list[tuple[Any, ...]]:
    names = ("ticket_id", "account_id", "opened_at", "first_response_at", "resolved_at", "recorded_at")
    return sorted(zip(*(cleaned.columns[name].tolist() for name in names), strict=True), key=repr)


@settings(deadline=None)
@given(DUPLICATES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_change_which_duplicate_is_kept(rows: list[Any], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    one, other = (clean(TABLE["tickets"], _ticket_rows(each)) for each in (rows, shuffled))
    assert _kept(one) == _kept(other)
    assert len(one.set_aside) == len(rows) - len(_kept(one))


@settings(deadline=None)
@given(DUPLICATES, st.integers(2, 7))
@example([("1", "A", 0, None, 3, None), ("1", "A", 0, 5, 6, None)], 4)
def test_the_source_as_it_stood_earlier_keeps_the_same_duplicate(rows: list[Any], before: int) -> None:
    now = clean(TABLE["tickets"], _ticket_rows(rows))
    then = clean(TABLE["tickets"], _ticket_rows(rows, before))
    edge = micros(f"2024-03-{before + 1:02d}")
    known = [row for row in _kept(now) if row[5] < edge]
    seen_then = [tuple(NEVER if isinstance(cell, int) and cell >= edge else cell for cell in row) for row in known]
    assert sorted(seen_then, key=repr) == _kept(then)


def test_a_long_column_of_mixed_types_keeps_every_cell_what_it_is() -> None:
    times: list[Any] = [dt.date(2024, 3, 1), dt.datetime(2024, 3, 1, 10), "2024-03-02"] * MIN_ARROW_CELLS
    cleaned = clean_orders(orders(ordered_at=times, revenue=[1, 2.5, True] * MIN_ARROW_CELLS))
    assert len(cleaned.set_aside) == MIN_ARROW_CELLS
    assert cleaned.columns["ordered_at"].tolist()[:2] == [micros("2024-03-01"), micros("2024-03-01T10:00:00")]
    assert set(cleaned.columns["revenue"].tolist()) == {1.0, 2.5}


ODD_TEXT = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"\A[0-9]{4}-[0-1][0-9]-[0-3][0-9]([T ][0-2][0-9](:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,9})?)?)?)?\Z"),
    st.from_regex(r"\A(0001|1969|2024|9999)-0[0-9]-1[0-9][T ]10:30:00(\.5)?(Z|[+-][0-2][0-9](:?[0-6][0-9])?)\Z"),
    st.from_regex(r"\A ?[+-]?[0-9]{0,20}\.?[0-9]{0,20}([eE][+-]?[0-9]{1,3})?\Z"),
    st.sampled_from(["nan", "NaN", "inf", "true", "No", "visit", " ", "\x1c", "\u2003", "\u200b", "-0", "1e400"]),
    st.none(),
)
KINDS = {
    Kind.TEXT: Column("cell", Kind.TEXT, ""),
    Kind.CATEGORY: Column("cell", Kind.CATEGORY, "", values=("visit", "call")),
    Kind.FLAG: Column("cell", Kind.FLAG, ""),
    Kind.TIME: Column("cell", Kind.TIME, ""),
    Kind.NUMBER: Column("cell", Kind.NUMBER, "", low=-1e11, high=1e11),
}


@settings(max_examples=400, deadline=None)
@given(st.lists(ODD_TEXT, min_size=1, max_size=6), st.sampled_from(list(KINDS)))
def test_a_long_column_is_read_as_a_short_one(cells: list[str | None], kind: Kind) -> None:
    try:
        arrow = pa.array(cells, pa.string())
    except UnicodeEncodeError:
        return
    table = Table("odd", "", (KINDS[kind],))
    short, long = clean(table, {"cell": cells}), clean(table, {"cell": arrow})
    assert reasons(short) == reasons(long)
    assert short.notes == long.notes
    np.testing.assert_array_equal(short.columns["cell"], long.columns["cell"])


ANY_CELL = st.one_of(
    ODD_TEXT,
    st.integers(),
    st.floats(),
    st.booleans(),
    st.decimals(),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.dates(),
    st.binary(max_size=3),
    st.text(st.characters(categories=["Cs"]), min_size=1, max_size=2),
)


@settings(deadline=None)
@given(st.data(), st.sampled_from(TABLES))
def test_no_cell_raises_and_no_row_is_lost(data: Any, table: Table) -> None:
    rows = data.draw(st.integers(1, 4))
    raw = {c.name: data.draw(st.lists(ANY_CELL, min_size=rows, max_size=rows)) for c in table.columns}
    cleaned = clean(table, raw)
    assert len({bad.row for bad in cleaned.set_aside}) == len(cleaned.set_aside)
    assert {len(values) for values in cleaned.columns.values()} == {rows - len(cleaned.set_aside)}
    assert set(cleaned.columns) == {column.name for column in table.columns}


def test_no_columns_are_no_rows() -> None:
    for table in TABLES:
        cleaned = clean(table, {})
        assert cleaned.rows_read == 0
        assert set(table.required) <= set(cleaned.columns)


def test_a_missing_required_column_is_refused_with_what_is_there() -> None:
    with pytest.raises(ColumnMissing) as refused:
        clean_orders({"account_id": ["A"], "ordered_at": ["2024-03-01"], "amount": [1]})
    assert str(refused.value) == (
        "orders lacks revenue; it has account_id, ordered_at, amount. "
        "Rename it, or map it under [tables.orders] in the settings."
    )


def test_a_column_that_is_almost_right_is_pointed_out() -> None:
    with pytest.raises(ColumnMissing, match="Column names match exactly: ' Revenue' is nearly right"):
        clean_orders({"account_id": ["A"], "ordered_at": ["2024-03-01"], " Revenue": [1]})
    note = clean_orders(orders(revenue=[1]) | {"Cost": [1], "colour": ["red"]}).notes
    assert note == ("orders: ignored what the contract does not know: 'Cost' (is cost meant?), colour",)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ShapeMismatch, match="the columns of orders differ in length"):
        clean_orders({"account_id": ["A"], "ordered_at": ["2024-03-01"], "revenue": [1, 2]})
