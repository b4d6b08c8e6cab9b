"""Attitude: what they answered in surveys, how it changed, how far their people differ, and who stopped answering."""

import numpy as np

from features.catalog.declarations import Context, Family, Feature
from features.catalog.families.contacts import people
from features.histories.distinct_things import DistinctThings, distinct_things
from features.histories.streams import FIXED_POINT, ratio
from features.histories.views import View
from features.instants import FloatArray
from features.tables import INSTRUMENT_SCALES

FAMILY = Family("attitude", "surveys")
INSTRUMENTS = {
    "nps": "recommendation", "csat": "satisfaction", "ces": "ease", "trust": "trust", "value": "value for money",
}  # fmt: skip


def score(view: View, days: int, until: int = 0) -> FloatArray:
    """Average the survey scores of a window."""
    surveys = view.stream("surveys")
    return ratio(surveys.amount("score", days, until), surveys.count(days, until))


def survey_change(view: View, _: Context) -> FloatArray:
    """Return the last answer less the mean of two years; NaN without an answer in that time."""
    return last_score(view, "surveys") - score(view, 730)


def last_score(view: View, stream: str) -> FloatArray:
    """Return the last score, computed once."""
    return view.cached(("last score", stream), lambda: view.stream(stream).last_mean("score"))


def yearly_change(view: View, _: Context) -> FloatArray:
    """Return the mean score of the last 365 days less that of the 365 before."""
    return score(view, 365) - score(view, 730, 365)


def deviation(view: View, _: Context) -> FloatArray:
    """Return the deviation of the scores of two years; NaN with fewer than two."""
    surveys = view.stream("surveys")
    number, total = surveys.count(730), surveys.total("score", 730)
    spread = np.sqrt(np.maximum(number * surveys.total("square", 730) - total * total, 0)) / FIXED_POINT
    return np.where(number > 1, ratio(spread, number), np.nan)


def answered(view: View) -> DistinctThings:
    """Return the people who answered in two years."""
    return distinct_things(view, "surveys", "contact", 730)


def contact_spread(view: View, _: Context) -> FloatArray:
    """Return the highest less the lowest of the people's last answers; NaN where fewer than two people answered."""
    groups = answered(view)
    scores = view.stream("surveys").value("score")[groups.last]
    at, highest = groups.extreme(scores, np.maximum)
    lowest = groups.extreme(scores, np.minimum)[1]
    spread = np.full(len(view), np.nan)
    spread[at] = (highest - lowest) / FIXED_POINT
    return np.where(groups.count() > 1, spread, np.nan)


def lowest_answer(view: View, _: Context) -> FloatArray:
    """Return the lowest of the people's last answers of two years."""
    groups = answered(view)
    at, lowest = groups.extreme(view.stream("surveys").value("score")[groups.last], np.minimum)
    scores = np.full(len(view), np.nan)
    scores[at] = lowest / FIXED_POINT
    return scores


def silent_people(view: View, _: Context) -> FloatArray:
    """Count the people there now who answered in the year before and not in the last 365 days.

    NaN where nobody ever answered.
    """
    groups, present = answered(view), people(view)
    quiet = groups.last < view.stream("surveys").edge(365)[groups.snapshot]
    still = np.isin(groups.key, present.key)
    return groups.or_missing(groups.count(quiet & still))


def silence_ratio(view: View, _: Context) -> FloatArray:
    """Return the days since the last answer over the usual gap between two; NaN without two in two years."""
    surveys = view.stream("surveys")
    number = surveys.count(730)
    return np.where(number > 1, surveys.days_since_last() * number / 730, np.nan)


FEATURES: tuple[Feature, ...] = (
    FAMILY.feature(
        "survey_last", "share of the scale", "the last survey score", "never answered",
        lambda view, _: last_score(view, "surveys"), trigger="reactional"),
    *(FAMILY.feature(
        f"{name}_last", "share of the scale", f"the last score for {INSTRUMENTS[name]}", "never answered",
        lambda view, _, name=name: last_score(view, f"surveys_{name}"), trigger="reactional")  # type: ignore[misc]
      for name in INSTRUMENT_SCALES),
    FAMILY.mean(
        "surveys", "score", 365, name="survey_mean_365d", unit="share of the scale", phrase="mean survey score", trigger="reactional"),
    FAMILY.feature(
        "survey_change", "share of the scale, change", "the last survey score against the mean of two years",
        "no answer in two years", survey_change, trigger="reactional"),
    FAMILY.feature(
        "survey_mean_change_365d", "share of the scale, change", "mean survey score of the last 365 days less that of the year before",
        "no answer in either year", yearly_change, trigger="reactional"),
    FAMILY.mean(
        "surveys", "very_low", 365, name="survey_very_low_share_365d", unit="share", phrase="share of very low scores", scale=1,
        trigger="reactional"),
    FAMILY.mean(
        "surveys", "very_high", 365, name="survey_very_high_share_365d", unit="share", phrase="share of very high scores", scale=1),
    FAMILY.feature(
        "survey_deviation_730d", "share of the scale", "how far the scores of the last 730 days lie apart",
        "fewer than two answers in two years", deviation, trigger="reactional"),
    FAMILY.feature(
        "survey_contact_spread_730d", "share of the scale", "highest less lowest of the people's last scores",
        "fewer than two people answered in two years", contact_spread, trigger="reactional"),
    FAMILY.feature(
        "survey_lowest_contact_730d", "share of the scale", "the lowest of the people's last scores",
        "nobody by name answered in two years", lowest_answer, trigger="reactional"),
    FAMILY.count("surveys", 365, "survey answers"),
    FAMILY.recency("surveys", "days_since_survey", "the last survey answer"),
    FAMILY.feature(
        "survey_silence_ratio", "ratio", "time since the last survey answer against the usual gap between two",
        "fewer than two answers in two years", silence_ratio),
    FAMILY.feature(
        "silent_people_365d", "number", "people there who answered before and not in the last 365 days",
        "nobody by name answered in two years", silent_people, tables=("surveys", "contacts")),
)  # fmt: skip
