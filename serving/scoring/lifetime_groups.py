"""Lifetime value beside what winning an account cost: by rung, acquisition channel, segment and cohort.

Sums over accounts, so that those of a source's parts add up. A cohort is the year in which the account was first known.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.histories.histories import Histories
from serving.scoring.horizons import Column

GROUPS = ("all", "rung", "channel", "segment", "cohort")
COLUMNS = ("account_id", "rung", "lifetime_value", "payback_years")
"""Of the scores that are read."""
Sums = dict[str, list[float]]
"""`by|group` -> accounts; those with an estimate, sum of it, of its square; of those whose cost is known and above
zero, how many, sum of that cost, sum of their estimates; those that earn it back, sum of the years that it takes."""
REACH = 1.644854
"""Standard errors of a 90 % interval."""


def group_names(histories: Histories, account: Column) -> pd.DataFrame:
    """Return channel, segment, cohort and acquisition cost of some accounts, None or NaN where they are not known.

    account : positions in the histories.
    """
    names = {}
    for name, column in (("channel", "acquisition_channel"), ("segment", "segment")):
        held = histories.profile.get(column)
        names[name] = np.full(len(account), None, object) if held is None else held[account].astype(object)
    since = histories.known_since[account].astype("datetime64[us]").astype("datetime64[Y]").astype(str)
    cost = histories.profile.get("acquisition_cost")
    paid = np.full(len(account), np.nan) if cost is None else cost[account].astype(np.float64)
    return pd.DataFrame({**names, "cohort": since.astype(object), "cost": paid})


def lifetime_sums(scores: pd.DataFrame, names: pd.DataFrame) -> Sums:
    """Return the sums of some accounts.

    scores : the columns COLUMNS.  names : as `group_names` returns them, in the same order.
    """
    value, payback = (
        scores[name].to_numpy(np.float64, na_value=np.nan) for name in ("lifetime_value", "payback_years")
    )
    cost = names["cost"].to_numpy(np.float64)
    known = ~np.isnan(value)
    paid = known & (cost > 0)
    back = paid & ~np.isnan(payback)
    zero = np.zeros(len(value))
    columns = [
        np.ones(len(value)), known, np.where(known, value, 0.0), np.where(known, value * value, 0.0), paid,
        np.where(paid, cost, 0.0), np.where(paid, value, 0.0), back, np.where(back, payback, zero),
    ]  # fmt: skip
    groups = {
        "all": np.full(len(value), "all", object), "rung": scores["rung"].to_numpy(object),
        **{name: names[name].to_numpy(object) for name in ("channel", "segment", "cohort")},
    }  # fmt: skip
    sums: Sums = {}
    for by, held in groups.items():
        told = np.array(["" if name is None or name != name else str(name) for name in held], object)
        for name in sorted(set(told.tolist())):
            of = told == name
            sums[f"{by}|{name}"] = [math.fsum(column[of].astype(np.float64).tolist()) for column in columns]
    return sums


def lifetime_rows(sums: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """Return one row a group: what it is by, its name, accounts, and the figures; None where they are not known.

    lifetime_value, _low, _high : mean over the accounts with an estimate, and its 90 % interval, money.
    acquisition_cost : mean over those whose cost is known.  value_per_cost : their lifetime value over that cost.
    earned_back : share of them that earn it back within the lifetime.  payback_years : mean of these.
    """
    rows = []
    for key, (n, known, value, squares, paid, cost, of_paid, back, years) in sums.items():
        by, name = key.split("|", 1)
        mean = value / known if known else None
        low = high = None
        if known > 1 and mean is not None:
            reach = REACH * math.sqrt(max(squares / known - mean * mean, 0.0) / (known - 1))
            low, high = round(mean - reach, 2), round(mean + reach, 2)
        rows.append({
            "by": by, "group": name or None, "accounts": int(n), "with_estimate": int(known),
            "lifetime_value": None if mean is None else round(mean, 2), "lifetime_value_low": low,
            "lifetime_value_high": high, "with_cost": int(paid),
            "acquisition_cost": round(cost / paid, 2) if paid else None,
            "value_per_cost": round(of_paid / cost, 4) if paid else None,
            "earned_back": round(back / paid, 4) if paid else None,
            "payback_years": round(years / back, 3) if back else None,
        })  # fmt: skip
    return sorted(rows, key=lambda row: (GROUPS.index(row["by"]), row["group"] is None, row["group"] or ""))
