"""Loyalty, phases, behaviours and others' views of the rung, by example."""

import numpy as np
import pytest

from features.accounts.behaviours import evidence, evidence_rows, shown
from features.accounts.groups import groups_of
from features.accounts.loyalty import Norms, loyalties, measure_norms, phases
from features.accounts.rung_views import rung_views
from features.histories.views import View
from features.instants import instant
from features.ladder.rules import LadderRules
from tests.builders import Row, histories, view

RULES = LadderRules()
AS_OF = "2024-12-31"
STEADY: list[Row] = [("A", f"2024-{month:02}-10", 100.0) for month in range(1, 13)]
NORMS = Norms(*(np.full(7, usual) for usual in (0.5, 0.5, 0.10, 0.05)))


def _at(orders: list[Row] | None = None, **tables: list[Row]) -> View:
    return view(histories(orders=STEADY if orders is None else orders, **tables), AS_OF, ["A"])


def _answer(score: float, instrument: str = "nps", day: str = "2024-11-01") -> Row:
    return {"account_id": "A", "answered_at": day, "score": score, "instrument": instrument}


def _event(time: str, day: str, **more: str) -> Row:
    return {"account_id": "A", time: day, **more}


@pytest.mark.parametrize(
    ("orders", "answers", "expected"),
    [
        (STEADY, [_answer(10)], "true"),
        (STEADY, [_answer(1)], "spurious"),
        (STEADY[:2], [_answer(10)], "latent"),
        (STEADY[:2], [_answer(1)], "none"),
        (STEADY, [], None),
    ],
)
def test_loyalty_is_attitude_and_behaviour(orders: list[Row], answers: list[Row], expected: str | None) -> None:
    assert loyalties(_at(orders, surveys=answers), RULES, NORMS).tolist() == [expected]
    assert loyalties(_at(orders, surveys=answers), RULES, Norms.of({})).tolist() == [None]


def test_phases_follow_one_another_and_each_asks_for_those_before() -> None:
    warm, referral = [_answer(10)], [_event("made_at", "2024-09-01")]
    found = [
        phases(one, RULES)[0]
        for one in (
            _at([]), _at(STEADY[:1]), _at(STEADY[:1], surveys=warm), _at(STEADY[:1], surveys=warm, referrals=referral),
            _at(surveys=warm, referrals=referral), _at(surveys=[_answer(1, "value")], referrals=referral),
        )
    ]  # fmt: skip
    assert found == [None, "rational", "emotional", "intentional", "behavioural", None]


def _shown(seen: View) -> list[str]:
    return shown(evidence(seen, RULES, NORMS, 0.02), len(seen))[0]


def test_an_account_grows_where_it_grew_more_than_prices_and_than_others_on_its_rung() -> None:
    before: list[Row] = [("A", f"2023-{month:02}-10", 80.0) for month in range(1, 13)]
    older: list[Row] = [("A", "2022-06-01", 1.0)]
    assert _shown(_at([*older, *before, *STEADY])) == ["grows"]
    assert _shown(_at([*before, *STEADY])) == [], "two whole years are needed"
    slower: list[Row] = [("A", f"2023-{month:02}-10", 90.0) for month in range(1, 13)]
    assert _shown(_at([*older, *slower, *STEADY])) == [], "by a ninth, against a tenth that is usual"


def test_behaviours_have_their_evidence_and_its_day() -> None:
    pull = _event("occurred_at", "2024-03-01", kind="influential")
    won = _event("inquired_at", "2024-05-01", outcome="won", closed_at="2024-06-01", competitor="Rival")
    alone = _event("inquired_at", "2024-05-01", outcome="won", closed_at="2024-06-01")
    discounts: list[Row] = [
        {"account_id": "A", "ordered_at": f"2024-0{k}-10", "revenue": 9.0, "discount": 0.02} for k in (1, 2)
    ]
    made = [_event("happened_at", "2024-02-02", kind=kind) for kind in ("co_development", "data_sharing")]
    assert _shown(_at(triggers=[pull])) == ["resists_rivals"]
    assert _shown(_at(STEADY[:3], triggers=[pull])) == [], "it has not ordered since"
    assert _shown(_at(inquiries=[won])) == ["resists_rivals"]
    assert _shown(_at(inquiries=[alone])) == []
    assert _shown(_at(discounts)) == ["pays_premium"]
    assert _shown(_at(discounts[:1])) == []
    seen = _at(collaborations=made, referrals=[_event("made_at", "2024-09-01")])
    assert _shown(seen) == ["recommends", "develops_with_us", "invests_in_us"]
    rows = evidence_rows(evidence(seen, RULES, NORMS, 0.02), 1)[0]
    day = instant("2024-09-01") // 86_400_000_000
    assert rows[0] == {"behaviour": "recommends", "day": day, "count": 1.0}


@pytest.mark.parametrize(
    ("answers", "referrals", "expected"),
    [
        ([], 0, None),
        ([_answer(5, "csat")], 0, None),
        ([_answer(2)], 0, "shopper"),
        ([_answer(6)], 0, "customer"),
        ([_answer(7)], 0, "member"),
        ([_answer(7), _answer(1, "value")], 0, "shopper"),
        ([_answer(9)], 0, "advocate"),
        ([_answer(9), _answer(3, "trust")], 0, "member"),
        ([], 1, "advocate"),
        ([_answer(9), _answer(4, "trust"), _answer(4, "value")], 1, "raving_fan"),
        ([], 3, "raving_fan"),
        ([_answer(10, day="2023-11-01")], 0, None),
    ],
)
def test_the_rung_that_surveys_and_referrals_tell(answers: list[Row], referrals: int, expected: str | None) -> None:
    seen = _at(surveys=answers, referrals=[_event("made_at", "2024-09-01")] * referrals)
    found = rung_views(seen, RULES)["rung_by_surveys"][0]
    names = ("suspect", "prospect", "shopper", "customer", "member", "advocate", "raving_fan")
    assert (None if np.isnan(found) else names[int(found)]) == expected


def test_the_rung_that_service_sees() -> None:
    ticket = _event("opened_at", "2024-12-20")
    broken: Row = {**ticket, "resolved_at": "2024-12-22", "sla_breached": True}
    found = [
        rung_views(one, RULES)["rung_by_service"][0]
        for one in (
            _at(), _at(tickets=[ticket]), _at(tickets=[{**ticket, "opened_at": "2024-10-01"}]),
            _at(surveys=[_answer(5, "csat")]), _at(surveys=[_answer(5, "csat")], tickets=[broken]),
            _at(surveys=[_answer(1, "csat")]),
        )
    ]  # fmt: skip
    np.testing.assert_equal(found, [np.nan, 3, 2, 4, 3, 2])


def test_what_is_usual_is_a_median_of_those_who_can_leave() -> None:
    answers = [_answer(10), {**dict(_answer(1)), "account_id": "B"}]
    known = histories(orders=[*STEADY, ("B", "2024-12-01", 5.0)], surveys=answers, accounts=[{"account_id": "C"}])
    norms = Norms.of(measure_norms(view(known, AS_OF), RULES))
    assert (norms.attitude[2], norms.patronage[2]) == (0.5, (1.0 + 1 / 6) / 2)
    assert np.isnan(norms.growth).all()


def test_a_long_chain_of_parents_has_one_top_and_a_circle_the_first_of_its_accounts() -> None:
    names = [f"{k:05}" for k in range(20_000)]
    found = groups_of(names, [None, *names[:-1]])
    assert set(found.root) == {names[0]}
    assert (found.unknown_parents, found.cyclic) == (0, 0)
    circle = groups_of(["x", "a", "b"], ["a", "b", "a"])
    assert (circle.root, circle.cyclic) == (("a", "a", "a"), 2)
    assert groups_of(["a", "b"], ["holding", "holding"]).root == ("holding", "holding")
