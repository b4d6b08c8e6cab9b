"""Reasons are data, chosen alike for every reader: each thing told once, and levers apart from facts."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.catalog import catalog
from features.tables import RUNGS, TABLES
from serving.scoring.advice.reason_table import reason_texts
from serving.scoring.advice.reasons import MOST_DOWN, MOST_UP, TOPICS, Explainer
from serving.scoring.batch import score_frames
from serving.scoring.scoring import Scorer
from tests.trained import tiny_bundle, tiny_histories
from training.model.reasons import Reason, first_reason, read_reasons
from training.model.text.feature_phrases import PHRASE, PHRASES
from training.model.text.words import LANGUAGES, render_reason, render_reasons

TABLE_NAMES = [table.name for table in TABLES]
VOCABULARY = {"industry": ("retail", "care")}


def told(
    values: dict[str, float],
    pulls: dict[str, float],
    peers: dict[str, float] | None = None,
    tables: list[str] = TABLE_NAMES,
    leaving: bool = True,
) -> tuple[Reason, ...]:
    """The reasons of one customer with those values (else zero) and contributions (else none)."""
    contributions, row = np.zeros((1, len(catalog.NAMES))), np.zeros((1, len(catalog.NAMES)))
    for name, pull in pulls.items():
        contributions[0, catalog.NAMES.index(name)] = pull
    for name, value in values.items():
        row[0, catalog.NAMES.index(name)] = value
    facts = replace(tiny_bundle().facts, peers=(peers or {},) * len(RUNGS), vocabulary=VOCABULARY)
    return Explainer(facts, tables).tell(contributions, row, np.array([3]), leaving)[0]


def texts(*arguments: object, language: str = "en", **options: object) -> list[str]:
    return [render_reason(reason, language) for reason in told(*arguments, **options)]  # type: ignore[arg-type]


def test_the_account_s_value_stands_beside_that_of_its_peers() -> None:
    values, pulls, peers = {"days_since_decider": 210.4}, {"days_since_decider": 0.5}, {"days_since_decider": 45.0}
    fact = "no contact with the decider for 210 days; similar accounts: 45"
    assert texts(values, pulls, peers) == [f"more likely to leave, can be acted on: {fact}"]
    feit = "al 210 dagen geen contact met de beslisser; vergelijkbare accounts: 45"
    assert texts(values, pulls, peers, language="nl") == [f"grotere kans op vertrek, beïnvloedbaar: {feit}"]


def test_what_is_missing_is_told_as_what_missing_means() -> None:
    values, pulls, peers = {"days_since_decider": np.nan}, {"days_since_decider": 0.5}, {"days_since_decider": 45.0}
    assert texts(values, pulls, peers)[0].endswith(": never spoken to a decider; similar accounts: 45 days")
    assert texts(values, pulls, peers, language="nl")[0].endswith("gesproken; vergelijkbare accounts: 45 dagen")
    assert texts(values, pulls) == []  # most similar accounts have never been spoken to either


def test_of_a_table_that_the_source_lacks_nothing_is_told() -> None:
    tables = [name for name in TABLE_NAMES if name != "interactions"]
    assert texts({"days_since_decider": np.nan}, {"days_since_decider": 0.5}, tables=tables) == []


def test_what_is_so_or_not_is_a_statement() -> None:
    name = "decider_unreached_365d"
    assert texts({name: 1.0}, {name: 0.5}, {name: 0.0})[0].endswith(
        "no decider spoken to in the last year; unlike most similar accounts"
    )
    assert texts({name: 0.0}, {name: -0.5}, language="nl")[0].endswith("een beslisser gesproken in het afgelopen jaar")
    assert texts({name: 1.0}, {name: 0.5}, {name: 1.0}) == []


def test_one_thing_is_told_once_by_the_feature_that_weighs_most() -> None:
    values = {"order_days_30d": 0.0, "order_days_90d": 1.0, "order_days_180d": 2.0, "tickets_90d": 7.0}
    pulls = {"order_days_30d": 0.1, "order_days_90d": 0.3, "order_days_180d": 0.2, "tickets_90d": 0.4}
    reasons = told(values, pulls, {"order_days_90d": 4.0, "tickets_90d": 2.0})
    assert [reason.feature for reason in reasons] == ["order_days_90d", "tickets_90d"]
    assert reasons[0].strength == pytest.approx(0.6)  # the three together weigh more than the tickets
    assert (
        render_reason(reasons[0], "en") == "more likely to leave: 1 order day in the last 90 days; similar accounts: 4"
    )


def test_what_pulls_both_ways_is_told_by_what_it_comes_to() -> None:
    reasons = told({"order_days_30d": 3.0, "order_days_90d": 9.0}, {"order_days_30d": 0.1, "order_days_90d": -0.5})
    assert [(reason.feature, reason.direction) for reason in reasons] == [("order_days_90d", -1)]
    assert render_reason(reasons[0], "en").startswith("more likely to stay: 9 order days")
    assert told({"order_days_30d": 3.0, "order_days_90d": 9.0}, {"order_days_30d": 0.5, "order_days_90d": -0.5}) == ()


def test_facts_come_first_and_levers_after_them_each_strongest_first() -> None:
    pulls = {"open_tickets": 0.9, "days_since_order_day": 0.5, "days_since_visit": -0.8, "tickets_365d": -0.3}
    reasons = told(dict.fromkeys(pulls, 30.0), pulls, {"days_since_order_day": 9.0, "days_since_visit": 90.0})
    expected = ["days_since_order_day", "tickets_365d", "open_tickets", "days_since_visit"]
    assert [reason.feature for reason in reasons] == expected
    assert [reason.lever for reason in reasons] == [False, False, True, True]
    assert ["can be acted on" in render_reason(reason, "en") for reason in reasons] == [False, False, True, True]


def test_the_strongest_are_told_up_and_down_and_no_more() -> None:
    told_alone = {p.topic: p.feature for p in PHRASES if not p.never}  # what cannot be missing needs no peers
    names = [told_alone[topic] for topic in TOPICS if topic in told_alone][:20]
    pulls = {name: (1.0 if k % 2 else -1.0) * (20 - k) for k, name in enumerate(names)}
    reasons = told(dict.fromkeys(names, 5.0), pulls)
    assert sorted(reason.direction for reason in reasons) == [-1] * MOST_DOWN + [1] * MOST_UP
    assert {reason.feature for reason in reasons} == set(names[:3]) | {names[3], names[5]}


def test_what_is_as_with_the_peers_gives_way_to_what_is_not() -> None:
    values, pulls = {"tickets_90d": 2.0, "tickets_365d": 9.0}, {"tickets_90d": 0.5, "tickets_365d": 0.1}
    reasons = told(values, pulls, {"tickets_90d": 2.0, "tickets_365d": 3.0})
    assert [reason.feature for reason in reasons] == ["tickets_365d"]
    assert told({"tickets_90d": 2.0}, {"tickets_90d": 0.5}, {"tickets_90d": 2.0}) == ()


def test_what_hardly_counts_is_not_told() -> None:
    assert told({"tickets_90d": 2.0}, {"tickets_90d": 0.01}) == ()


def test_a_reason_can_speak_of_climbing() -> None:
    values, pulls = {"visits_180d": 0.0}, {"visits_180d": -0.2}
    assert texts(values, pulls, leaving=False) == [
        "less likely to climb, can be acted on: no visits in the last 180 days"
    ]


def test_a_category_is_told_by_its_name_and_one_without_a_name_is_no_reason() -> None:
    pulls = {"industry_code": 0.5}
    (named,) = told({"industry_code": 1.0}, pulls, {"industry_code": 0.0})
    assert (named.value, named.peer) == ("care", None)
    assert render_reason(named, "nl").partition(": ")[2] == "branche: care"
    assert told({"industry_code": 2.0}, pulls) == told({"industry_code": np.nan}, pulls) == ()


def test_what_is_not_known_is_no_reason_and_what_never_happened_speaks_for_one_side() -> None:
    for name in ("employees", "acquisition_cost", "cost_share_365d", "discount_mean_365d", "csat_last"):
        for pull in (0.5, -0.5):
            assert told({name: np.nan}, {name: pull}, {name: 3.0}) == ()
    for name, pull in (("days_until_rung_falls", -0.5), ("days_since_first_order", 0.5), ("days_since_ticket", -0.5)):
        assert [one.value for one in told({name: np.nan}, {name: pull}, {name: 90.0})] == [None]
        assert told({name: np.nan}, {name: -pull}, {name: 90.0}) == ()


@pytest.mark.parametrize(
    ("name", "value", "peer"),
    [
        ("revenue_trend_90d", 0.02, 0.0),  # + 4 % where others have + 0 %
        ("discount_change_180d", 0.004, 0.001),
        ("survey_change", -0.03, 0.01),
        ("order_gap_mean_730d", 10.4, 9.4),  # told as 10 and 9.4
        ("order_overdue_ratio", 1.04, 0.95),
        ("credit_share_365d", 0.006, 0.001),
    ],
)
def test_what_nobody_would_call_a_difference_is_no_reason(name: str, value: float, peer: float) -> None:
    for pull in (0.5, -0.5):
        assert told({name: value}, {name: pull}, {name: peer}) == ()


def test_a_missing_value_is_none_and_so_are_peers_that_nobody_knows() -> None:
    values, pulls = {"days_since_decider": np.nan}, {"days_since_decider": 0.5}
    (reason,) = told(values, pulls, {"days_since_decider": 45.0})
    assert reason == Reason("leaving", "days_since_decider", None, 45.0, 1, 0.5)
    (reason,) = told({"csat_last": 0.9}, {"csat_last": -0.5}, {"csat_last": np.nan})
    assert reason.peer is None
    assert told({"days_since_ticket": 9.0}, {"days_since_ticket": -0.5}) == ()  # most never had one, which is better
    assert told({"days_since_ticket": 9.0}, {"days_since_ticket": 0.5})[0].peer is None


def test_files_tell_in_one_language_what_the_model_gives_as_data() -> None:
    scorer, histories = Scorer(tiny_bundle(), "v"), tiny_histories()
    reasons = scorer.explain(histories, histories.known_at(histories.end))
    for language in LANGUAGES:
        scores, *_, table = score_frames(scorer, histories, histories.end, language=language)
        sentences = [[render_reason(reason, language) for reason in one] for one in reasons]
        assert list(map(json.loads, scores["reasons"])) == sentences
        texts = reason_texts(table, pd.Index(scores["account_id"]).get_indexer(table["account_id"]), len(scores))
        assert [read_reasons(text) for text in texts] == reasons
        assert [first_reason(text) for text in texts] == [next(iter(one), None) for one in reasons]
        assert [render_reasons(text, language) for text in texts] == sentences
    assert sum(len(one) > 0 for one in reasons) > 200
    assert {reason.lever for one in reasons for reason in one} == {True, False}
    assert not all(isinstance(reason.value, str) for one in reasons for reason in one)
    assert all(len({PHRASE[reason.feature].topic for reason in one}) == len(one) for one in reasons)
