"""Whether told reasons make sense, on every scenario of the simulator, and whether they stay where nothing happened.

python -m benchmarks.told_reasons --accounts 500
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from features.catalog import catalog
from features.histories.histories import Histories, build_histories
from features.instants import MICROSECONDS_PER_DAY, BoolArray
from features.sources.source import source_from_rows
from serving.scoring.scoring import Scorer
from training.model.reasons import LEAVING, Reason
from training.model.text.feature_phrases import PHRASE
from training.model.text.words import CODE, shown_figure
from training.models.scope import Scope
from training.pipeline import train
from training.settings import Settings
from training.simulator.scenarios import SCENARIOS
from training.simulator.simulation import simulate

FAULTS = ("contradicts", "hardly differs", "says nothing", "repeats a topic")
WEEKS = 4


def faults_of(reason: Reason) -> Iterator[str]:
    """What is wrong with a reason, read from it alone."""
    feature = catalog.BY_NAME[reason.feature]
    strengthens = -reason.direction if reason.outcome == LEAVING else reason.direction
    if feature.unit == CODE:
        if not isinstance(reason.value, str):
            yield "says nothing"
    elif reason.value is None:
        if feature.missing_direction == 0:
            yield "says nothing"
        elif feature.missing_direction != strengthens:
            yield "contradicts"
    elif isinstance(reason.value, float) and reason.peer is not None:
        ours, theirs = shown_figure(feature.unit, reason.value), shown_figure(feature.unit, reason.peer)
        if abs(ours - theirs) < 0.1 * abs(theirs) or ours == theirs:
            yield "hardly differs"
        elif (ours - theirs) * feature.told_direction * strengthens < 0:
            yield "contradicts"


def news_between(histories: Histories, begin: int, end: int) -> BoolArray:
    """Which accounts had an event, or had one written down, in [begin, end)."""
    news = np.zeros(len(histories.account_ids), bool)
    for stream in histories.streams.values():
        for times in (stream.time, stream.recorded):
            news[stream.account[(times >= begin) & (times < end)]] = True
    return news


def stays(scorer: Scorer, histories: Histories) -> tuple[int, int]:
    """How many accounts without news in a week there were, and how many kept their first reason's feature and side."""
    quiet = kept = 0
    later: dict[int, tuple[Reason, ...]] = {}
    for weeks in range(WEEKS):
        at = histories.end - 7 * weeks * MICROSECONDS_PER_DAY
        snapshots = histories.known_at(at)
        now = dict(zip(snapshots.account.tolist(), scorer.explain(histories, snapshots), strict=True))
        news = news_between(histories, at, at + 7 * MICROSECONDS_PER_DAY)
        for account, reasons in now.items():
            if weeks and reasons and not news[account]:
                quiet += 1
                kept += _first(reasons) == _first(later.get(account, ()))
        later = now
    return quiet, kept


def _first(reasons: Sequence[Reason]) -> tuple[str, str, int] | None:
    return (reasons[0].outcome, reasons[0].feature, reasons[0].direction) if reasons else None


def row(scenario: str, accounts: int, seed: int) -> str:
    """Train on a small supplier and count."""
    histories = build_histories(source_from_rows(simulate(scenario, accounts=accounts, seed=seed).tables))
    settings = Settings()
    settings = replace(settings, slices=replace(settings.slices, every_days=60, most=12))
    bundle = train(histories, settings, histories.end, scope=Scope(0, ("rung", "switching"), ())).bundle
    scorer = Scorer(bundle, "benchmark")
    told = scorer.explain(histories, histories.known_at(histories.end))
    found = Counter(fault for reasons in told for reason in reasons for fault in faults_of(reason))
    found["repeats a topic"] = sum(len(one) - len({PHRASE[reason.feature].topic for reason in one}) for one in told)
    n = sum(map(len, told))
    quiet, kept = stays(scorer, histories)
    shares = " | ".join(f"{found[fault] / n:.1%}" for fault in FAULTS)
    return f"| {scenario} | {n:,} | {shares} | {kept / quiet:.1%} of {quiet:,} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--scenarios", nargs="+", default=tuple(SCENARIOS))
    options = parser.parse_args()
    print(
        f"| scenario | told | {' | '.join(FAULTS)} | first reason stays, a week without news |\n" + "| --- " * 7 + "|"
    )
    for scenario in options.scenarios:
        print(row(scenario, options.accounts, options.seed), flush=True)


if __name__ == "__main__":
    main()
