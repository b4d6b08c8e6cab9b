"""Advice by the evidence: decided once, and the same wherever it is read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.histories.histories import Histories
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.api.store_endpoints.store_service import StoreService
from serving.integrations.crm import CRMS, FIELDS
from serving.integrations.exports import export, stored_scores
from serving.planning.arms import Draw
from serving.planning.plan import Allowance, make_plan
from serving.scoring.advice.advice import advise_accounts, advise_options, chance_of_gain, is_at_risk
from serving.scoring.batch import read_table, write_frames
from serving.scoring.score_columns import ADVICE
from serving.store.database import open_store
from serving.web.text.catalogue import say
from tests.serving.builders import bundle
from tests.serving.client import Client
from tests.serving.runs import fill, profiles, run_of
from tests.serving.sites import Browser
from tests.serving.web.markup import read
from training.model.bundle import Bundle
from training.simulator.simulation import Simulation

NAN = np.nan


@pytest.mark.parametrize(("gain", "p_gain", "switch_low", "advice"), [
    (100.0, 0.8, NAN, "invest"), (100.0, 0.79, NAN, "test"), (-1.0, 0.49, NAN, "leave_alone"),
    (0.0, 0.5, NAN, "leave_alone"), (NAN, NAN, NAN, "not_enough_data"), (100.0, 0.99, 0.01, "test"),
    (100.0, 0.99, -0.01, "invest"), (-5.0, 0.1, 0.2, "leave_alone"),
])  # fmt: skip
def test_an_option_is_advised_by_its_gain_its_chance_and_what_it_does_to_leaving(
    gain: float, p_gain: float, switch_low: float, advice: str
) -> None:
    found = advise_options(np.array([gain]), np.array([p_gain]), np.array([switch_low]), 0.8)
    assert found.tolist() == [advice]


@pytest.mark.parametrize(("gains", "options", "at_risk", "advice"), [
    ([50.0, 90.0], ["invest", "invest"], True, "invest"),
    ([50.0, 90.0], ["invest", "test"], False, "test"),  # that of the option with the highest expected gain
    ([-50.0, NAN], ["leave_alone", "not_enough_data"], True, "talk"),
    ([-50.0, NAN], ["leave_alone", "not_enough_data"], False, "leave_alone"),
    ([NAN, NAN], ["not_enough_data", "not_enough_data"], True, "not_enough_data"),
    ([], [], True, "not_enough_data"),
])  # fmt: skip
def test_an_account_is_advised_by_its_best_option_and_by_its_risk(
    gains: list[float], options: list[str], at_risk: bool, advice: str
) -> None:
    of_options = np.array([options], object)
    assert advise_accounts(np.array([gains], np.float64), of_options, np.array([at_risk])).tolist() == [advice]


def test_at_risk_is_who_probably_leaves_or_has_much_at_stake() -> None:
    chance, stake = np.array([0.5, 0.1, 0.1, NAN]), np.array([1.0, 900.0, 899.0, NAN])
    assert is_at_risk(chance, stake, 0.5, 900.0).tolist() == [True, True, False, False]
    assert is_at_risk(chance, stake, 0.5, None).tolist() == [True, False, False, False]


def test_the_chance_of_a_gain_is_normal() -> None:
    found = chance_of_gain(np.array([1.645, -1.0, 3.0, -3.0, 0.0, NAN]), np.array([1.0, 1.0, 0.0, 0.0, 0.0, 1.0]))
    np.testing.assert_allclose(found, [0.95, 0.158655, 1.0, 0.0, 0.5, NAN], atol=1e-4)


def assorted(made: Bundle) -> Bundle:
    """The bundle of the builders with options of which some are sure and some never pay; leaving is half likely."""
    sure = {"integration": 60.0, "visit_programme": 25.0}
    options = []
    for option in made.investments:
        effects = {name: effect for name, effect in option.effects.items() if name != "switched"}
        if "revenue" in effects:
            least, known = sure.get(option.name, 1.0), effects["revenue"].covariance
            few = tuple(tuple(cell / least for cell in row) for row in known)
            effects["revenue"] = replace(effects["revenue"], covariance=few)
        cost = option.cost if option.name != "integration" else 120.0
        options.append(replace(option, effects=effects, cost=cost))
    return replace(made, investments=tuple(options), facts=replace(made.facts, risk=0.2, sure=0.75))


def test_every_advice_is_given_and_none_depends_on_who_stands_beside(histories: Histories) -> None:
    frames = run_of(assorted(bundle(histories)), "1", histories)
    scores, options = frames["scores"], frames["investment_scores"]
    assert set(scores["advice"]) >= {"invest", "test", "leave_alone"}
    assert set(scores["advice"]) <= set(ADVICE)
    best = options.merge(scores, on="account_id", suffixes=("", "_of_account"))
    best = best[best["investment"] == best["recommended_investment"]]
    assert (best["advice"] == best["advice_of_account"]).all()
    assert ((best["p_gain"] >= 0.75) == (best["advice"] == "invest")).all()
    assert scores.loc[scores["recommended_investment"] == "none", "advice"].isin(ADVICE[2:]).all()
    assert options["p_switch_change"].isna().all()  # no option's effect on it can be told from zero


def test_an_option_that_raises_leaving_is_a_test_at_most(histories: Histories) -> None:
    made = assorted(bundle(histories))
    (effect,) = {option.effects["switched"] for option in bundle(histories).investments if option.effects}
    near = tuple(tuple(cell / 1e6 for cell in row) for row in effect.covariance)
    worse = replace(effect, coefficients=(0.1, 0.0, 0.0, 0.0), covariance=near)
    options = tuple(
        replace(one, effects={**one.effects, "switched": worse}) if one.effects else one for one in made.investments
    )
    scores, investments, *_ = run_of(replace(made, investments=options), "1", histories).values()
    known = investments[investments["p_switch_change"].notna()]
    assert (known["p_switch_change_low"] > 0).all()
    assert "invest" not in set(known["advice"]) | set(scores["advice"])
    assert "test" in set(scores["advice"])
    plan = make_plan(scores, investments, Allowance(20_000.0), Draw(0.1))
    assert plan.record["raises_leaving"] == len(plan.rows) > 0


@pytest.mark.parametrize("language", ["en", "nl"])
def test_one_advice_everywhere(histories: Histories, tiny: Simulation, tmp_path: Path, language: str) -> None:
    frames = run_of(assorted(bundle(histories)), "1", histories)
    scores = frames["scores"]
    wanted = scores.set_index("account_id")["advice"].to_dict()
    for form in ("parquet", "csv", "xlsx"):
        write_frames(dict(frames), tmp_path / form, form)
        table = read_table(tmp_path / form, "scores", ["advice"], (form,))
        assert dict(zip(table["account_id"], table["advice"], strict=True)) == wanted
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    fill(url, frames, profiles(tiny))
    engine = open_store(url)
    (file,) = export(stored_scores(engine, "hubspot").scores, "hubspot", tmp_path / "crm.csv").files
    engine.dispose()
    name = CRMS["hubspot"].field_name
    told = pd.read_csv(file, dtype=str)
    of_crm = {field.name: name(field) for field in FIELDS}
    assert dict(zip(told[of_crm["account_id"]], told[of_crm["advice"]], strict=True)) == wanted
    service = StoreService(url)
    with Client(create_app(ModelHolder(), archive=service)) as client:
        for begin in range(0, len(wanted), 200):
            ids = [*wanted][begin : begin + 200]
            results = client.post_json("/lookup", {"account_ids": ids}).json()["results"]
            assert {one["account_id"]: one["scores"]["advice"] for one in results} == {one: wanted[one] for one in ids}
        planned = client.post_json("/plan", {"budget": 20_000}).json()["plan"]
    service.close()
    assert planned
    assert {row["account_id"]: row["advice"] for row in planned}.items() <= wanted.items()
    of_files = make_plan(scores, frames["investment_scores"], Allowance(20_000.0)).records()
    assert {row["account_id"]: row["advice"] for row in of_files}.items() <= wanted.items()
    with Browser(url, language=language) as browser:
        listed = browser.open("/accounts.csv").text.removeprefix("\ufeff").splitlines()
        place = listed[0].split(",").index("advice")
        ids = [listed[k].split(",")[0] for k in range(1, len(listed))]
        assert set(ids) == set(wanted)
        assert all(wanted[line.split(",")[0]] in line.split(",")[place - 1 : place + 4] for line in listed[1:])
        for advice in set(wanted.values()):
            account = next(one for one, found in wanted.items() if found == advice)
            page = " ".join(read(browser.open(f"/accounts/{account}").text).texts)
            title = say(language, "advice.title", advice=say(language, f"advice.{advice}"))
            assert title in page
            assert say(language, f"advice.{advice}") in " ".join(
                read(browser.open(f"/accounts?advice={advice}").text).texts
            )
