"""What reasons cost in batch: the same accounts scored with and without them, in one process, in CPU seconds.

ladder demo --no-serve --folder demo
python -m benchmarks.reasons demo/source demo/champion
"""

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from time import process_time

from features.histories.histories import build_histories
from features.sources.source import read_source
from serving.scoring.scoring import Scorer
from training.model.bundle import read_bundle
from training.model.champion import published


def seconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("champion", type=Path)
    parser.add_argument("--times", type=int, default=7)
    options = parser.parse_args()
    scorer, histories = Scorer(*read_bundle(published(options.champion))), build_histories(read_source(options.source))
    snapshots = histories.known_at(histories.end)
    ways: dict[str, Callable[[], object]] = {
        "without": lambda: scorer.score(histories, snapshots, explain=False),
        "with": lambda: scorer.score(histories, snapshots),
    }
    for work in ways.values():
        work()  # the boosters are parsed at the first use
    taken = {name: [] for name in ways}  # type: dict[str, list[float]]
    for _ in range(options.times):  # in turn, so that a noisy machine disturbs all alike
        for name, work in ways.items():
            taken[name].append(seconds(work))
    base = statistics.median(taken["without"])
    print(f"{len(snapshots):,} accounts, {options.times} times each")
    for name, found in taken.items():
        middle, low, high = statistics.median(found), min(found), max(found)
        print(f"{name:15} {middle:.2f} s [{low:.2f}, {high:.2f}]  x {middle / base:.2f}")


if __name__ == "__main__":
    main()
