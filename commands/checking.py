"""ladder check: what is in a source, what was understood of it, and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.inputs import Loaded, feedback_store, load_source
from commands.options import AsOf, CommonOptions, Data, Feedback, Option
from commands.terminal import Figures, check_place, show_table

if TYPE_CHECKING:
    from features.data_report import DataReport, Readiness
    from training.model.findings import Finding


@dataclass(frozen=True, kw_only=True)
class CheckOptions(CommonOptions):
    data: Data
    as_of: AsOf = None
    store: Feedback = None
    report: Annotated[Path | None, Option(metavar="FILE", help="write every row set aside to this CSV file")] = None
    html: Annotated[
        Path | None, Option(metavar="FILE", help="write the data report as one page, for the data's owner")
    ] = None


def check_command(options: CheckOptions) -> Figures:
    from training.settings import read_settings

    check_place(options.report, options.html)
    settings = read_settings(options.config)
    loaded = load_source(
        options.data, settings, as_of=options.as_of, feedback=feedback_store(options.store), accept_bad_rows=True
    )
    return report_source(loaded, options.report, options.html)


def data_report(loaded: Loaded) -> DataReport:
    """Return what a source holds."""
    from features.data_report import Needs, check_source
    from features.exposures import ExposureNeeds
    from features.histories.odd_orders import account_notes, hole_notes

    settings = loaded.settings
    needs = Needs(
        settings.outcome.horizon_days, settings.slices.least_history_days, settings.outcome.recorded_at_least,
        settings.uplift.least_treated, grace_days=settings.outcome.renewal_grace_days,
        exposures=ExposureNeeds(
            settings.outcome.horizon_days, exposure_days=settings.uplift.exposure_days,
            washout_days=settings.uplift.washout_days, exposed=settings.uplift.least_treated,
            controls=settings.uplift.least_effective, separation=settings.uplift.most_separation,
        ),
    )  # fmt: skip
    report = check_source(loaded.source, loaded.histories, settings.ladder, needs, loaded.as_of)
    odd = (*hole_notes(loaded.histories, loaded.as_of, settings.source.periods_left_out),
           *account_notes(loaded.histories, loaded.as_of))  # fmt: skip
    models = tuple(_counted(one, loaded) for one in report.models)
    return replace(report, notes=(*report.notes, *odd), models=models)


def _counted(one: Readiness, loaded: Loaded) -> Readiness:
    """Return whether leaving can be learnt by how many left, where the history is long enough to ask."""
    from features.data_report import SWITCHING
    from training.data.leavers import MIN_EVENTS, count_leavers

    if one.model != SWITCHING or not one.ready:
        return one
    left, stayed = count_leavers(loaded.histories, loaded.settings, loaded.as_of)
    return replace(one, ready=min(left, stayed) >= MIN_EVENTS, left=left, stayed=stayed)


def report_source(loaded: Loaded, rows_to: Path | None = None, page_to: Path | None = None) -> Figures:
    """Show what a source holds.

    rows_to : CSV file for every row that was set aside.  page_to : HTML file of the whole report.
    """
    from features.sources.source import set_aside_frame
    from features.spreadsheets import plain_frame

    settings, report = loaded.settings, data_report(loaded)
    _show_report(report, settings.outcome.horizon_days)
    if rows_to is not None:
        plain_frame(set_aside_frame(loaded.source)).to_csv(rows_to, index=False)
        print(f"\nEvery row that was set aside: {rows_to}")
    limit = settings.source.max_bad_share
    too_bad = [name for name, (read, aside) in report.tables.items() if aside > limit * max(read, 1)]
    if page_to is not None:
        from commands.data_page import data_page
        from features.atomic_write import write_whole

        write_whole(page_to, data_page(report))
        print(f"\nThe report as a page: {page_to}")
    if too_bad:
        print(f"\nTraining and scoring would refuse {', '.join(too_bad)}: more than {limit:.0%} is set aside.")
    for refusal in report.refusals:
        print(f"\nTraining and scoring would refuse it: {refusal}")
    return {
        "as_of": report.as_of,
        "ladder": report.ladder,
        "set_aside": len(loaded.source.set_aside),
        "refused": too_bad,
        "refusals": list(report.refusals),
        "readings": {f"{one.table}.{one.column}": one.form for one in report.readings},
        "joins": {one.table: {"accounts": one.accounts, "met": one.met} for one in report.joins},
    }


def _show_report(report: DataReport, horizon_days: int) -> None:
    from features.sources.readings.evidence import quoted, words
    from training.model.text.catalogue import heading, render
    from training.model.text.words import DEFAULT_LANGUAGE

    rows = [[name, f"{read:,}", f"{aside:,}"] for name, (read, aside) in report.tables.items()]
    show_table("Tables", ["table", "rows read", "set aside"], rows)
    if report.reasons:
        reasons = [[*key, f"{count:,}", "\n".join(report.examples[key])] for key, count in report.reasons.items()]
        show_table("Set aside, by reason", ["table", "column", "reason", "rows", "the first"], reasons)
    if report.mends:
        print("\nWhat would mend it, in the settings (--config):")
        for key, lines in report.mends.items():
            print(f"# {', '.join(key)}\n{lines}")
    understood = [
        [
            one.table,
            one.column,
            words(one),
            f"{one.filled:,}",
            f"{one.changed:,}",
            quoted(one.before),
            quoted(one.after),
        ]
        for one in report.readings
    ]
    if understood:
        headings = ["table", "column", "read as", "filled", "written anew", "such as", "for"]
        show_table("What was understood", headings, understood)
    if report.joins:
        joins = [
            [one.table, f"{one.accounts:,}", f"{one.met:,}", one.likely, " / ".join(filter(None, one.example))]
            for one in report.joins
        ]
        show_table("Accounts that meet", ["table", "accounts", "in accounts", "others differ in", "such as"], joins)
    if report.absent:
        print(f"\nNot there: {', '.join(report.absent)}")
    for note in report.notes:
        print(f"Note: {note}")
    show_table(f"The ladder at {report.as_of}", ["rung", "accounts"], [[k, f"{v:,}"] for k, v in report.ladder.items()])
    models = [
        [heading(finding, DEFAULT_LANGUAGE), "yes" if one.ready else "not yet", render(finding, DEFAULT_LANGUAGE)]
        for one in report.models
        for finding in [_readiness(one)]
    ]
    show_table("What can be trained", ["model", "ready", "why"], models)
    if report.slow_buyers >= MANY_SLOW:
        print(f"\n{render(slow_buyers(report, horizon_days), DEFAULT_LANGUAGE)}")


MANY_SLOW = 0.2
"""From one account in five on, the horizon is too short for the rhythm of the business."""


def slow_buyers(report: DataReport, horizon_days: int) -> Finding:
    """Return what share of the accounts buys more slowly than the horizon, and the horizon that would hold them."""
    from training.model.findings import WARNING, Finding

    wanted = min(-(-round(1.25 * report.slow_gap_days) // 30) * 30, 1095)
    return Finding.of(
        "slow_buyers", WARNING, share=report.slow_buyers, horizon=horizon_days, gap=report.slow_gap_days, wanted=wanted
    )


def _readiness(one: Readiness) -> Finding:
    """Return what a source has for a model, and lacks."""
    from features.data_report import RENEWAL, STATES, SWITCHING
    from training.data.leavers import MIN_EVENTS
    from training.model.findings import NOTE, OK, Finding

    severity = OK if one.ready else NOTE
    if one.model == STATES:
        return Finding.of("can_train_states", severity, days=one.found, needed=one.needed)
    if one.model == SWITCHING:
        if not one.ready and one.left is not None:
            return Finding.of("cannot_train_leaving", severity, left=one.left, stayed=one.stayed, needed=MIN_EVENTS)
        if one.found >= one.needed:
            return Finding.of("can_train_recorded", severity, switches=one.found)
        return Finding.of("can_train_silence", severity, switches=one.found, needed=one.needed)
    if one.model == RENEWAL:
        return Finding.of("can_train_renewal", severity, ended=one.found, renewed=one.renewed, needed=one.needed)
    if one.option is None:
        return Finding.of("can_train_no_investments", severity)
    figures = {
        "option": one.option, "exposed": one.found, "randomised": one.randomised, "controls": one.controls,
        "needed": one.needed,
    }  # fmt: skip
    if one.cause is None:
        return Finding.of("can_train_uplift", severity, **figures)
    return Finding.of("cannot_train_uplift", severity, **figures, cause=one.cause)
