"""Whoever is forgotten is in no file that was rewritten, however it is written there; what is left is named."""

import csv
import gzip
import io
import json
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from serving.integrations.subject_files import KINDS, Files, forget_in_files
from serving.integrations.subject_search import UnseenError, holds
from serving.store.subjects import Subject
from training.model.bundle import MANIFEST

BY = "forgotten-1"
IDS = ("A00001", 'M&S "one"', "Müller/7", "a b+c", "17")
"""The last one could be any number."""
ROWS = [
    {"account_id": "A9", "note": "with {id} since", "orders": 17},
    {"account_id": "{id}", "note": "Forget-Me Holding", "orders": 3},
    {"account_id": "A8", "note": "alone", "orders": 4},
]


def _rows(subject: Subject) -> list[dict[str, object]]:
    told = [{**row, "account_id": str(row["account_id"]).format(id=subject.id)} for row in ROWS]
    return [{**row, "note": str(row["note"]).format(id=subject.id)} for row in told]


def _csv(subject: Subject, delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(ROWS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(_rows(subject))
    return out.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _parquet(subject: Subject) -> bytes:
    out = io.BytesIO()
    frame = pd.DataFrame(_rows(subject))
    frame.assign(near=[["A8", subject.id], [], None], note=frame["note"].astype("category")).to_parquet(out)
    return out.getvalue()


def _excel(subject: Subject) -> bytes:
    out = io.BytesIO()
    pd.DataFrame(_rows(subject)).to_excel(out, index=False)
    return out.getvalue()


WRITTEN: dict[str, Callable[[Subject], bytes]] = {
    "a.csv": lambda one: _csv(one).encode(),
    "semicolons.csv": lambda one: b"\xef\xbb\xbf" + _csv(one, ";").encode(),
    "wide.csv": lambda one: _csv(one).encode("utf-16"),
    "old.csv": lambda one: _csv(one).encode("cp1252"),
    "tabs.tsv": lambda one: _csv(one, "\t").encode(),
    "a.json": lambda one: json.dumps({"rows": _rows(one), "by": {one.id: 1}}).encode(),
    "raw.json": lambda one: json.dumps(_rows(one), ensure_ascii=False, indent=1).encode(),
    "lines.jsonl": lambda one: "\n".join(map(json.dumps, _rows(one))).encode(),
    "a.parquet": _parquet,
    "a.xlsx": _excel,
    "a.csv.gz": lambda one: gzip.compress(_csv(one).encode()),
    "plan.zip": lambda one: _zip({"plan.csv": _csv(one).encode(), "plan.json": json.dumps(_rows(one)).encode()}),
}  # fmt: skip


def _forgotten(subject: Subject, folder: Path) -> Files:
    return forget_in_files(subject, BY, [folder], folder, [])


@pytest.mark.parametrize("ident", IDS)
def test_whoever_is_forgotten_is_in_no_file_that_was_rewritten(ident: str, tmp_path: Path) -> None:
    subject = Subject("account", ident)
    for name, written in WRITTEN.items():
        (tmp_path / name).write_bytes(written(subject))
        assert holds((tmp_path / name).read_bytes(), subject), name
    found = _forgotten(subject, tmp_path)
    assert {Path(one).name for one in found.changed} == WRITTEN.keys()
    assert (found.left, found.places) == ([], []) or ident == "17"  # which still stands there as a number of orders
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert ident == "17" or not holds(content, subject), file.name
        assert b"Forget-Me" not in content
    for frame in (pd.read_csv(tmp_path / "a.csv"), pd.read_parquet(tmp_path / "a.parquet"),
                  pd.read_excel(tmp_path / "a.xlsx"), pd.read_csv(tmp_path / "a.csv.gz")):  # fmt: skip
        assert frame["account_id"].tolist() == ["A9", "A8"]
        assert frame["orders"].tolist() == [17, 4]  # which is no id, whoever is forgotten
    if ident != "17":  # within a sentence that could be any number
        assert pd.read_csv(tmp_path / "wide.csv", encoding="utf-16")["note"][0] == f"with {BY} since"
    assert not list(tmp_path.glob(".*"))


def test_an_id_that_is_a_number_in_a_table_is_found(tmp_path: Path) -> None:
    pd.DataFrame({"account_id": [4711, 12], "orders": [1, 4711]}).to_parquet(tmp_path / "a.parquet")
    _forgotten(Subject("account", "4711"), tmp_path)
    assert pd.read_parquet(tmp_path / "a.parquet")["account_id"].tolist() == [12]


def test_archives_within_archives_are_rewritten_too(tmp_path: Path) -> None:
    subject = Subject("account", "A00001")
    inner = _zip({"of A00001.csv": _csv(subject).encode()})
    (tmp_path / "twice.zip").write_bytes(_zip({"inner.zip": inner, "empty/": b"", "x.bin": b"\x00\xff"}))
    assert _forgotten(subject, tmp_path).left == []
    with zipfile.ZipFile(tmp_path / "twice.zip") as archive:
        assert archive.namelist() == ["inner.zip", "empty/", "x.bin"]
        assert archive.read("x.bin") == b"\x00\xff"
        with zipfile.ZipFile(io.BytesIO(archive.read("inner.zip"))) as packed:
            assert packed.namelist() == [f"of {BY}.csv"]


def _database(file: Path, *tables: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (account_id TEXT)")
            connection.execute(f"INSERT INTO {table} VALUES ('A00001')")


def test_what_cannot_be_rewritten_is_named_with_its_kind_and_stays_as_it_is(tmp_path: Path) -> None:
    subject = Subject("account", "A00001")
    rows = _csv(subject).encode()
    _database(tmp_path / "copy.db", "ladder_store", "scores")
    _database(tmp_path / "mlflow.db", "experiments", "registered_models")
    _database(tmp_path / "own.sqlite", "customers")
    (tmp_path / "store.dump").write_bytes(b"PGDMP\x01\x0e" + b"whatever")
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "figure.txt").write_bytes(rows)
    with tarfile.open(tmp_path / "old.tar.gz", "w:gz") as tar:
        entry = tarfile.TarInfo("plan.csv")
        entry.size = len(rows)
        tar.addfile(entry, io.BytesIO(rows))
    (tmp_path / "model.zip").write_bytes(_zip({f"m/{MANIFEST}": b"{}", "m/examples.json": b'["A00001"]'}))
    (tmp_path / "calls-A00001.txt").write_text("nothing")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "spoilt.zip").write_bytes(_zip({"a.csv": rows * 50})[:-300] + b"PK\x05\x06" + b"\0" * 18)
    (tmp_path / "spoilt.csv.gz").write_bytes(gzip.compress(rows * 50)[:-20])
    (tmp_path / "no.json").write_text("A00001, but no JSON")
    before = {file.name: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    found = _forgotten(subject, tmp_path)
    assert found.changed == []
    kinds = {Path(place.path).name: place.kind for place in found.places}
    expected = {
        "copy.db": "backup", "mlflow.db": "mlflow", "own.sqlite": "database", "store.dump": "dump",
        "figure.txt": "mlflow", "old.tar.gz": "archive", "model.zip": "archive", "calls-A00001.txt": "name",
        "link.csv": "unseen", "spoilt.csv.gz": "unseen", "no.json": "file",
    }  # fmt: skip
    assert expected.items() <= kinds.items()
    assert set(kinds.values()) == set(KINDS)
    assert {file.name: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_what_grows_without_end_when_it_is_unpacked_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.integrations.subject_search.MOST_BYTES", 100_000)
    bomb = gzip.compress(b"0" * 1_000_000)
    with pytest.raises(UnseenError):
        holds(bomb, Subject("account", "A1"))
    packed = b"x"
    for _ in range(8):
        packed = _zip({"again.zip": packed})
    with pytest.raises(UnseenError):
        holds(packed, Subject("account", "A1"))


def test_a_sheet_keeps_its_other_sheets(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["account_id", "name"])
    book.active.append(["A00001", "x"])
    book.create_sheet("sums").append(["A00001 and others", 5])
    book.save(tmp_path / "a.xlsx")
    _forgotten(Subject("account", "A00001"), tmp_path)
    read = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert [[cell.value for cell in row] for row in read["sums"].iter_rows()] == [[f"{BY} and others", 5]]
    assert read.worksheets[0].max_row == 1
