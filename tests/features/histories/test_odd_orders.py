"""What the data report says of all orders together: a hole in the feed, one account for many, or with nearly all."""

import numpy as np
import pandas as pd
import pytest

import ladder
from features.histories.odd_orders import account_notes, hole_notes, holes
from features.instants import MICROSECONDS_PER_DAY, instant
from tests.builders import histories
from tests.trained import tiny_histories


def steady(a_day: float, since: str = "2022-01-01", until: str = "2025-01-01") -> np.ndarray:
    """Times of orders that come at a steady pace."""
    first, last = instant(since), instant(until)
    return np.arange(first, last, int(MICROSECONDS_PER_DAY / a_day))


def without(times: np.ndarray, *periods: tuple[str, str]) -> np.ndarray:
    for begin, end in periods:
        times = times[(times < instant(begin)) | (times >= instant(end))]
    return times


@pytest.mark.parametrize(
    ("times", "found"),
    [
        (steady(5), []),
        (without(steady(5), ("2024-03-01", "2024-07-01")), [("2024-03-01", "2024-07-01", 610)]),
        (without(steady(5), ("2024-03-01", "2024-03-12")), []),  # too short
        (without(steady(0.1), ("2024-03-01", "2024-07-01")), []),  # few would be usual
        (without(steady(5), ("2023-07-20", "2023-08-20"), ("2024-07-25", "2024-08-22")), []),  # closed every summer
        (without(steady(5), ("2024-02-01", "2024-04-01"), ("2024-06-01", "2024-07-01")),
         [("2024-02-01", "2024-04-01", 252), ("2024-06-01", "2024-07-01", 126)]),
        (without(steady(5), ("2022-01-20", "2022-03-01")), [("2022-01-20", "2022-03-01", 200)]),
        (np.empty(0, np.int64), []), (steady(5)[:1], []),
    ],
)  # fmt: skip
def test_a_hole_is_a_stretch_without_orders_where_many_would_be_usual(
    times: np.ndarray, found: list[tuple[str, str, int]]
) -> None:
    told = [(hole.first, hole.after) for hole in holes(times)]
    assert told == [(instant(begin), instant(end)) for begin, end, _ in found]
    assert [hole.missed for hole in holes(times)] == pytest.approx([missed for *_, missed in found], rel=0.05)


def test_check_tells_of_a_hole_until_nothing_is_learnt_from_it() -> None:
    times = without(steady(2), ("2024-03-01", "2024-07-01"))
    orders = pd.DataFrame({"account_id": [f"K{k % 40}" for k in range(len(times))], "revenue": 5.0,
                           "ordered_at": times.astype("datetime64[us]")})  # fmt: skip
    (note,) = (note for note in ladder.check(ladder.read({"orders": orders})).notes if note.startswith("orders: none"))
    assert "until 2024-07-01, 122 days" in note
    settings = {"source": {"leave_out": [["2024-03-01", "2024-07-01"]]}}
    assert 'leave_out = [["2024-03-01", "2024-07-01"]]' in note
    assert not any("orders: none" in note for note in ladder.check(ladder.read({"orders": orders}, settings)).notes)
    known = ladder.read({"orders": orders}).histories
    assert list(hole_notes(known, instant("2024-06-01"))) == []  # of what is known then it is no hole, but the end


def test_an_account_that_stands_for_many_and_one_that_is_nearly_all_are_named() -> None:
    rows = [(f"K{k}", f"2024-{month:02d}-05", 10.0) for k in range(60) for month in (3, 9)]
    guests = [("guest's", f"2024-05-{1 + k % 28:02d}", 1.0) for k in range(150)]
    (note,) = account_notes(histories(orders=[*rows, *guests]), instant("2025-01-01"))
    assert "56% of the rows" in note
    assert "account_id <> 'guest''s'" in note
    (note,) = account_notes(histories(orders=[*rows, ("WHALE", "2024-06-01", 9_000.0)]), instant("2025-01-01"))
    assert "'WHALE', brings 88% of the last year's revenue" in note
    assert list(account_notes(histories(orders=[*rows, ("WHALE", "2022-06-01", 9_000.0)]), instant("2025-01-01"))) == []
    assert list(account_notes(tiny_histories(), tiny_histories().end)) == []
