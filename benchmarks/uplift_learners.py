"""Effects by other learners on our trials: two plain ones here, and the libraries' in their own Python."""

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from features.instants import BoolArray, FloatArray, IntArray
from training.data.training_task import usable_columns
from training.model.terms import Term, standardised_values
from training.models.fitting import fit_trees
from training.settings import BoosterSettings

PROGRAM = Path(__file__).with_name("uplift_peers.py")
LEAST_TREATED = 20


@dataclass(frozen=True)
class TrainingTask:
    """Trials to learn from and rows to predict, as every learner gets them.

    terms : settled; what effects may differ by.  asked : shape (n_asked, n_features).
    """

    matrix: FloatArray
    arm: IntArray
    random: BoolArray
    outcome: FloatArray
    account: IntArray
    terms: Sequence[Term]
    asked: FloatArray
    n_arms: int

    def take(self, rows: BoolArray) -> "TrainingTask":
        """Those trials alone, the same question."""
        return replace(
            self, matrix=self.matrix[rows], arm=self.arm[rows], random=self.random[rows], outcome=self.outcome[rows],
            account=self.account[rows],
        )  # fmt: skip

    @property
    def arms_present(self) -> bool:
        """Whether every arm has trials enough to be learnt from."""
        return bool((np.bincount(self.arm, minlength=self.n_arms) >= LEAST_TREATED).all())


def t_learner(lesson: TrainingTask, booster: BoosterSettings) -> FloatArray:
    """A booster an arm; the effect is the difference of two predictions, shape (n_asked, n_options)."""
    levels = []
    for a in range(lesson.n_arms):
        rows = lesson.arm == a
        model = fit_trees(
            lesson.matrix[rows], lesson.outcome[rows], np.ones(int(rows.sum())), booster, objective="regression"
        )
        levels.append(model.predict(lesson.asked)[:, 0])
    return np.column_stack([level - levels[0] for level in levels[1:]])


def s_learner(lesson: TrainingTask, booster: BoosterSettings) -> FloatArray:
    """One booster to which the arm is a feature, seen by every tree, shape (n_asked, n_options)."""
    options = np.arange(1, lesson.n_arms)
    seeing = replace(booster, column_share=1.0)
    told = np.column_stack([lesson.matrix, lesson.arm[:, None] == options])
    model = fit_trees(told, lesson.outcome, np.ones(len(told)), seeing, objective="regression")
    levels = [
        model.predict(np.column_stack([lesson.asked, np.broadcast_to(a == options, (len(lesson.asked), len(options)))]))
        for a in range(lesson.n_arms)
    ]
    return np.column_stack([level[:, 0] - levels[0][:, 0] for level in levels[1:]])


def peer_effects(pythons: Sequence[str], lesson: TrainingTask) -> tuple[dict[str, FloatArray], dict[str, float]]:
    """Learner -> effects, shape (n_asked, n_options), and -> seconds, of all that those Pythons have.

    They get the columns that vary, missing values filled with the median, and whether the arm was drawn by lot.
    """
    columns = list(usable_columns(lesson.matrix))
    middle = np.nanmedian(lesson.matrix[:, columns], axis=0)
    here, there = (_filled(matrix[:, columns], middle) for matrix in (lesson.matrix, lesson.asked))
    if lesson.random.any() and not lesson.random.all():
        here, there = np.column_stack([here, lesson.random]), np.column_stack([there, np.zeros(len(there))])
    effects: dict[str, FloatArray] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        trials, out = Path(folder) / "trials.npz", Path(folder) / "effects.npz"
        np.savez(
            trials, matrix=here, modifiers=standardised_values(lesson.terms, lesson.matrix), arm=lesson.arm,
            random=lesson.random, outcome=lesson.outcome, account=lesson.account, asked=there,
            asked_modifiers=standardised_values(lesson.terms, lesson.asked),
        )  # fmt: skip
        for python in pythons:
            subprocess.run([python, str(PROGRAM), str(trials), str(out)], check=True)
            with np.load(out) as held:
                found: Mapping[str, FloatArray] = dict(held)
            for name, values in found.items():
                if name.endswith("|seconds"):
                    seconds[name.removesuffix("|seconds")] = float(values)
                else:
                    effects[name] = values
    return effects, seconds


def _filled(matrix: FloatArray, middle: FloatArray) -> FloatArray:
    return np.where(np.isnan(matrix), middle, matrix)
