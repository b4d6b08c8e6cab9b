"""Who was right: a hand-made source in which four accounts were spoken of."""

import numpy as np
import pandas as pd
import pytest

from features.histories.histories import Histories, build_histories
from features.instants import instant
from features.sources.source import source_from_rows
from tests.told import codes, told
from training.account_managers.overruled import definition_of, judge, overrides_findings

MADE, UNTIL, END = instant("2025-03-01"), instant("2025-09-01"), instant("2025-10-01")


def histories() -> Histories:
    days = ["2025-01-01", "2025-01-02", "2025-01-03", "2025-06-01"]
    orders = {"account_id": list("ABCA"), "ordered_at": days, "revenue": [1.0] * 4}
    switches = {"account_id": ["B", "C"], "switched_at": ["2025-05-01", "2025-09-01"]}
    return build_histories(source_from_rows({"orders": orders, "switches": switches}))


def claims(*rows: tuple[str, bool, float]) -> pd.DataFrame:
    cells = [(account, "Ans", said, MADE, UNTIL, chance) for account, said, chance in rows]
    return pd.DataFrame(cells, columns="account_id made_by will_switch made_at until p_switch".split())


def test_the_brier_scores_are_those_on_paper() -> None:
    verdict = judge(claims(("A", True, 0.2), ("B", True, 0.5), ("C", False, 0.5)), histories(), END, "recorded")
    # A stayed, B left, C left at the very end of the claim's time, which is outside it
    assert (verdict.judged, verdict.switched, verdict.right) == (3, 1, pytest.approx(2 / 3))
    assert verdict.managers == pytest.approx((1 + 0 + 0) / 3)
    assert verdict.model == pytest.approx((0.04 + 0.25 + 0.25) / 3)
    value, low, high = verdict.difference
    assert value == pytest.approx(verdict.managers - verdict.model)
    assert low < value < high
    assert verdict.by_manager == {"Ans": (3, 2)}


def test_silence_is_no_order_day_in_the_override_s_time() -> None:
    verdict = judge(claims(("A", True, 0.2), ("B", True, 0.5)), histories(), END, "silence")
    assert (verdict.switched, verdict.right) == (1, 0.5)


def test_overrides_still_running_and_of_unknown_accounts_are_counted_and_not_judged() -> None:
    running = claims(("A", True, 0.2)).assign(until=END + 1)
    verdict = judge(pd.concat([running, claims(("Z", True, 0.2))]), histories(), END, "recorded")
    assert (verdict.judged, verdict.waiting, verdict.unknown) == (0, 1, 1)
    assert codes(overrides_findings(verdict)) == ["overrides_unjudged", "overrides_waiting"]


def test_an_override_without_a_prediction_is_judged_by_itself() -> None:
    verdict = judge(claims(("A", False, np.nan)), histories(), END, "recorded")
    assert (verdict.judged, verdict.compared, verdict.right) == (1, 0, 1.0)
    assert "Brier" not in told(overrides_findings(verdict))


def test_the_words_say_who_was_better_only_where_that_is_clear() -> None:
    many = claims(*[("A", True, 0.1)] * 40)
    said = told(overrides_findings(judge(many, histories(), END, "recorded", 0.8), 0.8))
    assert "[80%: " in said
    assert "the model was better" in said
    assert "do not conclude" not in said
    mixed = claims(("A", True, 0.5), ("B", True, 0.5))
    said = told(overrides_findings(judge(mixed, histories(), END, "recorded")))
    assert "no clear winner" in said
    assert "fewer than 30" in said


def test_what_counts_as_switching_follows_the_settings() -> None:
    assert definition_of(histories(), "auto", 2) == "recorded"
    assert definition_of(histories(), "auto", 3) == "rhythm"
    assert definition_of(histories(), "recorded", 50) == "recorded"
