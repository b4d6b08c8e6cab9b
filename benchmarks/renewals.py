"""Renewals, leaving and revenue of organisations that live by yearly fees, out of time beside simple rules.

python -m benchmarks.renewals --seeds 21 22 --accounts 3000 --months 60

Simulated organisations (scenario `membership`, no table `switches`). At each of three origins, a quarter apart, the
models learn from what was decided by then and are held against what came. Choices (members of the pools, the stretch of
the chances, what counts as a fee) were made on seeds 0 to 3, 5, 11 and 12; other seeds judge only. Printed as markdown.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from features.histories.histories import build_histories
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, IntArray, iso
from features.sources.source import source_from_rows
from training.data.dataset import Dataset, build_dataset
from training.evaluation import metrics
from training.evaluation.cluster_bootstrap import cluster_bootstrap_mean
from training.evaluation.evaluation import OURS, Comparison, Row
from training.evaluation.renewal import predict_all, table_of
from training.evaluation.tables import as_markdown
from training.models.baselines import REVENUE, SWITCHING
from training.models.fitting import one_linear_algebra_thread
from training.models.renewal import RenewalRows, renewal_rows
from training.models.revenue import fit_revenue
from training.models.switching import fit_switching
from training.settings import Settings
from training.simulator.simulation import simulate

BACK = (9, 6, 3)
"""The origins, counted in monthly slices from the latest."""


@dataclass
class Judged:
    """Predictions by model, of all origins and seeds together, and what came."""

    predicted: dict[str, list[FloatArray]] = field(default_factory=dict)
    came: list[FloatArray] = field(default_factory=list)
    account: list[IntArray] = field(default_factory=list)

    def add(self, predicted: Mapping[str, FloatArray], came: FloatArray | IntArray, account: IntArray) -> None:
        """Add an origin."""
        for name, values in predicted.items():
            self.predicted.setdefault(name, []).append(values)
        self.came.append(np.asarray(came, np.float64))
        self.account.append(account)

    def joined(self) -> tuple[dict[str, FloatArray], FloatArray, IntArray]:
        """Return all origins as one."""
        predicted = {name: np.concatenate(parts) for name, parts in self.predicted.items()}
        return predicted, np.concatenate(self.came), np.concatenate(self.account)


def main() -> None:
    """Print the tables of all seeds together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22])
    parser.add_argument("--accounts", type=int, default=3000)
    parser.add_argument("--months", type=int, default=60)
    asked = parser.parse_args()
    settings = Settings()
    settings = replace(settings, outcome=replace(settings.outcome, further_horizons_days=()))
    renewals, leaving, revenue, origins = Judged(), Judged(), Judged(), set()
    with one_linear_algebra_thread():
        for number, seed in enumerate(asked.seeds):
            made = simulate("membership", accounts=asked.accounts, months=asked.months, seed=seed)
            histories = build_histories(source_from_rows(dict(made.tables)))
            data = build_dataset(histories, settings, histories.end)
            rows, apart = renewal_rows(data, settings), number * 10_000_000
            for back in BACK:
                origin = data.sample.slices[-back]
                origins.add(iso(origin))
                _renewals(renewals, data, rows, origin, settings, apart)
                train = data.snapshots.as_of + settings.outcome.horizon_days * MICROSECONDS_PER_DAY <= origin
                test = data.snapshots.as_of == origin
                _leaving(leaving, data, (train, test), settings, apart)
                _revenue(revenue, data, (train, test), settings, apart)
    chances, came, account = renewals.joined()
    told = tuple(sorted(origins))
    renewal = table_of(chances, came.astype(np.int64), account, told)
    print(as_markdown(renewal), "\n")
    print("\n".join(_bands(renewal)), "\n")
    print(as_markdown(_table_of_leaving(*leaving.joined(), told)), "\n")
    print("\n".join(_revenue_lines(*revenue.joined())))


def _renewals(
    judged: Judged, data: Dataset, rows: RenewalRows, origin: int, settings: Settings, apart: int
) -> None:  # fmt: skip
    test = (rows.as_of == origin) & (rows.decided <= data.end) & ~rows.followed
    found = predict_all(data, rows, rows.decided <= origin, test, settings)
    assert found is not None, "an organisation of this size has contracts enough"
    judged.add(found, rows.renewed[test], rows.account[test] + apart)


def _leaving(judged: Judged, data: Dataset, parts: tuple[BoolArray, BoolArray], settings: Settings, apart: int) -> None:
    can = data.labels.can_switch
    train, test = parts[0] & can, parts[1] & can
    found = {name: rule(data, train, test, settings)[:, 0] for name, rule in SWITCHING.items()}
    found[OURS] = fit_switching(data, train, settings).predict(data.matrix[test])[:, 0]
    judged.add(found, data.labels.switched[test], data.snapshots.account[test] + apart)


def _revenue(judged: Judged, data: Dataset, parts: tuple[BoolArray, BoolArray], settings: Settings, apart: int) -> None:
    train, test = parts
    found = {name: rule(data, train, test, settings)[:, 0] for name, rule in REVENUE.items()}
    found[OURS] = fit_revenue(data, train, settings).predict(data.matrix[test])[:, 0]
    judged.add(found, data.labels.revenue[test], data.snapshots.account[test] + apart)


def _bands(table: Comparison) -> Iterator[str]:
    yield "| given | mean | renewed [95 %] | snapshots |"
    yield "| --- " * 4 + "|"
    for band in table.bands:
        seen = band.observed
        came = f"{seen.value:.3f} [{seen.low:.3f}, {seen.high:.3f}]"
        yield f"| {band.low:.1f} to {band.high:.1f} | {band.predicted:.3f} | {came} | {band.snapshots} |"


def _table_of_leaving(
    chances: Mapping[str, FloatArray], came: FloatArray, account: IntArray, origins: tuple[str, ...]
) -> Comparison:
    left = came.astype(np.int64)
    losses = {name: metrics.row_log_loss(chance, left) for name, chance in chances.items()}
    rows = []
    for name, chance in chances.items():
        scores = {
            "log_loss": float(losses[name].mean()), "brier": float(metrics.row_brier(chance, left).mean()),
            "auc": metrics.auc(chance, left), "ece": metrics.calibration_error(chance, left),
        }  # fmt: skip
        difference = None if name == OURS else cluster_bootstrap_mean(losses[name] - losses[OURS], account)
        rows.append(Row(name, scores, difference))
    return Comparison(task="switching", primary="log_loss", rows=tuple(rows), origins=origins, snapshots=len(left))


def _revenue_lines(predicted: Mapping[str, FloatArray], came: FloatArray, account: IntArray) -> Iterator[str]:
    yield f"Expected revenue: {len(came):,} snapshots; what came is {came.mean():.1f} on average.\n"
    yield "| model | MAE | RMSE | sum over what came | MAE - ours [95 %] |"
    yield "| --- " * 5 + "|"
    missed = {name: np.abs(values - came) for name, values in predicted.items()}
    for name, values in predicted.items():
        difference = "" if name == OURS else str(cluster_bootstrap_mean(missed[name] - missed[OURS], account))
        rmse = float(np.sqrt((missed[name] ** 2).mean()))
        cells = (f"{missed[name].mean():.1f}", f"{rmse:.1f}", f"{values.sum() / came.sum():.2f}", difference)
        yield f"| {name} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
