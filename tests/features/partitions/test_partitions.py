"""A source cut into parts: every row in one of them, every account whole, and the same answers as before the cut."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.catalog.catalog import Context, compute
from features.errors import NotEnoughData, SettingsError, SourceUnreadable, TooManyBadRows
from features.histories.histories import build_histories
from features.histories.options import Options
from features.histories.outlier_dates import outlier_dates
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, instant
from features.partitions.merge import join_options, merge_histories, select_accounts, undeclared_costs
from features.partitions.summary import join_summaries, read_part, summarise_part
from features.partitions.write import partition
from features.sources.cleaning.rules import SourceRules
from features.sources.connectors import TableMapping
from features.sources.partitioned import MANIFEST, Partitions, part_numbers, read_partitions
from features.sources.source import read_source
from features.tables import OF_THE_SUPPLIER
from tests.trained import tiny
from training.simulator.simulation import write

PARTS = 5
LONG = "Zaanse Kaas- & Vleeswaren Coöperatie 株式会社 " * 8


def cut(source: Path | str, out: Path, parts: int = PARTS, **more: Any) -> Partitions:
    """Partition the source and read the manifest back."""
    partition(source, out, parts, **more)
    found = read_partitions(out)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny supplier, with rows that cannot be used and rows that came twice."""
    out = tmp_path_factory.mktemp("tiny") / "source"
    write(tiny(), out)
    orders = pd.read_parquet(out / "orders.parquet")
    again = orders.sample(20, random_state=0)
    nobody = orders.head(7).assign(account_id=None, order_id=[f"lost {k}" for k in range(7)])
    pd.concat([orders, again, nobody]).sample(frac=1, random_state=1).to_parquet(out / "orders.parquet", index=False)
    return out


@pytest.fixture(scope="module")
def parted(folder: Path) -> Partitions:
    """The same, cut."""
    return cut(folder, folder.parent / "parts")


def summarise_rows(table: Any) -> list[str]:
    """The rows of an Arrow table as text, sorted."""
    return sorted(map(repr, zip(*(table.column(name).to_pylist() for name in sorted(table.column_names)), strict=True)))


def test_every_raw_row_is_in_the_part_of_its_account_and_in_no_other(folder: Path, parted: Partitions) -> None:
    assert len(parted.parts) == PARTS
    for file in folder.iterdir():
        whole = pq.read_table(file)
        parts = [pq.ParquetFile(part.folder / file.name).read() for part in parted.parts]
        if file.stem in OF_THE_SUPPLIER:
            assert all(part.equals(whole) for part in parts)
            continue
        assert summarise_rows(pa.concat_tables(parts)) == summarise_rows(whole)
        for number, part in enumerate(parts):
            assert set(part_numbers(part.column("account_id").to_pylist(), PARTS)) <= {number}
            assert part.num_rows == parted.parts[number].rows[file.stem]
    assert sum(part.rows["accounts"] for part in parted.parts) == len(tiny().truth)


@pytest.mark.parametrize("ids", ["text", "long text", "whole numbers", "numbers", "blank"])
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_accounts_of_every_type_are_whole_and_read_as_before(ids: str, form: str, tmp_path: Path) -> None:
    """Three tables that write the same account in three ways put it into the same part."""
    number = np.arange(60) % 20
    texts = {
        "text": [f"A{k}" for k in number],
        "long text": [f"{LONG}{k}" for k in number],
        "whole numbers": number.tolist(),
        "numbers": [float(k) for k in number],
        "blank": [None if k == 3 else f" {k}" for k in number],
    }[ids]
    source = tmp_path / "source"
    source.mkdir()
    orders = pd.DataFrame({"account_id": texts, "ordered_at": "2024-01-01", "revenue": np.arange(60) + 1.5})
    tickets = pd.DataFrame({"account_id": [None if t is None else str(t).removesuffix(".0") for t in texts]})
    tickets["opened_at"] = [f"2024-02-01 00:{k:02d}:00" for k in range(60)]  # of one minute they would be copies
    for name, frame in {"orders": orders, "tickets": tickets}.items():
        if form == "csv":
            frame.to_csv(source / f"{name}.csv", index=False)
        else:
            frame.to_parquet(source / f"{name}.parquet", index=False)
    parts = [build_histories(read_part(part)) for part in cut(source, tmp_path / "parts", 3).parts]
    whole = build_histories(read_source(source, max_bad_share=1))
    assert sum(len(part.account_ids) for part in parts) == len(whole.account_ids)
    same_histories(merge_histories(parts, whole.options)[0], whole)


def same_histories(one: Any, other: Any) -> None:
    """Whether two histories are the same in every array."""
    assert one.account_ids.tolist() == other.account_ids.tolist()
    assert (one.tables, one.options, one.authors, one.last_event) == (
        other.tables, other.options, other.authors, other.last_event
    )  # fmt: skip
    for name in ("profile_known", "known_since"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name, column in one.profile.items():
        np.testing.assert_array_equal(column, other.profile[name])
    assert one.streams.keys() == other.streams.keys()
    for name, stream in one.streams.items():
        for field in ("account", "time", "recorded"):
            np.testing.assert_array_equal(getattr(stream, field), getattr(other.streams[name], field))
        for value, column in stream.values.items():
            np.testing.assert_array_equal(column, other.streams[name].values[value], err_msg=f"{name}.{value}")


def test_histories_of_the_parts_are_together_those_of_the_whole(folder: Path, parted: Partitions) -> None:
    sources = [read_part(part) for part in parted.parts]
    histories = [build_histories(source) for source in sources]
    costs = [undeclared_costs(s, h.options) for s, h in zip(sources, histories, strict=True)]
    options = join_options([(h.options, seen) for h, seen in zip(histories, costs, strict=True)])
    merged, number = merge_histories(histories, options)
    whole = build_histories(read_source(folder))
    same_histories(merged, whole)
    assert sorted(number.tolist()) == list(range(len(whole.account_ids)))
    some = np.arange(0, len(whole.account_ids), 7)
    same = select_accounts(whole, some)
    assert same.account_ids.tolist() == whole.account_ids[some].tolist()
    at = whole.end
    np.testing.assert_array_equal(
        compute(View(same, same.known_at(at)), Context()),
        compute(View(whole, whole.known_at(at).take(np.isin(whole.known_at(at).account, some))), Context()),
    )


def test_an_option_that_nobody_declared_costs_its_mean_over_all_parts(tmp_path: Path) -> None:
    rows = [(f"A{k}", "2024-01-01", "flowers", float(k) if k % 3 else None) for k in range(40)]
    made = pd.DataFrame(rows, columns=["account_id", "made_at", "investment", "cost"])
    made.loc[made.index % 2 == 0, "investment"] = [f"gift {k % 4}" for k in range(20)]
    write_tables(tmp_path / "source", orders=few_orders(), investments=made)
    parted = cut(tmp_path / "source", tmp_path / "parts")
    sources = [read_part(part) for part in parted.parts]
    histories = [build_histories(source) for source in sources]
    pairs = [(h.options, undeclared_costs(s, h.options)) for s, h in zip(sources, histories, strict=True)]
    same_histories(
        merge_histories(histories, join_options(pairs))[0], build_histories(read_source(tmp_path / "source"))
    )


def test_features_have_the_same_bits_in_a_part(folder: Path, parted: Partitions) -> None:
    whole = build_histories(read_source(folder))
    days = np.array([0, 200, 700]) * MICROSECONDS_PER_DAY
    context = Context(vocabulary={"country": ("NL", "BE")})
    for at in whole.end - days:
        every = whole.known_at(int(at))
        expected = compute(View(whole, every), context)
        names = whole.account_ids[every.account]
        for part in parted.parts:
            own = build_histories(read_part(part))
            there = own.known_at(int(at))
            rows = np.searchsorted(names, own.account_ids[there.account])
            assert compute(View(own, there), context).tobytes() == np.asarray(expected[rows], order="F").tobytes()


def test_parts_say_together_what_the_source_says(folder: Path, parted: Partitions) -> None:
    whole = read_source(folder, max_bad_share=1)
    said = join_summaries([summarise_part(part) for part in parted.parts])
    assert said.rows_read == whole.rows_read
    assert sum(said.set_aside.values()) == len(whole.set_aside)
    assert said.set_aside["orders"] >= 27  # the twenty that came twice, the seven of nobody
    assert said.end == build_histories(whole).end
    assert said.outlier_dates() == outlier_dates(build_histories(whole))
    said.refuse_bad_rows(0.05, folder)
    with pytest.raises(TooManyBadRows, match=r"orders: 6\d of"):
        said.refuse_bad_rows(1e-4, folder)


def test_a_slip_of_the_pen_in_one_part_is_noticed_over_all(tmp_path: Path) -> None:
    rows = [(f"A{k}", pd.Timestamp("2024-01-01") + pd.Timedelta(days=k % 300), 1.0) for k in range(600)]
    rows += [("A5", pd.Timestamp("2999-01-01"), 1.0), ("A5", pd.Timestamp("2999-01-01T09:00"), 1.0)]
    write_tables(tmp_path / "source", orders=pd.DataFrame(rows, columns=["account_id", "ordered_at", "revenue"]))
    said = join_summaries([summarise_part(part) for part in cut(tmp_path / "source", tmp_path / "parts").parts])
    whole = outlier_dates(build_histories(read_source(tmp_path / "source")))
    assert whole is not None
    assert said.outlier_dates() == whole
    assert whole.tables == {"orders": 2}


def test_read_whole_a_partitioned_source_is_the_source(folder: Path, parted: Partitions) -> None:
    one, other = read_source(parted.folder), read_source(folder)
    assert one.rows_read == other.rows_read
    assert len(one.set_aside) == len(other.set_aside)
    same_histories(build_histories(one), build_histories(other))
    with pytest.raises(SourceUnreadable, match="mapped when it was partitioned"):
        read_source(parted.folder, {"orders": TableMapping(query="select 1")})


def write_tables(folder: Path, **tables: pd.DataFrame) -> None:
    folder.mkdir()
    for name, frame in tables.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)


def few_orders(**more: Any) -> pd.DataFrame:
    """Forty accounts with two orders each."""
    frame = pd.DataFrame({"account_id": [f"A{k % 40}" for k in range(80)], "ordered_at": "2024-01-01", "revenue": 1.0})
    frame["revenue"] += np.arange(80)
    return frame.assign(**more)


def test_keys_that_stand_in_two_parts_are_counted_and_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """O7 belongs to three accounts: read whole one row stays, read by parts one in each part."""
    keys = [f"O{k}" for k in range(80)]
    keys[8], keys[9], keys[40] = "O7", "O7", "O0"  # the last: the same account again, so the same part
    write_tables(tmp_path / "source", orders=few_orders(order_id=keys))
    homes = part_numbers(["A7", "A8", "A9"], PARTS)
    assert len(set(homes)) > 1
    for at_once in (10, 10_000_000):
        monkeypatch.setattr("features.partitions.write.MAX_KEYS_COMPARED", at_once)
        parted = cut(tmp_path / "source", tmp_path / f"parts {at_once}")
        assert parted.split_keys == {"orders": 1}
        assert "1 order_ids of orders stand in more than one part" in parted.notes()[0]
    kept = sum(read_part(part).rows("orders") for part in parted.parts)
    assert kept == 79 - (3 - len(set(homes)))
    assert read_source(tmp_path / "source").rows("orders") == 77
    clean = cut(tmp_path / "source", tmp_path / "one part", 1)
    assert clean.split_keys == {}


def test_whole_numbers_as_keys_are_compared_as_they_are_read(tmp_path: Path) -> None:
    tickets = pd.DataFrame({"account_id": [f"A{k}" for k in range(40)], "opened_at": "2024-01-01"})
    write_tables(tmp_path / "source", orders=few_orders(order_id=range(80)), tickets=tickets.assign(ticket_id=4.0))
    assert cut(tmp_path / "source", tmp_path / "parts").split_keys == {"tickets": 1}


def test_mapped_tables_are_in_the_contract_s_names_afterwards(tmp_path: Path) -> None:
    write_tables(tmp_path / "source", facturen=few_orders().rename(columns={"account_id": "klant"}))
    mapped = {"orders": TableMapping("select klant, ordered_at, revenue from facturen", {"account_id": "klant"})}
    parted = cut(tmp_path / "source", tmp_path / "parts", mapped=mapped)
    whole = build_histories(read_source(tmp_path / "source", mapped))
    same_histories(build_histories(read_source(parted.folder)), whole)


def test_a_database_is_cut_like_a_folder(tmp_path: Path) -> None:
    """SQLite keeps cells of several types in one column."""
    import sqlite3

    mixed = [("A1", "2024-01-01", 5), ("A2", "2024-01-02 08:30:00", 2.5), (7, "2024-01-03", "1e2"), (7.0, None, None)]
    with sqlite3.connect(tmp_path / "crm.db") as database:
        database.execute("create table orders (account_id, ordered_at, revenue)")
        database.executemany("insert into orders values (?, ?, ?)", mixed)
    database.close()
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    parted = cut(url, tmp_path / "parts", 2)
    same_histories(
        build_histories(read_source(parted.folder, max_bad_share=1)), build_histories(read_source(url, max_bad_share=1))
    )


def test_a_strange_export_is_read_alike_whole_and_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.sources.files.delimited.BATCH_BYTES", 400)
    days = pd.date_range("2023-12-20", periods=80).strftime("%d-%m-%y").tolist()
    days[-1] = "31-05-25"
    amounts = [f"{k + 1}.250,5" for k in range(80)]
    orders = few_orders(ordered_at=days, revenue=amounts, order_id=range(80))
    orders["account_id"] += " "
    (tmp_path / "source").mkdir()
    orders.to_csv(tmp_path / "source" / "ORDERS.CSV", index=False, sep=";", encoding="utf-16")
    rules = SourceRules(until=instant("2024-06-01"), time_zone="Europe/Amsterdam")
    parted = cut(tmp_path / "source", tmp_path / "parts", rules=rules)
    sources = [read_part(part) for part in parted.parts]
    whole = read_source(tmp_path / "source", rules=rules, max_bad_share=1.0)
    assert [row.reason for source in sources for row in source.set_aside] == [row.reason for row in whole.set_aside]
    merged, _ = merge_histories([build_histories(source) for source in sources], Options())
    same_histories(merged, build_histories(whole))


def test_what_a_whole_source_is_refused_for_is_refused_in_parts_too(tmp_path: Path) -> None:
    write_tables(tmp_path / "doubt", orders=few_orders(ordered_at="01-02-2024"))
    with pytest.raises(SourceUnreadable, match=r"orders.ordered_at can be read in two ways"):
        cut(tmp_path / "doubt", tmp_path / "parts")
    write_tables(tmp_path / "money", orders=few_orders(currency=["EUR", "USD"] * 40))
    with pytest.raises(SourceUnreadable, match=r"orders.currency holds EUR \(40\), USD \(40\) rows: money must"):
        cut(tmp_path / "money", tmp_path / "others")


def test_a_csv_of_many_blocks_is_streamed_to_its_last_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.sources.files.delimited.BATCH_BYTES", 400)
    monkeypatch.setattr("features.partitions.write.BUFFERED_ROWS", 13)
    (tmp_path / "source").mkdir()
    orders = few_orders(product_line='said "no";\nthen yes', order_id=[f"O{k}" for k in range(80)])
    orders.to_csv(tmp_path / "source" / "orders.csv", index=False, sep=";")
    parted = cut(tmp_path / "source", tmp_path / "parts")
    assert sum(part.rows["orders"] for part in parted.parts) == 80
    same_histories(build_histories(read_source(parted.folder)), build_histories(read_source(tmp_path / "source")))


def test_parts_without_an_account_are_sources_all_the_same(tmp_path: Path) -> None:
    write_tables(tmp_path / "source", orders=few_orders().head(1))
    parted = cut(tmp_path / "source", tmp_path / "parts", 4)
    assert sorted(len(build_histories(read_part(part)).account_ids) for part in parted.parts) == [0, 0, 0, 1]
    assert join_summaries([summarise_part(part) for part in parted.parts]).end == read_end(tmp_path / "source")


def read_end(source: Path) -> int:
    return build_histories(read_source(source)).end


@pytest.mark.parametrize("parts", [0, 100_000])
def test_an_impossible_number_of_parts_is_refused(parts: int, tmp_path: Path) -> None:
    write_tables(tmp_path / "source", orders=few_orders())
    with pytest.raises(SettingsError, match="parts: give 1 to"):
        partition(tmp_path / "source", tmp_path / "out", parts)


def test_a_folder_that_is_not_empty_is_not_written_into(tmp_path: Path) -> None:
    write_tables(tmp_path / "source", orders=few_orders())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(SettingsError, match="out is not empty"):
        partition(tmp_path / "source", tmp_path / "out", 2)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_source_without_orders_is_refused(tmp_path: Path) -> None:
    write_tables(tmp_path / "none", tickets=pd.DataFrame({"account_id": ["A"], "opened_at": ["2024-01-01"]}))
    with pytest.raises(SourceUnreadable, match="holds no orders"):
        partition(tmp_path / "none", tmp_path / "out", 2)
    write_tables(tmp_path / "empty", orders=few_orders().head(0))
    with pytest.raises(NotEnoughData, match="has no rows"):
        partition(tmp_path / "empty", tmp_path / "out2", 2)
    with pytest.raises(SourceUnreadable, match="interrupted"):
        read_partitions(tmp_path / "out2")


def damaged(folder: Path, what: str) -> None:
    if what == "interrupted":
        (folder / MANIFEST).unlink()
    elif what == "missing":
        for file in (folder / "part-00002").iterdir():
            file.unlink()
        (folder / "part-00002").rmdir()
    elif what == "no manifest":
        (folder / MANIFEST).write_text("{")
    else:
        content: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps({**content, "format": 2}))


@pytest.mark.parametrize(
    ("what", "words"),
    [("interrupted", "interrupted"), ("missing", "part-00002 is missing"), ("no manifest", "cannot be used"),
     ("another format", "another format")],
)  # fmt: skip
def test_a_damaged_partition_is_refused_and_not_taken_for_a_whole_one(what: str, words: str, tmp_path: Path) -> None:
    write_tables(tmp_path / "source", orders=few_orders())
    cut(tmp_path / "source", tmp_path / "parts")
    damaged(tmp_path / "parts", what)
    for read in (read_partitions, read_source):
        with pytest.raises(SourceUnreadable, match=words):
            read(tmp_path / "parts")


def test_a_part_that_was_changed_or_cannot_be_read_is_named(tmp_path: Path) -> None:
    write_tables(tmp_path / "source", orders=few_orders())
    parted = cut(tmp_path / "source", tmp_path / "parts")
    first, second, third = (part.folder / "orders.parquet" for part in parted.parts[:3])
    pq.write_table(pq.ParquetFile(first).read().slice(1), first)
    second.write_bytes(b"PAR1 no longer")
    third.unlink()
    for number, words in enumerate(("holds [0-9]+ rows, and partitions.json says", "cannot be read", "cannot be read")):
        with pytest.raises(SourceUnreadable, match=f"part {number}: .*{words}"):
            read_part(parted.parts[number])


def test_without_any_event_there_is_no_default_instant() -> None:
    with pytest.raises(NotEnoughData, match="say which as_of"):
        _ = join_summaries([]).end
