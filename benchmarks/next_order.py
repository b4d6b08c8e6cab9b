"""The window of the next order day, and the revenue if there is one, out of time beside simple rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.origins import rows_until
from features.histories.histories import Histories, build_histories
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray, instant, iso
from features.sources.source import read_source, source_from_rows
from training.data.dataset import Dataset
from training.evaluation.next_order import table_of, windows_of
from training.evaluation.tables import as_markdown
from training.model.next_order import FEATURES, rhythm_of
from training.model.revenue_range import QUANTILES
from training.models.next_order import days_until_order, fit_next_order
from training.models.revenue_range import fit_revenue_range
from training.settings import Settings
from training.simulator.simulation import simulate

ORIGINS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "online_retail": (180, ("2011-01-01", "2011-03-01", "2011-05-01", "2011-06-01")),
    "cdnow": (91, ("1998-01-01", "1998-02-01", "1998-03-01")),
}
"""Source -> horizon and origins. All that was chosen was chosen without cdnow."""


def of_source(name: str, folder: Path) -> Iterator[str]:
    """The tables of a real source."""
    days, origins = ORIGINS[name]
    histories = build_histories(read_source(folder))
    yield f"## {name}: next order day, and the revenue if there is one, over {days} days\n"
    yield from _tables([(histories, days, instant(origin)) for origin in origins])


def of_simulator(scenario: str, seeds: Sequence[int]) -> Iterator[str]:
    """The tables over simulated suppliers, half a year before their end."""
    days = Settings().outcome.horizon_days
    worlds = [build_histories(source_from_rows(simulate(scenario, seed=seed).tables)) for seed in seeds]
    asked = f"simulator `{scenario}`, seeds {', '.join(map(str, seeds))}"
    yield f"## {asked}: next order day, and the revenue if there is one, over {days} days\n"
    yield from _tables([(h, days, _midnight(h.end) - days * MICROSECONDS_PER_DAY) for h in worlds])


def _midnight(at: int) -> int:
    return at // MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY


def _tables(asked: Sequence[tuple[Histories, int, int]]) -> Iterator[str]:
    """Both tables, of all origins together."""
    windows: dict[str, list[FloatArray]] = {}
    until, account, ranges = [], [], []
    for number, (histories, days, origin) in enumerate(asked):
        settings = replace(Settings(), outcome=replace(Settings().outcome, horizon_days=days))
        data = rows_until(histories, settings, origin)
        test = data.snapshots.as_of == origin
        known = rhythm_of(data.matrix, {name: data.column(name) for name in FEATURES}).known
        model = fit_next_order(data, ~test, settings)
        assert model is not None, "a benchmark's source has gaps enough"
        came = days_until_order(data, days)
        for name, window in windows_of(data, (~test, ~test & known, test & known), model, came, settings).items():
            windows.setdefault(name, []).append(window)
        until.append(came[test & known])
        same_account = 0 if asked[0][0] is histories else number * 10_000_000
        account.append(data.snapshots.account[test & known] + same_account)
        ranges.append(_range_rows(data, test, settings))
    joined = {name: np.concatenate(parts) for name, parts in windows.items()}
    origins = tuple(iso(origin) for _, _, origin in asked)
    yield as_markdown(table_of(joined, np.concatenate(until), np.concatenate(account), asked[0][1], origins))
    yield from _range_table(ranges)
    yield ""


def _range_rows(data: Dataset, test: BoolArray, settings: Settings) -> Mapping[str, NDArray[Any]]:
    """Ours, and the own pace times what such a pace missed by, of the rows that ordered; log revenue; who is large."""
    ordered = data.labels.revenue > 0
    model, _ = fit_revenue_range(data, ~test, settings)
    pace = model.scale(data.matrix)
    missed = np.quantile(np.log(data.labels.revenue[~test & ordered] / pace[~test & ordered]), QUANTILES)
    rows = test & ordered
    return {
        "own pace": np.log(pace[rows])[:, None] + missed,
        "loyalty-ladder": np.log(model.predict(data.matrix[rows])),
        "realised": np.log(data.labels.revenue[rows]),
        "largest": pace[rows] >= np.quantile(pace[rows], 0.95),
    }


def _range_table(ranges: Sequence[Mapping[str, NDArray[Any]]]) -> Iterator[str]:
    realised = np.concatenate([one["realised"] for one in ranges])
    top = np.concatenate([one["largest"] for one in ranges]).astype(bool)
    yield f"\n{len(realised):,} snapshots with an order; the loss is the mean pinball loss of both ends, log scale.\n"
    yield "| range | loss | held | below | above | held, largest 5 % by pace | upper over lower end, median |"
    yield "| --- " * 7 + "|"
    for name in ("own pace", "loyalty-ladder"):
        ends = np.concatenate([one[name] for one in ranges])
        missed = realised[:, None] - ends
        loss = np.maximum(np.array(QUANTILES) * missed, (np.array(QUANTILES) - 1) * missed).mean()
        below, above = realised < ends[:, 0], realised > ends[:, 1]
        held = ~below & ~above
        width = float(np.exp(np.median(ends[:, 1] - ends[:, 0])))
        cells = [f"{loss:.4f}", *(f"{part.mean():.3f}" for part in (held, below, above, held[top])), f"{width:.1f}"]
        yield f"| {name} | " + " | ".join(cells) + " |"
