"""An account's own rhythm: who has gone, among yearly, seasonal, weekly and irregular buyers."""

from datetime import date, timedelta

import numpy as np
import pytest

from features.histories.histories import build_histories
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY
from features.ladder.eligibility import can_switch
from features.ladder.rhythm import days_within_rhythm, outlasts_rhythm, rhythm_days, usual_pause
from features.ladder.rules import LadderRules
from features.sources.source import source_from_rows
from training.data.labels import label
from training.settings import Settings

EVERY_MAY = ["2021-05-10", "2022-05-12", "2023-05-09", "2024-05-11"]
WEEKLY = [str(date(2023, 1, 2) + timedelta(days=7 * k)) for k in range(97)]  # until 4 November 2024
SPRING_AND_AUTUMN = ["2022-03-10", "2022-09-12", "2023-03-14", "2023-09-09", "2024-03-12", "2024-09-11"]
EVERY_SECOND_MAY = ["2018-05-10", "2020-05-20", "2022-05-02", "2024-05-11"]
GARDEN_CENTRE = [  # every week from April to August, for two seasons
    str(date(year, 4, 3) + timedelta(days=7 * k)) for year in (2023, 2024) for k in range(22)
]
SCHOOL = [
    "2022-08-20",
    "2022-09-10",
    "2023-01-12",
    "2023-08-22",
    "2023-09-08",
    "2024-01-10",
    "2024-08-21",
    "2024-09-09",
]
QUARTERLY = ["2023-01-10", "2023-04-18", "2023-07-02", "2023-10-12", "2024-01-08", "2024-04-15", "2024-07-03"]
WEEKLY_AND_YEARLY = sorted([*WEEKLY, "2023-05-03", "2024-05-02"])
IRREGULAR = ["2023-01-01", "2023-01-11", "2023-07-01", "2023-07-21", "2024-01-30", "2024-05-05"]


def view(days: list[str], at: str, contracts: list[dict[str, str]] | None = None) -> View:
    rows = {"orders": [{"account_id": "A", "ordered_at": day, "revenue": 100.0} for day in days]}
    if contracts is not None:
        rows["contracts"] = contracts
    columns = {name: {key: [row[key] for row in table] for key in table[0]} for name, table in rows.items()}
    known = build_histories(source_from_rows(columns))
    instant = int(np.datetime64(at, "us").astype(np.int64))
    return View(known, known.known_at(instant))


def gone(days: list[str], at: str, horizon: int = 180) -> bool:
    return bool(outlasts_rhythm(view(days, at), horizon)[0])


@pytest.mark.parametrize(
    ("days", "at", "already_gone", "may_go"),
    [
        (EVERY_MAY, "2024-11-15", False, False),  # silent for half a year, as every year
        (EVERY_MAY, "2025-06-15", False, True),  # a year has passed without May's order
        (EVERY_MAY, "2025-12-01", True, True),
        (SPRING_AND_AUTUMN, "2024-12-01", False, True),
        (SPRING_AND_AUTUMN, "2025-06-15", True, True),
        (WEEKLY, "2024-11-15", False, True),
        (WEEKLY, "2025-06-01", True, True),
        (IRREGULAR, "2024-08-01", False, True),
        (IRREGULAR, "2024-12-01", False, True),  # silent for 210 days: gaps of half a year have been seen before
        (EVERY_SECOND_MAY, "2025-11-15", False, False),
        (EVERY_SECOND_MAY, "2026-05-01", False, False),  # its season comes
        (EVERY_SECOND_MAY, "2027-06-01", True, True),  # and went by a year ago
        (GARDEN_CENTRE, "2024-09-15", False, False),  # nothing is due before April
        (GARDEN_CENTRE, "2025-03-20", False, True),  # silent for 205 days, as last winter
        (GARDEN_CENTRE, "2025-06-01", True, True),
        (GARDEN_CENTRE[:22], "2024-03-20", True, True),  # of a first winter nothing is known
        (GARDEN_CENTRE[:36], "2025-02-01", True, True),  # it stopped in July, in the midst of its season
        (SCHOOL, "2025-01-05", False, True),
        (SCHOOL, "2025-09-15", True, True),
        (QUARTERLY, "2024-10-01", False, True),
        (QUARTERLY, "2025-02-01", True, True),
        (WEEKLY_AND_YEARLY, "2025-01-15", False, True),
        (WEEKLY_AND_YEARLY, "2025-06-01", True, True),
        (["2024-05-11"], "2024-11-15", False, False),  # a single order: no rhythm is known yet
        (["2024-05-11"], "2025-11-15", True, True),
    ],
)
def test_silence_is_measured_by_the_accounts_own_gaps(
    days: list[str], at: str, already_gone: bool, may_go: bool
) -> None:
    assert gone(days, at, 0) is already_gone
    assert gone(days, at) is may_go
    looked = view(days, at)
    assert bool(can_switch(looked, LadderRules(), "rhythm", 180)[0]) is not already_gone or days_of_two_years(looked)


def days_of_two_years(looked: View) -> bool:
    """Whether the last order is too old for the ladder, so that nobody is a shopper any more."""
    return bool(looked.as_of[0] - int(looked.stream("orders").time[-1]) > 730 * MICROSECONDS_PER_DAY)


def test_a_usual_pause_began_at_the_same_time_of_the_year() -> None:
    assert usual_pause(view(GARDEN_CENTRE, "2025-01-01")).tolist() == [219.0]
    assert usual_pause(view(GARDEN_CENTRE[:36], "2025-01-01")).tolist() == [0.0]  # this silence began in July
    assert usual_pause(view(EVERY_MAY, "2024-11-15")).tolist() == [368.0]
    assert (
        usual_pause(view(WEEKLY, "2024-11-15")).tolist()
        == usual_pause(view(["2024-01-01"], "2024-11-15")).tolist()
        == [0.0]
    )


def test_no_silence_shorter_than_half_a_year_counts_and_none_longer_than_three_years_is_explained() -> None:
    assert rhythm_days(view(WEEKLY, "2024-11-15")).tolist() == [180.0]
    rare = ["2010-01-01", "2012-06-01"]
    assert rhythm_days(view(rare, "2012-07-01")).tolist() == [1095.0]
    assert days_within_rhythm(view(WEEKLY, "2026-11-15")).tolist() == [0.0]
    assert np.isnan(days_within_rhythm(view(["2030-01-01"], "2024-01-01"))).all()


@pytest.mark.parametrize(("ends", "switched"), [("2024-12-01", 1), ("2026-01-01", 0)])
def test_a_contract_in_force_speaks_against_leaving(ends: str, switched: int) -> None:
    contract = [{"account_id": "A", "starts_on": "2024-01-01", "ends_on": ends}]
    looked = view(WEEKLY, "2024-11-15", contract)
    long_after = int(np.datetime64("2030-01-01", "us").astype(np.int64))
    found = label(looked, Settings(), "rhythm", long_after)
    assert found.switched.tolist() == [switched]
