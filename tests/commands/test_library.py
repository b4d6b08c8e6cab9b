"""import ladder: the commands' work on values, with nothing left behind in the working folder."""

import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import ladder
from features.errors import BundleError, RegistryError, SettingsError, SourceUnreadable
from features.instants import iso
from tests.paths import ROOT
from tests.trained import tiny
from training.evaluation.cluster_bootstrap import Interval
from training.evaluation.evaluation import OURS, Comparison, Row

FASTER = {"booster": {"rounds": 10}, "slices": {"every_days": 90}, "outcome": {"further_horizons_days": []}}
MAPPED = {
    "tables": {
        "orders": {"query": 'select "Klant" as account_id, "Datum" as ordered_at, "Bedrag" as revenue from facturen'}
    }
}
DATES = ("next_order_on", "next_order_from", "next_order_until", "act_by")
FACTUREN = pd.DataFrame({"Klant": ["1", "2"], "Datum": ["13-02-2025", "14-02-2025"], "Bedrag": ["1.250,50", "3,00"]})


class Foreign:
    """A frame of a library that nobody here knows, which hands its columns over as Arrow does."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._table = pa.Table.from_pandas(frame, preserve_index=False)

    def __arrow_c_stream__(self, requested: object = None) -> object:
        return self._table.__arrow_c_stream__(requested)


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="module")
def model() -> ladder.Model:
    return ladder.train(ladder.read(dict(tiny().tables), FASTER), folds=0)


def test_a_model_is_trained_scored_saved_and_loaded_without_a_file_in_the_working_folder(
    model: ladder.Model, tmp_path: Path
) -> None:
    source = ladder.read(dict(tiny().tables), FASTER)
    scores = model.score(source)
    assert set(scores.scores["model_version"]) == {model.version}
    assert len(scores.scores) == sum(ladder.check(source).ladder.values())
    assert model.report
    assert model.sentences("nl") != model.report
    assert list(tmp_path.iterdir()) == []
    again = ladder.load(model.save(tmp_path / "kept"))
    assert (again.version, again.report, dict(again.comparisons)) == (model.version, model.report, {})
    pd.testing.assert_frame_equal(again.score(source).scores, scores.scores)


def test_the_sources_of_frames_and_of_files_score_alike(model: ladder.Model, tmp_path: Path) -> None:
    for name, table in tiny().tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    files = model.score(ladder.read(tmp_path, FASTER)).scores
    pd.testing.assert_frame_equal(files, model.score(ladder.read(dict(tiny().tables), FASTER)).scores)


def test_arrow_goes_in_and_comes_out_and_plans_alike(model: ladder.Model) -> None:
    arrow = {name: pa.Table.from_pandas(table, preserve_index=False) for name, table in tiny().tables.items()}
    source = ladder.read(arrow, FASTER)
    scores = model.score(source)
    assert isinstance(scores.scores, pa.Table)
    assert isinstance(source.set_aside, pa.Table)
    ours = model.score(ladder.read(dict(tiny().tables), FASTER))
    for name in DATES:
        assert pa.types.is_timestamp(scores.scores.schema.field(name).type), name
    plans = [ladder.plan(each, 50_000, holdout=0.0, model=model) for each in (scores, ours)]
    pd.testing.assert_frame_equal(plans[0].rows, plans[1].rows)


def test_every_date_of_the_scores_is_a_datetime(model: ladder.Model) -> None:
    source = ladder.read(dict(tiny().tables), FASTER)
    frames = model.score(source)
    for frame in frames:
        for name in frame:
            known = frame[name].dropna().astype(str)
            if (
                name.endswith(("_on", "_at", "_by", "_from", "_until", "as_of"))
                and known.str.match(r"\d{4}-\d\d").any()
            ):
                assert pd.api.types.is_datetime64_dtype(frame[name]), name
    expected, as_of = frames.scores["next_order_on"], frames.scores["as_of"]
    assert set(DATES) == {name for name in frames.scores if frame_of_dates(frames.scores, name)} - {"as_of"}
    assert (expected.dropna() - as_of[expected.notna()]).dt.days.abs().median() < 400
    assert (expected.dropna() == expected.dropna().dt.normalize()).all()
    orders = source.tables["orders"]
    assert pd.api.types.is_datetime64_any_dtype(orders["ordered_at"])


def frame_of_dates(scores: pd.DataFrame, name: str) -> bool:
    return bool(pd.api.types.is_datetime64_dtype(scores[name]))


@pytest.mark.parametrize("made", [lambda frame: frame, Foreign, lambda frame: frame.to_dict("list")])
def test_cells_of_any_frame_are_understood_as_those_of_a_file(made: object) -> None:
    assert callable(made)
    source = ladder.read({"facturen": made(FACTUREN)}, MAPPED)
    orders = source.tables["orders"]
    assert orders["revenue"].tolist() == [1250.5, 3.0]
    assert orders["ordered_at"].dt.day.tolist() == [13, 14]


def test_frames_come_back_in_the_library_that_they_came_in(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[pa.Table] = []
    frame = type("DataFrame", (Foreign,), {"__module__": "polars.dataframe.frame"})(FACTUREN)
    monkeypatch.setitem(sys.modules, "polars", type("polars", (), {"from_arrow": staticmethod(given.append)}))
    source = ladder.read({"facturen": frame}, MAPPED)
    assert source.library == "polars"
    assert source.tables == {"orders": None}
    assert given[0].column("revenue").to_pylist() == [1250.5, 3.0]


def test_a_query_that_leaves_out_a_currency_of_several_is_told_so() -> None:
    source = ladder.read({"facturen": FACTUREN.assign(Valuta=["EUR", "USD"])}, MAPPED)
    assert any("leaves out 'Valuta'" in note for note in source.notes)


def test_times_with_a_zone_and_categories_of_pandas_are_read() -> None:
    day = pd.to_datetime(["2025-02-13T23:30:00-05:00"], utc=True)
    frame = pd.DataFrame({"account_id": pd.Categorical(["K1"]), "ordered_at": day, "revenue": [5]})
    source = ladder.read({"orders": frame})
    assert iso(int(source.cleaned.tables["orders"]["ordered_at"][0])).startswith("2025-02-14T04:30")


def test_settings_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[outcome]\nhorizon_days = 90\n")
    orders = pd.DataFrame({"account_id": ["K1"], "ordered_at": ["2025-02-13"], "revenue": [5.0]})
    assert ladder.read({"orders": orders}, "own.toml").settings.outcome.horizon_days == 90


def test_what_cannot_be_read_is_looked_at_and_says_why() -> None:
    orders = pd.DataFrame({"account_id": ["K1", "K2"], "ordered_at": ["01-02-2025", "03-04-2025"], "revenue": [5, 6]})
    with pytest.raises(SourceUnreadable, match="two ways"):
        ladder.read({"orders": orders})
    report = ladder.check(ladder.read({"orders": orders}, look=True), as_of="2026-01-01")
    assert "two ways" in report.refusals[0]


def test_refusals_are_those_of_the_commands(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="int is no table"):
        ladder.read({"orders": 3})
    with pytest.raises(SettingsError):
        ladder.read({"orders": FACTUREN}, {"outcome": {"horizon_weeks": 3}})
    with pytest.raises(RegistryError, match="MLFLOW_TRACKING_URI"):
        ladder.load("models:/loyalty-ladder@champion")
    with pytest.raises((RegistryError, BundleError)):
        ladder.load(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, ladder; print([m for m in ('numpy', 'pandas', 'mlflow', 'lightgbm') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_comparisons_are_frames(tmp_path: Path) -> None:
    source = ladder.read(dict(tiny().tables), FASTER)
    judged = ladder.train(source, folds=1)
    assert "next_rung" in judged.comparisons
    assert np.all([len(table) > 1 for table in judged.comparisons.values()])
    assert all(path.suffix == ".png" for path in judged.draw(tmp_path / "plots"))


def test_days_and_times_of_python_and_pandas_say_from_when_to_look() -> None:
    source = ladder.read({"orders": pd.DataFrame({"account_id": ["1"], "ordered_at": ["2025-02-13"], "revenue": [5]})})
    given = ["2025-03-01", date(2025, 3, 1), datetime(2025, 3, 1), pd.Timestamp("2025-03-01"), None]
    assert [iso(source.instant(one)) for one in given] == [*["2025-03-01"] * 4, "2025-02-14"]


def test_the_plots_of_a_model_that_was_judged_are_drawn(model: ladder.Model, tmp_path: Path) -> None:
    better = Interval(0.1, 0.05, 0.15)
    rows = (Row("persistence", {"log_loss": 0.9}, better), Row(OURS, {"log_loss": 0.8}, None))
    table = Comparison("switching", "log_loss", rows, ("2025-01-01",), 100, intervals={"log_loss": better})
    assert model.trained is not None
    judged = replace(model, trained=replace(model.trained, comparisons=(table,)))
    assert {file.suffix for file in judged.draw(tmp_path / "plots")} == {".png"}
    assert ladder.Model(model.bundle, model.version).draw(tmp_path / "none") == []


def test_the_report_does_not_promise_leaving_where_nobody_left() -> None:
    """Nine months: no silence can have outlasted a rhythm yet."""
    days = pd.date_range("2025-01-02", "2025-10-01", freq="10D")
    rows = [(f"K{k}", day + pd.Timedelta(days=k % 9), 5.0) for k in range(40) for day in days]
    orders = pd.DataFrame(rows, columns=["account_id", "ordered_at", "revenue"])
    found = {one.model: one for one in ladder.check(ladder.read({"orders": orders})).models}
    assert (found["states"].ready, found["switching"].ready) == (True, False)
    assert (found["switching"].left, found["switching"].stayed) == (0, 40)
    model = ladder.train(ladder.read({"orders": orders}, FASTER), folds=0)
    assert any("0 of 40 snapshots left" in line for line in model.report)
    assert {one.model: one.ready for one in ladder.check(ladder.read(dict(tiny().tables))).models}["switching"]
