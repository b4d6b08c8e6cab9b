"""What loyalty brings: its five effects by rung, who is left after years, lifetime value beside what winning cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from features.accounts.loyalty_pays import (
    ALL,
    BEHAVIOURS,
    FORMER,
    MOST_YEARS,
    PERIODS,
    SERVICE,
    SPENDS,
    after_years,
    loyalty_rows,
)
from features.tables import RUNGS
from serving.scoring.lifetime_groups import GROUPS, lifetime_rows
from serving.store.summaries import Summary
from serving.web.charts.ranges_chart import Mark, draw_ranges, draw_shares
from serving.web.visit import Visit

PLACES = (*RUNGS[::-1], FORMER)
MOST_GROUPS = 20
"""Groups of a kind that are drawn, those with most accounts; the table has all."""


@dataclass(frozen=True)
class Pictured:
    """A picture and the table behind it, in words.  name : of its file."""

    name: str
    title: str
    picture: Markup
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def pictures_of(visit: Visit, summary: Summary) -> list[Pictured]:
    """Return every picture of which something is known."""
    found = [_effect(visit, summary.loyalty, one) for one in BEHAVIOURS]
    found.append(_left(visit, summary.loyalty))
    found += [_value(visit, summary.lifetime, by) for by in GROUPS[1:]]
    return [one for one in found if one.picture]


def _rung(visit: Visit, name: str) -> str:
    return visit.say("priorities.former.tag" if name == FORMER else f"rung.{name}")


def _effect(visit: Visit, sums: Mapping[str, list[float]], behaviour: str) -> Pictured:
    rows = {(row["period"], row["rung"]): row for row in loyalty_rows(sums)
            if row["behaviour"] == behaviour and row["cohort"] == ALL}  # fmt: skip
    form = visit.formats

    def written(one: float | None) -> str:
        if behaviour == SPENDS:
            return form.money(one)
        return form.number(one, 1) if behaviour == SERVICE else form.percent(one)

    drawn, told = [], []
    for rung in PLACES:
        marks, cells = [], [_rung(visit, rung)]
        for period in PERIODS:
            row: Mapping[str, Any] = rows.get((period, rung), {})
            value, low, high = (row.get(name) for name in ("value", "low", "high"))
            marks.append(Mark(value, low, high, written(value)))
            ends = "–" if low is None else visit.say("account.between", low=written(low), high=written(high))
            cells += [written(value), ends, form.number(row.get("accounts"))]
        if any(mark.value is not None for mark in marks):
            drawn.append((cells[0], marks))
            told.append(cells)
    series = [visit.say(f"pays.{period}") for period in PERIODS]
    title = visit.say(f"pays.{behaviour}")
    heads = [visit.say("ladder.rung")]
    for words in series:
        heads += [words, visit.say("pays.interval", share=form.percent(0.95)), visit.say("priorities.accounts")]
    return Pictured(f"loyalty-{behaviour}", title, draw_ranges(drawn, series, title), heads, told)


def _left(visit: Visit, sums: Mapping[str, list[float]]) -> Pictured:
    form, years = visit.formats, range(1, MOST_YEARS + 1)
    rows = {(row["rung"], row["years"]): row for row in after_years(sums)}
    lines, told = [], []
    for rung in PLACES:
        of = [rows.get((rung, k)) for k in years]
        if not any(of):
            continue
        lines.append((_rung(visit, rung), [1.0, *(None if row is None else row["stayed"] for row in of)]))
        cells = [_rung(visit, rung)]
        for row in of:
            known: Mapping[str, Any] = row or {}
            ends = (known.get("stayed_low"), known.get("stayed_high"))
            told_ends = visit.say("account.between", low=form.percent(ends[0]), high=form.percent(ends[1]))
            cells.append("–" if row is None else f"{form.percent(known['stayed'])} ({told_ends})")
            cells.append(form.money(known.get("margin")))
        told.append(cells)
    title, heads = visit.say("pays.left"), [visit.say("ladder.rung")]
    for k in years:
        heads += [visit.say("pays.after", years=k), visit.say("ladder.margin.each")]
    return Pictured("after-years", title, draw_shares(lines, [str(k) for k in (0, *years)], title), heads, told)


def _value(visit: Visit, sums: Mapping[str, list[float]], by: str) -> Pictured:
    rows = [row for row in lifetime_rows(sums) if row["by"] == by]
    if by == "rung":
        rows.sort(key=lambda row: -RUNGS.index(row["group"]))
    form, drawn, told = visit.formats, [], []
    most = {row["group"] for row in sorted(rows, key=lambda row: -row["accounts"])[:MOST_GROUPS]}
    for row in rows:
        name = row["group"]
        words = visit.say("risk.unknown") if name is None else _rung(visit, name) if by == "rung" else \
            visit.called(name, name)  # fmt: skip
        value, low, high = (row[f"lifetime_value{end}"] for end in ("", "_low", "_high"))
        cost = row["acquisition_cost"]
        if name in most:
            marks = [Mark(value, low, high, form.money(value)), Mark(cost, None, None, form.money(cost))]
            drawn.append((words, marks))
        ends = "–" if low is None else visit.say("account.between", low=form.money(low), high=form.money(high))
        told.append([
            words, form.number(row["accounts"]), form.money(value), ends, form.money(cost),
            form.number(row["value_per_cost"], 1), form.percent(row["earned_back"]),
            form.number(row["payback_years"], 1),
        ])  # fmt: skip
    title = visit.say(f"pays.value.{by}")
    heads = [visit.say(f"pays.by.{by}"), visit.say("priorities.accounts"), visit.say("column.lifetime"),
             visit.say("pays.interval", share=form.percent(0.9)), visit.say("ladder.won.cost"),
             visit.say("pays.value_per_cost"), visit.say("pays.earned_back"), visit.say("ladder.won.back")]  # fmt: skip
    series = [visit.say("column.lifetime"), visit.say("ladder.won.cost")]
    return Pictured(f"lifetime-{by}", title, draw_ranges(drawn, series, title), heads, told)
