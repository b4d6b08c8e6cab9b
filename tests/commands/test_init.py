"""ladder init: an export becomes settings that `ladder check` takes; nothing is overwritten or guessed in silence."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands.test_cli import Run, refused, run
from tests.features.sources.proposals.test_exports import HERE, KNOWN

__all__ = ["run"]
DOUBTFUL = "Klantnr;Factuurnr;Datum;Bedrag\n1;1;01-02-2025;10,00\n2;2;03-04-2025;9,00\n"


@pytest.mark.parametrize("program", KNOWN)
def test_what_init_writes_is_what_check_reads(program: str, run: Run) -> None:
    data = str(HERE / "exports" / program)
    made = run("init", "--data", data, "--yes", "--json")
    assert made.status == 0, made.err
    assert made.figures["refusals"] == []
    checked = run("check", "--data", data, "--config", "ladder.toml", "--json")
    assert checked.status == 0, checked.err
    assert (checked.figures["refused"], checked.figures["set_aside"]) == ([], 0)
    assert checked.figures["ladder"] == made.figures["ladder"]
    assert checked.figures["ladder"]["customer"] == 1


def test_a_file_that_is_there_stays_unless_it_is_said_otherwise(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ladder.toml").write_text("# mine\n")
    data = str(HERE / "exports" / "stripe")
    assert "is there already" in refused(run("init", "--data", data, "--yes"))
    assert (tmp_path / "ladder.toml").read_text() == "# mine\n"
    assert run("init", "--data", data, "--yes", "--overwrite").status == 0
    assert "Stripe, payments" in (tmp_path / "ladder.toml").read_text()


def test_a_doubt_is_refused_without_a_terminal_and_the_likeliest_is_named_with_yes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "facturen.csv").write_text(DOUBTFUL)
    assert "--yes" in refused(run("init", "--data", "facturen.csv"))
    assert not (tmp_path / "ladder.toml").exists()
    made = run("init", "--data", "facturen.csv", "--yes")
    assert made.status == 0, made.err
    assert "Taken as the likeliest" in made.out
    assert "# Taken as the likeliest" in (tmp_path / "ladder.toml").read_text()
    assert run("check", "--data", "facturen.csv", "--config", "ladder.toml").status == 0


def test_a_doubt_is_asked_at_a_terminal(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "facturen.csv").write_text(DOUBTFUL)
    answers = iter(["three", "2"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    assert run("init", "--data", "facturen.csv").status == 0
    assert 'reading = { ordered_at = "mdy" }' in (tmp_path / "ladder.toml").read_text()


def test_what_is_missing_is_said_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("product,stock\nBeam,3\n")
    said = refused(run("init", "--data", "export.csv", "--yes"))
    for missing in ("accounts", "dates", "amounts"):
        assert f"No column of {missing} was found" in said
    assert "product, stock" in said
    assert not (tmp_path / "ladder.toml").exists()


def test_with_several_currencies_the_file_is_written_and_the_status_says_that_rates_are_missing(
    run: Run, tmp_path: Path
) -> None:
    rows = "K1,1,2025-01-13,5,EUR\nK1,2,2025-01-14,5,EUR\nK2,3,2025-01-15,5,USD\n"
    (tmp_path / "sales.csv").write_text("customer no,invoice no,invoice date,amount,currency\n" + rows)
    made = run("init", "--data", "sales.csv", "--yes")
    assert made.status == 1
    assert "orders.currency holds EUR (2), USD (1)" in made.out
    text = (tmp_path / "ladder.toml").read_text()
    mended = text.replace("= ...", "= 0.9").replace("# [source]", "[source]").replace("# currency", "currency")
    (tmp_path / "ladder.toml").write_text(mended.replace("# exchange_rates", "exchange_rates"))
    assert run("check", "--data", "sales.csv", "--config", "ladder.toml", "--json").figures["refusals"] == []


def test_a_database_is_mapped_and_what_follows_its_address_is_written_nowhere(run: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.executescript("""
            create table sales(customer_no text, invoice_no int, invoice_date text, amount real);
            insert into sales values ('K1', 1, '2025-01-13', 5.0), ('K1', 2, '2025-02-13', 6.0);
        """)
    url = f"sqlite:///{tmp_path / 'shop.db'}?timeout=7"
    made = run("init", "--data", url, "--yes")
    assert made.status == 0, made.err
    assert "timeout" not in made.out + made.err + (tmp_path / "ladder.toml").read_text()
    assert run("check", "--data", url, "--config", "ladder.toml").status == 0


def test_a_source_that_follows_the_contract_gets_a_file_that_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "orders.csv").write_text("account_id,ordered_at,revenue\nK1,2025-01-01,5\n")
    assert run("init", "--data", "source").status == 0
    assert "# As they stand: orders." in (tmp_path / "ladder.toml").read_text()
    assert run("check", "--data", "source", "--config", "ladder.toml").status == 0
