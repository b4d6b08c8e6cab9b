"""Nothing is learnt from the future, nor from accounts that were set apart."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import NotEnoughData, SettingsError
from features.histories.histories import Histories
from features.instants import MICROSECONDS_PER_DAY, instant, iso
from tests.builders import histories
from tests.trained import small_settings, tiny_dataset, tiny_histories
from training.data.dataset import build_dataset, earlier_split
from training.data.splits import (
    account_draw,
    first_event,
    folds_of,
    held_out,
    rolling_origins,
    sample_share,
    sample_snapshots,
    slice_instants,
)
from training.settings import OutcomeSettings, Settings, SliceSettings, SourceSettings

DAY = MICROSECONDS_PER_DAY


def orders_from_to(first: str, last: str, accounts: int = 3) -> Histories:
    names = [f"A{k}" for k in range(accounts)]
    return histories(orders=[(name, at, 10.0) for name in names for at in (first, last)])


@given(st.integers(1, 90), st.integers(2, 30), st.integers(0, 400), st.integers(7, 400), st.integers(100, 2000))
def test_slices_are_the_latest_whose_horizon_is_complete(
    every: int, most: int, least: int, horizon: int, days: int
) -> None:
    known = orders_from_to("2020-01-01", "2020-02-01")
    until = instant("2020-01-01") + days * DAY
    slices = SliceSettings(every_days=every, most=most, least_history_days=least)
    settings = Settings(slices=slices, outcome=OutcomeSettings(horizon_days=horizon, further_horizons_days=()))
    if days < horizon + least:
        with pytest.raises(NotEnoughData, match=f"{days} days of history, {horizon + least} needed"):
            slice_instants(first_event(known), settings, until)
        return
    instants = slice_instants(first_event(known), settings, until)
    assert instants[-1] + horizon * DAY == until
    assert instants[0] >= instant("2020-01-01") + least * DAY
    candidates = (days - horizon - least) // every + 1
    assert len(instants) == min(most, candidates)
    apart = [int(step) // (every * DAY) for step in np.diff(instants)]
    assert apart == sorted(apart, reverse=True), "the earlier ones are farther apart"
    assert set(apart) <= {1, 2}
    reach = (instants[-1] - instants[0]) // (every * DAY)
    assert min(candidates, 2 * most - 1) - 2 <= reach <= min(candidates, 2 * most - 1) - 1, "the record is seen whole"


def test_too_little_history_is_said_with_what_to_do() -> None:
    known = orders_from_to("2024-01-01", "2024-03-01")
    with pytest.raises(NotEnoughData) as refusal:
        slice_instants(first_event(known), Settings(), known.end)
    message = str(refusal.value)
    assert "61 days of history, 270 needed" in message
    assert "outcome.horizon_days" in message
    assert "2024-03-02" in message


def test_no_slice_whose_horizon_touches_a_period_that_is_left_out_is_used() -> None:
    known = orders_from_to("2018-01-01", "2024-01-01")
    every = slice_instants(first_event(known), Settings(), known.end)
    period = ("2022-03-15", "2022-06-01")
    begin, end = (instant(day) for day in period)
    used = slice_instants(first_event(known), Settings(source=SourceSettings(leave_out=(period,))), known.end)
    assert used == tuple(at for at in every if at + 180 * DAY <= begin or at >= end)
    assert 0 < len(used) < len(every)
    all_of_it = SourceSettings(leave_out=(("2010-01-01", "2030-01-01"),))
    with pytest.raises(NotEnoughData, match="every slice touches a period of"):
        slice_instants(first_event(known), Settings(source=all_of_it), known.end)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(SettingsError, match="its end must lie after it"):
        SourceSettings(leave_out=(("2024-02-01", "2024-01-01"),))


def test_without_any_order_there_is_no_slice() -> None:
    known = histories(tickets=[("A", "2020-01-01"), ("A", "2024-01-01")])
    with pytest.raises(NotEnoughData, match="0 days of history"):
        slice_instants(first_event(known), Settings(), known.end)


def test_training_is_purged_by_the_horizon_and_never_sees_a_held_out_account() -> None:
    data, settings = tiny_dataset(), Settings()
    secret = held_out(data.histories, 0.2)
    folds = rolling_origins(data.sample, secret, settings, 3)
    assert [fold.origin for fold in folds] == list(data.sample.slices[-3:])
    as_of, account = data.snapshots.as_of, data.snapshots.account
    for fold in folds:
        assert (as_of[fold.train] + 180 * DAY <= fold.origin).all()
        assert (as_of[fold.test] == fold.origin).all()
        assert not secret[account[fold.train]].any()
        assert secret[account[fold.unseen]].all()
        assert (fold.unseen <= fold.test).all()
        assert set(account[fold.test & ~fold.unseen]).isdisjoint(np.flatnonzero(secret))
        latest = as_of[fold.train].max()
        assert latest == max(at for at in data.sample.slices if at + 180 * DAY <= fold.origin)


def test_what_happens_after_an_origin_changes_nothing_of_what_it_learns_from() -> None:
    """The outcomes of the training rows were all known at the origin."""
    data, settings = tiny_dataset(), Settings()
    fold = rolling_origins(data.sample, held_out(data.histories, 0.2), settings, 1)[0]
    assert data.labels.complete[fold.train].all()
    assert (data.snapshots.as_of[fold.train] + 180 * DAY).max() <= fold.origin


def test_without_an_earlier_slice_nothing_can_be_evaluated() -> None:
    known = orders_from_to("2023-01-01", "2024-01-31")
    instants = slice_instants(first_event(known), Settings(slices=SliceSettings(most=3)), known.end)
    sample = sample_snapshots(known, instants, 1.0)
    with pytest.raises(NotEnoughData, match="No out-of-time evaluation is possible: 3 slices"):
        rolling_origins(sample, np.zeros(3, bool), Settings(), 3)


def test_the_draw_of_an_account_depends_on_nothing_but_its_name() -> None:
    assert account_draw(["A", "B", "é-7"], "held out").tolist() == [
        account_draw([name], "held out")[0] for name in ("A", "B", "é-7")
    ]
    assert account_draw(["A"], "held out").tolist() == [0.5459801792010985]
    many = [f"account {k}" for k in range(20_000)]
    one, other = account_draw(many, "held out"), account_draw(many, "fold")
    assert ((one >= 0) & (one < 1)).all()
    assert abs(one.mean() - 0.5) < 0.01
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.02  # a held-out account is in every fold as likely as another


def test_a_share_of_the_accounts_is_held_out() -> None:
    known = histories(orders=[(f"A{k}", "2024-01-01", 1.0) for k in range(3000)])
    assert held_out(known, 0.0).sum() == 0
    assert 0.17 < held_out(known, 0.2).mean() < 0.23
    assert (held_out(known, 0.1) <= held_out(known, 0.2)).all()


def test_an_account_is_always_in_the_same_fold() -> None:
    known = tiny_histories()
    accounts = np.array([5, 7, 5, 299, 7])
    folds = folds_of(known, accounts, 5)
    assert folds[0] == folds[2]
    assert folds[1] == folds[4]
    everybody = folds_of(known, np.arange(len(known.account_ids)), 5)
    assert set(everybody) == set(range(5))
    assert everybody[accounts].tolist() == folds.tolist()


def test_a_sample_of_accounts_keeps_whole_histories_and_unbiased_totals() -> None:
    known = histories(orders=[(f"A{k}", "2020-01-01", 1.0) for k in range(2000)])
    instants = [instant("2021-01-01"), instant("2021-02-01"), instant("2021-03-01")]
    whole = sample_snapshots(known, instants, sample_share([2000] * 3, 10_000))
    assert len(whole.snapshots) == 6000
    assert (whole.weight == 1).all()
    part = sample_snapshots(known, instants, sample_share([2000] * 3, 3000))
    assert (part.weight == 2.0).all()
    assert abs(part.weight.sum() / 6000 - 1) < 0.06
    times = np.bincount(part.snapshots.account, minlength=2000)
    assert set(times) == {0, 3}


def test_the_weights_of_a_sample_are_unbiased_over_draws() -> None:
    totals = []
    for salt in range(40):
        known = histories(orders=[(f"{salt} A{k}", "2020-01-01", 1.0) for k in range(200)])
        totals.append(sample_snapshots(known, [instant("2021-01-01")], sample_share([200], 50)).weight.sum())
    assert abs(np.mean(totals) / 200 - 1) < 3 * np.std(totals) / np.sqrt(40) / 200 + 1e-9
    assert np.std(totals) > 0


def test_all_accounts_of_a_slice_weigh_the_same() -> None:
    data = tiny_dataset()
    for at in data.sample.slices:
        weights = data.weight[data.snapshots.as_of == at]
        assert len(weights)
        assert np.ptp(weights) == 0


def test_weights_are_chosen_on_rows_that_were_not_learnt_from() -> None:
    data = tiny_dataset()
    everything = np.ones(len(data.matrix), bool)
    split = earlier_split(data, everything, small_settings())
    assert split is not None
    earlier, latest, periods = split
    assert periods == np.ptp(data.snapshots.as_of[earlier]) / (180 * DAY) > 1
    assert (data.snapshots.as_of[earlier] + 180 * DAY).max() <= data.snapshots.as_of[latest].min()
    few = everything & (data.snapshots.as_of >= data.sample.slices[-2])
    split = earlier_split(data, few, small_settings())
    assert split is not None
    assert set(data.snapshots.account[split[0]]).isdisjoint(data.snapshots.account[split[1]])
    assert earlier_split(data, data.snapshots.as_of == data.sample.slices[-1], small_settings()) is None


def test_a_split_without_rows_on_one_side_is_no_split() -> None:
    known = orders_from_to("2020-01-01", "2022-01-01", accounts=1)
    settings = Settings()
    data = build_dataset(known, replace(settings, slices=replace(settings.slices, most=3)), known.end)
    assert earlier_split(data, np.ones(len(data.matrix), bool), settings) is None


def test_slices_are_said_as_people_write_dates() -> None:
    assert iso(tiny_dataset().sample.slices[-1]) == "2025-07-05"
