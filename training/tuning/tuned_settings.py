"""The result of a search of booster settings, and the space that is searched."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from training.evaluation.cluster_bootstrap import Interval
from training.model.findings import NOTE, OK, WARNING, Finding
from training.settings import BoosterSettings, Settings


@dataclass(frozen=True)
class Range:
    """The range within which a setting is searched, both ends included.

    log : whether every doubling is equally likely.
    """

    setting: str
    low: float
    high: float
    log: bool = True

    @property
    def least(self) -> float:
        """Return the smallest value that is ever searched: a logarithm has no zero."""
        return 1e-3 if self.log else 0.0


SPACE: Sequence[Range] = (
    Range("rounds", 40, 400),
    Range("learning_rate", 0.015, 0.15),
    Range("leaves", 3, 31),
    Range("least_in_leaf", 15, 300),
    Range("l2", 0.5, 100.0),
    Range("row_share", 0.25, 1.0, log=False),
    Range("column_share", 0.1, 1.0, log=False),
)
"""The space that is searched. A range is widened to hold the initial settings."""


@dataclass(frozen=True)
class Trial:
    """Settings that were tried.

    loss : log loss over that of the initial settings, mean over predictions and origins; below one is better.
    gain : one less the loss, with the interval of a bootstrap over accounts.
    seconds : that the trial took.
    """

    booster: BoosterSettings
    loss: float
    gain: Interval
    seconds: float


@dataclass(frozen=True)
class Tuned:
    """The settings to go on with, and how they were found.

    trials : those that were finished, in order; the first is of the initial settings.
    origins : the origins that they were compared on.
    predictions : the predictions that were compared.
    judged : the gain of the chosen settings on the origins of the evaluation, for the report only; None where not
        computed.
    """

    settings: Settings
    trials: tuple[Trial, ...]
    origins: tuple[str, ...]
    predictions: tuple[str, ...]
    judged: Interval | None = None

    @property
    def best(self) -> Trial:
        """Return the trial with the smallest loss; the first among equals."""
        return min(self.trials, key=lambda trial: trial.loss)

    @property
    def changed(self) -> bool:
        """Return whether other settings than the initial ones were chosen."""
        return self.settings.booster != self.trials[0].booster

    def findings(self) -> list[Finding]:
        """Return what was done and what was taken, for the report."""
        done = Finding.of(
            "tuning_tried", NOTE, trials=len(self.trials), seconds=self.seconds, predictions=self.predictions,
            origins=self.origins,
        )  # fmt: skip
        best = self.best
        if len(self.trials) == 1:
            return [done, Finding.of("tuning_no_time", NOTE)]
        if best is self.trials[0]:
            return [done, Finding.of("tuning_none_better", NOTE)]
        # the change of log loss is the gain with its sign turned: below zero is better
        figures = {"change": -best.gain.value, "low": -best.gain.high, "high": -best.gain.low, "level": best.gain.level}
        if not self.changed:
            return [done, Finding.of("tuning_within_error", NOTE, **figures)]
        before = asdict(self.trials[0].booster)
        changes = [[name, value, before[name]] for name, value in _searched(best.booster).items()]
        return [done, Finding.of("tuning_taken", NOTE, settings=changes, **figures), *self._judged()]

    def _judged(self) -> list[Finding]:
        """Return what the taken settings are worth on the origins that judge, which chose nothing."""
        gain = self.judged
        if gain is None:
            return []
        figures = {"change": -gain.value, "low": -gain.high, "high": -gain.low, "level": gain.level}
        if gain.low > 0:
            return [Finding.of("tuning_judged_better", OK, **figures)]
        if gain.high < 0:
            return [Finding.of("tuning_judged_worse", WARNING, **figures)]
        return [Finding.of("tuning_judged_open", NOTE, **figures)]

    @property
    def seconds(self) -> float:
        """Return the seconds spent on finished trials."""
        return sum(trial.seconds for trial in self.trials)

    def figures(self) -> dict[str, float]:
        """Return the number of settings tried, and the share of log loss gained by the chosen ones, for the tracker."""
        figures = {"tuning_trials": len(self.trials), "tuning_gain": self.best.gain.value if self.changed else 0.0}
        return figures if self.judged is None else figures | {"tuning_gain_judged": self.judged.value}

    def toml(self) -> str:
        """Write the chosen settings as a section of a settings file: with them the same data give the same bundle."""
        lines = [f"{name} = {value!r}" for name, value in _searched(self.settings.booster).items()]
        return "\n".join(["[booster]", *lines]) + "\n"

    def table(self) -> str:
        """Write all trials as CSV."""
        names = [range_.setting for range_ in SPACE]
        lines = [",".join(["trial", *names, "relative_log_loss", "gain", "gain_low", "gain_high", "seconds", "taken"])]
        for number, trial in enumerate(self.trials):
            gain, taken = trial.gain, str(trial.booster == self.settings.booster).lower()
            values = [str(value) for value in _searched(trial.booster).values()]
            figures = [f"{figure:.6f}" for figure in (trial.loss, gain.value, gain.low, gain.high)]
            lines.append(",".join([str(number), *values, *figures, f"{trial.seconds:.1f}", taken]))
        return "\n".join(lines) + "\n"


def _searched(booster: BoosterSettings) -> dict[str, float]:
    """Return the settings that are searched, by name."""
    return {range_.setting: getattr(booster, range_.setting) for range_ in SPACE}
