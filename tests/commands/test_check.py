"""ladder check on data that cannot be used: it never fails for the data's sake."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from tests.commands.test_cli import Run, refused, run
from training.settings import parse_settings

__all__ = ["run"]
HEAD = "account_id,order_id,ordered_at,revenue,discount\n"


def lay(folder: Path, **files: str) -> str:
    source = folder / "source"
    source.mkdir(exist_ok=True)
    for name, content in files.items():
        (source / f"{name}.csv").write_text(content)
    return str(source)


def pasted(out: str) -> dict[str, object]:
    """The lines of settings that a report shows, as somebody would paste them."""
    lines = out.partition("What would mend it")[2].splitlines()[1:]
    block: list[str] = []
    for line in lines:
        if line and not line.startswith(("#", "[", "query", "reading", "exported_at")):
            break
        block.append(line)
    return tomllib.loads("\n".join(block))


UNUSABLE = {
    "every date in doubt": ("K1,1,01-02-2024,5,\nK2,2,03-04-2024,6,\n", "ordered_at", "unreadable time"),
    "every amount in words": ("K1,1,2024-01-01,five,\nK2,2,2024-01-02,six,\n", "revenue", "unreadable number"),
    "every discount a whole per cent": (
        "K1,1,2024-01-01,5,15\nK2,2,2024-01-02,6,20\n",
        "discount",
        "unreadable number",
    ),
    "nobody's orders": ("NULL,1,2024-01-01,5,\nNULL,2,2024-01-02,6,\n", "account_id", "no account"),
    "everything in the future": ("K1,1,2990-01-01,5,\nK2,2,2990-01-02,6,\n", "ordered_at", "in the future"),
    "no amounts": ("K1,1,2024-01-01,,\nK2,2,2024-01-02,,\n", "revenue", "required value missing"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_with_every_row_set_aside_it_says_why_where_and_what_would_mend_it(case: str, run: Run, tmp_path: Path) -> None:
    rows, column, reason = UNUSABLE[case]
    source = lay(tmp_path, orders=HEAD + rows)
    said = run("check", "--data", source, "--report", "aside.csv", "--html", "page.html", "--json")
    assert said.status == 0, said.err
    assert (said.figures["set_aside"], said.figures["refused"]) == (2, ["orders"])
    assert "orders.csv, line 2" in said.out
    aside = pd.read_csv(tmp_path / "aside.csv")
    assert aside["column"].tolist() == [column] * 2
    assert set(aside["reason"].str.split(":").str[0]) == {reason}
    page = (tmp_path / "page.html").read_text()
    assert "orders.csv, line 2" in page
    assert reason in page
    parse_settings(pasted(said.out))
    assert refused(run("train", "--data", source))


def test_what_it_proposes_for_dates_and_amounts_mends_them(run: Run, tmp_path: Path) -> None:
    rows = "K1,1,01-02-2024,5,15\nK2,2,03-04-2024,6,20\n"
    source = lay(tmp_path, orders=HEAD + rows)
    out = run("check", "--data", source).out
    (tmp_path / "my.toml").write_text(
        out.partition("What would mend it")[2].partition("\n")[2].partition("What was")[0]
    )
    said = run("check", "--data", source, "--config", "my.toml", "--json")
    assert said.figures["set_aside"] == 2  # the dates are read; the discounts are per cents
    assert "as_amount(discount) / 100" in said.out
    query = "select * replace (as_amount(discount) / 100 as discount) from orders"
    (tmp_path / "my.toml").write_text(f'[tables.orders]\nquery = "{query}"\nreading = {{ ordered_at = "dmy" }}\n')
    assert run("check", "--data", source, "--config", "my.toml", "--json").figures["set_aside"] == 0


def test_a_table_that_cannot_be_read_hides_no_other(run: Run, tmp_path: Path) -> None:
    source = lay(tmp_path, orders=HEAD + "K1,1,2024-01-01,5,\n", tickets="nothing\n1\n", accounts="")
    said = run("check", "--data", source, "--json")
    assert said.status == 0, said.err
    assert said.figures["ladder"]["shopper"] == 1
    assert [text.split(" ")[0] for text in said.figures["refusals"]] == ["accounts.csv", "tickets"]


def test_orders_that_cannot_be_read_hide_no_other_table(run: Run, tmp_path: Path) -> None:
    source = lay(tmp_path, orders="a,b\n1\n", accounts="account_id\nK1\n")
    said = run("check", "--data", source, "--html", "page.html", "--json")
    assert said.status == 0, said.err
    assert said.figures["ladder"]["suspect"] == 1
    assert "It cannot be used as it is" in (tmp_path / "page.html").read_text()


def test_what_was_understood_and_which_accounts_meet_is_shown(run: Run, tmp_path: Path) -> None:
    source = lay(
        tmp_path, orders="account_id;ordered_at;revenue\nK1;13-02-2024;1.250,00\nk2;01-03-2024;99,5\n",
        accounts="account_id\nK1\nK2\n",
    )  # fmt: skip
    said = run("check", "--data", source, "--html", "page.html", "--json")
    assert said.figures["readings"]["orders.ordered_at"] == "dmy"
    assert said.figures["readings"]["orders.revenue"] == "decimal_comma"
    assert said.figures["joins"] == {"orders": {"accounts": 2, "met": 1}}
    for words in ("dates with the day first", "'1.250,00'", "capital letters", "Accounts that meet"):
        assert words in said.out
        assert words in (tmp_path / "page.html").read_text().replace("&#39;", "'")


def test_orders_that_were_recorded_with_a_load_are_not_called_ready(run: Run, tmp_path: Path) -> None:
    rows = [
        f"K{k % 5},{k},{day:%Y-%m-%d},5,,2025-12-31" for k, day in enumerate(pd.date_range("2024-01-01", periods=700))
    ]
    source = lay(tmp_path, orders="\n".join([HEAD.strip() + ",recorded_at", *rows]))
    said = run("check", "--data", source)
    assert "0 days of orders" in said.out
    assert "If recorded_at is the day of a load, leave it out" in said.out


def test_the_page_has_months_and_their_gaps(run: Run, tmp_path: Path) -> None:
    rows = "K1,1,2024-01-01,5,\nK1,2,2024-01-09,5,\nK1,3,2024-03-01,5,\n"
    run("check", "--data", lay(tmp_path, orders=HEAD + rows), "--html", "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "orders: no rows in 2024-02" in page
    assert "2024-01" in page
