"""What an effect could be learnt from is counted as training counts it: accounts, not rows."""

import numpy as np
import pandas as pd
import pytest

from features.data_report import UPLIFT, Needs, Readiness, check_source
from features.exposures import ExposureNeeds
from features.histories.histories import build_histories
from features.ladder.rules import LadderRules
from features.sources.source import source_from_rows
from tests.training.effects.test_uplift import supplier


def readiness(tables: dict[str, pd.DataFrame]) -> Readiness:
    source = source_from_rows(tables)
    known = build_histories(source)
    needs = Needs(180, 90, 50, 60, exposures=ExposureNeeds(180))
    report = check_source(source, known, LadderRules(), needs, known.end)
    (found,) = (one for one in report.models if one.model == UPLIFT)
    return found


def tables_of(how: str) -> dict[str, pd.DataFrame]:
    return supplier(0, lift=0.2, how=how)[0]


def test_lots_with_controls_are_counted_by_account() -> None:
    tables = tables_of("lot")
    found = readiness(tables)
    made = tables["investments"]
    visits = made.loc[made["investment"] == "visit", "account_id"]
    assert (found.ready, found.cause) == (True, None)
    assert found.found == found.randomised == visits.nunique() < len(visits)
    assert found.controls == made.loc[made["investment"] == "none", "account_id"].nunique()


def test_150_accounts_are_no_19_650() -> None:
    """Every account is visited every week: whatever follows is the last visit's as much as this one's."""
    tables = tables_of("size")
    days = pd.date_range("2022-04-01", periods=131, freq="7D")
    ids = np.unique(tables["orders"]["account_id"])[:150]
    made = pd.MultiIndex.from_product([ids, days], names=["account_id", "made_at"]).to_frame(index=False)
    tables["investments"] = made.assign(investment="visit", cost=50.0, assignment="chosen")
    tables["orders"] = tables["orders"][tables["orders"]["account_id"].isin(ids)]
    found = readiness(tables)
    assert len(tables["investments"]) == 19_650
    assert found.found <= 150
    assert (found.ready, found.cause) == (False, "controls")


@pytest.mark.parametrize("cause", ["washout", "propensity", "controls", "rule", "few"])
def test_a_refusal_says_its_cause(cause: str) -> None:
    tables = tables_of({"propensity": "lot", "controls": "everybody", "rule": "largest"}.get(cause, "size"))
    made = tables["investments"]
    if cause == "washout":
        options = pd.DataFrame([("dinner", "social", 90.0)], columns=["investment", "bond", "cost"])
        dinner = made.assign(investment="dinner", made_at=made["made_at"] - pd.Timedelta(days=20))
        tables["investments"] = pd.concat([made, dinner])
        tables["investment_options"] = pd.concat([tables["investment_options"], options])
        source = source_from_rows(tables)
        known = build_histories(source)
        needs = Needs(180, 90, 50, 60, exposures=ExposureNeeds(180))
        found = next(
            one for one in check_source(source, known, LadderRules(), needs, known.end).models if one.option == "visit"
        )
    else:
        if cause == "propensity":
            tables["investments"] = made.assign(propensity=np.nan)
        if cause == "few":
            tables["investments"] = made.iloc[:40]
        found = readiness(tables)
    assert (found.ready, found.cause) == (False, cause)


def test_what_managers_chose_beside_accounts_without_anything_can_be_learnt_from() -> None:
    found = readiness(tables_of("size"))
    assert (found.ready, found.cause, found.randomised) == (True, None, 0)
    assert found.controls > 60
