"""How a column is understood from all of its cells."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.instants import instant, iso
from features.sources.cleaning.rules import SourceRules
from features.sources.readings import amounts, dates
from features.sources.readings.columns import apply, gather, settle
from features.sources.readings.evidence import ColumnReading
from features.tables import TABLE

RULES = SourceRules(until=instant("2026-11-30"))


def read(
    column: str,
    cells: Sequence[str | None],
    rules: SourceRules = RULES,
    told: dict[str, str] | None = None,
    batch: int = 99,
) -> tuple[ColumnReading, list[Any]]:
    """A column of orders read, its evidence gathered in batches."""
    table = TABLE["orders"]
    declared = table.column(column)
    found = gather(declared, pa.array(cells[:batch], pa.string()), rules)
    for at in range(batch, len(cells), batch):
        found.add(gather(declared, pa.array(cells[at : at + batch], pa.string()), rules))
    reading = settle(table, {column: found}, told or {}, rules)[column]
    written, reading = apply(declared, pa.array(cells, pa.string()), reading, found.seen, rules)
    return reading, written.to_pylist()


@pytest.mark.parametrize("batch", [1, 2, 99])
@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["13-02-2024", "01-02-2024"], "dmy"),
        (["02-13-2024", "01-02-2024"], "mdy"),
        (["01-02-2024", "03-04-2024"], "doubtful"),
        (["13-02-2024", "02-14-2024"], "doubtful"),
        (["13.2.24", "1.2.23"], "dmy"),
        (["2/13/24", "2/14/24", "3/20/24"], "mdy"),
        (["24-01-13", "24-02-28", "24-03-01", "24-04-09"], "ymd"),
        (["24-01-13", "24-02-22", "24-03-01", "24-04-09"], "ymd"),
        (["21-03-01", "22-04-01", "23-05-01"], "doubtful"),
        (["01-03-17", "01-05-19", "01-07-23"], "doubtful"),
        (["24-03-01", "24-06-15", "23-01-20"], "doubtful"),
        (["01-03-17", "11-03-17", "25-05-17", "31-07-17", "17-12-17"], "dmy"),
        (["01-03-17", "11-03-17"], "doubtful"),
        (["2024-01-13", "2024-02-01T10:00:00Z"], "iso"),
        (["1 mrt 2024", "2 mei 2024"], "named"),
        (["1. März 2024", "Friday, 2 March 2024", "03-MAR-24"], "named"),
        (["13. 2. 2024"], "dmy"),
        (["20240113"], "compact"),
        (["1709251200"], "epoch_s"),
        (["1709251200000"], "epoch_ms"),
        (["1709251200.5"], "epoch_s"),
        (["45292", "45300.5"], "excel"),
        ([None], "empty"),
    ],
)
def test_the_order_of_a_date_s_parts_is_settled_from_all_cells(cells: list[str | None], form: str, batch: int) -> None:
    assert read("ordered_at", cells, batch=batch)[0].form == form


def test_numbers_that_count_from_a_beginning_have_their_instant() -> None:
    assert [cell[:22] for cell in read("ordered_at", ["1709251200.5"])[1]] == ["2024-03-01 00:00:00.50"]
    assert [cell[:19] for cell in read("ordered_at", ["45292", "45300.5"])[1]] == [
        "2024-01-01 00:00:00",
        "2024-01-09 12:00:00",
    ]


def test_a_few_cells_of_the_other_order_are_left_as_they_stand() -> None:
    reading, written = read("ordered_at", [f"{day}-01-2024" for day in range(13, 32)] * 2 + ["01-31-2024"])
    assert reading.form == "dmy"
    assert written[-1] == "01-31-2024"


def test_a_year_of_two_digits_after_the_export_lies_in_the_last_century() -> None:
    written = read("ordered_at", ["31-12-98", "31-12-24"])[1]
    assert [cell[:10] for cell in written] == ["1998-12-31", "2024-12-31"]


DAYS = st.dates(dt.date(1930, 1, 1), dt.date(2026, 11, 1)).filter(lambda day: day != dt.date(1970, 1, 1))


@given(st.lists(DAYS, min_size=1, max_size=9), st.sampled_from("-/. "))
def test_a_date_with_its_whole_year_is_never_read_as_another(days: list[dt.date], mark: str) -> None:
    for order, form in (("dmy", f"%d{mark}%m{mark}%Y"), ("mdy", f"%m{mark}%d{mark}%Y")):
        reading, written = read("ordered_at", [day.strftime(form) for day in days])
        if reading.form != "doubtful":
            assert reading.form == order or all(day.day == day.month for day in days)
            assert [cell[:10] for cell in written] == [day.isoformat() for day in days]


@given(st.lists(st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2026, 11, 1)), min_size=1, max_size=9))
def test_a_time_has_its_bits_however_it_is_written(times: list[dt.datetime]) -> None:
    micros = [(t - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1) for t in times]
    for form in ("%d %b %Y %H:%M:%S.%f", "%Y/%m/%d %I:%M:%S.%f %p", "%Y-%m-%d %H:%M:%S.%f +0000"):
        value, valid = dates.apply(pa.array([t.strftime(form) for t in times]), "named", None)
        assert valid.all()
        assert value.tolist() == micros


def test_the_day_of_a_time_begins_at_the_midnight_of_the_source_s_zone() -> None:
    cells = ["2024-03-04T20:00:00-05:00", "2024-07-04T20:00:00-04:00", "2024-03-04 20:00"]
    there = read("ordered_at", cells, SourceRules(time_zone="America/New_York"))[1]
    assert {cell[:19] for cell in there} == {"2024-03-04 20:00:00", "2024-07-04 20:00:00"}


@pytest.mark.parametrize("batch", [1, 99])
@pytest.mark.parametrize(
    ("cells", "form", "meant"),
    [
        (["1.250", "950", "12.000"], "decimal_comma", ["1250", "950", "12000"]),
        (["1,250", "950", "12,000"], "decimal_point", ["1250", "950", "12000"]),
        (["1.250", "12500"], "decimal_point", ["1.250", "12500"]),
        (["1.257", "2.384"], "doubtful", ["1.257", "2.384"]),
        (["1.257", "0.384"], "decimal_point", ["1.257", "0.384"]),
        (["1.250.000"], "decimal_comma", ["1250000"]),
        (["1.250,5", "3"], "decimal_comma", ["1250.5", "3"]),
        (["99,5", "1.250"], "decimal_comma", ["99.5", "1250"]),
        (["$1,234.50", "-$5", "($7)", "8-"], "decimal_point", ["1234.50", "-5", "-7", "-8"]),
        (["1.250,-", "€ 5,-", "7,--"], "decimal_comma", ["1250.00", "5.00", "7.00"]),
        (["5'000.-", "-5.- CHF"], "decimal_point", ["5000.00", "-5.00"]),
        (["−5", "+5"], "whole", ["-5", "5"]),
        (["EUR 5", "5 EUR", "5"], "whole", ["5", "5", "5"]),
        (["1e3", "-.5"], "decimal_point", ["1e3", "-.5"]),
        (["1 250,00", "1\u202f250,00"], "decimal_comma", ["1250.00", "1250.00"]),
        (["12,34,567.5"], "decimal_point", ["1234567.5"]),
        (["(5", "--5", "5%", "1,2,3", "abc", "1..2"], "whole", ["(5", "--5", "5%", "1,2,3", "abc", "1..2"]),
        (["N/A", "-", "NULL", "3"], "whole", [None, None, None, "3"]),
    ],
)
def test_the_mark_of_decimals_is_settled_from_all_cells(
    cells: list[str], form: str, meant: list[str | None], batch: int
) -> None:
    reading, written = read("revenue", cells, batch=batch)
    assert (reading.form, written) == (form, meant)


def test_per_cents_count_where_a_share_belongs() -> None:
    assert read("discount", ["15%", "0.2", "7.5 %"])[1] == ["0.15", "0.2", "0.075"]


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=9))
def test_an_amount_is_never_read_as_another(cents: list[int]) -> None:
    for point, thousands in ((".", ","), (",", "."), (",", " "), (".", "'"), (".", "")):
        written = [f"{c / 100:,.2f}".replace(",", "_").replace(".", point).replace("_", thousands) for c in cents]
        reading, cells = read("revenue", written)
        assert reading.form != "doubtful"
        np.testing.assert_allclose([float(cell) for cell in cells], np.array(cents) / 100)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=9))
def test_whole_amounts_with_thousands_are_read_right_or_left_in_doubt(units: list[int]) -> None:
    for mark in (".", ","):
        reading, cells = read("revenue", [f"{unit:,}".replace(",", mark) for unit in units])
        if reading.form != "doubtful":
            assert [float(cell) for cell in cells] == units


def test_ids_are_trimmed_and_words_for_nothing_are_empty_but_an_account_may_be_called_na() -> None:
    reading, written = read("account_id", ["NA", " K1", "K1  ", "NULL", "#N/A", "\\N", "None", "007", "Null"])
    assert written == ["NA", "K1", "K1", None, None, None, None, "007", "Null"]
    assert (reading.details["null_like"], reading.empty) == (4, ("#N/A", "NULL", "None", "\\N"))
    assert read("product_line", ["None", "NULL"])[1] == ["None", None]


def test_ids_that_became_numbers_lose_their_point_unless_others_have_real_decimals() -> None:
    assert read("account_id", ["17001.0", "17002"])[1] == ["17001", "17002"]
    assert read("account_id", ["1.0", "1.1"])[1] == ["1.0", "1.1"]


def test_names_and_free_text_never_stand_in_a_reading() -> None:
    reading, _ = read("product_line", [" Jansen "])
    assert (reading.changed, reading.before, reading.after) == (1, "", "")


def test_a_currency_has_its_code() -> None:
    assert amounts.symbols(pa.array(["$ 5", "5 €", "GBP 5", "5"])).to_pylist() == ["USD", "EUR", "GBP", None]


def test_the_wall_clock_of_a_zone() -> None:
    summer, winter = (
        iso(int(dates.wall_clock(np.array([instant(day)]), "Europe/Amsterdam")[0]))
        for day in ("2024-07-01", "2024-01-01")
    )
    assert (summer, winter) == ("2024-07-01T02:00:00", "2024-01-01T01:00:00")
