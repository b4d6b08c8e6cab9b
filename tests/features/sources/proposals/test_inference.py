"""What is inferred where no recipe knows an export, what is asked, and what is said where something is missing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from features.sources.proposals.doubts import Question
from features.sources.proposals.proposal import Proposal, propose
from features.sources.source import Source, open_source, read_source
from tests.features.sources.proposals.test_exports import RULES, mapped, unasked

HEAD = "Klantnr;Factuurnr;Datum;Bedrag\n"
LINE_HEAD = "customer no,invoice no,invoice date,quantity,unit price,amount\n"


def proposed(folder: Path | str, asked: list[Question] | None = None, answer: int = 0) -> Proposal:
    def ask(question: Question) -> str:
        assert asked is not None, f"nobody is there to answer {question}"
        asked.append(question)
        return question.choices[answer][0]

    with open_source(folder, {}, RULES) as connector:
        return propose(connector, RULES, ask)


def read(folder: Path | str, proposal: Proposal) -> Source:
    return read_source(folder, {name: table.mapping for name, table in proposal.tables.items()}, rules=RULES)


def revenue(folder: Path, text: str) -> list[float]:
    (folder / "sales.csv").write_text(text)
    _, source = mapped(folder)
    return sorted(source.tables["orders"]["revenue"].tolist())


def test_a_database_is_mapped_in_its_own_sql_with_orders_and_lines_joined(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.executescript("""
            create table Customers(CustomerID text primary key, CompanyName text, Country text);
            create table Orders(OrderID integer primary key, CustomerID text, OrderDate text, ShippedDate text);
            create table "Order Details"(OrderID int, ProductID int, UnitPrice real, Quantity int, Discount real);
            insert into Customers values ('VELD', 'Veldkamp BV', 'NL'), ('DIJK', 'Dijkstra', 'NL'), ('LIND', 'L', 'SE');
            insert into Orders values (1, 'VELD', '2024-03-05', null), (3, 'DIJK', '2024-11-15', '2024-11-17');
            insert into "Order Details" values (1, 1, 500, 2, 0), (1, 2, 250.5, 1, 0), (3, 2, 100, 4, 0.2);
        """)
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    proposal = proposed(url)
    source = read(url, proposal)
    assert sorted(source.tables["orders"]["revenue"].tolist()) == [320.0, 1250.5]
    assert source.rows("accounts") == 3
    assert "as_" not in proposal.tables["orders"].mapping.query.replace(" as ", "")  # type: ignore[union-attr]


def test_lines_are_added_up_and_a_repeated_total_counts_once(tmp_path: Path) -> None:
    rows = ["K1,1,2025-01-13,2,10,20", "K1,1,2025-01-13,1,5,5", "K2,2,2025-02-13,1,7,7", "K2,2,2025-02-13,3,1,3"]
    assert revenue(tmp_path, LINE_HEAD + "\n".join(rows) + "\n") == [10.0, 25.0]
    rows = ["K1,1,2025-01-13,2,10,25", "K1,1,2025-01-13,1,5,25", "K2,2,2025-02-13,1,7,10", "K2,2,2025-02-13,3,1,10"]
    assert revenue(tmp_path, LINE_HEAD + "\n".join(rows) + "\n") == [10.0, 25.0]


def test_without_an_amount_a_line_is_quantity_times_price(tmp_path: Path) -> None:
    text = "customer no,invoice no,invoice date,quantity,unit price\nK1,1,2025-01-13,2,10.5\nK1,1,2025-01-13,1,5\n"
    assert revenue(tmp_path, text + "K2,2,2025-02-13,-1,4\n") == [-4.0, 26.0]


def test_what_looks_like_an_amount_and_is_a_price_is_told_from_the_amount(tmp_path: Path) -> None:
    text = "customer no,invoice no,invoice date,quantity,net amount,column seven\n"
    rows = [f"K{n % 3},{n},2025-01-{13 + n},{n},{10 + n},{n * (10 + n)}" for n in range(2, 9)]
    assert sum(revenue(tmp_path, text + "\n".join(rows) + "\n")) == sum(n * (10 + n) for n in range(2, 9))


def test_cancelled_rows_are_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "facturen.csv").write_text(
        HEAD.replace("\n", ";Status\n") + "1;1;13-01-2025;10,00;Verzonden\n2;2;14-01-2025;9,00;Geannuleerd\n"
    )
    proposal, source = mapped(tmp_path)
    assert source.tables["orders"]["revenue"].tolist() == [10.0]
    assert "Left out: 1 row with Geannuleerd in 'Status'" in proposal.tables["orders"].evidence


def test_rows_of_nobody_are_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "facturen.csv").write_text(HEAD + "1;1;13-01-2025;10,00\n;2;14-01-2025;9,00\n")
    proposal, source = mapped(tmp_path)
    assert (source.rows("orders"), source.set_aside) == (1, ())
    assert "Left out: 1 of 2 rows that name no account" in proposal.tables["orders"].evidence


def test_two_years_in_two_files_of_a_known_export_become_one_table(tmp_path: Path) -> None:
    head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    (tmp_path / "2024.csv").write_text(head + "1,A,x,2,2024-01-13 10:00,5,17850,UK\n")
    (tmp_path / "2025.csv").write_text(head + "2,A,x,3,2025-01-13 10:00,5,17850,UK\n")
    _, source = mapped(tmp_path)
    assert sorted(source.tables["orders"]["revenue"].tolist()) == [10.0, 15.0]


def test_two_years_in_two_files_of_any_export_become_one_table(tmp_path: Path) -> None:
    head = "customer no,customer name,invoice no,invoice date,amount\n"
    (tmp_path / "2024.csv").write_text(head + "K1,Veld,1,2024-01-13,5\n")
    (tmp_path / "2025.csv").write_text(head + "K1,Veld,2,2025-01-13,6\nK2,Dijk,3,2025-01-14,7\n")
    _, source = mapped(tmp_path)
    assert (source.rows("orders"), source.rows("accounts")) == (3, 2)


@pytest.mark.parametrize(("answer", "month"), [(0, "02"), (1, "01")])
def test_a_date_that_reads_in_two_ways_is_asked_and_the_answer_is_written(
    answer: int, month: str, tmp_path: Path
) -> None:
    (tmp_path / "facturen.csv").write_text(HEAD + "1;1;01-02-2025;10,00\n2;2;03-04-2025;9,00\n")
    asked: list[Question] = []
    proposal = proposed(tmp_path, asked, answer)
    assert len(asked) == 1
    assert proposal.tables["orders"].mapping.reading["ordered_at"] == ("dmy", "mdy")[answer]
    assert f"2025-{month}" in str(read(tmp_path, proposal).tables["orders"]["ordered_at"][0].astype("M8[us]"))


def test_two_tables_that_may_hold_the_orders_are_asked_about(tmp_path: Path) -> None:
    (tmp_path / "orders 2024.csv").write_text("customer no,order no,order date,amount\nK1,1,2025-01-13,5\n")
    (tmp_path / "invoices.csv").write_text("customer no,invoice no,invoice date,amount\nK1,1,2025-01-13,5\n")
    asked: list[Question] = []
    proposed(tmp_path, asked)
    assert [question.text for question in asked] == ["Which table holds what was sold?"]


LACKING = {
    "no account": (
        "invoice no,invoice date,amount\n1,2025-01-13,5\n",
        "No column of accounts was found",
        "Klantnummer",
    ),
    "no date": ("customer no,invoice no,amount\nK1,1,5\n", "No column of dates was found", "Factuurdatum"),
    "dates in words": ("customer no,order date,amount\nK1,soon,5\n", "No column of dates was found", "Order Date"),
    "no amount": ("customer no,invoice date\nK1,2025-01-13\n", "No column of amounts was found", "Quantity"),
    "no rows": ("customer no,invoice date,amount\n", "There are no rows in it", "Export the orders"),
}


@pytest.mark.parametrize("case", LACKING)
def test_what_is_missing_is_said_by_name(case: str, tmp_path: Path) -> None:
    text, said, looked_for = LACKING[case]
    (tmp_path / "export.csv").write_text(text)
    lacking = " ".join(proposed(tmp_path).lacking)
    assert said in lacking
    assert looked_for in lacking
    assert case == "no rows" or text.split("\n")[0].split(",")[0] in lacking


def test_several_currencies_are_named_with_the_settings_to_fill_in(tmp_path: Path) -> None:
    from features.sources.proposals.settings_text import settings_text

    (tmp_path / "sales.csv").write_text(
        "customer no,invoice no,invoice date,amount,currency\n"
        "K1,1,2025-01-13,5,EUR\nK1,2,2025-01-14,5,EUR\nK2,3,2025-01-15,5,USD\n"
    )
    proposal = proposed(tmp_path)
    assert proposal.currencies == ("EUR", "USD")
    assert "# exchange_rates = { USD = ... }" in settings_text(proposal, "sales")


def test_an_account_for_each_order_is_remarked_upon(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n},2025-01-{n % 28 + 1:02},5\n" for n in range(1, 40))
    (tmp_path / "sales.csv").write_text("customer no,invoice no,invoice date,amount\n" + rows)
    assert any("is it the customer's key?" in said for said in proposed(tmp_path).tables["orders"].evidence)


def test_nothing_is_asked_where_the_data_tell(tmp_path: Path) -> None:
    (tmp_path / "facturen.csv").write_text(HEAD + "1;1;13-02-2025;10,00\n2;2;03-04-2025;9,00\n")
    with open_source(tmp_path, {}, RULES) as connector:
        assert propose(connector, RULES, unasked).tables["orders"].mapping.reading == {}


def test_sums_of_many_lines_are_the_same_in_every_run(tmp_path: Path) -> None:
    rows = "".join(f"K{n % 50},{n % 500},2025-01-13,{n % 7 + 1},{n % 90 / 100 + 0.01:.2f}\n" for n in range(60_000))
    (tmp_path / "sales.csv").write_text("customer no,invoice no,invoice date,quantity,unit price\n" + rows)
    amounts = [mapped(tmp_path)[1].tables["orders"]["revenue"].tolist() for _ in range(2)]
    assert amounts[0] == amounts[1]
    assert all(amount == round(amount, 4) for amount in amounts[0])


def test_the_sheets_of_a_workbook_are_tables_that_meet(tmp_path: Path) -> None:
    days = pd.to_datetime(["2025-01-13", "2025-02-14", "2025-03-15"])
    sold = {"Klantnummer": [10, 11, 10], "Factuurnummer": ["F1", "F2", "F3"], "Factuurdatum": days}
    with pd.ExcelWriter(tmp_path / "export.xlsx") as book:
        pd.DataFrame({**sold, "Bedrag excl. btw": [1250.5, 320.0, -20.25]}).to_excel(
            book, sheet_name="2025", index=False
        )
        pd.DataFrame({"Klantnummer": [10, 11], "Naam": ["V", "D"]}).to_excel(book, sheet_name="Klanten", index=False)
    _, source = mapped(tmp_path)
    assert source.tables["orders"]["revenue"].tolist() == [1250.5, 320.0, -20.25]
    assert [join.met for join in source.joins] == [2]


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_mapped(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2,3\n")
    (tmp_path / "sales.csv").write_text("customer no,invoice no,invoice date,amount\nK1,1,2025-01-13,5\n")
    proposal = proposed(tmp_path)
    assert "bad.csv, line 2" in proposal.unreadable[0]
    assert read(tmp_path, proposal).rows("orders") == 1
