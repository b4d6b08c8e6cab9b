"""However snapshots are worked on, together or in blocks, by search or by counting, their bits are the same."""

import threading
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalog.catalog import Context, compute
from features.errors import LadderError
from features.histories.histories import Histories, build_histories
from features.histories.snapshots import Snapshots
from features.histories.streams import _sorted_by_ranges, sort_events
from features.histories.time_search import Search, positions_by_day
from features.histories.views import View
from features.instants import MICROSECONDS_PER_DAY, FloatArray, instant
from features.parallel import parallel_map
from features.sources.cleaning.text_column import TextColumn
from features.sources.source import source_from_rows
from training.simulator.simulation import simulate


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-40, 40))), st.sets(st.integers(-5, 5), min_size=1))
def test_counting_finds_what_searching_finds(events: list[tuple[int, int]], days: set[int]) -> None:
    ordered = np.array(sorted(events), np.int64).reshape(-1, 2)
    segment, time = ordered[:, 0], ordered[:, 1] * (MICROSECONDS_PER_DAY // 5)
    midnights = np.array(sorted(days), np.int64) * MICROSECONDS_PER_DAY
    counted = positions_by_day(segment, time, 4, midnights)
    searched = Search.over(segment, time, 4).position(np.arange(4)[:, None], midnights)
    np.testing.assert_array_equal(counted[:, :-1], searched)


def test_times_too_far_apart_for_one_whole_number_are_searched_by_position() -> None:
    segment, time = np.array([0, 0, 1, 1]), np.array([-(2**62), 5, 3, 2**61])
    search = Search.over(segment, time, 2)
    assert search.distinct is not None
    assert search.position(np.array([0, 0, 1, 1]), np.array([5, 6, 3, 2**61 + 1])).tolist() == [1, 2, 2, 4]


@cache
def tiny() -> Histories:
    return build_histories(source_from_rows(simulate("tiny", accounts=50, months=36, seed=5).tables))


def snapshots() -> Snapshots:
    return Snapshots.concatenate([tiny().known_at(instant(f"2025-{month:02d}-01")) for month in range(1, 11)])


def bits() -> FloatArray:
    return np.ascontiguousarray(compute(View(tiny(), snapshots()), Context())).view(np.int64)


def test_blocks_of_accounts_have_the_bits_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bits()
    for size in (1, 7, 60):
        monkeypatch.setattr("features.histories.views.BLOCK", size)
        monkeypatch.setattr("features.catalog.declarations.BLOCK", size)
        np.testing.assert_array_equal(bits(), whole)


@pytest.mark.parametrize("hour", [0, 15])
def test_accounts_far_apart_have_the_bits_that_they_have_among_all(hour: int) -> None:
    everybody = Snapshots.concatenate(
        [tiny().known_at(instant(f"2025-{month:02d}-01T{hour:02d}:00:00")) for month in range(1, 11)]
    )
    apart = np.flatnonzero(np.isin(everybody.account, [3, 17, 40]))
    few = View(tiny(), everybody.take(apart))
    assert few.stream("orders").time.size == sum(np.diff(tiny().streams["orders"].bounds)[[3, 17, 40]]) or hour
    whole = compute(View(tiny(), everybody), Context())[apart]
    np.testing.assert_array_equal(compute(few, Context()).view(np.int64), whole.view(np.int64))


def test_edges_counted_and_edges_searched_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.histories.stream_view.counting_is_faster", lambda *_: False)
    searched = bits()
    monkeypatch.setattr("features.histories.stream_view.counting_is_faster", lambda *_: True)
    np.testing.assert_array_equal(bits(), searched)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3)), min_size=1), st.sampled_from([1, 10**6, 2**58 + 1]))
def test_rows_are_put_in_order_by_account_and_time_and_stay_as_they_stood(
    events: list[tuple[int, int]], unit: int
) -> None:
    code, time = np.array([code for code, _ in events], np.int32), np.array([at * unit for _, at in events], np.int64)
    place = np.array([3, 0, 5, 1, 4, 2])
    expected = np.lexsort((time, place[code]))
    rows, times = sort_events(code, place, time)
    assert rows.tolist() == expected.tolist()
    assert times.tolist() == time[expected].tolist()
    assert _sorted_by_ranges(code, place, time, 6).tolist() == expected.tolist()


def test_a_parallel_map_keeps_its_order_and_its_first_failure() -> None:
    threads = set()

    def work(number: int) -> int:
        threads.add(threading.get_ident())
        if number in (5, 6):
            raise LadderError(f"number {number}")
        return number * number

    assert list(parallel_map(work, range(5), parallel=True)) == [0, 1, 4, 9, 16]
    with pytest.raises(LadderError, match="number 5"):
        list(parallel_map(work, range(9), parallel=True))
    threads.clear()
    assert list(parallel_map(work, range(5), parallel=False)) == [0, 1, 4, 9, 16]
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize("form", ["text", "dictionary", "chunks of dictionaries"])
def test_a_column_of_text_gives_back_its_cells(form: str) -> None:
    cells = ["b", "", None, "a", "  ", "b"]
    array = pa.array(cells)
    coded = {
        "text": array,
        "dictionary": array.dictionary_encode(),
        "chunks of dictionaries": pa.chunked_array([array[:3].dictionary_encode(), array[3:].dictionary_encode()])
        .unify_dictionaries()
        .combine_chunks(),
    }[form]
    texts = TextColumn.from_arrow(coded)
    assert texts.tolist() == ["b", None, None, "a", None, "b"]
    assert texts[np.array([3, 0])].tolist() == ["a", "b"]
    assert [texts[0], texts[1]] == ["b", None]
    assert texts.missing.tolist() == [False, True, True, False, True, False]


def test_columns_of_text_are_concatenated_and_positioned() -> None:
    joined = TextColumn.concatenate([TextColumn.of(["x", None]), TextColumn.empty(1), TextColumn.of(["y", "x"])])
    assert joined.tolist() == ["x", None, None, "y", "x"]
    assert joined[np.array([3, 4])].used.tolist() == [0, 1]
    assert joined.positions({"x": 7}).tolist() == [7, -1, -1, -1, 7]
