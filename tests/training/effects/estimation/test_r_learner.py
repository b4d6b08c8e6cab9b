"""Effects of several options at once, on worlds whose effects are known."""

from dataclasses import replace

import numpy as np
import pytest

from features.instants import BoolArray, FloatArray
from training.effects.estimation.r_learner import (
    LOOSE,
    POWER,
    Case,
    FittedEffect,
    Precisions,
    _without_tail,
    fit_cases,
    refit,
    spread_power,
)


def case(
    seed: int, mean: float = 0.2, slope: float = 0.2, n: int = 3000, chosen: float = 0.0, misled: float = 0.0
) -> Case:
    """n accounts whose outcome beyond the expected is size x (effect of exposure + noise).

    chosen : share of the accounts whose exposure was not drawn by lot; theirs comes out higher by `misled`.
    """
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 3))
    size = np.exp(rng.normal(size=n))
    picked = rng.random(n) < chosen
    chance = np.where(picked, 0.2, 0.5)
    exposed = (rng.random(n) < chance).astype(np.float64)
    share = exposed * (mean + slope * z[:, 0] + misled * picked)
    beyond = size * share + size**0.6 * rng.normal(size=n)
    return Case(z, beyond, exposed, chance, size, picked, np.arange(n))


def means(fitted: FittedEffect) -> tuple[float, float]:
    return float(fitted.coefficients[0]), float(np.sqrt(fitted.covariance[0, 0]))


def test_mean_and_slope_are_recovered() -> None:
    ((fitted, _),) = fit_cases([case(0)])
    wanted: FloatArray = np.array([0.2, 0.2, 0.0, 0.0])
    assert np.abs(fitted.coefficients - wanted).max() < 0.06


def spreading(power: float, n: int) -> Case:
    """n accounts, most of the smaller of which bring nothing, a few that bring a hundred times the usual."""
    rng = np.random.default_rng(5)
    known = case(5, n=n)
    size = np.exp(1.5 * rng.normal(size=n))
    beyond = size**power * rng.normal(size=n) * np.where(rng.random(n) < 0.02, 100, 1)
    small = (size < np.median(size)) & (rng.random(n) < 0.8)
    return replace(known, size=size, beyond=np.where(small, -size, beyond))


@pytest.mark.parametrize("power", [0.55, 0.75])
def test_how_spread_grows_with_size_is_read_from_the_unexposed(power: float) -> None:
    assert spread_power(spreading(power, 40_000)) == pytest.approx(power, abs=0.04)


def test_few_trials_do_not_tell_how_spread_grows() -> None:
    assert spread_power(spreading(0.75, 500)) == POWER
    assert spread_power(replace(spreading(0.75, 40_000), amounts=False)) == POWER


def test_an_absent_effect_is_not_reported() -> None:
    fitted = fit_cases([case(seed, 0.0, 0.0) for seed in range(3)])
    assert max(np.abs(one.coefficients).max() for one, _ in fitted) < 0.03


def test_intervals_of_a_loose_fit_cover() -> None:
    covered = []
    for seed in range(60):
        (fitted,) = refit([case(seed, n=600)], LOOSE)
        value, error = means(fitted)
        covered.append(abs(value - 0.2) < 1.645 * error)
    assert 48 <= sum(covered) <= 59


def test_choices_that_agree_sharpen_and_choices_that_mislead_do_not_mislead() -> None:
    lots = case(1, n=1500)
    agree, mislead = (case(2, n=6000, chosen=0.75, misled=gap) for gap in (0.0, 1.0))
    alone, together = (means(refit([one], LOOSE)[0])[1] for one in (lots, agree))
    assert together < alone
    ((fitted, unshrunk),) = fit_cases([mislead])
    assert fitted.delta == pytest.approx(1.0, abs=4 * fitted.delta_error)
    assert fitted.coefficients[0] == pytest.approx(0.2, abs=0.1)
    assert abs(unshrunk.coefficients[0] - 0.2) < 2 * means(unshrunk)[1]


def test_how_far_choices_count_changes_by_degrees() -> None:
    """A little more disagreement moves the estimate a little: there is no gap at which they are thrown away."""
    found = []
    for gap in np.linspace(0.0, 1.0, 11):
        ((fitted, _),) = fit_cases([case(2, n=6000, chosen=0.75, misled=float(gap))])
        found.append(float(fitted.coefficients[0]))
    assert np.abs(np.diff(found)).max() < 0.06
    assert np.abs(np.array(found) - 0.2).max() < 0.15


def test_outcomes_far_above_all_others_do_not_drown_an_effect_and_their_share_is_added_back() -> None:
    rng, plain = np.random.default_rng(9), case(8, n=6000)
    jump = (rng.random(6000) < 0.01) * 40 * plain.size * (1 + 0.2 * plain.exposed)
    heavy = replace(plain, beyond=plain.beyond + jump - 0.4 * plain.size, size=1.4 * plain.size)
    with_tail, cut = (means(refit([one], LOOSE)[0]) for one in (replace(heavy, amounts=False), heavy))
    assert cut[1] < 0.7 * with_tail[1]
    assert cut[0] == pytest.approx(with_tail[0], abs=2 * with_tail[1])


def test_a_weight_of_two_is_a_row_twice_for_the_estimate() -> None:
    one = case(6, n=900)
    weight = np.where(np.arange(900) < 300, 2.0, 1.0)
    rows = np.concatenate([np.arange(900), np.arange(300)])
    twice = replace(one, **{name: getattr(one, name)[rows] for name in one.__dataclass_fields__ if name not in OTHER})
    fitted = [refit([c], Precisions(1e-6, 1e-6, 1e6))[0].coefficients for c in (replace(one, weight=weight), twice)]
    np.testing.assert_allclose(*fitted, atol=0.02)  # what is cut off is settled without weights


OTHER = ("weight", "amounts")


def test_without_randomised_trials_the_bias_of_choices_is_unknown() -> None:
    ((fitted, _),) = fit_cases([case(3, chosen=1.0)])
    assert np.isnan(fitted.delta)


def test_rows_of_one_account_count_as_one() -> None:
    one = case(4, n=800)
    rows = np.repeat(np.arange(800), 4)
    many = replace(one, **{name: getattr(one, name)[rows] for name in one.__dataclass_fields__ if name not in OTHER})
    single, repeated = (means(refit([c], Precisions(1e-6, 1e-6, 1e6))[0])[1] for c in (one, many))
    assert repeated == pytest.approx(single, rel=0.02)


def test_trials_that_repeat_themselves_are_no_more_evidence() -> None:
    """The same trials five times, as slices of an account that overlap: drawn to nothing as far as once."""
    once = case(3, mean=0.1, slope=0.1, n=400)
    names = ("z", "beyond", "exposed", "chance", "size", "chosen", "account")
    again = replace(once, **{name: np.concatenate([getattr(once, name)] * 5) for name in names})
    (found, _), (repeated, _) = fit_cases([once])[0], fit_cases([again])[0]
    assert np.abs(found.coefficients).max() > 0.02
    np.testing.assert_allclose(repeated.coefficients, found.coefficients, atol=0.1 * np.abs(found.coefficients).max())


def test_the_unit_of_money_changes_nothing() -> None:
    one = case(5)
    cents = replace(one, beyond=one.beyond * 100, size=one.size * 100)
    (first,), (second,) = refit([one], LOOSE), refit([cents], LOOSE)
    assert second.coefficients == pytest.approx(first.coefficients, rel=1e-9)


def test_the_advice_stays_when_a_twentieth_of_the_controls_is_taken_away() -> None:
    """Nothing is decided all or nothing: the value moves by less than a tenth, the option for less than a tenth."""
    whole = case(5, mean=0.15, n=6000, chosen=0.5, misled=0.05)
    true = whole.size * (0.15 + 0.2 * whole.z[:, 0])

    def advised(one: Case) -> BoolArray:
        ((fitted, _),) = fit_cases([one])
        return fitted.design(whole.z, whole.size) @ fitted.coefficients > 0.3

    before = advised(whole)
    value = float((true - 0.3)[before].sum())
    for seed in range(3):
        kept = (whole.exposed == 1) | (np.random.default_rng(seed).random(6000) >= 0.05)
        after = advised(replace(whole, **{name: getattr(whole, name)[kept] for name in ROWS}))
        assert float((true - 0.3)[after].sum()) == pytest.approx(value, rel=0.1)
        assert (after != before)[before].mean() < 0.1


ROWS = ("z", "beyond", "exposed", "chance", "size", "chosen", "account")


@pytest.mark.parametrize("silent", [0, 1000, 9000])
def test_silent_accounts_make_no_outcome_of_the_others_unusual(silent: int) -> None:
    """With three silent accounts for one that orders, all outcomes above next to nothing were cut off."""
    rng = np.random.default_rng(0)
    size = np.concatenate([np.full(1000, 500.0), np.full(silent, 1.0)])
    apart = np.concatenate([rng.normal(0.0, 1.0, 1000), np.full(silent, -0.01)])
    n = len(size)
    none = np.zeros(n)
    case = Case(
        z=np.zeros((n, 1)), beyond=100.0 * apart, exposed=none, chance=none + 0.25, size=size,
        chosen=none > 0, account=np.arange(n),
    )  # fmt: skip
    values, left = _without_tail(case, apart)
    assert (values[:1000] < apart[:1000]).mean() < 0.01
    assert left > 0.95
