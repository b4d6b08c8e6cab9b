"""Reasons read as sentences, in English and in Dutch, each thing told once, and levers apart from facts."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest

from features.catalog import catalog
from features.catalog.declarations import NEVER_MISSING, YES_OR_NO
from features.tables import RUNGS, TABLES
from serving.scoring.reasons import MOST_DOWN, MOST_UP, TOPICS, Explainer, Reason
from serving.scoring.scoring import Scorer
from tests.trained import tiny_bundle, tiny_histories
from training.model.text.feature_phrases import PHRASE, PHRASES
from training.model.text.words import LANGUAGES, WORDS, number, say

TABLE_NAMES = [table.name for table in TABLES]
VOCABULARY = {"industry": ("retail", "care")}


def told(
    values: dict[str, float],
    pulls: dict[str, float],
    peers: dict[str, float] | None = None,
    language: str = "en",
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
    return Explainer(facts, tables, language).tell(contributions, row, np.array([3]), leaving)[0]


def texts(*arguments: object, **options: object) -> list[str]:
    return [reason.text for reason in told(*arguments, **options)]  # type: ignore[arg-type]


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
    assert texts(values, pulls)[0].endswith(": never spoken to a decider")


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
    assert reasons[0].text == "more likely to leave: 1 order day in the last 90 days; similar accounts: 4"


def test_what_pulls_both_ways_is_told_by_what_it_comes_to() -> None:
    reasons = told({"order_days_30d": 3.0, "order_days_90d": 9.0}, {"order_days_30d": 0.1, "order_days_90d": -0.5})
    assert [(reason.feature, reason.direction) for reason in reasons] == [("order_days_90d", -1)]
    assert reasons[0].text.startswith("more likely to stay: 9 order days")
    assert told({"order_days_30d": 3.0, "order_days_90d": 9.0}, {"order_days_30d": 0.5, "order_days_90d": -0.5}) == ()


def test_facts_come_first_and_levers_after_them_each_strongest_first() -> None:
    pulls = {"open_tickets": 0.9, "days_since_order_day": 0.5, "days_since_visit": -0.8, "tickets_365d": -0.3}
    reasons = told(dict.fromkeys(pulls, 3.0), pulls)
    expected = ["days_since_order_day", "tickets_365d", "open_tickets", "days_since_visit"]
    assert [reason.feature for reason in reasons] == expected
    assert [reason.lever for reason in reasons] == [False, False, True, True]
    assert ["can be acted on" in reason.text for reason in reasons] == [False, False, True, True]


def test_the_strongest_are_told_up_and_down_and_no_more() -> None:
    names = [next(phrase.feature for phrase in PHRASES if phrase.topic == topic) for topic in TOPICS[:20]]
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_feature_reads_in_every_language(language: str) -> None:
    for feature, value in itertools.product(catalog.FEATURES, (np.nan, -0.4, 0.0, 1.0, 2.5, 1234.5)):
        phrase = PHRASE[feature.name]
        if np.isnan(value):
            assert bool(phrase.never) == (feature.missing != NEVER_MISSING), feature.name
            if not phrase.never:
                continue
        for peer in (None, 0.25):
            said = say(feature, value, peer, language, VOCABULARY)
            assert said is None or (len(said) > 8 and "{" not in said and "nan" not in said.split()), said


def test_every_feature_has_a_phrase_of_its_own_in_both_languages() -> None:
    assert [phrase.feature for phrase in PHRASES if phrase.feature not in catalog.BY_NAME] == []
    assert {phrase.feature for phrase in PHRASES} == set(catalog.NAMES)
    assert len(PHRASES) == len(catalog.NAMES)
    for language in LANGUAGES:
        said = [phrase.said[language] for phrase in PHRASES]
        assert len(set(said)) == len(said)
    assert [phrase.feature for phrase in PHRASES if phrase.said["en"] == phrase.said["nl"]] == ["segment_code"]
    assert [p.feature for p in PHRASES if p.never and p.never["en"] == p.never["nl"]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_has_one_place_for_its_value_and_a_count_has_its_noun(language: str) -> None:
    for feature in catalog.FEATURES:
        template = PHRASE[feature.name].said[language]
        holes = re.findall(r"\{([^{}]*)\}", template)
        if feature.unit == YES_OR_NO:
            assert (holes, template.count(" // ")) == ([], 1), feature.name
        else:
            assert len(holes) == 1, feature.name
            assert "|" in holes[0] or holes[0] in ("", "+", "%", "+%"), feature.name


@pytest.mark.parametrize(
    ("name", "value", "en", "nl"),
    [
        ("revenue_365d", 12500.4, "12,500 revenue in", "12.500 omzet in"),
        ("order_gap_mean_730d", 7.25, "an order every 7.2 days", "elke 7,2 dagen een bestelling"),
        ("days_since_visit", 1.0, "no visit for 1 day", "al 1 dag geen bezoek"),
        ("credit_share_365d", 0.034, "3.4 % of what", "3,4 % van het"),
        ("discount_change_180d", -0.03, "discount -3 percentage points in", "korting -3 procentpunt in"),
        ("revenue_trend_90d", -0.5, "revenue -67 % in 90 days", "omzet -67 % in 90 dagen"),
        ("revenue_trend_90d", -1.0, "revenue -100 % in 90 days", "omzet -100 % in 90 dagen"),
        ("revenue_trend_90d", 1.0, "revenue more than 10 times as much in", "omzet meer dan 10 keer zo veel in"),
        ("order_overdue_ratio", 1.82, "is 1.8 times the usual gap", "is 1,8 keer de gebruikelijke"),
        ("tickets_against_norm_90d", 0.5, "tickets +50 % against", "meldingen +50 % ten opzichte"),
        ("survey_last", 0.62, "last survey score 62 out of 100", "laatste enquêtescore 62 op 100"),
        ("survey_change", 0.08, "last survey score +8 out of 100", "enquêtescore +8 op 100"),
        ("first_response_hours_180d", 3.5, "took 3.5 hours on", "gemiddeld 3,5 uur in"),
        ("rung_90d_ago", 6.0, "was raving fan 90 days ago", "90 dagen geleden enthousiaste fan"),
        ("industry_code", 1.0, "industry: care", "branche: care"),
        ("industry_code", 2.0, "industry: other", "branche: overig"),
        ("severe_tickets_180d", 0.0, "no severe tickets in", "geen ernstige meldingen in"),
        ("forecast_change", -1500.0, "is -1,500 against", "is -1.500 ten opzichte"),
    ],
)
def test_a_value_reads_by_its_unit(name: str, value: float, en: str, nl: str) -> None:
    for language, expected in (("en", en), ("nl", nl)):
        said = say(catalog.BY_NAME[name], value, None, language, VOCABULARY)
        assert said is not None
        assert expected in said


def test_a_number_that_rounds_to_nothing_has_no_sign() -> None:
    assert [number(value, WORDS["nl"]) for value in (-0.04, 0.0, 9.96, -1234.5)] == ["0", "0", "10", "-1.234"]


def test_a_model_tells_structured_reasons_and_the_same_sentences() -> None:
    scorer, histories = Scorer(tiny_bundle(), "v"), tiny_histories()
    snapshots = histories.known_at(histories.end)
    for language in LANGUAGES:
        reasons = scorer.explain(histories, snapshots, language)
        written = scorer.score(histories, snapshots, language=language).scores["reasons"]
        assert [[reason.text for reason in one] for one in reasons] == list(written)
        assert sum(len(one) > 0 for one in reasons) > 200
    assert {reason.lever for one in reasons for reason in one} == {True, False}
    assert all(len({PHRASE[reason.feature].topic for reason in one}) == len(one) for one in reasons)
