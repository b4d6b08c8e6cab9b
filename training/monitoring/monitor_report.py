"""The results of monitoring as figures: for `--json`, the tracker, JSON, CSV and Prometheus."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from features.atomic_write import write_whole
from features.instants import iso
from training.evaluation.cluster_bootstrap import Interval
from training.model.findings import Finding, to_json
from training.monitoring.advice import LEVELS, Watched, advice_of, realised
from training.monitoring.drift import Drift

MICROSECONDS = 1_000_000
DOCUMENT, TABLE = "monitor.json", "drift.csv"


PLAN_FIGURES = {
    "gain": "Per account on the list, against the held-out accounts", "gain_low": "Its lower end",
    "gain_high": "Its upper end", "promised": "Per account, for as long as the plan has run",
    "elapsed": "Share of the plan's horizon", "compliance": "Share of the treated who got the investment",
    "contamination": "Share of the held-out who got the investment", "treated": "Accounts", "held_out": "Accounts",
}  # fmt: skip
"""Figure of a plan -> what it means."""


def figures(found: Watched) -> dict[str, float]:
    """Return the main figures by flat names."""
    clock = found.clock
    named: dict[str, float] = {
        "age_days": clock.age_days, "label_share_seen": clock.share_seen,
        "tables_stopped": len(found.stopped), "tables_absent": len(found.absent),
        "columns_broken": len(found.broken_columns), "outcomes_moved": sum(one.moved for one in found.shifts),
        "parts": sum(len(one.parts) for one in found.matured),
        "parts_off": sum(len(one.parts_off) for one in found.matured),
    }  # fmt: skip
    for shift in found.shifts:
        prefix = f"{shift.outcome}_{shift.horizon_days}d"
        named |= {f"{prefix}_since": shift.now, f"{prefix}_year_before": shift.before}
    if found.drift is not None:
        named |= {
            "columns": len(found.drift.columns), "columns_drifted": len(found.drift.drifted),
            "drift_weight": found.drift.weight, "drift_pairs": found.drift.pairs,
        }  # fmt: skip
    for one in found.matured:
        prefix = f"{one.outcome}_{one.horizon_days}d"
        if one.log_loss is not None:
            named |= {f"{prefix}_log_loss": one.log_loss.value, f"{prefix}_log_loss_low": one.log_loss.low,
                      f"{prefix}_log_loss_high": one.log_loss.high}  # fmt: skip
        told = {"auc": one.auc, "expected": one.expected, "observed": one.observed}
        told |= {"log_loss_promised": one.promised_log_loss, "auc_promised": one.promised_auc}
        named |= {f"{prefix}_{name}": value for name, value in told.items() if value is not None}
    for proxy in found.proxies:
        named |= {f"silent_{proxy.days}d": proxy.observed, f"silent_{proxy.days}d_expected": proxy.expected}
    return named


def document(found: Watched, reasons: Sequence[Finding]) -> dict[str, Any]:
    """Return everything but the single columns, without any account."""
    clock = found.clock
    drift: dict[str, Any] | None = None
    if found.drift is not None:
        whole = found.drift
        drift = {
            "before": iso(whole.before), "as_of": iso(whole.as_of), "accounts_before": whole.accounts_before,
            "accounts": whole.accounts, "earlier_pairs": whole.pairs, "columns": len(whole.columns),
            "drifted": [one.name for one in whole.drifted], "weight": whole.weight,
        }  # fmt: skip
    told = {
        "advice": advice_of(reasons),
        "reasons": to_json(reasons),
        "told": to_json(realised(found)),
        "model_version": found.version,
        "trained_until": iso(clock.trained_until),
        "as_of": iso(clock.as_of),
        "labels": {"due": iso(clock.due), "share_seen": clock.share_seen, "complete": clock.complete},
        "drift": drift,
        "realised": [
            asdict(one)
            | {
                "instants": [iso(at) for at in one.instants],
                "parts_off": [part.title for part in one.parts_off],
            }
            for one in found.matured
        ],
        "outcomes": [asdict(one) | {"moved": one.moved} for one in found.shifts],
        "early_signs": [asdict(one) for one in found.proxies],
        "tables_stopped": [asdict(one) | {"last": iso(one.last)} for one in found.stopped],
        "tables_absent": list(found.absent),
        "columns_broken": [asdict(one) for one in found.broken_columns],
        "plans": [asdict(one) for one in found.plans],
    }
    plain: dict[str, Any] = _finite(told)
    return plain


def drift_table(columns: Sequence[Drift]) -> str:
    """Return all columns as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(Drift)]
    writer.writerow(names)
    for one in columns:
        writer.writerow(["" if v is None or v != v else v for v in (getattr(one, name) for name in names)])
    return text.getvalue()


def write_report(found: Watched, reasons: Sequence[Finding], folder: Path) -> list[Path]:
    """Write both files into a folder (made if absent); each appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document(found, reasons), indent=1, allow_nan=False)
    columns = () if found.drift is None else found.drift.columns
    return [write_whole(folder / DOCUMENT, f"{text}\n"), write_whole(folder / TABLE, drift_table(columns))]


def prometheus(found: Watched, reasons: Sequence[Finding], now: float) -> str:
    """Return the figures in Prometheus' text format, for node_exporter's textfile collector.  now : seconds, UTC."""
    registry = CollectorRegistry()
    for name, text, samples in _series(found, reasons, now):
        known = [(labels, value) for labels, value in samples if value is not None and math.isfinite(value)]
        if known:
            gauge = Gauge(f"ladder_monitor_{name}", text, tuple(known[0][0]), registry=registry)
            for labels, value in known:
                (gauge.labels(**labels) if labels else gauge).set(value)
    return generate_latest(registry).decode()


Sample = tuple[Mapping[str, str], float | None]


def _series(found: Watched, reasons: Sequence[Finding], now: float) -> Iterator[tuple[str, str, list[Sample]]]:
    clock, drift, advice = found.clock, found.drift, advice_of(reasons)
    yield "run_timestamp_seconds", "When this was written", [({}, now)]
    yield "model_info", "The model that was looked at", [({"version": found.version}, 1)]
    yield "as_of_timestamp_seconds", "Looked at from here", [({}, clock.as_of / MICROSECONDS)]
    yield "trained_until_timestamp_seconds", "Nothing later was learnt from", [({}, clock.trained_until / MICROSECONDS)]
    yield "labels_due_timestamp_seconds", "Next complete set of labels", [({}, clock.due / MICROSECONDS)]
    yield "label_share_seen", "Share of the horizon since training", [({}, clock.share_seen)]
    yield "advice", "1 for the advice given", [({"advice": one}, float(one == advice)) for one in LEVELS]
    if drift is not None:
        yield "columns", "Features and scores compared", [({}, len(drift.columns))]
        yield "columns_drifted", "Of them, drifted", [({}, len(drift.drifted))]
        yield "drift_weight", "Share of the model's weight on drifted features", [({}, drift.weight)]
    realised = [({"outcome": one.outcome, "horizon_days": str(one.horizon_days)}, one) for one in found.matured]
    yield (
        "log_loss",
        "Realised since training",
        [(key, None if one.log_loss is None else one.log_loss.value) for key, one in realised],
    )
    yield "log_loss_promised", "In the backtest", [(key, one.promised_log_loss) for key, one in realised]
    yield "expected_share", "Mean chance given", [(key, one.expected) for key, one in realised]
    yield "observed_share", "Share that it happened to", [(key, one.observed) for key, one in realised]
    silent = [({"days": str(one.days)}, one) for one in found.proxies]
    yield "silent_accounts", "Without an order in the first days", [(key, one.observed) for key, one in silent]
    yield "silent_accounts_low", "Least expected", [(key, one.low) for key, one in silent]
    yield "silent_accounts_high", "Most expected", [(key, one.high) for key, one in silent]
    stopped = [({"table": one.table}, one.silent_days) for one in found.stopped]
    yield "table_silent_days", "Tables that stopped", [(key, days) for key, days in stopped]
    part_keys = [
        ({"outcome": one.outcome, "horizon_days": str(one.horizon_days), "kind": part.kind, "name": part.name}, part)
        for one in found.matured for part in one.parts
    ]  # fmt: skip
    yield "part_expected_share", "Mean chance given to a part", [(key, part.expected) for key, part in part_keys]
    yield (
        "part_observed_share",
        "Share that it happened to",
        [(key, part.observed) for key, part in part_keys],
    )
    yield "part_surplus_low", "Observed less expected, at least", [(key, part.low) for key, part in part_keys]
    yield "part_surplus_high", "Observed less expected, at most", [(key, part.high) for key, part in part_keys]
    yield "parts_off", "Parts whose chances are off", [({}, sum(len(one.parts_off) for one in found.matured))]
    moved = [({"outcome": one.outcome, "horizon_days": str(one.horizon_days)}, one) for one in found.shifts]
    yield "outcome_since", "Share, or revenue, since training", [(key, one.now) for key, one in moved]
    yield "outcome_year_before", "The same a year before", [(key, one.before) for key, one in moved]
    yield "outcome_moved", "1 where it moved beyond chance", [(key, float(one.moved)) for key, one in moved]
    yield "outcomes_moved", "How many outcomes moved", [({}, sum(one.moved for one in found.shifts))]
    plans = [({"plan": one.name}, one) for one in found.plans]
    for name, text in PLAN_FIGURES.items():
        yield f"plan_{name}", text, [(key, getattr(one, name)) for key, one in plans]
    broken: list[Sample] = [
        ({"table": one.table, "column": one.column, "kind": one.kind, "part": one.part}, 1.0)
        for one in found.broken_columns
    ]
    yield "column_broken", "1 for each raw column that is not as in training, by what is wrong", broken
    yield "columns_broken", "How many of them there are", [({}, len(found.broken_columns))]
    yield "tables_stopped", "How many tables stopped or are gone", [({}, len(found.stopped) + len(found.absent))]


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Interval):
        return _finite(asdict(value))
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value
