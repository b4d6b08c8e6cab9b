"""Lifetime values, judged on the 365 days after an origin beside what people multiply.

Nobody has waited five years for the answer, so the first year of the value is judged where it is over: gross margin of
365 days, undiscounted, at the rate that was known at the origin. Beside it stand last year's margin again, last year's
margin times the average lifetime (a constant retention), and BG/NBD's expected orders times the gamma-gamma spend.
"""

from dataclasses import replace

import numpy as np

from features.accounts.margin_rates import margin_rates
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray, iso
from training.data.dataset import Dataset
from training.data.splits import held_out
from training.evaluation.cluster_bootstrap import cluster_bootstrap_mean
from training.evaluation.evaluation import OURS, Comparison, Row
from training.evaluation.tasks import row_deviance
from training.model.findings import NOTE, WARNING, Finding
from training.model.lifetime import GONE, YEAR, LifetimeModel, sum_of
from training.model.margins import line_margins
from training.models.buy_till_you_die import learn_purchases, learn_spend
from training.models.fitting import one_linear_algebra_thread
from training.models.lifetime import fit_lifetime, start_of, steps_of
from training.models.next_rung import fit_with_earlier
from training.models.revenue import fit_revenue
from training.models.switching import enough_switches, fit_switching
from training.models.win_back import FormerRows, fit_win_back
from training.settings import Settings

TASK, PRIMARY = "lifetime", "mae"
AGAIN, RETENTION, PURCHASES = "last year's margin", "last year's margin x average lifetime", "BG/NBD x gamma-gamma"
LEAST_TESTED = 30


@one_linear_algebra_thread()
def judge_lifetime(data: Dataset, seen: FormerRows, settings: Settings, folds: int = 1) -> Comparison | None:
    """Judge the value of a year at the latest origins whose year is over; None where nothing can be judged.

    folds : number of origins, each of which learns all models anew.
    """
    hidden = held_out(data.histories, settings.slices.held_out_share)[data.snapshots.account]
    as_of, horizon = data.snapshots.as_of, settings.outcome.horizon_days * MICROSECONDS_PER_DAY
    origins = [at for at in data.sample.slices if at + int(YEAR) * MICROSECONDS_PER_DAY <= data.end][::-1][:folds]
    parts, judged = [], []
    for origin in origins[::-1]:
        train, test = (as_of + horizon <= origin) & ~hidden, as_of == origin
        if not train.any():
            continue
        found = predict_year(replace(data, end=int(origin)), seen, (train, test), settings)
        if found is not None and len(found["account"]) >= LEAST_TESTED:
            parts.append(found)
            judged.append(iso(origin))
    if not parts:
        return None
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return table_of(joined, tuple(judged))


def predict_year(
    data: Dataset, seen: FormerRows, rows: tuple[BoolArray, BoolArray], settings: Settings
) -> dict[str, FloatArray] | None:
    """Return the margin of a year by every rule and ours, with our interval and what happened, of the rows asked.

    data : ends at the origin.  rows : masks of the rows to learn from and of those that are asked.
    """
    train, test = rows
    model, models = learn_all(data, seen, train, settings)
    if model is None:
        return None
    asked = np.flatnonzero(test)
    start = start_of(data, seen, asked, **models)  # type: ignore[arg-type]
    known = model.known(start)
    asked, start = asked[known], start.take(np.flatnonzero(known))
    snapshots = data.snapshots.take(asked)
    rate = margin_rates(
        View(data.histories, snapshots), line_margins(data.totals.lines),
        data.totals.margin_rate(settings.uplift.margin_rate),
    )  # fmt: skip
    happened = View(data.histories, snapshots.later(int(YEAR))).stream("orders").amount("revenue", int(YEAR))
    low, high = model.interval(start, YEAR, 0.0)
    found = {name: rate * revenue for name, revenue in _rules(data, seen, train, asked, settings).items()}
    found[OURS] = rate * sum_of(model.path(start, YEAR, 0.0))
    return {
        **found, "low": rate * low, "high": rate * high, "happened": rate * happened,
        "account": data.snapshots.account[asked].astype(np.float64),
    }  # fmt: skip


def learn_all(
    data: Dataset, seen: FormerRows, train: BoolArray, settings: Settings
) -> tuple[LifetimeModel | None, dict[str, object]]:
    """Return the model of lifetimes learnt from some rows (mask), and the models that it begins with."""
    able = enough_switches(data, train)
    models: dict[str, object] = {
        "next_rung": fit_with_earlier(data, train, settings)[0],
        "switching": fit_switching(data, train & data.labels.can_switch, settings) if able else None,
        "revenue": fit_revenue(data, train, settings),
        "win_back": fit_win_back(data, seen, train, settings),
    }
    return fit_lifetime(data, seen, train, settings, **models), models  # type: ignore[arg-type]


def _rules(
    data: Dataset, seen: FormerRows, train: BoolArray, asked: IntArray, settings: Settings
) -> dict[str, FloatArray]:
    last = np.maximum(data.matrix[asked, data.column("revenue_365d")], 0.0)
    kept = retention(data, seen, train, settings)
    found = {AGAIN: last, RETENTION: last * average_lifetime(kept, 1.0)}
    latest = train & (data.snapshots.as_of == data.snapshots.as_of[train].max())
    task = replace(data.task(data.labels.revenue, settings.booster).take(latest), span=YEAR)
    spend = learn_spend(task, learn_purchases(task, regular=False))
    if spend is not None:
        found[PURCHASES] = np.maximum(spend.predict(data.matrix[asked])[:, 0], 0.0)
    return found


def retention(data: Dataset, seen: FormerRows, train: BoolArray, settings: Settings) -> float:
    """Return the share of customers that is still there a year later, from what was seen over one horizon."""
    steps = steps_of(data, seen, train & data.labels.complete, settings)
    of = steps.complete[:, 0] & (steps.state[:, 0] >= 3) & (steps.state[:, 0] < GONE)
    if not of.any():
        return 0.5
    stays = 1.0 - float((steps.state[of, 1] == GONE).mean())
    return float(np.clip(stays ** (YEAR / settings.outcome.horizon_days), 0.01, 0.999))


def average_lifetime(kept: float, years: float, rate: float = 0.0) -> float:
    """Return the years that a customer is expected to stay, of so many, where a constant share is kept each year.

    >>> round(average_lifetime(0.5, 1.0), 3), round(average_lifetime(0.999, 5.0), 2)
    (0.721, 4.99)
    """
    leaves = -np.log(kept / (1.0 + rate))
    return float((1.0 - np.exp(-leaves * years)) / leaves)


def table_of(found: dict[str, FloatArray], origins: tuple[str, ...]) -> Comparison:
    """Return the table of all rules on the same accounts."""
    happened, account = found["happened"], found["account"].astype(np.int64)
    names = [name for name in found if name not in ("low", "high", "happened", "account")]
    errors = {name: np.abs(found[name] - happened) for name in names}
    rows = []
    for name in names:
        difference = None if name == OURS else cluster_bootstrap_mean(errors[name] - errors[OURS], account)
        rows.append(Row(name, _scores(found[name], happened), difference))
    inside = ((happened >= found["low"] - 0.01) & (happened <= found["high"] + 0.01)).astype(np.float64)
    return Comparison(
        task=TASK, primary=PRIMARY, rows=tuple(rows), origins=origins, snapshots=len(happened),
        intervals={PRIMARY: cluster_bootstrap_mean(errors[OURS], account)},
        sets={"coverage": cluster_bootstrap_mean(inside, account)},
    )  # fmt: skip


def _scores(told: FloatArray, happened: FloatArray) -> dict[str, float]:
    return {
        PRIMARY: float(np.abs(told - happened).mean()),
        "bias": float((told.sum() - happened.sum()) / max(float(np.abs(happened).sum()), 1e-9)),
        "deviance": float(row_deviance(told[:, None], happened).mean()),
    }


def lifetime_judged(comparison: Comparison | None) -> list[Finding]:
    """Return what the value of a year was worth beside the usual rule, and what its interval held."""
    if comparison is None:
        return []
    row = next(row for row in comparison.rows if row.model == RETENTION)
    ours, difference = comparison.scores(OURS), row.difference
    assert difference is not None, "a rule is compared with ours"
    held = comparison.sets["coverage"]
    return [
        Finding.of(
            "lifetime_judged", WARNING if difference.high < 0 else NOTE, mae=ours[PRIMARY], theirs=row.scores[PRIMARY],
            low=difference.low, high=difference.high, level=difference.level, bias=ours["bias"], covered=held.value,
            snapshots=comparison.snapshots,
        )
    ]  # fmt: skip
