"""The data report as one HTML file without assets, for the owner of the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

if TYPE_CHECKING:
    from features.data_report import DataReport


def data_page(report: DataReport) -> str:
    """Return the whole page."""
    import training.promotion
    from features.sources.readings.evidence import quoted, words

    folders = [Path(__file__).parent / "templates", Path(training.promotion.__path__[0]) / "templates"]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("data_report.html").render(
        report=report, gaps=report.gaps(), aside=f"{sum(report.reasons.values()):,}",
        tables=[(name, f"{read:,}", f"{aside:,}") for name, (read, aside) in report.tables.items()],
        reasons=[(*key, f"{count:,}", *report.examples[key]) for key, count in report.reasons.items()],
        readings=[
            (one.table, one.column, words(one), one.filled, one.changed, quoted(one.before), quoted(one.after))
            for one in report.readings
        ],
        joins=[
            (one.table, f"{one.accounts:,}", f"{one.met:,}", one.likely, " / ".join(filter(None, one.example)))
            for one in report.joins
        ],
        ladder=[(rung, f"{count:,}") for rung, count in report.ladder.items()],
    )  # fmt: skip
