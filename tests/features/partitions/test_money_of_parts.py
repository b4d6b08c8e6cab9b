"""Currencies, a price index, a time zone and copies: a source that is cut has the same histories as the whole one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.errors import SourceUnreadable
from features.histories.histories import build_histories
from features.histories.options import Options
from features.instants import instant
from features.partitions.merge import merge_histories
from features.partitions.summary import read_part
from features.sources.cleaning.rules import SourceRules
from features.sources.source import read_source
from tests.features.partitions.test_partitions import cut, same_histories

UNTIL = instant("2026-01-01")
INDEX = {instant("2023-01-01"): 90.5, instant("2024-01-01"): 100.0, instant("2024-03-01"): 103.3}


def orders(**more: Any) -> pd.DataFrame:
    days = pd.date_range("2023-11-20", periods=120).strftime("%Y-%m-%d")
    frame = {
        "account_id": [f"K{k % 17}" for k in range(120)], "ordered_at": days,
        "revenue": [f"{k + 1}.{k:02d}" for k in range(120)], "cost": [None, "3.5", "1e3"] * 40,
    }  # fmt: skip
    return pd.DataFrame(frame | more)


def lay(folder: Path, **tables: pd.DataFrame) -> Path:
    folder.mkdir()
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


RATES = pd.DataFrame({"currency": ["USD", "USD", "GBP"], "rate": [0.8, 0.93, 1.17],
                      "valid_from": ["2023-01-01", "2024-01-15", ""]})  # fmt: skip
NAMES = ["EUR", "usd", "£", None, "EUR", "Euro"] * 20
KEYED = {"order_id": range(120)}
TIMES = [f"{day}T23:30:00-05:00" for day in pd.date_range("2023-11-20", periods=120).strftime("%Y-%m-%d")]
ALIKE: Mapping[str, tuple[dict[str, pd.DataFrame], dict[str, Any]]] = {
    "rates in the settings": (
        {"orders": orders(currency=NAMES, **KEYED)},
        {"currency": "EUR", "exchange_rates": {"USD": 0.91, "GBP": 1.2}},
    ),
    "a table of rates": (
        {"orders": orders(currency=NAMES, **KEYED), "exchange_rates": RATES}, {"currency": "eur"},
    ),
    "one currency that is not that of the settings": (
        {"orders": orders(currency="USD", **KEYED)}, {"currency": "EUR", "exchange_rates": {"USD": 0.5}},
    ),
    "amounts that name their currencies": (
        {"orders": orders(revenue=[f"{'$' if k % 3 else '€'} {k}.50" for k in range(120)], cost=None, **KEYED)},
        {"currency": "EUR", "exchange_rates": {"USD": 0.91}},
    ),
    "a price index": ({"orders": orders(**KEYED)}, {"deflator": INDEX}),
    "currencies and a price index, with amounts that nobody can read": (
        {"orders": orders(currency=NAMES, **KEYED).replace({"revenue": {"7.06": "many", "9.08": "1e300"}})},
        {"currency": "EUR", "exchange_rates": {"USD": 0.91, "GBP": 1.2}, "deflator": INDEX},
    ),
    "a time zone": ({"orders": orders(ordered_at=TIMES, **KEYED)}, {"time_zone": "America/New_York"}),
    "copies that are left out": (
        {
            "orders": pd.concat([orders(), orders().head(50), orders().head(3)]),
            "tickets": pd.DataFrame({"account_id": ["K1", "K1", "K2"], "opened_at": "2024-01-01", "note": [1, 1, 2]}),
            "interactions": pd.DataFrame({"account_id": "K1", "happened_at": "2024-01-01", "text": ["a", "b", "a"]}),
        },
        {"drop_copies": "yes"},
    ),
    "copies of rows without a key among rows with one": (
        {"orders": orders(order_id=["", *range(118), "NULL"], account_id="K1", ordered_at="2024-01-01", revenue=5)},
        {"drop_copies": "yes"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ALIKE)
def test_what_is_cut_has_the_histories_of_the_whole(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.sources.files.delimited.BATCH_BYTES", 500)
    tables, said = ALIKE[name]
    source, rules = lay(tmp_path / "in", **tables), SourceRules(until=UNTIL, **said)
    parted = cut(source, tmp_path / "parts", 3, rules=rules)
    whole = build_histories(read_source(source, rules=rules, max_bad_share=1.0))
    merged, _ = merge_histories([build_histories(read_part(part)) for part in parted.parts], Options())
    same_histories(merged, whole)
    again = read_source(parted.folder, rules=rules, max_bad_share=1.0)  # nothing is converted or left out twice
    assert len(build_histories(again).streams["orders"].account) == len(whole.streams["orders"].account)
    assert again.tables["orders"]["revenue"].sum() == pytest.approx(
        read_source(source, rules=rules, max_bad_share=1.0).tables["orders"]["revenue"].sum(), rel=1e-12
    )


REFUSED: Mapping[str, tuple[dict[str, pd.DataFrame], dict[str, Any], str]] = {
    "a rate that lacks": (
        {"orders": orders(currency=NAMES, **KEYED)}, {"currency": "EUR", "exchange_rates": {"USD": 0.9}},
        r"orders.currency holds EUR \(60\), USD \(20\), GBP \(20\) rows: has no rate for GBP",
    ),
    "many copies": (
        {"orders": pd.concat([orders(), orders().head(50)])}, {}, "orders: 50 of 170 rows are exact copies",
    ),
    "many copies of other events": (
        {"orders": orders(**KEYED), "surveys": pd.DataFrame({"account_id": ["K1"] * 2, "answered_at": "2024-01-01",
                                                             "score": 9})}, {},
        "surveys: 1 of 2 rows are exact copies of another, and nothing tells them apart. .* counts every row twice",
    ),
    "costs in another currency": (
        {"orders": orders(revenue="€ 5.50", cost="$ 3.50", **KEYED)}, {}, "orders.cost holds amounts in USD, where",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_whole_is_refused_when_it_is_cut(name: str, tmp_path: Path) -> None:
    tables, said, message = REFUSED[name]
    source, rules = lay(tmp_path / "in", **tables), SourceRules(until=UNTIL, **said)
    for attempt in (lambda: read_source(source, rules=rules), lambda: cut(source, tmp_path / "parts", 3, rules=rules)):
        with pytest.raises(SourceUnreadable, match=message):
            attempt()


def test_a_price_index_that_came_after_the_cut_is_refused(tmp_path: Path) -> None:
    parted = cut(lay(tmp_path / "in", orders=orders(**KEYED)), tmp_path / "parts", 3, rules=SourceRules(until=UNTIL))
    with pytest.raises(SourceUnreadable, match=r"was cut without \[source\] deflator"):
        read_source(parted.folder, rules=SourceRules(until=UNTIL, deflator=INDEX))


def test_few_copies_of_events_are_kept_with_a_note_and_many_are_left_out_where_the_settings_say_so(
    tmp_path: Path,
) -> None:
    many = [f"2024-01-01T00:{k // 60:02d}:{k % 60:02d}" for k in range(300)]
    visits = pd.DataFrame({"account_id": "K1", "happened_at": [*many, many[0]], "minutes": 5})
    source = lay(tmp_path / "in", orders=orders(**KEYED), interactions=visits)
    noted = read_source(source, rules=SourceRules(until=UNTIL))
    assert noted.rows("interactions") == 301
    assert any(note.startswith("interactions: 1 of 301 rows are exact copies of another") for note in noted.notes)
    left = read_source(source, rules=SourceRules(until=UNTIL, drop_copies="yes"))
    assert left.rows("interactions") == 300
    assert "interactions: 1 exact copies of another row are left out" in left.notes


@pytest.mark.parametrize("ids", [["0015g00000ABcdE", "0015g00000ABcdF"], ["0015g00000ABcdEAAX", "0015g00000ABcdFAAX"]])
def test_ids_of_salesforce_in_two_forms_are_refused_when_they_are_cut(ids: list[str], tmp_path: Path) -> None:
    sold = orders(account_id=["0015g00000ABcdE", "0015g00000ABcdF"] * 60, **KEYED)
    source = lay(tmp_path / "in", orders=sold, accounts=pd.DataFrame({"account_id": ids}))
    if len(ids[0]) == 15:
        assert cut(source, tmp_path / "parts", 3).tables
    else:
        with pytest.raises(SourceUnreadable, match="2 account ids stand there with 15 characters and with 18"):
            cut(source, tmp_path / "parts", 3)
