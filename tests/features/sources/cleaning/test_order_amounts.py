"""Amounts that cannot be meant as they stand."""

from pathlib import Path

import pandas as pd
import pytest

from features.errors import SourceUnreadable
from features.sources.source import read_source


def orders(folder: Path, amounts: list[float], accounts: int = 4) -> Path:
    folder.mkdir()
    days = pd.date_range("2024-01-01", periods=len(amounts))
    names = [f"A{k % accounts}" for k in range(len(amounts))]
    pd.DataFrame({"account_id": names, "ordered_at": days, "revenue": amounts}).to_csv(
        folder / "orders.csv", index=False
    )
    return folder


def test_a_source_whose_amounts_are_nearly_all_negative_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match=r"orders: 95% of the 40 amounts are negative.*turns the sign"):
        read_source(orders(tmp_path / "turned", [-100.0] * 38 + [50.0] * 2))
    assert read_source(orders(tmp_path / "half", [-100.0, 100.0] * 20)).notes == ()
    assert read_source(orders(tmp_path / "few", [-100.0] * 19)).notes == ()


def test_an_amount_a_thousand_times_the_usual_is_said_with_its_count_and_without_a_name(tmp_path: Path) -> None:
    usual = [100.0 + k for k in range(40)]
    huge = [*usual[:-1], 25_000_000.0]
    notes = read_source(orders(tmp_path / "huge", huge)).notes
    assert len(notes) == 1
    assert notes[0].startswith("orders: 1 amount is more than 1,000 times what the account usually spends")
    assert "A3" not in notes[0]
    assert read_source(orders(tmp_path / "usual", usual)).notes == ()
    assert read_source(orders(tmp_path / "new", huge, accounts=40)).notes == ()  # one order each: nothing is usual yet
