"""Margin at risk by rung, manager, trigger, segment, country or group, or two of them; each cell opens its list."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from features.tables import RUNGS
from serving.store.database import reading
from serving.store.lookups import required_run
from serving.store.scores.scoring_runs import SCORES
from serving.store.views.run_figures import RISK_MARK, dimensions, figures_query, kept_figures, read_figures
from serving.web.charts.charts import sparkline
from serving.web.lists.filters import Filters, conditions, filters_of, forgiving, source
from serving.web.lists.list_csv import safe_cell
from serving.web.lists.priorities import chips_of, choices_of, value_words
from serving.web.visit import Visit, download, render

MOST_ROWS = 200


@dataclass(frozen=True)
class Cell:
    """One cell.  link : to its accounts."""

    margin: float
    accounts: int
    share: float
    link: str


@dataclass(frozen=True)
class RiskRow:
    """One value of the dimension.  cells : by value of the other one.  line : margin at risk over the last runs."""

    words: str
    whole: Cell
    at_risk: int
    revenue: float
    cells: Mapping[str, Cell]
    line: object


@dataclass(frozen=True)
class Pivot:
    """by, across : dimensions; across is empty where there is one only.  columns : value and words."""

    by: str
    across: str
    rows: Sequence[RiskRow]
    columns: Sequence[tuple[str, str]]
    whole: Cell


def show(visit: Visit) -> Response:
    """Answer GET /risk."""
    visit, pivot, asked, current, groups = _pivot(visit)
    return render(
        visit, "risk.html", current=current, pivot=pivot, known=list(dimensions()),
        chips=chips_of(visit, asked, groups), asked=asked, mark=RISK_MARK,
    )  # fmt: skip


def download_pivot(visit: Visit) -> Response:
    """Answer GET /risk.csv."""
    visit, pivot, *_ = _pivot(visit)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    heads = [visit.say(f"priorities.{pivot.by}"), *(words for _, words in pivot.columns)]
    names = ("risk.accounts", "risk.at_risk", "priorities.margin", "risk.share", "priorities.revenue")
    writer.writerow([safe_cell(head) for head in (*heads, *map(visit.say, names))])
    for row in pivot.rows:
        cells = [row.cells[value].margin if value in row.cells else 0.0 for value, _ in pivot.columns]
        figures = (row.whole.accounts, row.at_risk, row.whole.margin, row.whole.share, row.revenue)
        writer.writerow([safe_cell(row.words), *cells, *figures])
    return download(b"\xef\xbb\xbf" + text.getvalue().encode(), "text/csv; charset=utf-8", "value-at-risk.csv")


def _pivot(visit: Visit) -> tuple[Visit, Pivot, Filters, Any, Mapping[str, str]]:
    known, asked = dimensions(), filters_of(visit.query)
    by = visit.query.get("by", "rung")
    by = by if by in known else "rung"
    across = visit.query.get("across", "")
    across = across if across in known and across != by else ""
    with reading(visit.engine) as connection:
        current = required_run(connection)
        visit = visit.about(current.facts)
        asked = forgiving(connection, visit, asked)
        where = conditions(visit, asked)
        rows = [
            read_figures(row) for row in connection.execute(figures_query(current.run_id, known[by], where)).mappings()
        ]
        crossed = _crossed(connection, visit, asked, (by, across)) if across else {}
        groups = choices_of(connection, current, visit.engine).groups
        history = {} if asked.active else _history(connection, by)
    total = sum(row["margin_at_risk"] for row in rows)
    order = {rung: -level for level, rung in enumerate(RUNGS)} if by == "rung" else {}
    rows.sort(key=lambda row: (order.get(row.value, 1), -row["margin_at_risk"], row.value))

    def cell(margin: float, accounts: int, values: Mapping[str, str]) -> Cell:
        return Cell(margin, accounts, margin / total if total else 0.0, f"/accounts{_link(asked, values)}")

    def line(value: str) -> object:
        values = history.get(value, [])
        money = visit.formats.money
        told = (
            visit.say("home.line", first=money(values[0]), last=money(values[-1]), runs=len(values)) if values else ""
        )
        return sparkline(values, told)

    found = [
        RiskRow(
            words=_words(visit, by, row.value, groups),
            whole=cell(row["margin_at_risk"], int(row["accounts"]), {by: row.value}),
            at_risk=int(row["at_risk"]),
            revenue=row["expected_revenue"],
            cells={
                value: cell(*figures, {by: row.value, across: value})
                for (of, value), figures in crossed.items()
                if of == row.value
            },
            line=line(row.value),
        )
        for row in rows[:MOST_ROWS]
    ]
    values = sorted({value for _, value in crossed}, key=lambda one: (RUNGS.index(one) if one in RUNGS else 0, one))
    columns = [(value, _words(visit, across, value, groups)) for value in values]
    accounts = int(sum(row["accounts"] for row in rows))
    return visit, Pivot(by, across, found, columns, cell(total, accounts, {})), asked, current, groups


def _link(asked: Filters, values: Mapping[str, str]) -> str:
    """Return the query of a cell's list; a value that is not known asks for accounts without one."""
    unknown = [name for name, value in values.items() if not value]
    kept = {name: value for name, value in values.items() if value}
    nothing = {"nothing": ",".join([*asked.nothing, *unknown])} if unknown or asked.nothing else {}
    return asked.query(**kept, **nothing, sort="margin")


def _words(visit: Visit, name: str, value: str, groups: Mapping[str, str]) -> str:
    return value_words(visit, name, value, groups) if value else visit.say("risk.unknown")


def _crossed(
    connection: sa.Connection, visit: Visit, asked: Filters, by: tuple[str, str]
) -> dict[tuple[str, str], tuple[float, int]]:
    """Return margin at risk and accounts of every pair of values."""
    empty: sa.ColumnElement[str] = sa.literal_column("''")
    first, second = (sa.func.coalesce(dimensions()[name], empty) for name in by)
    margin = sa.func.coalesce(sa.func.sum(SCORES.c.value_at_risk), 0.0)
    query = sa.select(first, second, margin, sa.func.count()).select_from(source(asked, account=True))
    rows = connection.execute(query.where(*conditions(visit, asked)).group_by(first, second))
    return {(row[0], row[1]): (float(row[2]), int(row[3])) for row in rows}


def _history(connection: sa.Connection, by: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for one in kept_figures(connection, by):
        found.setdefault(one.value, []).append(one["margin_at_risk"])
    return found
