"""No feature, no rung and no set of known accounts sees the future."""

from collections.abc import Callable
from dataclasses import replace
from functools import partialmethod

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, find, given, settings

from features.accounts.behaviours import evidence
from features.accounts.loyalty import LOYALTIES, PHASES, Norms, loyalties, phases, signals
from features.accounts.rung_views import rung_views
from features.catalog.catalog import CODED_COLUMNS, NAMES, Context, compute
from features.histories.histories import Histories, build_histories
from features.histories.stream_view import StreamView
from features.histories.streams import expand
from features.histories.table_rows import TableRows
from features.histories.views import View
from features.instants import ALWAYS, IntArray
from features.ladder.rules import LadderRules, rungs
from features.sources.source import source_from_rows
from tests.builders import Frames, as_it_stood, histories, view
from tests.strategies import Drawn, sources

CONTEXT = Context(vocabulary=dict.fromkeys(CODED_COLUMNS, ("a", "b", "c", "d")))
RULES = LadderRules()
LOOKS = (0.0, 45.25, 180.0, 400.0, 730.0, -30.0, -90.5, -180.0, -365.0, -800.0)
"""Days ahead of as_of, or back."""


def answers(tables: Frames, at: int) -> pd.DataFrame:
    """Every feature and every rung of every account known at that instant, one row an account."""
    return answers_of(build_histories(source_from_rows(tables)), at)


def answers_of(known: Histories, at: int) -> pd.DataFrame:
    seen = View(known, known.known_at(at))
    columns = dict(zip(NAMES, compute(seen, CONTEXT).T, strict=True))
    for days in LOOKS:
        columns[f"the rung {days} days ahead"] = rungs(seen, RULES, days).astype(np.float64)
    columns |= told_of_loyalty(seen)
    return pd.DataFrame(columns, index=known.account_ids[seen.snapshots.account])


def told_of_loyalty(seen: View) -> dict[str, np.ndarray]:
    """What the scores say beside the models' predictions, as numbers."""
    found: dict[str, np.ndarray] = {**signals(seen, RULES), **rung_views(seen, RULES)}
    norms = Norms(*(np.full(7, usual) for usual in (0.5, 0.3, 0.0, 0.05)))
    for name, one in evidence(seen, RULES, norms, 0.02).items():
        found[f"{name} holds"] = one.holds.astype(np.float64)
        found[f"{name} at"] = np.where(one.holds, one.at, 0).astype(np.float64)
    for name, words in (("loyalty", loyalties(seen, RULES, norms)), ("phase", phases(seen, RULES))):
        found[name] = np.array([-1.0 if w is None else float((*LOYALTIES, *PHASES).index(w)) for w in words])
    return found


def differing(whole: pd.DataFrame, stood: pd.DataFrame) -> list[str]:
    """What is not the same to the last bit."""
    if whole.index.tolist() != stood.index.tolist():
        return [f"known accounts {whole.index.tolist()} against {stood.index.tolist()}"]
    same = whole.to_numpy().view(np.int64) == stood.to_numpy().view(np.int64)
    return [str(name) for name in whole.columns[~same.all(axis=0)]]


@given(sources())
def test_the_future_changes_no_feature_no_rung_and_no_known_account(drawn: Drawn) -> None:
    whole = answers(drawn.tables, drawn.at)
    stood = answers(as_it_stood(drawn.tables, drawn.as_of), drawn.at)
    assert differing(whole, stood) == []


def _late_rows_are_known_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("features.histories.stream_view._snapshots_between", lambda *_: np.empty(0, np.int64))


def _contracts_and_contacts_are_known_at_once(patch: pytest.MonkeyPatch) -> None:
    def pairs(self: StreamView) -> tuple[IntArray, IntArray]:
        account = self._span.account
        return expand(self._own[account], self._own[account + 1])

    patch.setattr(StreamView, "pairs", pairs)


def _profiles_are_known_at_once(patch: pytest.MonkeyPatch) -> None:
    built = build_histories
    patch.setitem(
        globals(), "build_histories", lambda s: replace(built(s), profile_known=np.full(99, ALWAYS, np.int64))
    )


def _accounts_are_known_from_what_was_not_written_down_yet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TableRows, "moment", partialmethod(_as_if_recorded_at_once, TableRows.moment))


def _as_if_recorded_at_once(self: TableRows, moment: Callable[[TableRows, str], IntArray], name: str) -> IntArray:
    return moment(self, str(self.table.time) if name == "recorded_at" else name)


LEAKS = (
    _late_rows_are_known_at_once,
    _contracts_and_contacts_are_known_at_once,
    _profiles_are_known_at_once,
    _accounts_are_known_from_what_was_not_written_down_yet,
)


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_seen(leak: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    def leaks(drawn: Drawn) -> bool:
        whole = answers(drawn.tables, drawn.at)
        return differing(whole, answers(as_it_stood(drawn.tables, drawn.as_of), drawn.at)) != []

    leak(monkeypatch)
    find(sources(), leaks, settings=settings(phases=[Phase.generate], max_examples=150))


def test_what_an_undeclared_investment_costs_is_not_learnt_from_later_rows() -> None:
    rows = [("A", "2024-01-01", "dinner"), ("A", "2024-02-01", "dinner", 500.0)]
    known = histories(orders=[("A", "2023-12-01", 10.0)], investments=rows)
    at = view(known, "2024-01-15")
    assert compute(at, CONTEXT, ["days_since_investment", "investment_spend_365d"]).tolist() == [[14.0, 0.0]]


def test_a_cancelled_contract_was_in_force_until_it_was_cancelled() -> None:
    contract = {"account_id": "A", "starts_on": "2023-01-01", "cancelled_at": "2024-01-11"}
    at = view(histories(contracts=[contract]), "2024-02-10")
    assert [int(rungs(at, RULES, days)[0]) for days in (0, -29, -30, -31, -200)] == [0, 0, 4, 4, 4]


def test_a_service_level_is_broken_from_the_day_the_ticket_was_solved_or_never() -> None:
    tickets = [
        {"account_id": "A", "opened_at": "2024-01-01", "resolved_at": "2024-01-20", "sla_breached": True},
        {"account_id": "B", "opened_at": "2024-01-01", "sla_breached": True},
    ]
    known = histories(tickets=tickets)
    at = [
        compute(view(known, day), CONTEXT, ["sla_breaches_180d"])[:, 0].tolist() for day in ("2024-01-20", "2024-01-21")
    ]
    assert at == [[0.0, 0.0], [1.0, 0.0]]
    alone = histories(tickets=[{"account_id": "B", "opened_at": "2024-01-01", "sla_breached": True}])
    assert compute(view(alone, "2024-01-21"), CONTEXT, ["sla_breaches_180d"]).tolist() == [[0.0]]


def test_a_ticket_solved_before_it_was_opened_is_never_less_than_none_open() -> None:
    ticket = {
        "account_id": "A",
        "opened_at": "2024-01-10T12:00",
        "resolved_at": "2024-01-10T03:00",
        "recorded_at": "2024-01-10T01:00",
    }
    known = histories(tickets=[ticket])
    for as_of in ("2024-01-10T02:00", "2024-01-10T06:00", "2024-01-11"):
        assert compute(view(known, as_of), CONTEXT, ["open_tickets"]).tolist() == [[0.0]]


def test_in_the_middle_of_a_day_the_rest_of_that_day_is_not_seen() -> None:
    morning, afternoon = ("A", "2024-01-10T10:00", 100.0), ("A", "2024-01-10T15:00", -200.0)
    names = ["order_days_total", "order_days_30d", "days_since_order_day"]
    for rows in ([morning], [morning, afternoon]):
        at = view(histories(orders=rows), "2024-01-10T12:00")
        assert compute(at, CONTEXT, names).tolist() == [[1.0, 1.0, 0.5]]
