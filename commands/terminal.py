"""A command's output on the terminal: tables, lists, notes, and the main figures as the last line."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from features.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

    from features.histories.outlier_dates import OutlierDates
    from training.evaluation.evaluation import Comparison
    from training.model.findings import Finding

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
Figures: TypeAlias = Mapping[str, Json]
"""What a command found, by name: what `--json` prints."""


def note_set_aside(rows: int) -> None:
    if rows:
        print(f"Note: {rows:,} rows were set aside; `ladder check` lists them.", file=sys.stderr)


def note_outlier_dates(far: OutlierDates | None) -> None:
    from features.instants import iso, midnight_after

    if far is not None:
        where = ", ".join(f"{count} of {name}" for name, count in far.tables.items())
        words = f"lie {far.gap_days:,.0f} days after all other events, and the default --as-of"
        print(f"Note: {where} {words}", file=sys.stderr)
        print(
            f"      follows them. If that is a typing error, give --as-of {iso(midnight_after(far.last_before))}.",
            file=sys.stderr,
        )


def check_place(*files: Path | None) -> None:
    """Refuse a file that cannot be written there, before the work is done.  Raises SettingsError."""
    for file in files:
        if file is not None and file.is_dir():
            raise SettingsError(f"{file} is a folder: name a file in it.")
        if file is not None and not file.parent.is_dir():
            raise SettingsError(f"{file} cannot be written: there is no folder {file.parent}.")


def say_step(text: str) -> None:
    print(f"\n=== {text}", flush=True)


def show_list(title: str, lines: Sequence[str]) -> None:
    print(f"\n{title}")
    for line in lines:
        print(f"  - {line}")


def show_findings(title: str, findings: Iterable[Finding], currency: str = "") -> None:
    """Show findings as a list, in English.  currency : sign before amounts."""
    from training.model.text.catalogue import render

    show_list(title, [render(finding, "en", currency) for finding in findings])


def show_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in plain columns; numbers are aligned right.

    A table too wide for the terminal stands on its side where that fits; words are broken in neither case.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    room = max(shutil.get_terminal_size((140, 40)).columns, 100)
    if _least_width(headings, rows) > room:
        turned = [list(cells) for cells in zip(headings, *rows, strict=True)]
        if _least_width(turned[0], turned[1:]) <= room:
            headings, rows = turned[0], turned[1:]
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, title_style="bold")
    for position, heading in enumerate(headings):
        numeric = all(_NUMBER.fullmatch(row[position]) for row in rows)
        table.add_column(heading, justify="right" if numeric and position else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_NOTHING_LESS.sub("", cell) for cell in row))
    width = max(room, _least_width(headings, rows))
    Console(width=width, highlight=False, markup=False).print(table)


def _least_width(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Return the width at which no word of a table is broken, up to LONGEST_WORD."""
    columns = zip(headings, *rows, strict=True)
    longest = [max((len(word) for cell in cells for word in cell.split()), default=0) for cells in columns]
    return sum(min(size, LONGEST_WORD) + 3 for size in longest) + 1


LONGEST_WORD = 24
"""Characters; a longer word is a path or the like, and may be broken."""


_NOTHING_LESS = re.compile(r"(?<!\w)-(?=0(?:\.0+)?(?![\d.,]))")
"""The sign of what is rounded to zero."""
_NUMBER = re.compile(r"|[+-]?[0-9][0-9,.]*%?( \[.*\])?")
"""What stands right in a column: nothing, or a number, perhaps with its interval."""


def show_comparison(comparison: Comparison) -> None:
    from training.evaluation.tables import table_rows, title

    headings, rows = table_rows(comparison)
    show_table(title(comparison), headings, rows)
    if comparison.unseen:
        unseen = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in comparison.unseen.items())
        print(f"On accounts never learnt from: {unseen}")


def show_ladder(scores: pd.DataFrame) -> None:
    from features.tables import RUNGS

    now, then = scores["rung"].value_counts(), scores[[f"p_{rung}" for rung in RUNGS]].sum()
    rows = [[rung, f"{now.get(rung, 0):,}", f"{then[f'p_{rung}']:,.0f}"] for rung in reversed(RUNGS)]
    show_table("The ladder", ["rung", "accounts now", "expected at the horizon"], rows)


def show_first(scores: pd.DataFrame, most: int) -> None:
    from training.model.text.words import render_reasons

    first = scores.dropna(subset=["rank"]).sort_values("rank").head(most)
    rows = []
    for row in first.to_dict("records"):
        switch = "" if row["p_switch"] != row["p_switch"] or row.get("former") else f"{row['p_switch']:.0%}"
        reasons = "\n".join(render_reasons(row["reasons"], "en"))
        figures = [f"{row['expected_gain']:,.0f}", f"{row['roi']:.1f}", switch]
        rows.append(
            [str(row["rank"]), row["account_id"], row["rung"], row["recommended_investment"], *figures, reasons]
        )
    headings = ["rank", "account", "rung", "investment", "expected gain", "ROI", "p switch", "reasons"]
    if rows:
        show_table(f"The first {len(rows)} accounts by ROI", headings, rows)
    else:
        print("\nNo investment is expected to earn more than it costs, for any account.")


def show_disagreements(scores: pd.DataFrame) -> None:
    """Print the accounts about whose climb account manager and history disagree most."""
    from serving.scoring.manager_forecasts import HEADINGS, disagreement_cells, strongest_disagreements

    rows = disagreement_cells(strongest_disagreements(scores, 10))
    if rows:
        show_table("Where account managers and history differ most about a climb (not causal)", HEADINGS, rows)


def show_figures(figures: Figures) -> None:
    """Print the figures as one line of JSON, which has no NaN: it stands as null."""
    from features.finite import without_nan

    print(json.dumps(without_nan(figures), allow_nan=False))
