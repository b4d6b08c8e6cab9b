"""A bundle made by hand: every kind of predictor, fitted to made-up outcomes in a second."""

from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.accounts.loyalty import measure_norms
from features.catalog import catalog
from features.catalog.catalog import Context
from features.histories.histories import Histories
from features.histories.snapshots import Snapshots
from features.histories.views import View
from features.instants import FloatArray, IntArray
from features.ladder.rules import LadderRules
from features.tables import OF_THE_SUPPLIER, RUNGS
from training.model import next_order
from training.model.bundle import Bundle, Facts, Horizon, Investment
from training.model.effect import Effect
from training.model.margins import line_margins, line_sums
from training.model.next_order import NextOrder
from training.model.predictors import Floored, Linear, Pool, Table, Trees, TwoPart
from training.model.renewal import RenewalModel, Sharpened
from training.model.revenue import Pace
from training.model.revenue_range import RevenueRange
from training.model.rules import Scaled
from training.model.terms import Term

RUNG, REVENUE, RECENCY = (catalog.NAMES.index(name) for name in ("rung", "revenue_365d", "days_since_order_day"))


def bundle(histories: Histories, tables: frozenset[str] | None = None) -> Bundle:
    """A bundle for the tables of those histories, or for fewer: deterministic, and without any truth in it."""
    trained = histories.tables if tables is None else tables
    context = Context(vocabulary=catalog.learn_vocabulary(histories, histories.known_at(histories.end)))
    matrix = _matrix(histories, context)
    random = np.random.default_rng(7)
    noise = random.normal(size=len(matrix))
    recent = np.nan_to_num(matrix[:, RECENCY], nan=900.0)
    left = (recent / 400 + noise > 1).astype(np.int64)
    rung = np.clip(matrix[:, RUNG] + np.rint(noise), 0, 6).astype(np.int64)
    revenue = np.maximum(matrix[:, REVENUE] * np.exp(noise / 2), 1.0)
    terms = (Term(RECENCY, fill=900.0, mean=4.0, scale=2.0), Term(RUNG, "equals", level=3.0), Term(REVENUE, cap=1e6))
    softmax = Linear(terms, ((0.2, 0.1, -0.3),) * 3, (0.0, 0.1, 0.2), classes=(0, 3, 4), n_classes=len(RUNGS))
    table = Table((RUNG,), (len(RUNGS),), tuple(tuple(row) for row in np.full((7, 7), 1 / 7).tolist()))
    booster = Floored(_trees(matrix, rung, "multiclass", len(RUNGS)), RUNG, 0.4)
    odds = Linear(terms, ((0.5, 0.2, -0.1),), (-1.0,))
    leaving = Pool({"booster": _trees(matrix, left, "binary", 1), "linear": odds}, {"booster": 0.7, "linear": 0.3})
    amount = _trees(matrix, revenue, "regression", 1)
    return Bundle(
        _facts(histories, trained, context, matrix),
        Pool({"booster": booster, "table": table, "linear": softmax}, {"booster": 0.6, "table": 0.3, "linear": 0.1}),
        leaving,
        None,
        _trees(matrix, (noise > 1).astype(np.int64), "binary", 1),
        TwoPart(odds, amount, 1.05),
        RevenueRange(Scaled(RUNG, -0.4), odds, _pace(), 0.9, 0.2, 0.5),
        {level: _effect(terms, 300.0 * level) for level in (2, 3, 4)},
        _investments(terms) if "investment_options" in trained else (),
        (
            Horizon(90, Pool({"booster": booster}, {"booster": 1.0}), leaving, TwoPart(odds, amount, 0.7)),
            Horizon(365, Pool({"linear": softmax}, {"linear": 1.0}), None, TwoPart(odds, amount, 1.9)),
        ),
        NextOrder(_columns(next_order.FEATURES), (0.5, 0.6, 0.3, 0.0, 0.1, 0.2), (0.4, 0.1, -0.3, -0.2), 180),
        RenewalModel(Sharpened(odds, 1.3, 0.4), odds, 0.97, len(catalog.NAMES)),
    )


def _pace() -> Pace:
    recent, year, quarter, month, age, order = _columns(
        ("revenue_180d", "revenue_365d", "revenue_90d", "revenue_30d", "days_since_first_order",
         "revenue_per_order_day_365d")
    ).values()  # fmt: skip
    return Pace(
        recent, 180.0, year=year, quarter=quarter, month=month, age=age, order=order, span=180.0, usual=900.0
    )  # fmt: skip


def _columns(names: tuple[str, ...]) -> dict[str, int]:
    return {name: catalog.NAMES.index(name) for name in names}


def _matrix(histories: Histories, context: Context) -> FloatArray:
    now = histories.known_at(histories.end)
    snapshots = Snapshots.concatenate([now.later(-days) for days in (0, 180, 360, 720)])
    return catalog.compute(View(histories, snapshots), context)


def _trees(matrix: FloatArray, outcome: FloatArray | IntArray, objective: str, outputs: int) -> Trees:
    columns = tuple(k for k in range(matrix.shape[1]) if k % 7)
    parameters: dict[str, Any] = {
        "objective": objective, "num_leaves": 6, "min_data_in_leaf": 10, "num_threads": 1, "seed": 1,
        "deterministic": True, "verbose": -1,
    }  # fmt: skip
    if objective == "multiclass":
        parameters["num_class"] = outputs
    data = lgb.Dataset(matrix[:, columns], outcome, free_raw_data=True)
    return Trees(lgb.train(parameters, data, num_boost_round=15).model_to_string(), columns, outputs)


def _effect(terms: tuple[Term, ...], size: float) -> Effect:
    covariance = tuple(tuple(row) for row in (np.eye(len(terms) + 1) * size**2 / 50).tolist())
    return Effect(terms, (size, size / 5, -size / 7, size / 11), covariance)


def _investments(terms: tuple[Term, ...]) -> tuple[Investment, ...]:
    effects = {"revenue": _effect(terms, 900.0), "climbed": _effect(terms, 0.1), "switched": _effect(terms, 0.05)}
    return (
        Investment("integration", 2, 3500.0, "adjusted", (3, 4, 5), effects),
        Investment("rebate", 0, 500.0, "randomised", (1, 2, 3, 4), effects),
        Investment("undeclared", -1, 12.5, "insufficient", (), {}),
        Investment("visit_programme", 1, 700.0, "randomised", tuple(range(7)), effects),
    )


def _facts(histories: Histories, tables: frozenset[str], context: Context, matrix: FloatArray) -> Facts:
    median = float(np.median(matrix[:, REVENUE]))
    return Facts(
        trained_until=histories.end, horizon_days=180, definition="recorded", silence_days=180,
        catalog=catalog.fingerprint(), features=catalog.NAMES, tables=tuple(sorted(tables)), rules=LadderRules(),
        vocabulary=context.vocabulary, settings_digest="0" * 12, data_digest="1" * 12, margin_rate=0.35, level=0.9,
        trigger_shares=(0.5, 0.3, 0.2), usual_load=2.5, peers=tuple({"revenue_365d": median} for _ in RUNGS),
        value_gaps=tuple(100.0 * k for k in range(len(RUNGS))),
        upgrade_basis=("insufficient", "insufficient", "adjusted", "discontinuity", "adjusted", "insufficient"),
        forecast_common=0.9, forecast_factors=dict.fromkeys(histories.authors[:1], 0.8),
        set_coverage=0.9, set_threshold=0.85, interval=0.9, forecast_weight=0.25, forecast_history=0.7,
        forecast_weights=dict.fromkeys(histories.authors[:1], 0.5), forecast_miss=30.0, forecast_size=900.0,
        line_margins=line_margins(line_sums(histories)),
        norms=measure_norms(View(histories, histories.known_at(histories.end)), context.rules), inflation=0.02,
        benefits=tuple(benefit.row() for benefit in histories.benefits),
        option_words=histories.options.words,
    )  # fmt: skip


def payloads(tables: Mapping[str, pd.DataFrame]) -> dict[str, dict[str, Any]]:
    """Every account of a source as a request gives it: its rows of every table, without account_id.

    What is missing is left out, so that accounts differ in which columns they have.
    """
    accounts: dict[str, dict[str, Any]] = {}
    for name, frame in tables.items():
        if name in OF_THE_SUPPLIER:
            continue
        for row in frame.to_dict("records"):
            cells = {column: _cell(cell) for column, cell in row.items() if column != "account_id" and pd.notna(cell)}
            given = accounts.setdefault(row["account_id"], {"account_id": row["account_id"]})
            if name == "accounts":
                given["account"] = cells
            else:
                given.setdefault(name, []).append(cells)
    return accounts


def _cell(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, pd.Timestamp) else cell
