"""The evidence for promotion checks, gathered from a training run and its data.

Cheap by design: samples of accounts, the rows and models that the evaluation left behind, and no champion's recipe
fitted anew where it is the candidate's own.
"""

from dataclasses import replace

import numpy as np

from training.data.dataset import Dataset, Progress, silent
from training.monitoring.drift_since import drift_since
from training.pipeline import Trained
from training.promotion.behavioural_tests import respond
from training.promotion.context import Counts, Evidence
from training.promotion.leakage_checks import score_late, strongest_alone, tables_with_recording
from training.promotion.paired_comparison import Incumbent, compare_paired
from training.promotion.policy_value import compare_money
from training.promotion.segments import judge_segments
from training.settings import Settings

MOST_WATCHED, MOST_PAIRS, LEAST_PAIRS = 1_000, 3, 2
"""Accounts and earlier pairs of instants by which drift is looked for here, and the pairs without which it is not."""


def gather(
    trained: Trained, data: Dataset, incumbent: Incumbent | None, settings: Settings, progress: Progress = silent
) -> Evidence:
    """Gather everything that is measured without scoring as the service does.

    incumbent : the champion; None where there is none, or where it cannot be asked.
    """
    limits = settings.promotion
    progress("checks", 0.0)
    alone, late = strongest_alone(data), tuple(score_late(data, trained.comparisons))
    progress("checks", 0.4)
    paired = None if incumbent is None else compare_paired(data, trained.comparisons, incumbent, settings)
    progress("checks", 0.7)
    money = None
    if incumbent is not None:
        money = compare_money(trained.policy_evaluation, data, incumbent.bundle, limits.least_exposed)
    segments = judge_segments(data, trained.comparisons, paired.losses if paired else {}, limits.least_in_segment)
    responses = respond(data, trained.bundle)
    drifted = None if incumbent is None else _drifted(data, incumbent, settings)
    progress("checks", 1.0)
    return Evidence(count(data), alone, late, segments, responses, paired=paired, money=money, drifted=drifted)


def _drifted(data: Dataset, incumbent: Incumbent, settings: Settings) -> tuple[tuple[str, ...], int] | None:
    """Return the drift that `ladder monitor` would find, on fewer accounts; None where no usual drift is known."""
    watched = settings.monitor
    few = replace(
        watched, most_accounts=min(watched.most_accounts, MOST_WATCHED), most_pairs=min(watched.most_pairs, MOST_PAIRS)
    )
    found = drift_since(data.histories, incumbent.bundle, replace(settings, monitor=few), data.end)
    if found is None or found.pairs < LEAST_PAIRS:
        return None
    return tuple(one.name for one in found.drifted), len(found.columns)


def count(data: Dataset) -> Counts:
    """Return how much data there is to learn from."""
    streams = data.histories.streams
    account = data.snapshots.account
    switched = np.unique(account[data.labels.can_switch & (data.labels.switched > 0)])
    made = streams.get("assignments")
    exposed = None if made is None else len(np.unique(made.account))
    dated, held = tables_with_recording(data)
    events = sum(len(stream) for stream in streams.values())
    return Counts(
        accounts=len(np.unique(account)), snapshots=len(account), events=events, switched=len(switched),
        exposed=exposed, dated=dated, streams=held,
    )  # fmt: skip
