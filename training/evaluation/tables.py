"""Tables of results as text, for the tracker and the terminal."""

import csv
import io
import math
from collections.abc import Mapping, Sequence

from training.evaluation.evaluation import OURS, Comparison
from training.model.text.catalogue import plain_formats
from training.model.text.names import acquired_name, forecaster_name
from training.model.text.report_texts import report_text
from training.model.text.words import DEFAULT_LANGUAGE

Row = Mapping[str, str | int | float | None]


def table_rows(comparison: Comparison, language: str = DEFAULT_LANGUAGE) -> tuple[list[str], list[list[str]]]:
    """Return headings and cells: the baselines, then ours; last column = the primary score's difference from ours."""
    names = list(comparison.rows[0].scores)
    headings = [
        report_text("baselines.model", language),
        *(name.replace("_", " ") for name in names),
        report_text("baselines.difference", language).format(
            metric=comparison.primary.replace("_", " "), level=f"{comparison.level:.0%}"
        ),
    ]
    cells = []
    for row in comparison.rows:
        difference = "" if row.difference is None else str(row.difference)
        cells.append([row.model, *(_figure(row.scores[name]) for name in names), difference])
    return headings, cells


def _figure(value: float) -> str:
    """Write a figure with four digits; empty where there is none, such as the AUC where everybody does the same."""
    return "" if math.isnan(value) else f"{value:.4f}"


def title(comparison: Comparison, language: str = DEFAULT_LANGUAGE) -> str:
    """Say what the table shows, and on what."""
    return report_text("baselines.title", language).format(
        task=report_text(f"task.{comparison.task}", language),
        snapshots=plain_formats(language).number(comparison.snapshots),
        origins=", ".join(comparison.origins),
    )


def as_text(comparison: Comparison) -> str:
    """Write the table in plain columns, with our scores on accounts never learnt from below it."""
    headings, cells = table_rows(comparison)
    widths = [max(len(row[k]) for row in [headings, *cells]) for k in range(len(headings))]
    lines = [title(comparison)]
    lines += [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [headings, *cells]
    ]
    if comparison.unseen:
        scores = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in comparison.unseen.items())
        lines.append(f"{OURS} on accounts never learnt from: {scores}")
    return "\n".join(lines) + "\n"


def as_markdown(comparison: Comparison) -> str:
    """Write the table in Markdown."""
    headings, cells = table_rows(comparison)
    lines = [f"{title(comparison)}.", ""]
    lines += [f"| {' | '.join(row)} |" for row in [headings, ["---"] * len(headings), *cells]]
    return "\n".join(lines)


def record_cells(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return headings and cells of rows that all have the same keys; empty where a figure is missing."""
    headings = [name.replace("_", " ") for name in rows[0]] if rows else []
    return headings, [[_cell(value) for value in row.values()] for row in rows]


def named_rows(rows: Sequence[Row]) -> list[Row]:
    """Return rows of `Facts.track_record` or `Facts.acquisition` with names in English for people to read."""
    named: list[Row] = []
    for row in rows:
        rest = {key: value for key, value in row.items() if key not in ("who", "manager", "what", "channel")}
        if "who" in row:
            rest = {"manager": forecaster_name(row, "en"), **rest}
        elif "what" in row:
            rest = {"what": acquired_name(row, "en"), **rest}
        named.append(rest)
    return named


def _cell(value: str | float | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, int) or abs(value) >= SHOW_WHOLE_FROM:
        return f"{value:,.0f}"
    return f"{value:.2f}"


SHOW_WHOLE_FROM = 20
"""From this size on, figures are shown without decimals."""


def record_csv(rows: Sequence[Row]) -> str:
    """Write the rows as CSV, for other programs."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
