"""Folders, databases and mapped queries give the same tables, and whatever cannot be used is said."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import ColumnMissing, NotEnoughData, SettingsError, SourceUnreadable, TooManyBadRows
from features.sources.databases import DATABASE_CHUNK
from features.sources.source import Source, TableMapping, read_source, set_aside_frame, source_from_rows
from features.tables import TABLE

Frames = Mapping[str, pd.DataFrame]
Lay = Callable[[Frames], str]


def table(columns: str, *rows: str) -> pd.DataFrame:
    """A raw table of text, as a CSV would hold it: cells separated by |, an empty cell is missing."""
    cells = [[cell.strip() or None for cell in row.split("|")] for row in rows]
    return pd.DataFrame(cells, columns=columns.split(), dtype=object)


def orders(rows: int = 3) -> pd.DataFrame:
    return table("account_id ordered_at revenue", *(f"A{n}|2024-03-0{n % 9 + 1}|{n + 1}.5" for n in range(rows)))


def typed(frames: Frames) -> dict[str, pd.DataFrame]:
    """The same data with the types of a careful database; only where every cell can take them."""
    out = {}
    for name, frame in frames.items():
        frame = frame.copy()
        for column in TABLE[name].columns if name in TABLE else ():
            if column.name in frame and column.kind.value == "time":
                frame[column.name] = pd.to_datetime(frame[column.name], utc=True, format="ISO8601")
            elif column.name in frame and column.kind.value in ("money", "number"):
                frame[column.name] = pd.to_numeric(frame[column.name])
        out[name] = frame
    return out


@pytest.fixture
def as_csv(tmp_path: Path) -> Lay:
    def lay(frames: Frames) -> str:
        for name, frame in frames.items():
            frame.to_csv(tmp_path / f"{name}.csv", index=False)
        return str(tmp_path)

    return lay


@pytest.fixture
def as_parquet(tmp_path: Path) -> Lay:
    def lay(frames: Frames) -> str:
        for name, frame in frames.items():
            frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
        return str(tmp_path)

    return lay


def _fill(url: str, frames: Frames) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    for name, frame in frames.items():
        frame.to_sql(name, engine, index=False, if_exists="replace")
    engine.dispose()


@pytest.fixture
def as_sqlite(tmp_path: Path) -> Lay:
    def lay(frames: Frames) -> str:
        url = f"sqlite:///{tmp_path / 'source.db'}"
        _fill(url, frames)
        return url

    return lay


@pytest.fixture
def as_postgres(postgres_server: str) -> Lay:
    def lay(frames: Frames) -> str:
        url = postgres_server.replace("postgresql://", "postgresql+psycopg://")
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        engine.dispose()
        _fill(url, frames)
        return postgres_server

    return lay


def assert_same(one: Source, other: Source) -> None:
    assert one.set_aside == other.set_aside
    assert one.rows_read == other.rows_read
    assert list(one.tables) == list(other.tables)
    for name, columns in one.tables.items():
        assert set(columns) == set(other.tables[name])
        for column, values in columns.items():
            ours, theirs = np.asarray(values), np.asarray(other.tables[name][column])
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs, err_msg=f"{name}.{column}")


SOUND: dict[str, pd.DataFrame] = {
    "accounts": table(
        "account_id name employees created_at", "A1|Zoë|12|2020-01-01", "A2||3|", "007|Bond|7|2021-06-01"
    ),
    "contacts": table(
        "contact_id account_id role active_from active_until", "c1|A1|decider||", "c2|A1||2024-01-01|2024-02-01"
    ),
    "orders": table(
        "account_id ordered_at revenue order_id discount recorded_at",
        "A1|2024-03-01|100.25|1|0.1|",
        "A1|2024-03-02T10:30:00.5|-20|2||2024-03-05",
        "A2|2024-03-31T03:00:00+02:00|1e3|2|0|2024-03-31",
        "007|2024-12-31T23:59:59.999999|7|3|1|",
    ),
    "contracts": table(
        "account_id starts_on ends_on kind value recorded_at", "A1|2025-01-01|9999-12-31|service|10|2024-03-01"
    ),
    "tickets": table(
        "account_id opened_at severity resolved_at sla_breached", "A1|2024-03-01|2|2024-03-04|true", "A1|2024-03-02|4||"
    ),
    "referrals": table("account_id made_at kind"),
}

EVERY_BAD_ROW: dict[str, pd.DataFrame] = {
    "accounts": table(
        "account_id created_at employees", "A1|2020-01-01|5", "A1|2021-01-01|6", "|2020-01-01|7", "A2||many"
    ),
    "orders": table(
        "account_id ordered_at revenue order_id discount recorded_at",
        "A1|2024-03-01|100|1||",
        "|2024-03-01|100|2||",
        "A1||100|3||",
        "A1|last week|100|4||",
        "A1|2024-03-01|1,5,0|5||",
        "A1|2024-03-01||6||",
        "A1|2024-03-01|100|7|1.5|",
        "A1|2024-03-09|100|8||2024-03-01",
        "A1|2024-03-01|100|1||2024-02-29",
        "A1|2024-03-01|100|9||never",
    ),
    "tickets": table("account_id opened_at resolved_at", "A1|2024-03-01|soon"),
    "surveys": table("account_id answered_at score instrument", "A1|2024-03-01|6|csat", "A1|2024-03-01|6|nps"),
    "triggers": table("account_id occurred_at kind", "A1|2024-03-01|whim", "A1|2024-03-01|"),
    "investment_options": table(
        "investment bond cost", "visit|social|100", "visit|social|90", "gift|warm|5", "tool|structural|-1"
    ),
}


def test_every_kind_of_bad_row_is_in_the_report_and_none_is_lost(as_csv: Lay) -> None:
    source = read_source(as_csv(EVERY_BAD_ROW), max_bad_share=1.0)
    report = set_aside_frame(source)
    kinds = report["reason"].str.split(":").str[0]
    found = list(zip(report["table"], report["row"], report["column"], kinds, strict=True))
    assert found == [
        ("accounts", 1, "account_id", "conflicting account_id"),
        ("accounts", 2, "account_id", "no account"),
        ("accounts", 3, "employees", "unreadable number"),
        ("orders", 0, "order_id", "duplicate order_id"),
        ("orders", 1, "account_id", "no account"),
        ("orders", 2, "ordered_at", "no time"),
        ("orders", 3, "ordered_at", "unreadable time"),
        ("orders", 4, "revenue", "unreadable number"),
        ("orders", 5, "revenue", "required value missing"),
        ("orders", 6, "discount", "unreadable number"),
        ("orders", 7, "recorded_at", "recorded before it happened"),
        ("orders", 9, "recorded_at", "unreadable time"),
        ("tickets", 0, "resolved_at", "unreadable time"),
        ("surveys", 0, "score", "outside the scale"),
        ("triggers", 0, "kind", "unknown value"),
        ("triggers", 1, "kind", "required value missing"),
        ("investment_options", 0, "investment", "conflicting investment"),
        ("investment_options", 2, "bond", "unknown value"),
        ("investment_options", 3, "cost", "unreadable number"),
    ]
    assert list(report.columns) == ["table", "row", "column", "reason", "account_id"]
    assert report["account_id"].tolist()[3] == "A1"
    for name, rows in source.rows_read.items():
        assert rows == len(EVERY_BAD_ROW[name]) == source.rows(name) + int((report["table"] == name).sum())


def test_the_same_data_from_four_places_are_the_same_source(
    as_csv: Lay, as_parquet: Lay, as_sqlite: Lay, as_postgres: Lay, tmp_path: Path
) -> None:
    from_csv = read_source(as_csv(SOUND), max_bad_share=1.0)
    assert [bad.reason for bad in from_csv.set_aside] == []
    for file in tmp_path.glob("*.csv"):
        file.unlink()
    exact = typed(SOUND)
    assert_same(read_source(as_parquet(exact), max_bad_share=1.0), from_csv)
    assert_same(read_source(as_sqlite(exact), max_bad_share=1.0), from_csv)
    assert_same(read_source(as_postgres(exact), max_bad_share=1.0), from_csv)
    assert_same(source_from_rows(exact), from_csv)
    assert_same(source_from_rows({name: frame.to_dict("list") for name, frame in SOUND.items()}), from_csv)


def test_advice_for_a_database_calls_nothing_that_a_database_lacks(as_csv: Lay, as_sqlite: Lay) -> None:
    said = []
    for lay in (as_csv, as_sqlite):
        with pytest.raises(TooManyBadRows) as refused:
            read_source(lay(EVERY_BAD_ROW), max_bad_share=0.0)
        said.append(str(refused.value))
        source = read_source(lay(EVERY_BAD_ROW), max_bad_share=1.0)
        assert source.macros is (lay is as_csv)
    assert "such as tables." in said[0]
    assert "as_date(" not in said[1]
    assert "map a query that reads them well" in said[1]


def test_bad_rows_are_the_same_from_a_file_and_from_databases(as_csv: Lay, as_sqlite: Lay, as_postgres: Lay) -> None:
    from_csv = read_source(as_csv(EVERY_BAD_ROW), max_bad_share=1.0)
    assert_same(read_source(as_sqlite(EVERY_BAD_ROW), max_bad_share=1.0), from_csv)
    assert_same(read_source(as_postgres(EVERY_BAD_ROW), max_bad_share=1.0), from_csv)


@pytest.mark.parametrize("chunk", [1, DATABASE_CHUNK])
def test_numeric_timestamptz_uuid_and_date_columns_of_postgres_are_read(
    chunk: int, as_postgres: Lay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.sources.databases.DATABASE_CHUNK", chunk)
    url = as_postgres({})
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE orders (account_id uuid, ordered_at timestamptz, revenue numeric, order_id bigint,"
            " recorded_at date);"
            "INSERT INTO orders VALUES"
            " ('00000000-0000-0000-0000-000000000005', '2024-03-01 12:00+02', 12.50, 7, '2024-03-02'),"
            " ('00000000-0000-0000-0000-000000000006', '2024-07-01 12:00', 'NaN', 8, NULL),"
            " ('00000000-0000-0000-0000-000000000007', '2024-07-01 12:00+02', 0.125, NULL, NULL);"
            "CREATE MATERIALIZED VIEW referrals AS SELECT account_id, ordered_at AS made_at FROM orders"
        )
    source = read_source(url, max_bad_share=1.0)
    columns = source.tables["orders"]
    assert [name[-1] for name in columns["account_id"]] == ["5", "7"]
    assert (columns["ordered_at"] // 3_600_000_000 % 24).tolist() == [10, 10]
    assert (columns["revenue"].tolist(), columns["order_id"].tolist()) == ([12.5, 0.125], ["7", None])
    assert [bad.reason for bad in source.set_aside] == ["required value missing: revenue is empty"]
    assert source.rows("referrals") == 3


def test_a_table_larger_than_one_fetch_is_read_whole(tmp_path: Path) -> None:
    rows = DATABASE_CHUNK + 10
    with sqlite3.connect(tmp_path / "many.db") as connection:
        connection.execute("CREATE TABLE orders (account_id, ordered_at TEXT, revenue)")
        # The account ids turn from whole numbers to text after the first fetch, as SQLite allows.
        cells = ((n if n < DATABASE_CHUNK else f"A{n}", "2024-03-01", 1.5) for n in range(rows))
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", cells)
    connection.close()
    source = read_source(f"sqlite:///{tmp_path / 'many.db'}")
    assert source.rows("orders") == rows
    assert source.tables["orders"]["account_id"][[0, -1]].tolist() == ["0", f"A{rows - 1}"]


QUERY = """
    SELECT klant AS account_id, dag AS ordered_at, CAST(bedrag AS INTEGER) * 2 AS revenue
    FROM verkoop WHERE CAST(bedrag AS INTEGER) > 1 AND land LIKE 'N%';
"""
SALES = {
    "verkoop": pd.DataFrame(
        {"klant": ["A", "B", "C"], "dag": ["2024-03-01"] * 3, "bedrag": [1, 2, 3], "land": ["NL", "NL", "NO"]}
    )
}


@pytest.mark.parametrize("place", ["as_csv", "as_parquet", "as_sqlite", "as_postgres"])
def test_a_mapped_query_stands_for_its_table(place: str, request: pytest.FixtureRequest) -> None:
    lay: Lay = request.getfixturevalue(place)
    source = read_source(lay(SALES), {"orders": TableMapping(query=QUERY)})
    assert source.tables["orders"]["account_id"].tolist() == ["B", "C"]
    assert source.tables["orders"]["revenue"].tolist() == [4.0, 6.0]
    assert source.notes == ()


def test_a_mapped_query_over_a_folder_finds_files_by_their_relative_name(as_csv: Lay) -> None:
    query = "SELECT klant, dag AS ordered_at, bedrag FROM 'verkoop.csv' ORDER BY klant DESC"
    renamed = TableMapping(query=query, columns={"account_id": "klant", "revenue": "bedrag"})
    source = read_source(as_csv(SALES), {"orders": renamed})
    assert source.tables["orders"]["account_id"].tolist() == ["C", "B", "A"]


@pytest.mark.parametrize("place", ["as_csv", "as_parquet", "as_sqlite"])
def test_columns_may_be_called_otherwise(place: str, request: pytest.FixtureRequest) -> None:
    frame = orders().rename(columns={"revenue": "omzet"}).assign(cost=["1", "2", "3"])
    columns = {"revenue": "omzet", "recorded_at": "ordered_at"}
    source = read_source(request.getfixturevalue(place)({"orders": frame}), {"orders": TableMapping(columns=columns)})
    assert source.tables["orders"]["revenue"].tolist() == [1.5, 2.5, 3.5]
    assert source.tables["orders"]["cost"].tolist() == [1, 2, 3]
    assert source.notes == ()


def test_a_csv_may_begin_with_a_byte_order_mark_and_separate_by_semicolons(tmp_path: Path) -> None:
    text = 'account_id;ordered_at;revenue;order_id\n"A; b\nc";2024-03-01;1.5;""\n'
    (tmp_path / "orders.csv").write_bytes(text.encode("utf-8-sig"))
    source = read_source(tmp_path)
    assert source.tables["orders"]["account_id"].tolist() == ["A; b\nc"]
    assert source.tables["orders"]["order_id"].tolist() == [None]


def test_what_is_not_known_is_named_in_the_notes(as_csv: Lay, tmp_path: Path) -> None:
    location = as_csv({"orders": orders().assign(colour="red"), "weather": orders(), "set_aside": orders()})
    (tmp_path / "orders.docx").write_bytes(b"")
    assert read_source(location).notes == (
        f"ignored in the folder {tmp_path}, as the contract does not know them: orders.docx, weather.csv",
        "orders: ignored what the contract does not know: colour",
    )


def test_unknown_tables_of_a_database_are_named(as_sqlite: Lay) -> None:
    url = as_sqlite({"orders": orders(), "weather": orders()})
    assert read_source(url).notes == (f"ignored in {url}, as the contract does not know them: weather",)


def test_an_absent_table_is_absent_and_an_empty_one_has_no_rows(as_csv: Lay) -> None:
    source = read_source(as_csv({"orders": orders(), "tickets": table("account_id opened_at resolved_at")}))
    assert set(source.tables) == {"orders", "tickets"}
    assert (source.rows("tickets"), source.rows("surveys")) == (0, 0)
    assert source.tables["tickets"]["resolved_at"].dtype == np.int64


def test_progress_is_reported_before_each_table(as_csv: Lay) -> None:
    told: list[str] = []
    read_source(as_csv({"orders": orders(), "accounts": table("account_id", "A1")}), progress=told.append)
    assert told == ["reading accounts", "reading orders"]


def test_more_bad_rows_than_allowed_stop_the_reading_and_say_why(as_csv: Lay) -> None:
    frame = pd.concat([orders(17), table("account_id ordered_at revenue", "|2024-03-01|1", "A|soon|1", "A|soon|2")])
    with pytest.raises(TooManyBadRows) as stopped:
        read_source(as_csv({"orders": frame}), max_bad_share=0.1)
    assert str(stopped.value) == (
        "orders: 3 of 20 rows (15.0%) cannot be used, more than the 10% allowed: 2 unreadable time in ordered_at, "
        "1 no account in account_id. The first is row 17 (orders.csv, line 19): no account. Mend them at their origin, "
        "or map a query that reads them well under [tables.orders] in the settings, such as "
        'tables.orders.query = "select * from orders where as_id(account_id) is not null"'
    )
    assert read_source(as_csv({"orders": frame}), max_bad_share=0.15).rows("orders") == 17


def test_no_orders_is_refused_with_what_is_there(as_csv: Lay, tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable) as refused:
        read_source(as_csv({"Sales": orders()}))
    assert str(refused.value) == (
        f"the folder {tmp_path} holds no orders, the one table that is required; it holds Sales.csv. "
        "Name the orders so, or map them under [tables.orders] in the settings."
    )


def test_orders_without_rows_are_too_few(as_csv: Lay) -> None:
    with pytest.raises(NotEnoughData, match=r"orders in the folder .* has no rows"):
        read_source(as_csv({"orders": orders(0)}))
    assert source_from_rows({"orders": {}}).rows("orders") == 0


def test_a_missing_required_column_is_refused(as_parquet: Lay) -> None:
    with pytest.raises(ColumnMissing) as refused:
        read_source(as_parquet({"orders": orders().rename(columns={"revenue": "amount"})}))
    assert str(refused.value) == (
        "orders lacks revenue; it has account_id, ordered_at, amount. "
        "Rename it, or map it under [tables.orders] in the settings."
    )


def test_a_mapping_onto_what_is_not_there_is_refused(as_csv: Lay) -> None:
    location = as_csv({"orders": orders()})
    with pytest.raises(
        ColumnMissing, match=r"\[tables.orders\] takes omzet \(as revenue\), which is not there; it has acc"
    ):
        read_source(location, {"orders": TableMapping(columns={"revenue": "omzet"})})
    with pytest.raises(SettingsError, match=r"\[tables.orders\] maps turnover, which orders does not have"):
        read_source(location, {"orders": TableMapping(columns={"turnover": "revenue"})})
    with pytest.raises(SettingsError, match=r"\[tables.order\] maps a table that does not exist"):
        read_source(location, {"order": TableMapping()})
    note = read_source(location, {"tickets": TableMapping(columns={"severity": "ernst"})}).notes[0]
    assert note.startswith("[tables.tickets] is mapped, but the folder")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("orders.parquet", b"not parquet", "orders.parquet cannot be read as Parquet"),
        ("orders.csv", b"", "orders.csv is empty: it has not even a line that names its columns"),
        (
            "orders.csv",
            b"account_id,ordered_at,revenue\nA,2024-03-01\n",
            "orders.csv, line 2: 2 cells where the header has 3 columns: 'A,2024-03-01'. Mend the line",
        ),
        ("orders.xls", b"", "orders.xls is not read: it is a workbook of before Excel 2007: save it as .xlsx"),
        ("orders.xlsx", b"no workbook", "orders.xlsx is no workbook of Excel 2007 or later"),
        ("orders.zip", b"no archive", "orders.zip is no ZIP archive"),
        ("orders.csv.gz", b"not packed", "orders.csv.gz cannot be read as CSV"),
        ("orders.json", b"[1]", "orders.json, line 1: '1' is no JSON object"),
        ("orders.jsonl", b'{"a": 1}\n{', "orders.jsonl, line 2, cannot be read as JSON"),
        ("orders.csv", b"account_id,revenue,revenue\nA,1,2\n", "orders.csv has more than one column called revenue"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_named(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceUnreadable, match=message):
        read_source(tmp_path)


def test_one_table_in_two_files_is_refused(as_csv: Lay, as_parquet: Lay) -> None:
    as_parquet({"orders": orders()})
    with pytest.raises(SourceUnreadable, match=r"holds both orders\.csv and orders\.parquet; remove the one"):
        read_source(as_csv({"orders": orders()}))


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("nowhere", "nowhere does not exist; a source is a folder"),
        (__file__, r"test_source.py holds no orders, the one table that is required"),
        ("sqlite:///nowhere.db", "sqlite:///nowhere.db: there is no such file"),
        (
            "oracle9://u:secret@host/db",
            r"oracle9://u:\*\*\*@host/db cannot be reached: no driver for oracle9 is installed",
        ),
        (
            "postgresql://u:secret@127.0.0.1:1/db?password=secret",
            r"u:\*\*\*@127.0.0.1:1/db cannot be read: connection failed",
        ),
        ("postgresql://u:secret@host:port/db", "the database URL that begins with postgresql:// cannot be parsed"),
    ],
)
def test_a_place_that_cannot_be_reached_is_refused_without_its_password(location: str, message: str) -> None:
    with pytest.raises(SourceUnreadable, match=message) as refused:
        read_source(location)
    assert "secret" not in str(refused.value)
    assert not Path("nowhere.db").exists()


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("as_csv", "klantnummer"),
        ("as_sqlite", "no such column: klantnummer"),
        ("as_postgres", 'column "klantnummer" does'),
    ],
)
def test_a_failing_query_is_refused_in_the_databases_words(
    place: str, said: str, request: pytest.FixtureRequest
) -> None:
    location = request.getfixturevalue(place)(SALES)
    with pytest.raises(SourceUnreadable) as refused:
        read_source(location, {"orders": TableMapping(query="SELECT klantnummer\nFROM verkoop")})
    message = str(refused.value)
    assert message.startswith("the query of orders failed: ")
    assert said in message
    assert message.endswith("Mend it under [tables.orders] in the settings.")
    assert "\n" not in message


def test_a_query_that_names_a_column_twice_is_refused(as_sqlite: Lay) -> None:
    with pytest.raises(
        SourceUnreadable, match=r"the query under \[tables.orders\] has more than one column called klant"
    ):
        read_source(as_sqlite(SALES), {"orders": TableMapping(query="SELECT klant, klant FROM verkoop")})


def test_data_frames_of_every_dtype_are_read_as_rows_are() -> None:
    frame = pd.DataFrame(
        {
            "account_id": pd.array([1, None, 3], dtype="Int64"),
            "ordered_at": pd.to_datetime(["2024-03-01"] * 3).tz_localize("Europe/Amsterdam"),
            "revenue": [1, 2, 3],
            "product_line": pd.Categorical(["x", None, "x"]),
            "discount": pd.array([0.5, 0.25, None], dtype="Float64"),
        }
    )
    source = source_from_rows({"orders": frame, "weather": frame})
    columns: Mapping[str, Any] = source.tables["orders"]
    assert columns["account_id"].tolist() == ["1", "3"]
    assert columns["ordered_at"].view("M8[us]").astype(str).tolist() == ["2024-02-29T23:00:00.000000"] * 2
    assert columns["product_line"].tolist() == ["x", "x"]
    np.testing.assert_array_equal(columns["discount"], [0.5, np.nan])
    assert [bad.reason for bad in source.set_aside] == ["no account"]
    assert source.notes == ("ignored tables that the contract does not know: weather",)
    assert set_aside_frame(source_from_rows({"orders": orders()})).empty
