"""Monitoring of the champion since it was trained: measured, shown, written, tracked."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.champions import find_bundle
from commands.inputs import Loaded, open_run, registry_uri
from commands.progress_lines import progress_bar
from commands.terminal import Figures, show_findings, show_list, show_table
from features.errors import BundleError, RegistryError

if TYPE_CHECKING:
    from training.model.bundle import Bundle
    from training.model.findings import Finding
    from training.monitoring.advice import PlanHoldout, Watched
    from training.monitoring.drift_since import DriftSince
    from training.monitoring.label_drift import LabelShift
    from training.monitoring.realised_performance import RealisedPerformance
    from training.settings import RegistrySettings

MOST_SHOWN = 10


def find_champion(model: str | None, settings: RegistrySettings) -> tuple[Bundle, str] | BundleError | None:
    """Return the model to watch and its version; None where there is no champion.

    A champion that this program cannot read is no reason to stop: the error is what is found.
    """
    from training.model.champion import read_trusted_bundle

    with tempfile.TemporaryDirectory() as scratch:
        try:
            folder = find_bundle(model, settings, Path(scratch))
        except BundleError:
            return None
        try:
            return read_trusted_bundle(folder)
        except BundleError as error:
            if model is not None:
                raise
            return error


def watch(
    champion: tuple[Bundle, str] | BundleError,
    loaded: Loaded,
    *,
    report_to: Path | None,
    metrics_to: Path | None,
    page_to: Path | None = None,
    plans: Sequence[PlanHoldout] = (),
) -> Figures:
    """Return all figures of the champion since its training, and the advice.

    report_to : folder for the report, metrics_to : file for Prometheus, page_to : for the runs of that folder; None =
        not.  plans : what plans brought by now.
    """
    from training.model.findings import BLOCKER, Finding
    from training.model.text.catalogue import render
    from training.monitoring.advice import RETRAIN, reasons_of

    if isinstance(champion, BundleError):
        unusable = Finding.of("champion_unusable", BLOCKER, message=str(champion))
        show_findings(f"Advice: {RETRAIN}", [unusable])
        return {"advice": RETRAIN, "reasons": [render(unusable, "en")]}
    found = replace(measure(*champion, loaded), plans=tuple(plans))
    reasons = reasons_of(found)
    show(found)
    return _tell(found, reasons, loaded, report_to=report_to, metrics_to=metrics_to, page_to=page_to)


def watch_former(folder: Path, loaded: Loaded, report_to: Path) -> list[Path]:
    """Measure what became of the bundle in a folder, which need not serve any more; return the report's files.

    A bundle that cannot be read is no reason to stop: there is nothing to look at then.
    """
    from training.model.champion import read_trusted_bundle
    from training.monitoring.advice import advice_of, reasons_of
    from training.monitoring.monitor_report import write_report

    try:
        bundle, version = read_trusted_bundle(folder)
    except BundleError as error:
        print(f"The former champion cannot be looked at: {error}")
        return []
    found = measure(bundle, version, loaded)
    show(found)
    reasons = reasons_of(found)
    show_findings(f"Advice on {version}, before this run: {advice_of(reasons)}", reasons)
    return write_report(found, reasons, report_to)


def measure(bundle: Bundle, version: str, loaded: Loaded) -> Watched:
    """Return everything that monitoring measures of one model on one source."""
    from training.monitoring.advice import Watched
    from training.monitoring.drift_since import drift_since
    from training.monitoring.early_signs import early_signs
    from training.monitoring.label_clock import LabelClock
    from training.monitoring.label_drift import label_shifts
    from training.monitoring.raw_columns import broken_columns
    from training.monitoring.realised_performance import judge_realised_performance
    from training.monitoring.repeated_rows import repeated_rows
    from training.monitoring.table_freshness import stale_tables

    settings, as_of, facts = loaded.settings, loaded.as_of, bundle.facts
    known = loaded.histories.as_it_stood(as_of)
    with progress_bar() as progress:
        drift = drift_since(known, bundle, settings, as_of, progress)
        progress("what happened", 0.0)
        matured = judge_realised_performance(known, bundle, settings, as_of)
        proxies = early_signs(known, bundle, settings, as_of)
        shifts = label_shifts(known, bundle, settings, as_of)
        progress("what happened", 1.0)
    stopped = stale_tables(known, as_of, settings.monitor.least_silent_days)
    absent = tuple(sorted(set(facts.tables) - known.tables))
    columns = broken_columns(facts.raw_columns, loaded.histories.profiles, as_of)
    columns += repeated_rows(known, as_of, facts.trained_until)
    clock = LabelClock(facts.trained_until, as_of, facts.horizon_days)
    return Watched(
        version=version,
        clock=clock,
        drift=drift,
        matured=matured,
        proxies=proxies,
        stopped=stopped,
        absent=absent,
        settings=settings,
        columns=columns,
        shifts=shifts,
    )


def _tell(
    found: Watched,
    reasons: Sequence[Finding],
    loaded: Loaded,
    *,
    report_to: Path | None,
    metrics_to: Path | None,
    page_to: Path | None,
) -> Figures:
    """Show the advice, write what was asked for, and log the run."""
    from features.atomic_write import write_whole
    from features.instants import iso
    from training.model.findings import NOTE, Finding, to_json
    from training.model.text.catalogue import render
    from training.monitoring.advice import ADVICE, advice_of, realised
    from training.monitoring.monitor_page import keep_run, kept_runs, monitor_page
    from training.monitoring.monitor_report import document, figures, prometheus, write_report
    from training.tracking.monitor_runs import record_monitoring

    advice = advice_of(reasons)
    currency = loaded.settings.service.currency
    words = [f"{ADVICE[reason.severity]}: {render(reason, 'en', currency)}" for reason in reasons]
    show_list(f"Advice: {advice}", words or [render(Finding.of("nothing_against", NOTE), "en")])
    main_figures, as_of = figures(found), iso(found.clock.as_of)
    with tempfile.TemporaryDirectory() as scratch:
        files = write_report(found, reasons, report_to or Path(scratch))
        if report_to is not None:
            print(f"\n{' and '.join(str(file) for file in files)} written")
        run_now = document(found, reasons)
        if report_to is not None:
            keep_run(run_now, report_to)
        if page_to is not None:
            page_to.parent.mkdir(parents=True, exist_ok=True)
            runs = [run_now] if report_to is None else kept_runs(report_to)
            write_whole(page_to, monitor_page(runs, currency))
            print(f"{page_to} shows {len(runs)} runs" if len(runs) > 1 else f"{page_to} shows this run")
        if metrics_to is not None:
            metrics_to.parent.mkdir(parents=True, exist_ok=True)
            write_whole(metrics_to, prometheus(found, reasons, time.time()))
        tags = {"advice": advice, "bundle": found.version, "as_of": as_of}
        experiment = loaded.settings.registry.experiment
        try:
            run = record_monitoring(
                registry_uri(),
                experiment=experiment,
                name=f"monitor {as_of}",
                figures=main_figures,
                tags=tags,
                files=files,
                run_id=open_run(),
            )
        except RegistryError as error:
            raise RegistryError(f"What stands above is right, but was not logged. {error}") from None
    return {
        "advice": advice, "reasons": [render(reason, "en") for reason in reasons], "findings": to_json(reasons),
        "realised": to_json(realised(found)), "codes": list(dict.fromkeys(reason.code for reason in reasons)),
        "model_version": found.version,
        "as_of": as_of, "labels_due": iso(found.clock.due), "run_id": run, **main_figures,
    }  # fmt: skip


def show(found: Watched) -> None:
    """Print the clock, the drift, what was realised and the early signs."""
    from features.instants import iso
    from training.model.text.catalogue import render

    clock = found.clock
    print(f"\nModel {found.version}, trained until {iso(clock.trained_until)}, looked at on {iso(clock.as_of)}")
    print(f"Labels: {render(clock.finding(), 'en')}")
    _show_drift(found.drift)
    _show_realised(found.matured)
    if found.proxies:
        rows = [
            [f"{p.days}", f"{p.accounts:,}", f"{p.expected:,.0f} [{p.low:,.0f}, {p.high:,.0f}]", f"{p.observed:,}"]
            for p in found.proxies
        ]
        headings = ["first days", "accounts", f"silent, expected [{found.proxies[0].level:.0%}]", "silent"]
        show_table("Early signs: no order in the first days since training", headings, rows)
    _show_parts(found.matured)
    _show_shifts(found.shifts)


def _show_drift(drift: DriftSince | None) -> None:
    from features.instants import iso

    if drift is None:
        print("Drift: nothing lies after training; there is nothing to compare.")
        return
    rows = [
        [
            one.name, f"{one.distance:.3f}", "" if one.usual is None else f"{one.usual:.3f}", f"{one.by_chance:.3f}",
            "" if one.q is None else f"{one.q:.4f}", f"{one.psi:.3f}", f"{one.missing_before:.0%}",
            f"{one.missing:.0%}", f"{one.median_before:,.4g}", f"{one.median:,.4g}", f"{one.weight:.1%}",
            "drift" if one.drifted else "",
        ] for one in drift.columns[: max(MOST_SHOWN, len(drift.drifted[: 3 * MOST_SHOWN]))]
    ]  # fmt: skip
    title = (
        f"Drift: {len(drift.drifted)} of {len(drift.columns)} columns, {drift.accounts_before:,} accounts at "
        f"{iso(drift.before)} against {drift.accounts:,} at {iso(drift.as_of)}"
    )
    headings = [
        "column", "distance", "usual", "chance", "q", "PSI", "missing then", "now", "median then", "now", "weight", "",
    ]  # fmt: skip
    show_table(title, headings, rows)
    if drift.pairs < 2:
        print(
            f"Only {drift.pairs} earlier pairs as far apart: what is usual is not known, and nothing is called drift."
        )


def _show_realised(matured: Sequence[RealisedPerformance]) -> None:
    from training.evaluation.cluster_bootstrap import LEVEL

    if not matured:
        print("Realised: no snapshot since training has a complete horizon yet.")
        return
    rows = []
    for one in matured:
        loss, surplus = one.log_loss, one.surplus
        rows.append([
            one.outcome.replace("_", " "), f"{one.horizon_days}", f"{one.snapshots:,}",
            "" if loss is None else f"{loss.value:.4f} [{loss.low:.4f}, {loss.high:.4f}]",
            _cell(one.promised_log_loss, ".4f"), _cell(one.auc, ".3f"), _cell(one.promised_auc, ".3f"),
            _cell(one.expected, ".1%"), _cell(one.observed, ".1%"),
            "" if surplus is None else f"{surplus.value:+.1%} [{surplus.low:+.1%}, {surplus.high:+.1%}]",
        ])  # fmt: skip
    headings = [
        "realised", "days", "looks", f"log loss [{LEVEL:.0%}]", "promised", "AUC", "promised", "expected", "observed",
        f"observed - expected [{LEVEL:.0%}]",
    ]  # fmt: skip
    show_table("Realised since training, beside what the backtest promised", headings, rows)


def _show_parts(matured: Sequence[RealisedPerformance]) -> None:
    from training.evaluation.cluster_bootstrap import LEVEL

    parts = sorted(((part.q, one, part) for one in matured for part in one.parts), key=lambda each: each[0])
    if not parts:
        return
    rows = [
        [
            one.outcome, f"{one.horizon_days}", part.kind, part.name, f"{part.accounts:,}", f"{part.expected:.1%}",
            f"{part.observed:.1%}", f"{part.surplus:+.1%} [{part.low:+.1%}, {part.high:+.1%}]", f"{part.q:.3f}",
            "off" if part in one.parts_off else "",
        ] for _, one, part in parts[:MOST_SHOWN]
    ]  # fmt: skip
    title = f"Chances by part of the accounts: {sum(len(one.parts_off) for one in matured)} of {len(parts)} are off"
    headings = ["outcome", "days", "by", "part", "accounts", "expected", "observed"]
    show_table(title, [*headings, f"observed - expected [{LEVEL:.0%}]", "q", ""], rows)


def _show_shifts(shifts: Sequence[LabelShift]) -> None:
    if not shifts:
        return
    rows = [
        [
            one.outcome, f"{one.horizon_days}", f"{one.before:,.4g}", f"{one.now:,.4g}",
            f"{one.change.value:+.1%} [{one.change.low:+.1%}, {one.change.high:+.1%}]", "moved" if one.moved else "",
        ] for one in shifts
    ]  # fmt: skip
    headings = ["outcome", "days", "a year before", "since training", f"change [{shifts[0].change.level:.0%}]", ""]
    show_table("Outcomes since training beside the same days a year before", headings, rows)


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
