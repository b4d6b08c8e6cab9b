"""The outcomes of one's own of docs/extend.md find their events, from frames and from files."""

import runpy
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ladder
from features.errors import ColumnMissing, SettingsError, SourceUnreadable
from features.extensions import Extension
from features.partitions.write import partition
from tests.docs.documents import DOCS, blocks
from tests.trained import tiny
from training.settings import parse_settings

OUTCOMES: Mapping[str, Mapping[str, Any]] = {
    settings["registry"]["model"]: settings
    for settings in (tomllib.loads(one.text) for one in blocks(DOCS / "extend.md") if one.language == "toml")
    if "query" in settings.get("tables", {}).get("switches", {})
}
ORDERS = pd.DataFrame(
    [
        ("A", "2024-01-10", 100.0, "consumables"),  # given up: only systems since
        ("A", "2024-12-30", 100.0, "systems"),
        ("B", "2024-02-01", 100.0, "consumables"),
        ("B", "2024-07-01", 100.0, "consumables"),  # 183 days ago by the end: given up two days before
        ("C", "2024-11-01", 100.0, "consumables"),  # too short ago to say
        ("D", "2024-12-30", 100.0, "systems"),
    ],
    columns=["account_id", "ordered_at", "revenue", "product_line"],
)
CONTRACTS = pd.DataFrame(
    [
        ("A", "2023-01-01", "2024-01-01", "subscription", 1000.0),
        ("A", "2024-01-20", "2025-01-20", "subscription", 700.0),  # renewed, for less
        ("B", "2023-02-01", "2024-02-01", "subscription", 1000.0),  # ended
        ("C", "2023-11-01", "2024-11-20", "subscription", 1000.0),  # the 60 days are not over
        ("D", "2023-01-01", "2024-01-01", "service", 1000.0),
        ("D", "2024-01-01", "2025-01-01", "service", 900.0),
    ],
    columns=["account_id", "starts_on", "ends_on", "kind", "value"],
)
EVENTS = {
    "churn-of-consumables": [("A", "2024-07-08"), ("B", "2024-12-28")],
    "churn-of-subscriptions": [("B", "2024-04-01")],
    "downgrades": [("A", "2024-01-20")],
}


@pytest.mark.parametrize("outcome", EVENTS)
@pytest.mark.parametrize("files", [False, True], ids=["frames", "files"])
def test_the_queries_of_the_document_find_the_events(outcome: str, files: bool, tmp_path: Path) -> None:
    tables = {"orders": ORDERS, "contracts": CONTRACTS}
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    source = ladder.read(tmp_path if files else tables, OUTCOMES[outcome])
    found = source.tables["switches"]
    days = found["switched_at"].dt.date.astype(str)
    assert sorted(zip(found["account_id"], days, strict=True)) == EVENTS[outcome]


def test_an_outcome_of_one_s_own_is_learnt_and_scored() -> None:
    small = {"booster": {"rounds": 5}, "slices": {"every_days": 120}}
    settings = {**OUTCOMES["churn-of-consumables"], **small}
    source = ladder.read(dict(tiny().tables), settings)
    model = ladder.train(source, fast=True, only=["switching"])
    assert model.bundle.facts.definition == "recorded"
    chances = model.score(source).scores["p_switch"].dropna()
    assert chances.between(0, 1).all()
    assert chances.nunique() > 5


FALLEN = {
    "outcome": {"switching": "recorded"}, "registry": {"model": "fallen-by-half"},
    "tables": {"switches": {"plugin": "acme.downgrades"}},
}  # fmt: skip
SOLD = pd.DataFrame(
    [("A", "2024-01-10", 100.0), ("A", "2024-05-10", 40.0), ("B", "2024-02-01", 100.0), ("B", "2024-06-30", 60.0)],
    columns=["account_id", "ordered_at", "revenue"],
)


def install(monkeypatch: pytest.MonkeyPatch, function: Callable[..., Any]) -> None:
    """As if a package added that function."""
    added = (Extension("acme.downgrades", function, "acme-ladder 1.2"),)
    monkeypatch.setattr("features.sources.table_plugins.extensions", lambda _: added)


@pytest.mark.parametrize("files", [False, True], ids=["frames", "files"])
def test_the_function_of_the_document_makes_the_events_from_frames_files_and_parts(
    files: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = next(one.text for one in blocks(DOCS / "extend.md") if one.text.startswith("# acme_ladder.py"))
    (tmp_path / "acme_ladder.py").write_text(block)
    install(monkeypatch, runpy.run_path(str(tmp_path / "acme_ladder.py"))["downgrades"])
    (tmp_path / "acme_ladder.py").unlink()
    documented = [tomllib.loads(one.text) for one in blocks(DOCS / "extend.md") if one.language == "toml"]
    assert FALLEN in documented
    SOLD.to_csv(tmp_path / "orders.csv", index=False)
    source = ladder.read(tmp_path if files else {"orders": SOLD}, FALLEN)
    found = source.tables["switches"]
    assert [(one.account_id, str(one.switched_at)[:10]) for one in found.itertuples()] == [("A", "2024-07-01")]
    if files:
        cut = partition(tmp_path, tmp_path / "cut", 2, parse_settings(FALLEN).tables)
        assert cut.rows["switches"] == 1


def test_a_plugin_that_is_missing_or_fails_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"'acme\.downgrades' is no entry point of"):
        ladder.read({"orders": SOLD}, FALLEN)
    install(monkeypatch, lambda read: read("invoices"))
    with pytest.raises(SourceUnreadable, match=r"acme-ladder 1\.2 failed to make the table switches: KeyError"):
        ladder.read({"orders": SOLD}, FALLEN)
    install(monkeypatch, lambda _: 3)
    with pytest.raises(SourceUnreadable, match="int is no table"):
        ladder.read({"orders": SOLD}, FALLEN)
    install(monkeypatch, lambda _: pd.DataFrame({"account_id": ["A"]}))
    with pytest.raises(ColumnMissing, match="switched_at"):
        ladder.read({"orders": SOLD}, FALLEN)
    both = {"tables": {"switches": {"plugin": "acme.downgrades", "query": "select 1"}}}
    with pytest.raises(SettingsError, match="both a query and a plugin"):
        ladder.read({"orders": SOLD}, both)
