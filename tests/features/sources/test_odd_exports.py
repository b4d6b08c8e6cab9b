"""What further programs, countries and spreadsheets write: read right, or refused with lines that mend it."""

import gzip
import json
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import SourceError, TooManyBadRows
from features.instants import instant, iso
from features.sources.cleaning.rules import SourceRules
from features.sources.source import Source, TableMapping, read_source
from training.settings import parse_settings

RULES = SourceRules(until=instant("2026-01-01"))
NAMES = ("account_id", "ordered_at", "revenue", "order_id")
DAY, CELL = "2024-03-14", "1250.5"
Lay = Callable[[Path], Any]


def row(day: str = DAY, amount: str = CELL, account: str = "K1") -> Lay:
    """One order as a CSV file."""
    return lines(f'"{account}";"{day}";"{amount}";F1')


def lines(*rows: str, name: str = "orders.csv", encoding: str = "utf-8") -> Lay:
    return lambda folder: (folder / name).write_bytes("\n".join([";".join(NAMES), *rows]).encode(encoding))


def archive(**members: bytes) -> Lay:
    def lay(folder: Path) -> None:
        with zipfile.ZipFile(folder / "export.zip", "w") as packed:
            for name, content in members.items():
                packed.writestr(name.replace("__slash__", "/"), content)

    return lay


def parquet(name: str = "orders.parquet", **columns: Any) -> Lay:
    def lay(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        plain = {"account_id": ["K1"], "ordered_at": [DAY], "revenue": [1250.5], "order_id": ["F1"]}
        table = {key: value for key, value in (plain | columns).items() if value is not None}
        pq.write_table(pa.table(table), folder / name)

    return lay


TEXT = ("\n".join([",".join(NAMES), f"K1,{DAY},{CELL},F1"]) + "\n").encode()
OBJECT = dict(zip(NAMES, ("K1", DAY, 1250.5, "F1"), strict=True))
READ: dict[str, Lay] = {
    "French months with points": row("14 mars. 2024"),
    "French months cut": lines("K1;14 mars 2024;1250.5;F1", "K2;1 févr. 2024;1;F2", "K3;2 juil. 2024;1;F3"),
    "Spanish": row("14 de marzo de 2024"),
    "Italian": lines("K1;14 marzo 2024;1250.5;F1", "K2;1 gennaio 2024;1;F2", "K3;2 dic. 2024;1;F3"),
    "Portuguese": lines("K1;14 de março de 2024;1250.5;F1", "K2;1 de fevereiro de 2024;1;F2"),
    "Polish": lines("K1;14 marca 2024;1250.5;F1", "K2;1 października 2024;1;F2", "K3;1 wrz 2024;1;F3"),
    "Swedish": lines("K1;14 mars 2024;1250.5;F1", "K2;1 augusti 2024;1;F2"),
    "Japanese": row("2024年3月14日"),
    "Korean": row("2024년 3월 14일"),
    "a weekday before the month": row("Thursday, March 14, 2024"),
    "of Java": row("Thu Mar 14 01:00:00 CET 2024"),
    "of C": row("Thu Mar 14 00:00:00 2024"),
    "of JavaScript": row("Thu Mar 14 2024 01:00:00 GMT+0100 (Central European Standard Time)"),
    "zones by name": lines("K1;2024-03-13 19:00:00 EST;1250.5;F1", "K2;2024-07-01 02:00 CEST;1;F2"),
    "an offset of one digit": row("2024-03-14 02:00:00 GMT+2"),
    "rupees in lakhs": lines("K1;2024-03-14;Rs. 1,250.50;F1", 'K2;2024-03-14;"Rs. 1,20,345.50";F2'),
    "Swiss francs": row(amount="Fr. 1’250.50"),
    "Czech crowns": row(amount="1 250,50 Kč"),
    "roubles": row(amount="1 250,50 ₽"),
    "nothing in accounts": lines("K1;2024-03-14;$ 1,250.50;F1", "K2;2024-03-14;$ -;F2"),
    "the sign before parentheses": lines('K1;2024-03-14;"$ 1,250.50";F1', 'K2;2024-03-14;"$ (1,250.50)";F2'),
    "a formula that keeps a text": row(account='=""K1""'),
    "signs without width": row(account="\u200bK1\ufeff"),
    "noughts behind": row(account="K1\x00\x00"),
    "UTF-8 with others among it": lambda folder: (folder / "orders.csv").write_bytes(
        (";".join([*NAMES, "product_line"]) + "\n").encode()
        + f"K1;{DAY};{CELL};F1;Zoë\nK2;{DAY};1;F2;Noël\n".encode() + f"K3;{DAY};1;F3;Chlo".encode() + b"\xeb\n"
    ),
    "a mark at the end of each row": lambda folder: (folder / "orders.csv").write_text(
        ";".join(NAMES) + f"\nK1;{DAY};{CELL};F1;\nK2;{DAY};{CELL};F2;\n"
    ),
    "tildes": lambda folder: (folder / "orders.csv").write_bytes(TEXT.replace(b",", b"~")),
    "marks of Hive": lambda folder: (folder / "orders.txt").write_bytes(TEXT.replace(b",", b"\x01")),
    "unpacked by a browser": lambda folder: (folder / "orders.csv.gz").write_bytes(TEXT),
    "packed, in capitals": lambda folder: (folder / "ORDERS.CSV.GZ").write_bytes(gzip.compress(TEXT)),
    "packed by a Mac": archive(**{"data/orders.csv": TEXT, "__MACOSX/data/._orders.csv": b"\x00\x05\x16"}),
    "text called a workbook": lambda folder: (folder / "orders.xls").write_bytes(TEXT.replace(b",", b"\t")),
    "an answer of an interface": lambda folder: (folder / "orders.json").write_text(
        json.dumps({"data": [OBJECT], "next": None, "count": 1}, indent=1)
    ),
    "an export of MongoDB": lambda folder: (folder / "orders.jsonl").write_text(
        json.dumps(OBJECT | {"ordered_at": {"$date": f"{DAY}T00:00:00Z"}, "account_id": {"id": "K1"}})
        + "\n" + json.dumps(OBJECT | {"revenue": {"$numberDecimal": "1"}, "order_id": "F2"})
    ),
    "bytes of fixed width": parquet(account_id=pa.array([b"K1"], pa.binary(2)), order_id=pa.array([b"F1"], pa.binary(2))
    ),
    "a folder for each account": parquet("orders/account_id=K1%20/part.parquet", account_id=None),
    "decimals of 256 bits": parquet(revenue=pa.array(["1250.50"]).cast(pa.decimal256(40, 2))),
    "nanoseconds in a zone": parquet(ordered_at=pa.array([instant(DAY) * 1000], pa.timestamp("ns", tz="Asia/Tokyo"))),
    "views of text": parquet(account_id=pa.array(["K1"], pa.string_view())),
}  # fmt: skip


def read(folder: Path, rules: SourceRules = RULES, **more: Any) -> Source:
    return read_source(folder, rules=rules, **more)


def first(source: Source) -> tuple[Any, ...]:
    orders = source.tables["orders"]
    return tuple(orders[name][0].item() if hasattr(orders[name][0], "item") else orders[name][0] for name in NAMES)


@pytest.mark.parametrize("name", READ)
def test_an_odd_export_is_read_right(name: str, tmp_path: Path) -> None:
    READ[name](tmp_path)
    source = read(tmp_path)
    account, time, amount, key = first(source)
    assert (account, iso(int(time)), amount, key) == ("K1", DAY, 1250.5, "F1")
    assert source.set_aside == ()


def test_dates_of_noughts_and_of_the_year_1_are_none(tmp_path: Path) -> None:
    for at, cell in enumerate(("0000-00-00", "0000-00-00 00:00:00", "0001-01-01T00:00:00", "00.00.0000", "2024-05-01")):
        (tmp_path / "contracts.csv").write_text(
            f"account_id;contract_id;starts_on;ends_on\nK1;C{at};2024-01-01;{cell}\n"
        )
        row()(tmp_path)
        assert (read(tmp_path).tables["contracts"]["ends_on"][0] == instant("2024-05-01")) == (at == 4)


def test_days_whose_day_and_month_are_the_same_number_are_in_no_doubt(tmp_path: Path) -> None:
    lines("K1;01/01/2024;1250.5;F1", "K2;02/02/2024;1;F2")(tmp_path)
    assert [iso(int(time)) for time in read(tmp_path).tables["orders"]["ordered_at"]] == ["2024-01-01", "2024-02-02"]


def test_the_first_day_that_a_program_knows_is_no_date(tmp_path: Path) -> None:
    row()(tmp_path)
    for cell in ("1900-01-01", "1970-01-01 00:00:00", "01/01/1900", "1753-01-01T00:00:00", "1899-12-30"):
        (tmp_path / "tickets.csv").write_text(f"account_id;opened_at;resolved_at\nK1;2024-01-01;{cell}\n")
        assert read(tmp_path).tables["tickets"]["resolved_at"][0] > instant("2030-01-01")


def test_rates_that_lack_for_one_currency_say_which_money_is_in(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(f"account_id;ordered_at;revenue;currency\nK1;{DAY};1;USD\nK2;{DAY};2;EUR\n")
    (tmp_path / "exchange_rates.csv").write_text("currency;rate\nUSD;0,92\n")
    with pytest.raises(SourceError, match=r"has a rate for each but EUR\..* source\.currency"):
        read(tmp_path)
    assert read(tmp_path, SourceRules(currency="EUR")).tables["orders"]["revenue"].tolist() == [0.92, 2.0]


def test_an_export_that_books_revenue_as_a_credit_is_turned_by_the_line_of_its_refusal(tmp_path: Path) -> None:
    lines(*(f"K1;2024-03-{14 + k % 9};-1250,5;F{k}" for k in range(30)))(tmp_path)
    with pytest.raises(SourceError, match="turns the sign") as refused:
        read(tmp_path)
    mapped = parse_settings(tomllib.loads(str(refused.value).partition("such as ")[2])).tables
    source = read(tmp_path, mapped={key: TableMapping(query=one.query) for key, one in mapped.items()})
    assert set(source.tables["orders"]["revenue"]) == {1250.5}


def locked(folder: Path) -> None:
    """An archive whose members say that they need a password."""
    archive(**{"orders.csv": TEXT})(folder)
    content = bytearray((folder / "export.zip").read_bytes())
    content[6] |= 1
    content[content.find(b"PK\x01\x02") + 8] |= 1
    (folder / "export.zip").write_bytes(content)


REFUSED: dict[str, tuple[Lay, str]] = {
    "a workbook in an archive": (archive(**{"Orders.xlsx": b"PK"}), "export.zip holds Orders.xlsx: unpack it"),
    "LibreOffice": (lambda folder: (folder / "orders.ods").write_bytes(b"PK"), "orders.ods is not read: .* as .xlsx"),
    "a page called a workbook": (
        lambda folder: (folder / "orders.xls").write_text("<html><table></table></html>"), "it is a web page: open it",
    ),
    "an archive with a password": (locked, "export.zip is protected by a password: unpack it"),
    "a workbook called text": (
        lambda folder: (folder / "orders.csv").write_bytes(b"PK\x03\x04"), "a workbook or an archive: rename it",
    ),
    "a packed file called text": (
        lambda folder: (folder / "orders.csv").write_bytes(gzip.compress(TEXT)), "packed: add .gz to its name",
    ),
    "Parquet called text": (lambda folder: (folder / "orders.csv").write_bytes(b"PAR1.."), "rename it to .parquet"),
    "a page that asks to sign in": (
        lambda folder: (folder / "orders.csv").write_text("<!doctype html><p>Sign in"), "a web page, such as the one",
    ),
    "a workbook with a password": (
        lambda folder: (folder / "orders.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1"), "with a password: save it",
    ),
    "rows without names": (
        lambda folder: (folder / "orders.csv").write_text(f"K1,{DAY},{CELL},F1\nK2,{DAY},1,F2\n"),
        "These look like cells: put a line above them that names the columns",
    ),
    "marks of two signs": (
        lambda folder: (folder / "orders.csv").write_bytes(TEXT.replace(b",", b"::")), "That is one column",
    ),
    "lines in quotes": (
        lambda folder: (folder / "orders.csv").write_text(f'"{",".join(NAMES)}"\n"K1,{DAY},{CELL},F1"\n'),
        "or every line stands in quotes",
    ),
    "a file of Arrow": (lambda folder: (folder / "orders.feather").write_bytes(b"ARROW1"), "write it as Parquet"),
    "ids that a spreadsheet rounded": (
        lines("1.20457E+12;2024-01-01;1;F1"), "orders.account_id: 1 ids were rounded by a spreadsheet, as '1.20457E",
    ),
    "costs in two currencies": (
        lambda folder: (folder / "orders.csv").write_text(
            f"account_id;ordered_at;revenue;cost\nK1;{DAY};9;EUR 5\nK2;{DAY};9;USD 6\n"
        ),
        "orders.cost holds amounts in EUR, USD. Money must be in one currency",
    ),
    "costs in another currency than the revenue": (
        lambda folder: (folder / "orders.csv").write_text(f"account_id;ordered_at;revenue;cost\nK1;{DAY};€9;£5\n"),
        "orders.cost holds amounts in GBP, where money is in EUR",
    ),
    "one currency, and the settings another": (row(amount="GBP 5"), "orders.currency holds GBP .1. rows: has no rate"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_right_is_refused_by_name(name: str, tmp_path: Path) -> None:
    lay, message = REFUSED[name]
    lay(tmp_path)
    with pytest.raises(SourceError, match=message):
        read(tmp_path, SourceRules(until=RULES.until, currency="USD" if "settings" in name else ""))


def test_one_currency_has_one_code_whether_by_its_sign_its_name_or_its_code(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(
        "account_id,ordered_at,revenue,currency\n" + "\n".join(f"K1,{DAY},{at},{name}" for at, name in enumerate(
            ("EUR", "€", "Euro", "eur", "US$", "USD"))),
    )  # fmt: skip
    rates = SourceRules(until=RULES.until, currency="€", exchange_rates={"$": 10.0})
    assert read(tmp_path, rates).tables["orders"]["revenue"].tolist() == [0, 1, 2, 3, 40, 50]
    with pytest.raises(SourceError, match=r'source = \{ currency = "EUR", exchange_rates = \{ USD = ... \} \}'):
        read(tmp_path)


def test_a_dollar_may_be_that_of_the_settings(tmp_path: Path) -> None:
    row(amount="$ 12")(tmp_path)
    assert read(tmp_path, SourceRules(currency="CAD")).tables["orders"]["revenue"].tolist() == [12.0]


PASTED: dict[str, Lay] = {
    "two marks of decimals": lines("K1;2024-03-14;1.250,5;F1", "K2;2024-03-14;1.5;F2", "K3;2024-03-14;2.25;F3"),
    "two units of time": lines("K1;1710374400;1250.5;F1", "K2;1710374400000;1250.5;F2"),
    "months": lines("K1;2024-03;1250.5;F1"),
    "months behind": lines("K1;03/2024;1250.5;F1"),
    "weeks": lines("K1;2024-W11;1250.5;F1"),
    "the future": lines("K1;14.03.2024;1250.5;F1", "K2;14.03.2062;1250.5;F2"),
    "nested": parquet(revenue=pa.array([{"amount": 1250.5, "currency": "EUR"}])),
    "a word among discounts": lambda folder: (folder / "orders.csv").write_text(
        f'account_id;ordered_at;revenue;order_id;discount\nK1;{DAY};1250.5;F1;10%\nK2;{DAY};1;F2;it\'s "P2"\n'
    ),
    "a word among amounts": lines("K1;2024-03-14;1250,5;F1", "K2;2024-03-14;on request;F2"),
}


@pytest.mark.parametrize("name", PASTED)
def test_the_lines_of_a_refusal_can_be_pasted_and_mend_it(name: str, tmp_path: Path) -> None:
    PASTED[name](tmp_path)
    with pytest.raises(TooManyBadRows) as refused:
        read(tmp_path)
    pasted = str(refused.value).partition("such as ")[2]
    mapped = parse_settings(tomllib.loads(pasted)).tables
    source = read(tmp_path, mapped={key: TableMapping(query=one.query) for key, one in mapped.items()})
    account, time, amount, _ = first(source)
    assert (account, iso(int(time))[:7], amount) == ("K1", DAY[:7], 1250.5)
    assert source.set_aside == ()
