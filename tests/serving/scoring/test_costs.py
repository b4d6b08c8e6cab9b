"""What an investment costs: what was planned, its share of revenue, and what it changes in serving."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.histories.histories import Histories
from serving.scoring.batch import read_terms, score_frames, write_run
from serving.scoring.scoring import Scored, Scorer
from serving.scoring.terms import ModelTerms, terms_of
from tests.serving.builders import bundle
from training.model.bundle import Bundle, read_bundle, write_bundle


def scored(made: Bundle, histories: Histories) -> Scored:
    return Scorer(made, "1").score(histories, histories.known_at(histories.end), explain=False, horizons=False)


def with_option(made: Bundle, name: str, **changes: object) -> Bundle:
    options = tuple(replace(o, **changes) if o.name == name else o for o in made.investments)  # type: ignore[arg-type]
    return replace(made, investments=options)


def rows_of(found: Scored, name: str) -> dict[str, np.ndarray]:
    own = found.investments["investment"] == name
    return {column: np.asarray(values)[own] for column, values in found.investments.items()}


def test_a_share_of_revenue_is_part_of_the_cost(histories: Histories) -> None:
    plain, dearer = (scored(made, histories) for made in (
        bundle(histories), with_option(bundle(histories), "rebate", revenue_share=0.05),
    ))  # fmt: skip
    before, after = rows_of(plain, "rebate"), rows_of(dearer, "rebate")
    known = ~np.isnan(after["uplift"])
    paid = 0.05 * (dearer.scores["expected_revenue"] + np.nan_to_num(after["uplift"]))
    assert known.any()
    assert after["uplift"][known] == pytest.approx(before["uplift"][known])
    assert after["cost"] == pytest.approx(500.0 + paid)
    assert after["gain"][known] == pytest.approx(before["gain"][known] - paid[known])
    assert after["roi"][known] == pytest.approx(after["gain"][known] / after["cost"][known])
    assert (after["gain_high"] - after["gain_low"])[known].mean() < (before["gain_high"] - before["gain_low"])[
        known
    ].mean()
    assert rows_of(dearer, "visit_programme")["cost"].tolist() == rows_of(plain, "visit_programme")["cost"].tolist()


def test_what_serving_takes_more_counts_where_it_has_a_price(histories: Histories) -> None:
    made = bundle(histories)
    visits = next(o for o in made.investments if o.name == "visit_programme")
    served = replace(visits.effects["revenue"], coefficients=(40.0, 0.0, 0.0, 0.0))
    priced = with_option(made, "visit_programme", effects={**visits.effects, "served": served})
    before, after = (rows_of(scored(one, histories), "visit_programme") for one in (made, priced))
    assert np.isnan(before["serving_cost_change"]).all()
    assert after["serving_cost_change"] == pytest.approx(40.0)
    assert after["gain"] == pytest.approx(before["gain"] - 40.0)
    assert (after["gain_high"] - after["gain_low"] > before["gain_high"] - before["gain_low"]).all()


def test_costs_survive_the_bundle(histories: Histories, tmp_path: Path) -> None:
    made = with_option(bundle(histories), "rebate", revenue_share=0.05)
    write_bundle(made, tmp_path / "bundle")
    again, _ = read_bundle(tmp_path / "bundle")
    assert {o.name: o.revenue_share for o in again.investments}["rebate"] == 0.05


def test_the_claim_goes_with_the_scores_of_its_own_model(histories: Histories, tmp_path: Path) -> None:
    made = bundle(histories)
    assert read_terms(tmp_path, "1") == ModelTerms()
    write_run(tmp_path, Scorer(made, "1"))
    assert read_terms(tmp_path, "1") == terms_of(made.facts)
    write_run(tmp_path, Scorer(replace(made, facts=replace(made.facts, figures={"recommended_claim_ratio": 0.8})), "2"))
    assert read_terms(tmp_path, "2").claim_ratio == 0.8
    assert read_terms(tmp_path, "1") == ModelTerms()
    (tmp_path / "run.json").write_text("{]")
    assert read_terms(tmp_path, "2") == ModelTerms()


def test_the_column_stands_in_the_table(histories: Histories) -> None:
    frame = score_frames(Scorer(bundle(histories), "1"), histories, histories.end, explain=False, horizons=False)[1]
    assert frame["serving_cost_change"].dtype == np.float64
