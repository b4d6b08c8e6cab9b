"""What changed between two runs adds up, and each cause alone lands in its own part."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import SettingsError
from features.histories.histories import build_histories
from features.instants import instant
from features.sources.source import Source, source_from_rows
from features.tables import RUNGS
from serving.scoring.batch import read_scores, score_frames, write_frames
from serving.scoring.changes import FIGURES, PARTS, Run, as_known_later, largest_changes, split_changes
from serving.scoring.scoring import Scorer
from tests.builders import Frames, as_it_stood, source
from tests.told import told
from tests.trained import tiny, tiny_bundle
from training.model.bundle import Bundle

THEN, LATER = "2025-06-01", "2025-12-01"


def other_bundle() -> Bundle:
    """Another model: one that leaves its pool of switching to a single member."""
    bundle = tiny_bundle()
    assert bundle.switching is not None
    weights = dict.fromkeys(bundle.switching.weights, 0.0) | {"rfm": 1.0}
    return replace(bundle, switching=replace(bundle.switching, weights=weights))


def run(tables: Frames, at: str, bundle: Bundle | None = None) -> Run:
    """A run on the source as somebody would have copied it just before."""
    bundle = tiny_bundle() if bundle is None else bundle
    scorer = Scorer(bundle, bundle.version)
    known = build_histories(source_from_rows(as_it_stood(tables, pd.Timestamp(at))))
    return Run(score_frames(scorer, known, instant(at), explain=False)[0], scorer)


@cache
def prompt() -> dict[str, pd.DataFrame]:
    """The tiny supplier had every row been entered when it happened."""
    return {name: rows.drop(columns="recorded_at", errors="ignore") for name, rows in tiny().tables.items()}


@cache
def now() -> Source:
    return source_from_rows(prompt())


def corrected(tables: Frames) -> dict[str, pd.DataFrame]:
    """Every tenth account turns out to have had tickets and an order before THEN: entered in July, dated back."""
    accounts = sorted(tables["orders"]["account_id"].unique())[::10]
    late = {"recorded_at": pd.Timestamp("2025-07-01")}
    orders = [{"account_id": a, "ordered_at": pd.Timestamp("2025-05-20"), "revenue": 900.0} | late for a in accounts]
    tickets = [{"account_id": a, "opened_at": pd.Timestamp("2025-05-21"), "severity": 1} | late for a in accounts] * 3
    return {
        **tables,
        "orders": pd.concat([tables["orders"], pd.DataFrame(orders)], ignore_index=True),
        "tickets": pd.concat([tables["tickets"], pd.DataFrame(tickets)], ignore_index=True),
    }


def sizes(changes: pd.DataFrame) -> dict[str, float]:
    return {part: float(changes[f"p_switch_{part}"].abs().max()) for part in PARTS}


def test_the_parts_add_up_to_the_change_and_the_change_to_the_difference() -> None:
    tables = corrected(prompt())
    before, after = run(prompt(), THEN), run(tables, LATER, other_bundle())
    changes = split_changes(before, after, source_from_rows(tables))
    assert all(size > 0.001 for size in sizes(changes).values())
    for figure in FIGURES:
        parts = [changes[f"{figure}_{part}"] for part in PARTS]
        pd.testing.assert_series_equal(parts[0] + parts[1] + parts[2], changes[f"{figure}_change"], check_names=False,
                                       check_exact=True)  # fmt: skip
        whole = changes[f"{figure}_after"] - changes[f"{figure}_before"]
        known = changes[f"{figure}_change"].notna()
        np.testing.assert_allclose(changes[f"{figure}_change"][known], whole[known], atol=1e-14)
        assert known.sum() > 50


def test_nothing_changed_is_nothing_in_every_part() -> None:
    before = run(prompt(), THEN)
    assert sizes(split_changes(before, before, now())) == {"corrections": 0.0, "behaviour": 0.0, "model": 0.0}


def test_another_model_alone_is_the_model() -> None:
    found = sizes(split_changes(run(prompt(), THEN), run(prompt(), THEN, other_bundle()), now()))
    assert found["model"] > 0.001
    assert (found["corrections"], found["behaviour"]) == (0.0, 0.0)


def test_a_later_look_alone_is_behaviour() -> None:
    found = sizes(split_changes(run(prompt(), THEN), run(prompt(), LATER), now()))
    assert found["behaviour"] > 0.001
    assert (found["model"], found["corrections"]) == (0.0, 0.0)


def test_rows_entered_afterwards_are_corrections_of_the_accounts_that_they_are_about() -> None:
    tables = corrected(prompt())
    changes = split_changes(run(prompt(), THEN), run(tables, LATER), source_from_rows(tables))
    touched = changes["account_id"].isin(sorted(tables["orders"]["account_id"].unique())[::10])
    moved = changes["p_switch_corrections"].abs() > 0
    assert moved[touched].sum() > 5
    assert not moved[~touched].any()
    assert sizes(changes)["model"] == 0.0


def test_a_cell_mended_in_place_is_a_correction_too() -> None:
    orders = prompt()["orders"].copy()
    account = str(orders["account_id"].iloc[0])
    orders.loc[orders["account_id"] == account, "revenue"] *= 3.0
    tables = {**prompt(), "orders": orders}
    changes = split_changes(run(prompt(), LATER), run(tables, LATER), source_from_rows(tables))
    moved = changes["expected_rung_corrections"].abs() + changes["p_switch_corrections"].fillna(0).abs() > 0
    assert set(changes["account_id"][moved]) <= {account}
    assert sizes(changes)["behaviour"] == 0.0


def test_rows_that_always_come_late_are_corrections_as_well() -> None:
    changes = split_changes(run(tiny().tables, THEN), run(tiny().tables, LATER), source_from_rows(tiny().tables))
    moved = changes["p_switch_corrections"].abs() > 0
    assert 0 < moved.sum() < 0.5 * len(changes)


def test_rows_dated_back_are_known_in_time_and_those_that_came_later_still_are_not() -> None:
    made = source(
        orders=[
            {"account_id": "A", "ordered_at": "2025-01-01", "revenue": 1, "recorded_at": "2025-03-01"},
            {"account_id": "A", "ordered_at": "2025-01-02", "revenue": 1, "recorded_at": "2025-05-01"},
            {"account_id": "A", "ordered_at": "2025-02-20", "revenue": 1, "recorded_at": "2025-02-21"},
        ]
    )
    later = as_known_later(made, instant("2025-02-01"), instant("2025-04-01")).tables["orders"]
    order = np.argsort(later["ordered_at"])
    assert later["recorded_at"][order].tolist() == [instant(day) for day in ("2025-01-01", "2025-05-01", "2025-02-21")]


def test_who_is_new_or_can_no_longer_switch_is_said_and_has_no_parts() -> None:
    changes = split_changes(run(prompt(), "2023-06-01"), run(prompt(), LATER), now())
    fresh = changes[changes["note"] == "new"]
    assert len(fresh) > 5
    assert fresh["expected_rung_change"].isna().all()
    assert fresh["expected_rung_after"].notna().all()
    noted = changes[changes["note"] == "cannot_switch"]
    assert len(noted) > 0
    assert noted["p_switch_change"].isna().all()
    assert noted["expected_rung_change"].notna().all()
    assert set(changes["rung_after"]) <= set(RUNGS)


def test_the_largest_changes_are_told_first() -> None:
    changes = split_changes(run(prompt(), THEN), run(prompt(), LATER, other_bundle()), now())
    found = largest_changes(changes, 3)
    assert len(found) == 3
    largest = changes.loc[changes["p_switch_change"].abs().idxmax()]
    assert (found[0].code, found[0].params["account"]) == ("p_switch_changed", largest["account_id"])
    assert found[0].params["corrections"] == 0.0
    assert told(found[0]).startswith(
        f"{largest['account_id']}: p_switch from {100 * largest['p_switch_before']:.0f}% to "
    )
    for words in ("the account behaved differently", "the data were corrected 0.0", "the model was changed"):
        assert words in told(found[0])
    nobody = changes.assign(p_switch_change=np.nan)
    assert "expected rung" in told(largest_changes(nobody, 1))
    assert told(replace(found[0], params={**found[0].params, "rungs": ["member", "raving_fan"]})).endswith(
        "; from member to raving fan"
    )
    assert ";" not in told(replace(found[0], params={**found[0].params, "rungs": ["member", "member"]}))


def test_what_cannot_be_compared_is_refused() -> None:
    before, after = run(prompt(), THEN), run(prompt(), LATER)
    with pytest.raises(SettingsError, match="Swap them"):
        split_changes(after, before, now())
    wrong = replace(after, scorer=Scorer(other_bundle(), "another"))
    with pytest.raises(SettingsError, match="--model-after"):
        split_changes(before, wrong, now())
    mended = source_from_rows(corrected(prompt()))
    with pytest.raises(SettingsError, match="The source has changed since the later run"):
        split_changes(before, after, mended)
    mixed = replace(before, scores=pd.concat([before.scores, after.scores]))
    with pytest.raises(SettingsError, match="have one as_of; these have 2"):
        split_changes(mixed, after, now())


@pytest.mark.parametrize("form", ["parquet", "csv", "xlsx"])
def test_scores_are_read_from_whichever_file_they_are_in(form: str, tmp_path: Path) -> None:
    scores = run(prompt(), LATER).scores
    write_frames({"scores": scores}, tmp_path, form)
    read = read_scores(tmp_path)
    np.testing.assert_allclose(read["p_switch"].to_numpy(float), scores["p_switch"].to_numpy(float), atol=1e-15)
    assert read["account_id"].tolist() == scores["account_id"].tolist()
    assert Run(read, Scorer(tiny_bundle(), "v")).as_of == instant(LATER)


def test_a_folder_without_scores_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no scores in"):
        read_scores(tmp_path)
    (tmp_path / "scores.csv").write_text("account_id,as_of\nA,2025-01-01\n")
    with pytest.raises(SettingsError, match="lacks horizon_days"):
        read_scores(tmp_path)
    (tmp_path / "scores.parquet").write_bytes(b"no parquet")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_scores(tmp_path)
