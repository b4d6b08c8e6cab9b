"""Every reason reads in English, Dutch and German, from itself alone."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalog import catalog
from features.catalog.declarations import NEVER_MISSING, YES_OR_NO
from training.model.reasons import OUTCOMES, Reason, Value, read_reasons, write_reasons
from training.model.text.feature_phrases import PHRASE, PHRASES
from training.model.text.german_phrases import GERMAN_PHRASES
from training.model.text.words import (
    CODE,
    WORDS,
    has_something_to_say,
    number,
    render_reason,
    render_reasons,
    say,
)

FIGURES = st.floats(-1e9, 1e9)
SPOKEN = tuple(WORDS)


@st.composite
def reasons(draw: st.DrawFn) -> Reason:
    feature = draw(st.sampled_from(catalog.FEATURES))
    kinds: list[st.SearchStrategy[Value]] = [FIGURES]
    if feature.unit == CODE:
        kinds.append(st.text(max_size=20))
    if PHRASE[feature.name].never:
        kinds.append(st.none())
    value, peer = draw(st.one_of(kinds)), draw(st.one_of(st.none(), FIGURES))
    direction = draw(st.sampled_from((1, -1)))
    return Reason(draw(st.sampled_from(OUTCOMES)), feature.name, value, peer, direction, draw(FIGURES))


@given(reasons(), st.sampled_from(SPOKEN))
def test_a_reason_reads_the_same_after_its_round_trip(reason: Reason, language: str) -> None:
    assert Reason.from_json(reason.to_json()) == reason
    text = write_reasons([reason])
    assert read_reasons(text) == (reason,)
    assert render_reasons(text, language) == [render_reason(reason, language)]
    assert "{" not in render_reason(reason, language) or isinstance(reason.value, str)


@given(reasons())
def test_what_has_something_to_say_differs_from_its_peers_in_every_language(reason: Reason) -> None:
    feature = catalog.BY_NAME[reason.feature]
    if feature.unit in (CODE, YES_OR_NO) or not isinstance(reason.value, float) or reason.peer is None:
        return
    alone = [say(feature, reason.value, None, language) for language in SPOKEN]
    peers = [say(feature, reason.peer, None, language) for language in SPOKEN]
    for own, other in zip(alone, peers, strict=True):
        assert (own != other) == has_something_to_say(feature, reason.value, reason.peer)


def test_a_sentence_of_an_earlier_release_stays_as_it_is() -> None:
    sentence = "grotere kans op vertrek: 7 meldingen in de afgelopen 365 dagen"
    reason = Reason("leaving", "tickets_365d", 7.0, 2.0, 1, 0.5)
    text = write_reasons([sentence, reason])
    assert read_reasons(text) == (sentence, reason)
    assert render_reasons(text, "en") == [
        sentence, "more likely to leave: 7 tickets in the last 365 days; similar accounts: 2"
    ]  # fmt: skip


def test_a_reason_of_a_feature_that_is_no_more_is_told_by_its_name() -> None:
    for value, told in ((1250.0, "1,250"), ("care", "care"), (None, "?")):
        reason = Reason("climbing", "phase_of_the_moon", value, None, -1, -0.5)
        assert render_reason(reason, "en") == f"less likely to climb: phase_of_the_moon {told}"
    assert not Reason("climbing", "phase_of_the_moon", 1.0, None, -1, -0.5).lever


SOUND = Reason("leaving", "tickets_365d", 7.0, None, 1, 0.5).to_json()


@pytest.mark.parametrize(
    "content",
    [
        None, [], "text", {}, {**SOUND, "text": "more"}, {k: v for k, v in SOUND.items() if k != "peer"},
        *({**SOUND, **wrong} for wrong in (
            {"outcome": "staying"}, {"feature": 7}, {"value": [1]}, {"value": True}, {"value": float("nan")},
            {"peer": "7"}, {"peer": float("inf")}, {"direction": 0}, {"direction": True}, {"strength": None},
        )),
    ],
)  # fmt: skip
def test_what_is_no_reason_is_refused_with_what_was_found(content: object) -> None:
    with pytest.raises(ValueError, match=r"a reason .*found"):
        Reason.from_json(content)


@pytest.mark.parametrize("text", ["{}", '"text"', "3"])
def test_reasons_are_a_list(text: str) -> None:
    with pytest.raises(ValueError, match="reasons are a list"):
        read_reasons(text)


@pytest.mark.parametrize("language", SPOKEN)
def test_every_feature_reads_in_every_language(language: str) -> None:
    for feature, value in itertools.product(catalog.FEATURES, (None, -0.4, 0.0, 1.0, 2.5, 1234.5)):
        if value is None:
            assert bool(PHRASE[feature.name].never) == (feature.missing != NEVER_MISSING), feature.name
            if not PHRASE[feature.name].never:
                continue
        for peer in (None, 0.25):
            said = say(feature, value, peer, language)
            assert len(said) > 8
            assert not {"{", "nan"} & {*said, *said.split()}, said


def test_every_feature_has_a_phrase_of_its_own_in_every_language() -> None:
    assert [phrase.feature for phrase in PHRASES if phrase.feature not in catalog.BY_NAME] == []
    assert {phrase.feature for phrase in PHRASES} == set(catalog.NAMES)
    assert len(PHRASES) == len(catalog.NAMES)
    for language in SPOKEN:
        said = [phrase.said[language] for phrase in PHRASES]
        assert len(set(said)) == len(said)
    assert [phrase.feature for phrase in PHRASES if phrase.said["en"] == phrase.said["nl"]] == ["segment_code"]
    assert [p.feature for p in PHRASES if p.never and len(set(p.never.values())) < len(SPOKEN)] == []
    assert [phrase.feature for phrase in PHRASES if phrase.said["en"] == phrase.said["de"]] == []


def test_german_has_every_feature_and_a_missing_value_where_english_has_one() -> None:
    assert set(GERMAN_PHRASES) == {phrase.feature for phrase in PHRASES}
    for phrase in PHRASES:
        assert bool(GERMAN_PHRASES[phrase.feature][1]) == bool(phrase.never), phrase.feature


@pytest.mark.parametrize("language", SPOKEN)
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
        ("credit_share_365d", 0.034, "3.4% of what", "3,4 % van het"),
        ("discount_change_180d", -0.03, "discount -3 percentage points in", "korting -3 procentpunt in"),
        ("revenue_trend_90d", -0.5, "revenue -67% in 90 days", "omzet -67 % in 90 dagen"),
        ("revenue_trend_90d", -1.0, "revenue -100% in 90 days", "omzet -100 % in 90 dagen"),
        ("revenue_trend_90d", 1.0, "revenue more than 10 times as much in", "omzet meer dan 10 keer zo veel in"),
        ("order_overdue_ratio", 1.82, "is 1.8 times the usual gap", "is 1,8 keer de gebruikelijke"),
        ("tickets_against_norm_90d", 0.5, "tickets +50% against", "meldingen +50 % ten opzichte"),
        ("survey_last", 0.62, "last survey score 62 out of 100", "laatste enquêtescore 62 van de 100"),
        ("survey_change", 0.08, "last survey score +8 out of 100", "enquêtescore +8 van de 100"),
        ("first_response_hours_180d", 3.5, "took 3.5 hours on", "gemiddeld 3,5 uur in"),
        ("rung_90d_ago", 6.0, "was raving fan 90 days ago", "90 dagen geleden enthousiaste fan"),
        ("industry_code", "care", "industry: care", "branche: care"),
        ("industry_code", 2.0, "industry: other", "branche: overig"),
        ("severe_tickets_180d", 0.0, "no severe tickets in", "geen ernstige meldingen in"),
        ("forecast_change", -1500.0, "is -1,500 against", "is -1.500 ten opzichte"),
    ],
)
def test_a_value_reads_by_its_unit(name: str, value: float | str, en: str, nl: str) -> None:
    for language, expected in (("en", en), ("nl", nl)):
        assert expected in say(catalog.BY_NAME[name], value, None, language)


@pytest.mark.parametrize(
    ("name", "value", "german"),
    [
        ("revenue_365d", 12500.4, "12.500 Umsatz in den letzten 365 Tagen"),
        ("days_since_visit", 1.0, "schon 1 Tag ohne Besuch"),
        ("order_overdue_ratio", 1.82, "letzte Bestellung 1,8 mal so lange her wie üblich"),
        ("severe_tickets_180d", 0.0, "keine schweren Meldungen in den letzten 180 Tagen"),
        ("rung_90d_ago", 6.0, "war vor 90 Tagen begeisterter Fan"),
    ],
)
def test_a_value_reads_in_german(name: str, value: float, german: str) -> None:
    assert say(catalog.BY_NAME[name], value, None, "de") == german


def test_a_number_that_rounds_to_nothing_has_no_sign() -> None:
    assert [number(value, WORDS["nl"]) for value in (-0.04, 0.0, 9.96, -1234.5)] == ["0", "0", "10", "-1.234"]
