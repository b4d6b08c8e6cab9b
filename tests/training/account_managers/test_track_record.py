"""Managers of known skill: what their record says of them, and how far they are followed."""

from functools import cache

import numpy as np
import pytest

from features.histories.histories import build_histories
from features.histories.streams import FIXED_POINT
from features.instants import MICROSECONDS_PER_DAY, instant
from features.ladder.rules import CUSTOMER, MEMBER, LadderRules
from features.sources.source import source_from_rows
from tests.builders import Row, histories
from tests.told import codes
from tests.trained import small_settings
from training.account_managers.forecasts import forecast_outcomes
from training.account_managers.track_record import ForecastRecord, fit_forecasts
from training.account_managers.track_record import Row as Record
from training.data.population_totals import population_totals
from training.data.resolved_forecasts import COLUMNS, ResolvedForecasts, resolve_forecasts
from training.simulator.simulation import simulate

GAPS = (None, None, 300.0, 1000.0, 1000.0, None, None)


def resolved(number: dict[str, int], skill: dict[str, str], seed: int = 0) -> ResolvedForecasts:
    """Every account climbs once and brings between 200 and 2,000 more than before, whatever was promised."""
    random = np.random.default_rng(seed)
    names = tuple(sorted(number))
    author = np.repeat(np.arange(len(names)), [number[name] for name in names])
    n = len(author)
    came = random.uniform(200, 2000, n)
    said = {
        "perfect": came * random.uniform(0.95, 1.05, n),
        "double": 2 * came * random.uniform(0.95, 1.05, n),
        "random": random.permutation(came) * random.uniform(0.5, 1.5, n),
    }
    promised = np.choose(author, [said[skill[name]] for name in names])
    before = np.full(n, 5000.0)
    columns = (
        np.arange(n), np.full(n, instant("2024-01-01")), np.full(n, 180), author,
        np.where(np.arange(n) % 2, CUSTOMER, MEMBER),
        *(np.rint(v * FIXED_POINT) for v in (promised, before, before + came)),
    )  # fmt: skip
    rows = {name: np.asarray(column, np.int64) for name, column in zip(COLUMNS, columns, strict=True)}
    return ResolvedForecasts(names, dict(number), rows, {})  # type: ignore[arg-type]


@cache
def record() -> ForecastRecord:
    """A perfect manager, a boaster, one who guesses, and one with two forecasts."""
    number = {"Perfect": 60, "Boaster": 60, "Random": 60, "Newcomer": 2}
    skill = {"Perfect": "perfect", "Boaster": "double", "Random": "random", "Newcomer": "double"}
    return fitted(resolved(number, skill))


def fitted(one: ResolvedForecasts) -> ForecastRecord:
    found = fit_forecasts(one, GAPS, 180, instant("2020-01-01"))
    assert found is not None
    return found


def row(name: str) -> Record:
    return next(one for one in record().rows if one["manager"] == name)


def test_a_perfect_manager_is_taken_at_their_word_and_a_boaster_at_half_of_it() -> None:
    assert record().factors["Perfect"] == pytest.approx(1.0, abs=0.08)
    assert record().factors["Boaster"] == pytest.approx(0.5, abs=0.05)
    assert min(record().weights["Perfect"], record().weights["Boaster"]) > 0.85


def test_one_who_guesses_gets_the_right_level_and_hardly_a_say() -> None:
    assert record().factors["Random"] == pytest.approx(1.0, abs=0.12)
    assert record().weights["Random"] < 0.3
    closer = row("Random")["closer_low"]
    assert isinstance(closer, float)
    assert closer < 0


def test_two_forecasts_say_little_about_a_manager() -> None:
    own = row("Newcomer")["realised_per_promised"]
    assert isinstance(own, float)
    assert abs(record().factors["Newcomer"] - own) > 0.1
    assert (row("Newcomer")["rank_low"], row("Newcomer")["resolved"]) == (None, 2)


def test_the_record_has_misses_and_ranks_with_intervals() -> None:
    perfect, boaster, history = row("Perfect"), row("Boaster"), record().rows[1]
    assert perfect["rank_correlation"] > 0.95  # type: ignore[operator]
    assert boaster["miss_as_promised"] > 5 * boaster["miss_calibrated"]  # type: ignore[operator]
    assert perfect["closer_low"] > 0  # type: ignore[operator]
    assert history["miss_history"] < history["miss_no_change"]  # type: ignore[operator]
    assert perfect["rank_low"] <= perfect["rank_correlation"] <= perfect["rank_high"]  # type: ignore[operator]


def test_managers_who_all_guess_get_no_weight() -> None:
    nobody = dict.fromkeys("ABCDEF", "random")
    weights = [fitted(resolved(dict.fromkeys("ABCDEF", 50), nobody, seed)).weight for seed in range(20)]
    assert np.mean(weights) < 0.03
    assert np.mean(np.array(weights) == 0) > 0.6
    found = fitted(resolved(dict.fromkeys("ABCDEF", 50), nobody, int(np.argmin(weights))))
    assert codes(found.findings) == ["forecasts_resolved", "forecasts_no_weight", "forecasts_of_climbers"]


def test_managers_who_do_not_differ_get_the_same_factor() -> None:
    """Six boasters alike: the factor of each is that of all, to a few hundredths."""
    found = fitted(resolved(dict.fromkeys("ABCDEF", 40), dict.fromkeys("ABCDEF", "double")))
    assert np.ptp(list(found.factors.values())) < 0.02
    assert found.common == pytest.approx(0.5, abs=0.05)


def test_no_account_takes_part_in_the_estimate_that_judges_it() -> None:
    """One account a manager, each promising nonsense: calibrated on itself it would seem perfect."""
    number = {f"M{k}": 1 for k in range(12)}
    one = resolved(number, dict.fromkeys(number, "random"))
    found = fitted(one)
    assert found.rows[0]["miss_calibrated"] > 200  # type: ignore[operator]


@pytest.mark.parametrize("gap", [-1000.0, 0.0])
def test_a_rung_that_brings_less_is_no_worse_to_reckon_with(gap: float) -> None:
    gaps = (None, None, 300.0, gap, gap, None, None)
    found = fit_forecasts(resolved({"A": 12}, {"A": "perfect"}), gaps, 180, 0)
    assert found is not None
    assert found.history * gap >= -1000.0
    assert all(0 <= weight <= 1 for weight in found.weights.values())
    assert found.weights["A"] > 0.8
    alone = fit_forecasts(resolved({"A": 1}, {"A": "perfect"}), gaps, 180, 0)
    assert alone is not None
    assert np.isfinite(alone.history)


def test_nothing_resolved_leaves_promises_as_they_are_and_nobody_compared() -> None:
    nothing = ResolvedForecasts(("A",), {"A": 3}, {name: np.empty(0, np.int64) for name in COLUMNS}, {})
    found = fitted(nothing)
    assert (found.common, found.miss, found.weight) == (1.0, None, 0.0)
    assert codes(found.findings) == ["forecasts_resolved", "forecasts_few"]
    assert fit_forecasts(None, GAPS, 180, 0) is None


def test_only_accounts_that_climbed_resolve_a_forecast_and_the_others_say_what_would_have_come() -> None:
    """Forty shoppers; ten order again within the 90 days, which makes them customers."""
    rows: list[Row] = [(f"S{k:02}", "2022-06-01", 100.0) for k in range(40)]
    rows += [(f"S{k:02}", "2022-08-01", 250.0) for k in range(10)]
    made: list[Row] = [(f"S{k:02}", "2022-07-01", 500.0, "Anna" if k % 2 else None, 90) for k in range(40)]
    made += [("S00", "2022-07-01", 0.0, "Anna", 90), ("S01", "2023-12-01", 500.0, "Anna", 90)]
    found = resolve_forecasts(histories(orders=rows, forecasts=made), LadderRules(), instant("2024-01-01"))
    assert found is not None
    assert found.over == {"Anna": 21, None: 20}
    assert (len(found.rows["at"]), sum(cell[0] for cell in found.stayed.values())) == (10, 30)
    assert set(found.rows["before"] // FIXED_POINT) == {100}
    assert set(found.rows["after"] // FIXED_POINT) == {250}
    assert sorted(found.rows["author"]) == [-1] * 5 + [0] * 5
    told = forecast_outcomes(found, 90, instant("2020-01-01"))
    np.testing.assert_allclose(told.realised, 250.0)  # those that stayed brought nothing after their 100


def test_the_line_of_those_who_stayed_is_taken_off() -> None:
    one = resolved({"A": 30}, {"A": "perfect"})
    month = instant("2024-01-01") // (30 * MICROSECONDS_PER_DAY)
    before = [4000, 6000] * 20
    after = [4600, 6200] * 20  # a line: 1,400 and 0.8 of the revenue before
    sums = (
        40,
        sum(before),
        sum(after),
        sum(x * x for x in before),
        sum(x * y for x, y in zip(before, after, strict=True)),
    )
    stayed = {(rung, 180, month): sums for rung in (CUSTOMER, MEMBER)}
    bare = forecast_outcomes(one, 180, instant("2020-01-01"))
    held = forecast_outcomes(ResolvedForecasts(one.authors, one.over, one.rows, stayed), 180, instant("2020-01-01"))
    np.testing.assert_allclose(bare.realised - held.realised, 1400 + 0.8 * 5000 - 5000, atol=1e-6)


def test_forecasts_before_there_was_a_full_span_of_data_do_not_count() -> None:
    one = resolved({"A": 30}, {"A": "perfect"})
    assert len(forecast_outcomes(one, 180, instant("2023-07-01")).promised) == 30
    assert len(forecast_outcomes(one, 180, instant("2023-08-01")).promised) == 0


def test_other_horizons_are_scaled() -> None:
    one = resolved({"A": 30}, {"A": "perfect"})
    half, whole = forecast_outcomes(one, 90, 0), forecast_outcomes(one, 180, 0)
    np.testing.assert_allclose(2 * half.promised, whole.promised)
    np.testing.assert_allclose(2 * half.realised, whole.realised)


@pytest.mark.parametrize("seed", [1, 2])
def test_simulated_managers_who_see_the_spare_wallet_rank_accounts(seed: int) -> None:
    """They overstate (their scale is above one on average): a promised unit is worth less than one."""
    known = build_histories(source_from_rows(simulate("tiny", accounts=800, months=48, seed=seed).tables))
    survey = population_totals(known, small_settings(), known.end)
    found = fit_forecasts(survey.forecasts, GAPS, 180, survey.first_order)
    assert found is not None
    assert found.rows[0]["accounts"] > 50  # type: ignore[operator]
    assert found.rows[0]["rank_correlation"] > 0  # type: ignore[operator]
    assert len(found.rows) == 2 + len([name for name in found.factors if name])
