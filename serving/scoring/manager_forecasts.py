"""What an account's manager expects of a climb, beside what history does, and where the two differ most.

None of it is causal: it speaks of accounts that climb, and does not say that making one climb would bring as much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.histories.streams import FIXED_POINT
from features.histories.views import View
from features.instants import FloatArray, IntArray
from serving.scoring.horizons import Column
from training.model.bundle import Facts

NOBODY = ""
"""Who made a forecast that names nobody, in the facts."""
COLUMNS = tuple("account_id rung manager_forecast forecast_by history_estimate forecast_disagreement".split())


@dataclass(frozen=True)
class LastForecasts:
    """The last forecast of every snapshot, shape (n,).

    per_day : money, NaN where there is none.  author : position in `names`, the last of which is nobody.
    """

    per_day: FloatArray
    author: IntArray
    names: tuple[str, ...]

    def each(self, known: Mapping[str, float], otherwise: float) -> FloatArray:
        """Return what is known of every forecast's author."""
        return np.array([known.get(name, otherwise) for name in self.names], np.float64)[self.author]

    def authors(self) -> Column:
        """Return the author's name; None where there is no forecast or it names nobody."""
        names = np.array([*self.names[:-1], None], object)
        who: Column = names[self.author]
        who[np.isnan(self.per_day)] = None
        return who


def last_forecasts(view: View) -> LastForecasts | None:
    """Return the last forecast of every account; None where there is none at all."""
    stream = view.stream("forecasts")
    if not len(stream.time):
        return None
    last = stream.edge(0) - 1
    exists = last >= stream.start
    row = np.where(exists, last, 0)
    per_day = stream.value("extra")[row] / stream.value("days")[row] / FIXED_POINT
    names = (*view.histories.authors, NOBODY)
    author = stream.value("author")[row]
    return LastForecasts(np.where(exists, per_day, np.nan), np.where(author < 0, len(names) - 1, author), names)


def beside_history(view: View, facts: Facts, manager: FloatArray, gap: FloatArray) -> dict[str, Column]:
    """Return history's estimate, the blend of both, and their distance in standard errors, shape (n,) each.

    manager : calibrated.  gap : of the account's rung.  All but the author is NaN where the manager or history says
    nothing; the disagreement also where too few forecasts are resolved to know what either usually misses by.
    """
    forecasts, n = last_forecasts(view), len(view)
    history: FloatArray = np.where(np.isnan(manager), np.nan, gap * facts.forecast_history)
    weight = np.zeros(n) if forecasts is None else forecasts.each(facts.forecast_weights, facts.forecast_weight)
    apart = np.full(n, np.nan)
    if facts.forecast_miss is not None and facts.forecast_miss > 0:
        sold = np.maximum(view.stream("orders").amount("revenue", facts.horizon_days), 0.0)
        apart = (manager - history) / (facts.forecast_miss * np.sqrt(sold + facts.forecast_size))
    return {
        "forecast_by": np.full(n, None, object) if forecasts is None else forecasts.authors(),
        "history_estimate": history,
        "upgrade_expectation": history + weight * (manager - history),
        "forecast_disagreement": apart,
    }


def strongest_disagreements(scores: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return the accounts of which manager and history say the most different, with COLUMNS, the strongest first."""
    known = scores.loc[scores["forecast_disagreement"].notna(), list(COLUMNS)]
    order = known["forecast_disagreement"].abs().to_numpy(np.float64)
    return known.iloc[np.lexsort((known["account_id"].astype(str), -order))[:most]]


def disagreement_cells(rows: pd.DataFrame) -> list[list[str]]:
    """Return the disagreements as rows of a table on the terminal, under HEADINGS."""
    return [_cells(row) for row in rows.to_dict("records")]


HEADINGS = ("account", "rung", "manager", "manager expects", "history expects", "apart, standard errors")


def _cells(row: Mapping[Any, Any]) -> list[str]:
    name = row["forecast_by"] if isinstance(row["forecast_by"], str) else ""
    apart = float(row["forecast_disagreement"])
    figures = [f"{row['manager_forecast']:,.0f}", f"{row['history_estimate']:,.0f}", f"{apart:+.1f}"]
    return [str(row["account_id"]), str(row["rung"]), name, *figures]
