"""Settings are searched within the time allowed, on origins over before the evaluation, and taken only if better."""

import csv
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import pytest

from features.errors import NotEnoughData
from features.instants import MICROSECONDS_PER_DAY, BoolArray, FloatArray
from tests.told import codes, told
from tests.trained import small_settings, tiny_dataset
from training.data.dataset import Dataset
from training.data.splits import held_out, rolling_origins
from training.evaluation.cluster_bootstrap import Interval
from training.model.predictors import Table
from training.models.fitting import fit_table
from training.settings import Settings, parse_settings
from training.tuning import tuning
from training.tuning.tuned_settings import SPACE, Tuned
from training.tuning.tuning import blind_origins, evaluate_choice, tune

PARTS = 6
"""Models of one trial: the next rung at three origins, switching at the one where enough had left."""


@dataclass
class Watch:
    """A clock that only learning takes time from: `each` second a model.  models : learnt so far."""

    now: float = 0.0
    each: float = 1.0
    models: int = 0

    def __call__(self) -> float:
        return self.now

    def spend(self) -> None:
        self.now += self.each
        self.models += 1


def wild() -> Settings:
    """Settings far from what the stand-in learns best with."""
    booster = replace(small_settings().booster, rounds=60, learning_rate=0.6, leaves=40, least_in_leaf=3, l2=0.0)
    return replace(small_settings(), booster=booster)


@dataclass(frozen=True)
class Blurred:
    """A table's chances, mixed with even ones."""

    table: Table
    blur: float

    def predict(self, matrix: FloatArray) -> FloatArray:
        even = 1 / self.table.predict(matrix).shape[1]
        mixed: FloatArray = (1 - self.blur) * self.table.predict(matrix) + self.blur * even
        return mixed


def stand_in(outcome: str, n_classes: int, watch: Watch) -> Callable[[Dataset, BoolArray, Settings], Blurred]:
    """Learns in a second what the rung says, the worse the further the learning rate is from .03."""

    def fit(data: Dataset, rows: BoolArray, settings: Settings) -> Blurred:
        watch.spend()
        target, column = getattr(data.labels, outcome)[rows], data.column("rung")
        table = fit_table(data.matrix[rows], target, data.weight[rows], [column], sizes=[7], n_classes=n_classes)
        return Blurred(table, min(abs(np.log(settings.booster.learning_rate / 0.03)) / 5, 0.99))

    return fit


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The time of a test, in which stand-ins learn: no test waits, or depends on the machine."""
    watch = Watch()
    monkeypatch.setattr(tuning, "fit_next_rung", stand_in("next_rung", 7, watch))
    monkeypatch.setattr(tuning, "fit_switching", stand_in("switched", 2, watch))
    return watch


@pytest.fixture
def tuned(watch: Watch) -> Tuned:
    """Thirty trials, the first with wild settings."""
    return tune(tiny_dataset(), wild(), 30.0 * PARTS, clock=watch)


def first_judged(data: Dataset) -> int:
    return rolling_origins(data.sample, held_out(data.histories, 0.2), small_settings(), 3)[0].origin


def seen(data: Dataset) -> BoolArray:
    """Rows that were over before anything evaluated, of accounts that are not held out."""
    over = data.snapshots.as_of + 180 * MICROSECONDS_PER_DAY <= first_judged(data)
    return over & ~held_out(data.histories, 0.2)[data.snapshots.account]


def test_better_settings_are_taken_and_the_others_kept(tuned: Tuned) -> None:
    found = tuned
    assert found.changed
    assert found.trials[0].booster == wild().booster
    assert found.settings.booster == found.best.booster
    assert found.best.gain.low > 0.01
    assert replace(found.settings, booster=wild().booster) == wild()
    assert found.predictions == ("next_rung", "switching")
    assert len(found.origins) == 3


def test_the_loss_is_one_less_the_gain_and_that_of_the_initial_settings_is_one(tuned: Tuned) -> None:
    for trial in tuned.trials:
        assert trial.loss == pytest.approx(1 - trial.gain.value)
        assert trial.gain.low <= trial.gain.value <= trial.gain.high
        assert trial.loss >= tuned.best.loss
    assert tuned.trials[0].loss == 1.0


def test_both_predictions_count_alike_however_large_their_log_loss() -> None:
    """Half the log loss of one of them is a quarter gained, however many rows and however large a loss it has."""
    accounts = np.arange(10)
    parts = [tuning._Part(lambda _: np.empty(0), accounts[:n], 0.5) for n in (10, 4)]
    given = [np.full(10, 3.0), np.full(4, 0.2)]
    gain = tuning._gain(given, [given[0], given[1] / 2], parts)
    assert gain.value == pytest.approx(0.25)
    assert tuning._gain([2 * given[0], given[1]], [2 * given[0], given[1] / 2], parts).value == pytest.approx(0.25)


def test_nothing_evaluated_later_and_nobody_held_out_is_used(watch: Watch) -> None:
    data = tiny_dataset()
    hidden, labels = ~seen(data), data.labels
    spoilt = replace(
        data,
        matrix=np.where(hidden[:, None], 7.0, data.matrix),
        labels=replace(
            labels,
            next_rung=np.where(hidden, 0, labels.next_rung),
            switched=np.where(hidden, 1, labels.switched),
            can_switch=labels.can_switch | hidden,
        ),
    )
    short = 10.0 * PARTS
    again, found = (tune(one, wild(), short, clock=watch) for one in (spoilt, data))
    assert again == found
    assert len(found.trials) > 2
    elsewhere = replace(data, labels=replace(labels, next_rung=np.where(hidden, labels.next_rung, 0)))
    assert tune(elsewhere, wild(), short, clock=watch) != found, "what may be looked at is"


def test_every_origin_is_complete_before_the_first_evaluated_and_purged_of_its_own_future() -> None:
    data, horizon = tiny_dataset(), 180 * MICROSECONDS_PER_DAY
    for fold in blind_origins(data, small_settings(), 3):
        assert fold.origin + horizon <= first_judged(data)
        assert (data.snapshots.as_of[fold.train] + horizon <= fold.origin).all()
        assert seen(data)[fold.train | fold.test].all()


@pytest.mark.parametrize(("seconds", "trials"), [(0.0, 1), (2.0, 1), (2.0 * PARTS, 2), (16.0 * PARTS + 1.0, 16)])
def test_a_trial_that_would_run_over_is_not_begun(seconds: float, trials: int, watch: Watch) -> None:
    found = tune(tiny_dataset(), small_settings(), seconds, clock=watch)
    assert len(found.trials) == trials
    assert watch.now == found.seconds == PARTS * trials
    if trials == 1:
        assert found.settings == small_settings()
        assert codes(found.findings()) == ["tuning_tried", "tuning_no_time"]


def test_a_trial_longer_than_all_before_it_is_given_up_when_the_time_is_over(watch: Watch) -> None:
    spend = watch.spend

    def slower() -> None:
        watch.each = 1.0 if watch.models < PARTS else 100.0
        spend()

    watch.spend = slower  # type: ignore[method-assign]
    found = tune(tiny_dataset(), small_settings(), 250.0, clock=watch)
    assert len(found.trials) == 1
    assert watch.now == PARTS + 300.0


@pytest.mark.parametrize(("gain", "taken"), [(Interval(0.01, 0.0, 0.02), True), (Interval(0.01, -0.02, 0.04), False)])
def test_a_gain_within_its_standard_error_is_not_taken(
    gain: Interval, taken: bool, monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    monkeypatch.setattr(tuning, "_gain", lambda *_: gain)
    found = tune(tiny_dataset(), small_settings(), 4.0 * PARTS, clock=watch)
    assert found.changed is taken
    assert found.findings()[-1].code == ("tuning_taken" if taken else "tuning_within_error")
    assert found.figures()["tuning_gain"] == (0.01 if taken else 0.0)


def test_where_nothing_is_better_nothing_changes(monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    monkeypatch.setattr(tuning, "_gain", lambda *_: Interval(-0.01, -0.02, -0.001))
    found = tune(tiny_dataset(), small_settings(), 4.0 * PARTS, clock=watch)
    assert found.settings == small_settings()
    assert codes(found.findings()) == ["tuning_tried", "tuning_none_better"]


def test_switching_is_left_out_where_too_few_left(watch: Watch) -> None:
    data = tiny_dataset()
    nobody = replace(data, labels=replace(data.labels, switched=np.zeros_like(data.labels.switched)))
    found = tune(nobody, small_settings(), 4.0 * PARTS, clock=watch)
    assert found.predictions == ("next_rung",)
    assert "on the next rung at" in told(found.findings())


def test_the_choice_is_evaluated_on_other_origins_and_that_decides_nothing(tuned: Tuned) -> None:
    data = tiny_dataset()
    judged = evaluate_choice(data, tuned)
    assert replace(judged, judged=None) == tuned
    assert judged.judged is not None
    assert judged.judged.low > 0
    assert judged.figures()["tuning_gain_judged"] == judged.judged.value
    assert judged.findings()[-1].code == "tuning_judged_better"
    for gain, code in ((Interval(0.01, -0.01, 0.03), "open"), (Interval(-0.02, -0.03, -0.01), "worse")):
        assert replace(tuned, judged=gain).findings()[-1].code == f"tuning_judged_{code}"
    worse = replace(tuned, judged=Interval(-0.02, -0.03, -0.01))
    assert "+2.00% [95%: +1.00% to +3.00%]" in told(worse.findings()[-1])
    kept = replace(tuned, settings=wild())
    assert evaluate_choice(data, kept) == kept


def test_too_short_a_history_is_refused_with_what_is_missing(watch: Watch) -> None:
    data = tiny_dataset()
    with pytest.raises(
        NotEnoughData, match=r"14 slices 60 days apart .* and 12 are there\. Train without --tune"
    ) as no:
        blind_origins(data, small_settings(), 7)
    assert "1,050 days" in str(no.value)
    long = replace(small_settings(), outcome=replace(small_settings().outcome, horizon_days=360))
    with pytest.raises(NotEnoughData, match=r"shorten outcome\.horizon_days"):
        tune(data, long, 4.0 * PARTS, clock=watch)


def test_every_setting_tried_is_one_that_a_settings_file_may_hold(tuned: Tuned) -> None:
    for trial in tuned.trials:
        assert parse_settings({"booster": asdict(trial.booster)}).booster == trial.booster
        for r in SPACE:
            lowest, highest = (
                min(r.low, getattr(wild().booster, r.setting)),
                max(r.high, getattr(wild().booster, r.setting)),
            )
            assert lowest <= getattr(trial.booster, r.setting) <= highest


def test_what_was_taken_is_a_section_of_a_settings_file_to_the_last_digit(tuned: Tuned) -> None:
    section = tomllib.loads(tuned.toml())
    assert set(section["booster"]) == {r.setting for r in SPACE}
    assert parse_settings(section).booster == tuned.settings.booster


def test_the_table_holds_every_trial_and_says_which_was_taken(tuned: Tuned) -> None:
    rows = list(csv.DictReader(tuned.table().splitlines()))
    assert len(rows) == len(tuned.trials)
    assert [row["taken"] for row in rows].count("true") == 1
    taken = next(row for row in rows if row["taken"] == "true")
    assert float(taken["relative_log_loss"]) == min(float(row["relative_log_loss"]) for row in rows)
    assert float(taken["learning_rate"]) == tuned.settings.booster.learning_rate
