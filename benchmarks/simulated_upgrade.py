"""What climbing brings against worlds in which a rung's standing brings nothing, and in which it brings a tenth.

The simulator replays investments, not climbs, so that there is no true effect of an upgrade on an account. What it
tells: where the status effect is zero, standing higher changes nothing by itself and intervals should cover zero, but
for a contract's own tie; where it is a tenth, a rung higher brings about a tenth of expected revenue, all else equal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from benchmarks.origins import restricted, rows_until
from benchmarks.uplift_worlds import quiet
from features.histories import build_histories
from features.snapshots import instant
from features.sources import source_from_rows
from features.tables import RUNGS
from training.doubly_robust import average
from training.settings import Settings
from training.simulation import SCENARIOS, simulate
from training.upgrade import fit_upgrades, fit_value_gaps

STATUS_EFFECTS = (0.0, 0.1)


def upgrade(seeds: Sequence[int], accounts: int | None) -> Iterator[str]:
    """One row a world, seed and rung that is not refused, the gap between rungs beside it."""
    settings = quiet(Settings())
    reach = NormalDist().inv_cdf(0.5 + settings.uplift.level / 2)
    yield "## simulator: climbing one rung\n"
    yield "| status effect | seed | from | basis | mean effect | interval | about true | covers it | naive gap |"
    yield "| --- " * 9 + "|"
    covered = dict[float, list[bool]]()
    for status in STATUS_EFFECTS:
        for seed in seeds:
            told = simulate(replace(SCENARIOS["default"], status_effect=status), accounts=accounts, seed=seed)
            histories, as_of = build_histories(source_from_rows(told.tables)), instant(told.as_of.to_pydatetime())
            data = rows_until(histories, settings, as_of)
            now = data.snapshots.as_of == as_of
            earlier, matrix, rung = restricted(data, ~now), data.matrix[now], data.labels.rung[now]
            gaps = fit_value_gaps(earlier)
            truth = told.truth.set_index("account_id").loc[histories.account_ids[data.snapshots.account[now]]]
            expected = truth["expected_revenue"].to_numpy()
            for found in fit_upgrades(earlier, settings):
                here, gap = rung == found.rung, gaps[found.rung]
                start = f"| {status:.0%} | {seed} | {RUNGS[found.rung]} | {found.basis} |"
                naive = "" if gap is None else f"{gap:,.0f}"
                if found.effect is None or not here.any():
                    yield f"{start} | | | | {naive} |"
                    continue
                mean, error = average(found.effect, matrix[here])
                true = status * float(expected[here].mean())
                low, high = mean - reach * error, mean + reach * error
                held = low <= true <= high
                covered.setdefault(status, []).append(held)
                said = "yes" if held else "no"
                yield f"{start} {mean:,.0f} | [{low:,.0f}, {high:,.0f}] | {true:,.0f} | {said} | {naive} |"
    for status, all_held in covered.items():
        yield f"\nStatus effect {status:.0%}: {np.mean(all_held):.0%} of {len(all_held)} intervals cover it."
    yield ""
