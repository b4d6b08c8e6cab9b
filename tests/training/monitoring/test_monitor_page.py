"""A month of weekly monitoring on one page, from what every run left in its folder."""

from dataclasses import replace
from pathlib import Path

from tests.training.monitoring.test_realised_performance import CALM
from training.monitoring.advice import reasons_of
from training.monitoring.broken_column import EMPTIED, BrokenColumn
from training.monitoring.monitor_page import MOST_RUNS, keep_run, kept_runs, monitor_page
from training.monitoring.monitor_report import document

WEEK = 7 * 86_400_000_000


def test_weekly_runs_stand_beside_each_other(tmp_path: Path) -> None:
    for week in range(5):
        found = replace(CALM, clock=replace(CALM.clock, as_of=CALM.clock.as_of + week * WEEK))
        if week == 3:
            found = replace(found, columns=(BrokenColumn("orders", "discount<b>", EMPTIED, 0.9, 0.0),))
        keep_run(document(found, reasons_of(found)), tmp_path)
        keep_run(document(found, reasons_of(found)), tmp_path)  # the same day again takes its place
    runs = kept_runs(tmp_path)
    assert [run["advice"] for run in runs] == ["keep", "keep", "keep", "watch", "keep"]
    page = monitor_page(runs)
    assert all(str(run["as_of"]) in page for run in runs)
    assert "Orders.discount&lt;b&gt; is empty: filled in 90% of the rows" in page
    assert "<b>" not in page
    assert "5 runs, the latest last" in page


def test_a_page_ends_somewhere(tmp_path: Path) -> None:
    for week in range(MOST_RUNS + 2):
        found = replace(CALM, clock=replace(CALM.clock, as_of=CALM.clock.as_of + week * WEEK))
        keep_run(document(found, ()), tmp_path)
    assert len(kept_runs(tmp_path)) == MOST_RUNS
