"""What broke in the source since training: its raw columns against what the model remembers of them.

The memory is the bundle's own, so a column that was changed for all rows, old ones too, is seen as well: a reference
computed again from the changed source would have changed with it. Only gross differences are told, far outside what
seasons and growth do: a column that is empty, values under other names, amounts several times as large throughout,
times at other hours, a table with hardly any rows. What moves slowly is drift, which `training.monitoring.drift` finds.

The same is asked of the rows of each country, segment, industry and currency, as far as the model remembers them: where
a part alone broke, it is named with what it is a part of, once, by the first such division that shows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from features.histories.column_profiles import ROWS, Profiles, table_of
from training.data.raw_columns import remember_columns
from training.monitoring.broken_column import LEAST_ROWS, MOVED, NEW, NUMBERS, WINDOWS_DAYS, BrokenColumn
from training.monitoring.column_changes import emptied, other_cells
from training.monitoring.row_counts import row_counts, rows_a_week

DIVISIONS = ("currency", "instrument", "country", "segment", "industry")
"""The kinds of parts in the order in which they are believed."""
NO_CELLS = {"filled": 0.0}


def broken_columns(remembered: Mapping[str, Any], profiles: Profiles, as_of: int) -> tuple[BrokenColumn, ...]:
    """Return what broke, table by table.

    remembered : of the bundle; empty of one that kept nothing, and then nothing is found.
    profiles : of the source as it is now.  as_of : microseconds.
    """
    windows = [remember_columns(profiles, as_of, days, remembered) for days in WINDOWS_DAYS]
    found: list[BrokenColumn] = []
    for name_of_part, before in remembered.items():
        table, kind, name = table_of(name_of_part)
        now = _shortest(windows, name_of_part)
        if before["rows"] < LEAST_ROWS:
            continue
        if name_of_part in profiles:
            latest = windows[0].get(name_of_part)
            goes_on = bool(kind) and _shortest(windows[:1], table) is not None
            mine = [*row_counts(table, before, profiles[name_of_part][ROWS], as_of)] if not kind else []
            if not mine:
                mine = [*rows_a_week(table, before, latest, goes_on)]
            if now is not None:
                for column, was in before["columns"].items():
                    lost = [*emptied(table, column, was, now["columns"].get(column, NO_CELLS), now["rows"])]
                    learnt, last = _filled(before, column), _shortest(windows, name_of_part, column)
                    mine += lost
                    if not lost and learnt >= LEAST_ROWS and last is not None:
                        cells = last["columns"][column]
                        mine += other_cells(table, column, was, cells, learnt=learnt, filled=_filled(last, column))
            if kind:
                known = remembered.get(table, {"columns": {}})["columns"]
                mine = [one for one in mine if one.kind != NEW or not {*one.names} <= _values(known, one.column)]
            found += [replace(one, part=f"{kind}={name}") for one in mine] if kind else mine
    return _told_once(found)


def _shortest(windows: Sequence[Mapping[str, Any]], part: str, column: str = ROWS) -> Mapping[str, Any] | None:
    """Return the part in the shortest window with enough rows of it, or enough filled cells of a column."""
    found = (one[part] for one in windows if part in one)
    return next((one for one in found if _filled(one, column) >= LEAST_ROWS), None)


def _filled(part: Mapping[str, Any], column: str) -> float:
    return float(part["rows"] * (1.0 if column == ROWS else part["columns"].get(column, NO_CELLS)["filled"]))


def _values(columns: Mapping[str, Any], name: str) -> set[str]:
    return {*columns.get(name, {}).get("values", ())}


def _told_once(found: Sequence[BrokenColumn]) -> tuple[BrokenColumn, ...]:
    """Leave out what is true of the whole table, or of parts by a division that is believed more."""
    explained = {(one.table, one.column) for one in found if one.kind != MOVED}
    found = [one for one in found if one.kind != MOVED or (one.table, one.column) not in explained]
    seen: dict[tuple[str, str, frozenset[str]], str] = {}
    kept = []
    for one in sorted(found, key=lambda one: (bool(one.part), _place(one), one.table)):
        division = one.part.partition("=")[0]
        what = NUMBERS if one.kind in NUMBERS else frozenset({one.kind})
        if seen.setdefault((one.table, one.column, what), division) == division:
            kept.append(one)
    return tuple(kept)


def _place(one: BrokenColumn) -> int:
    division = one.part.partition("=")[0]
    return DIVISIONS.index(division) if division in DIVISIONS else -1
