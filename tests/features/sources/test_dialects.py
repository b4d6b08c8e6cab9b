"""The same three orders in every dialect are the same orders, or the file is refused by name."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from features.errors import SourceError, SourceUnreadable
from features.instants import instant, iso
from features.sources.cleaning.rules import SourceRules
from features.sources.source import Source, TableMapping, read_source

NAMES = ("account_id", "ordered_at", "revenue", "order_id")
ROWS = (
    ("Zoë & Zn", "2024-03-01", "1250.5", "007"),
    ("B2", "2024-12-31", "-99", "008"),
    ("B2", "2025-01-13", "12000", "9"),
)
UNTIL = instant("2026-01-01")
Lay = Callable[[Path], None]


def rows(
    date: Callable[[str], str] = str, amount: Callable[[str], str] = str, account: Callable[[str], str] = str
) -> list[tuple[str, ...]]:
    """The orders, with cells written otherwise."""
    return [(account(name), date(day), amount(money), key) for name, day, money, key in ROWS]


def text(cells: Sequence[Sequence[str]] | None = None, mark: str = ",", end: str = "\n", quoting: Any = 0) -> str:
    out = io.StringIO()
    written = csv.writer(out, delimiter=mark, lineterminator=end, quoting=quoting)
    written.writerow(NAMES)
    written.writerows(rows() if cells is None else cells)
    return out.getvalue()


def file(name: str, content: str | bytes, encoding: str = "utf-8") -> Lay:
    def lay(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode(encoding))

    return lay


def zipped(name: str, members: Mapping[str, str]) -> Lay:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return file(name, out.getvalue())


def workbook(name: str, sheets: Mapping[str, Sequence[Sequence[Any]]], merged: str = "") -> Lay:
    def lay(folder: Path) -> None:
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for title, cells in sheets.items():
            sheet = book.create_sheet(title)
            for row in cells:
                sheet.append(list(row))
            if merged:
                sheet.merge_cells(merged)
        book.save(folder / name)

    return lay


def parquet(**columns: Any) -> Lay:
    return lambda folder: pq.write_table(pa.table(columns), folder / "orders.parquet")


def parts(folder: Path) -> None:
    for year in ("2024", "2025"):
        part = folder / "Orders" / f"product_line={year}"
        part.mkdir(parents=True)
        chosen = [row for row in ROWS if row[1].startswith(year)]
        pd.DataFrame(chosen, columns=NAMES).to_parquet(part / "part-0.parquet")


def dutch(day: str) -> str:
    year, month, date = day.split("-")
    return f"{date}-{month}-{year}"


def american(day: str) -> str:
    year, month, date = day.split("-")
    return f"{int(month)}/{int(date)}/{year}"


def comma(amount: str) -> str:
    return f"{float(amount):,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def english(amount: str) -> str:
    return f"{float(amount):,.2f}"


def seconds(day: str) -> str:
    return str(instant(day) // 1_000_000)


MONTHS = "jan feb mrt apr mei jun jul aug sep okt nov dec".split()
TYPED = [(name, pd.Timestamp(day).to_pydatetime(), float(money), key) for name, day, money, key in ROWS]
OBJECTS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]

DIALECTS: dict[str, Lay] = {
    "commas": file("orders.csv", text()),
    "semicolons": file("orders.csv", text(mark=";")),
    "tabs": file("orders.tsv", text(mark="\t")),
    "tabs in a file called txt": file("orders.txt", text(mark="\t")),
    "pipes": file("orders.csv", text(mark="|")),
    "every cell in quotes": file("orders.csv", text(quoting=csv.QUOTE_ALL)),
    "single quotes": file("orders.csv", text(quoting=csv.QUOTE_ALL).replace('"', "'")),
    "carriage returns": file("orders.csv", text(end="\r\n")),
    "no line end at the end": file("orders.csv", text().rstrip("\n")),
    "blank lines between": file("orders.csv", text(end="\n\n")),
    "UTF-8 with a mark": file("orders.csv", text(), "utf-8-sig"),
    "UTF-16 with a mark": file("orders.csv", text(), "utf-16"),
    "UTF-16 of Windows without a mark": file("orders.csv", text(mark=";"), "utf-16-le"),
    "UTF-16 of old Macs": file("orders.csv", text(mark=";"), "utf-16-be"),
    "UTF-32": file("orders.csv", text(), "utf-32"),
    "Windows-1252": file("orders.csv", text(mark=";"), "cp1252"),
    "Latin-1": file("orders.csv", text(), "latin-1"),
    "a line for Excel": file("orders.csv", "sep=;\n" + text(mark=";")),
    "title lines": file("orders.csv", "Order report\n\n" + text(mark=";")),
    "big letters": file("ORDERS.CSV", text()),
    "gzip": file("orders.csv.gz", gzip.compress(text().encode())),
    "zip": zipped("orders.zip", {"export_2025.csv": text()}),
    "a zip with more than one file": zipped("export.zip", {"Orders.csv": text(), "notes.csv": "a,b\n1,2\n"}),
    "JSON lines": file("orders.jsonl", "\n".join(map(json.dumps, OBJECTS))),
    "JSON lines with numbers": file(
        "orders.ndjson", "\n".join(json.dumps(row | {"revenue": float(row["revenue"])}) for row in OBJECTS)
    ),
    "a JSON array": file("orders.json", json.dumps(OBJECTS, indent=1)),
    "Parquet of text": parquet(**{n: [row[k] for row in ROWS] for k, n in enumerate(NAMES)}),
    "Parquet of bytes": parquet(**{n: [row[k].encode() for row in ROWS] for k, n in enumerate(NAMES)}),
    "Parquet of decimals, dates and codes": parquet(
        account_id=pa.array([r[0] for r in ROWS]).dictionary_encode(),
        ordered_at=pa.array([r[1] for r in ROWS]).cast(pa.date32()),
        revenue=pa.array([r[2] for r in ROWS]).cast(pa.decimal128(12, 2)),
        order_id=pa.array([r[3] for r in ROWS], pa.large_string()),
    ),
    "Parquet with an instant in a zone": parquet(
        account_id=[r[0] for r in ROWS],
        ordered_at=pa.array([instant(r[1]) for r in ROWS]).cast(pa.timestamp("us", tz="America/New_York")),
        revenue=pa.array([r[2] for r in ROWS]).cast(pa.float32()),
        order_id=[r[3] for r in ROWS],
    ),
    "Parquet of epochs": parquet(
        account_id=[r[0] for r in ROWS], ordered_at=[instant(r[1]) // 1000 for r in ROWS],
        revenue=[float(r[2]) for r in ROWS], order_id=[r[3] for r in ROWS],
    ),
    "a folder of parts": parts,
    "Excel": workbook("orders.xlsx", {"Sheet1": [NAMES, *TYPED]}),
    "Excel, by the title of its one sheet": workbook("Book1.xlsx", {"Orders": [NAMES, *TYPED]}),
    "Excel with titles and a total": workbook(
        "export.xlsx", {"Read me": [["hello"]], "ORDERS": [["Orders"], [], NAMES, *TYPED, ["Total", None, 13151.5]]}
    ),
    "Excel with text in every cell": workbook("orders.xlsx", {"Orders": [NAMES, *rows(dutch, comma)], "More": [["x"]]}),
    "days first": file("orders.csv", text(rows(dutch))),
    "days first, years of two digits": file("orders.csv", text(rows(lambda day: dutch(day)[:6] + day[2:4]))),
    "months first": file("orders.csv", text(rows(american))),
    "months by name": file(
        "orders.csv", text(rows(lambda day: f"{int(day[8:])} {MONTHS[int(day[5:7]) - 1]} {day[:4]}"))
    ),
    "eight digits": file("orders.csv", text(rows(lambda day: day.replace("-", "")))),
    "slashes and a clock": file("orders.csv", text(rows(lambda day: f"{day.replace('-', '/')} 00:00:00"))),
    "an offset after a blank": file("orders.csv", text(rows(lambda day: f"{day} 02:00:00 +0200"))),
    "half days": file("orders.csv", text(rows(lambda day: f"{american(day)} 12:00 AM"))),
    "seconds since 1970": file("orders.csv", text(rows(seconds))),
    "milliseconds since 1970": file("orders.csv", text(rows(lambda day: seconds(day) + "000"))),
    "decimal commas": file("orders.csv", text(rows(amount=comma), mark=";")),
    "decimal commas in quotes": file("orders.csv", text(rows(amount=comma))),
    "thousands in English": file("orders.csv", text(rows(amount=english))),
    "thousands by blanks": file("orders.csv", text(rows(amount=lambda a: english(a).replace(",", "\u00a0")))),
    "thousands in Switzerland": file("orders.csv", text(rows(amount=lambda a: english(a).replace(",", "'")))),
    "dollars": file("orders.csv", text(rows(amount=lambda a: "$" + english(a)))),
    "euros behind": file("orders.csv", text(rows(amount=lambda a: comma(a) + " €"), mark=";")),
    "the code before": file("orders.csv", text(rows(amount=lambda a: "EUR " + english(a)))),
    "negative in parentheses": file("orders.csv", text(rows(amount=lambda a: english(a).replace("-99.00", "(99.00)")))),
    "the sign behind": file("orders.csv", text(rows(amount=lambda a: english(a).replace("-99.00", "99.00-")))),
    "padded accounts": file("orders.csv", text(rows(account=lambda name: f"{name:12}"))),
}  # fmt: skip


def read(folder: Path, **more: Any) -> Source:
    return read_source(folder, rules=SourceRules(until=UNTIL), **more)


def cells(source: Source) -> list[tuple[Any, ...]]:
    columns = source.tables["orders"]
    return list(zip(*(columns[name].tolist() for name in NAMES), strict=True))


EXPECTED = [(name, instant(day), float(amount), key) for name, day, amount, key in ROWS]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_same_orders_in_every_dialect_are_the_same(dialect: str, tmp_path: Path) -> None:
    DIALECTS[dialect](tmp_path)
    source = read(tmp_path)
    assert cells(source) == EXPECTED
    assert source.set_aside == ()


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if "parts" not in name and "more than one" not in name])
def test_a_query_sees_the_same_cells(dialect: str, tmp_path: Path) -> None:
    DIALECTS[dialect](tmp_path)
    source = read(tmp_path, mapped={"orders": TableMapping("select * from orders")})
    assert cells(source) == EXPECTED


@pytest.mark.parametrize("dialect", ["semicolons", "gzip", "Excel", "JSON lines", "zip"])
def test_a_single_file_is_a_source(dialect: str, tmp_path: Path) -> None:
    DIALECTS[dialect](tmp_path)
    (only,) = tmp_path.iterdir()
    assert cells(read(only)) == EXPECTED


REFUSED: dict[str, tuple[Lay, str]] = {
    "days or months": (
        file("orders.csv", text([("A", "01-02-2024", "1", "1"), ("B", "03-04-2024", "2", "2")])),
        r"orders.ordered_at can be read in two ways: '01-02-2024' is 2024-02-01 \(dmy\) or 2024-01-02 \(mdy\).*"
        r"reading = \{ ordered_at = \"dmy\" \}",
    ),
    "both orders": (
        file("orders.csv", text([("A", "13-02-2024", "1", "1"), ("B", "02-14-2024", "2", "2")])),
        "orders.ordered_at can be read in two ways",
    ),
    "which part is the year": (
        file("orders.csv", text([("A", "01-02-03", "1", "1"), ("B", "04-05-06", "2", "2")])),
        "orders.ordered_at can be read in several ways: '01-02-03' is 2003-02-01",
    ),
    "thousands or decimals": (
        file("orders.csv", text([("A", "2024-01-01", "1.257", "1"), ("B", "2024-01-02", "2.384", "2")])),
        r"orders.revenue can be read in two ways: '1.257' is 1.257 \(decimal_point\) or 1257 \(decimal_comma\)",
    ),
    "merged cells": (
        workbook("orders.xlsx", {"Orders": [NAMES, *TYPED]}, "A3:A4"),
        "orders.xlsx, sheet Orders: the cells A3:A4 are merged",
    ),
    "a cell too many": (
        file("orders.csv", text() + "A,2024-01-01,1,5,X9\n"),
        r"orders.csv, line 5: 5 cells where the header has 4 columns: 'A,2024-01-01,1,5,X9'",
    ),
    "a line within quotes before it": (
        file("orders.csv", text([("A\nB", "2024-01-01", "1", "1")]) + "A,2024-01-01\n"),
        "orders.csv, line 4: 2 cells",
    ),
    "two files for one table": (
        lambda folder: (file("orders.csv", text())(folder), file("Orders.json", "[]")(folder))[0],
        r"holds both Orders.json and orders.csv",
    ),
    "a workbook and a text file": (
        lambda folder: (file("orders.csv", text())(folder), workbook("orders.xlsx", {"Sheet1": [NAMES]})(folder))[0],
        r"holds both orders.csv and orders.xlsx, sheet Sheet1",
    ),
    "copies": (
        file("orders.csv", "account_id,ordered_at,revenue\nA,2024-01-01,5\nA,2024-01-01,5\n"),
        r"orders: 1 of 2 rows are exact copies of another.*\[source\] drop_copies = \"yes\"",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_be_read_in_two_ways_or_not_at_all_is_refused_by_name(case: str, tmp_path: Path) -> None:
    lay, message = REFUSED[case]
    lay(tmp_path)
    with pytest.raises(SourceUnreadable, match=message):
        read(tmp_path)
    looked = read(tmp_path, look=True, max_bad_share=1.0) if "holds both" not in message else None
    assert looked is None or len(looked.refusals) == 1


def test_the_settings_say_what_the_cells_leave_in_doubt(tmp_path: Path) -> None:
    REFUSED["days or months"][0](tmp_path)
    for order, first in (("dmy", "2024-02-01"), ("mdy", "2024-01-02")):
        source = read(tmp_path, mapped={"orders": TableMapping(reading={"ordered_at": order})})
        assert iso(int(source.tables["orders"]["ordered_at"][0])) == first
    REFUSED["thousands or decimals"][0](tmp_path)
    mapped = {"orders": TableMapping(reading={"revenue": "decimal_comma"})}
    assert read(tmp_path, mapped=mapped).tables["orders"]["revenue"].tolist() == [1257.0, 2384.0]
    with pytest.raises(SourceError, match=r"reads revenue as 'dmy'; it is one of decimal_point, decimal_comma"):
        raise_source_error(tmp_path)


def raise_source_error(folder: Path) -> None:
    from features.errors import SettingsError

    try:
        read(folder, mapped={"orders": TableMapping(reading={"revenue": "dmy"})})
    except SettingsError as error:
        raise SourceError(str(error)) from None


def test_a_column_in_doubt_follows_the_others_of_its_table(tmp_path: Path) -> None:
    file(
        "orders.csv",
        "account_id,ordered_at,recorded_at,revenue\nA,01-02-2024,13-02-2024,1\nB,03-04-2024,03-04-2024,2\n",
    )(tmp_path)
    assert [iso(int(day)) for day in read(tmp_path).tables["orders"]["ordered_at"]] == ["2024-02-01", "2024-04-03"]


def test_a_query_has_macros_for_dates_amounts_and_ids(tmp_path: Path) -> None:
    file("facturen.csv", "klant;dag;netto\n K1 ;01-02-24;1.250,00\nNULL;02-02-24;\nK2;soon;x\n")(tmp_path)
    query = (
        "select as_id(klant) as account_id, as_date(dag, 'dmy') as ordered_at, as_amount(netto, ',') * 2 as revenue "
        "from facturen"
    )
    source = read(tmp_path, mapped={"orders": TableMapping(query)}, max_bad_share=1.0)
    columns = source.tables["orders"]
    assert (columns["account_id"].tolist(), columns["revenue"].tolist()) == (["K1"], [2500.0])
    assert iso(int(columns["ordered_at"][0])) == "2024-02-01"
    assert [row.reason for row in source.set_aside] == ["no account", "no time"]


def test_a_query_that_reckons_with_text_is_told_how(tmp_path: Path) -> None:
    file("facturen.csv", "klant,dag,netto\nK1,2024-02-01,5\n")(tmp_path)
    query = "select klant as account_id, dag as ordered_at, netto * 2 as revenue from facturen"
    with pytest.raises(SourceUnreadable, match=r"cells of a text file are text in a query: as_amount\(cell, '\.'\)"):
        read(tmp_path, mapped={"orders": TableMapping(query)})


def test_a_key_that_turns_to_letters_after_twenty_thousand_rows_is_text_in_a_query(tmp_path: Path) -> None:
    lines = [f"{k:06d},K{k % 300},2024-{k % 12 + 1:02d}-{k % 28 + 1:02d},10" for k in range(20_600)]
    file("invoices.csv", "\n".join(["Invoice,Customer,Date,Net", *lines, "C20601,K1,2024-12-01,-10"]))(tmp_path)
    query = "select Invoice as order_id, Customer as account_id, Date as ordered_at, Net as revenue from invoices"
    orders = read(tmp_path, mapped={"orders": TableMapping(query)}).tables["orders"]
    assert orders["order_id"][[0, -1]].tolist() == ["000000", "C20601"]


def test_numbers_beside_text_in_one_column_of_a_sheet_are_what_they_are(tmp_path: Path) -> None:
    cells = [NAMES[:3], ("A", "2024-01-01", 1.125), ("B", "2024-01-02", "2,5"), (17001.0, "2024-01-03", -1e-7)]
    workbook("orders.xlsx", {"Orders": cells})(tmp_path)
    orders = read(tmp_path).tables["orders"]
    assert (orders["revenue"].tolist(), orders["account_id"].tolist()) == ([1.125, 2.5, -1e-7], ["A", "B", "17001"])


def test_what_is_not_utf_8_is_noted_with_its_line(tmp_path: Path) -> None:
    DIALECTS["Windows-1252"](tmp_path)
    (note,) = (note for note in read(tmp_path).notes if "UTF-8" in note)
    assert note.startswith("orders.csv is not UTF-8: read as Windows-1252 (line 2: Zoë & Zn;2024-03-01")


def test_a_set_aside_row_is_found_by_its_line_beyond_quoted_line_ends(tmp_path: Path) -> None:
    file("orders.csv", 'account_id,ordered_at,revenue\n"A\nB",2024-01-01,1\nC,soon,2\n')(tmp_path)
    assert read(tmp_path, max_bad_share=1.0).places == {("orders", 1): "orders.csv, line 4"}


KEYS = st.text("abzéλ界 ;,|\"'.\n0", min_size=1, max_size=6).map(str.strip).filter(bool)
DAYS = st.dates(pd.Timestamp("1990-01-01").date(), pd.Timestamp("2025-12-31").date())
FRAMES = st.lists(st.tuples(KEYS, DAYS, st.integers(-9_999_999, 9_999_999)), min_size=1, max_size=12)
DATES: dict[str, Callable[[Any], str]] = {
    "iso": lambda d: d.isoformat(),
    "dutch": lambda d: f"{d:%d-%m-%Y}",
    "american": lambda d: f"{d:%m/%d/%Y}",
    "short": lambda d: f"{d:%d.%m.%y}",
    "compact": lambda d: f"{d:%Y%m%d}",
    "named": lambda d: f"{d:%d %b %Y}",
}
AMOUNTS: dict[str, Callable[[int], str]] = {
    "plain": lambda a: f"{a / 100:.2f}",
    "comma": lambda a: comma(str(a / 100)),
    "english": lambda a: english(str(a / 100)),
    "whole with thousands": lambda a: f"{a // 100:,}".replace(",", "."),
    "parentheses": lambda a: f"({-a / 100:,.2f})" if a < 0 else f"{a / 100:,.2f}",
}


@settings(max_examples=150, deadline=None)
@given(
    FRAMES, st.sampled_from(list(DATES)), st.sampled_from(list(AMOUNTS)), st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_a_frame_written_in_any_dialect_comes_back_the_same_or_is_refused(
    frame: list[Any], date: str, amount: str, mark: str, encoding: str, end: str
) -> None:
    from tempfile import TemporaryDirectory

    written = [(key, DATES[date](day), AMOUNTS[amount](money), str(k)) for k, (key, day, money) in enumerate(frame)]
    with TemporaryDirectory() as folder:
        (Path(folder) / "orders.csv").write_bytes(text(written, mark, end).encode(encoding))
        try:
            orders = read(Path(folder)).tables["orders"]
        except SourceUnreadable as refused:
            event("refused")
            if "can be read in" not in str(refused):
                raise
            return
    scale = 100 if amount == "whole with thousands" else 1
    assert orders["account_id"].tolist() == [key.replace("\r\n", "\n") for key, _, _ in frame]
    assert [iso(int(at)) for at in orders["ordered_at"]] == [day.isoformat() for _, day, _ in frame]
    np.testing.assert_allclose(orders["revenue"], [(m // 100) if scale == 100 else m / 100 for _, _, m in frame])
