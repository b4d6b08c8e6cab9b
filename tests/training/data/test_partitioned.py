"""Training part by part is training on the whole, to the byte of the bundle."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from features.errors import NotEnoughData, TooManyBadRows
from features.instants import instant
from features.sources.partitioned import LocalExecutor, Part, Result
from tests.parted import tiny_parts
from tests.trained import small_settings, tiny_dataset, tiny_histories, tiny_trained
from training.data.partitioned import gather_dataset
from training.pipeline import train, train_on
from training.settings import Settings


class Backwards:
    """A crew that works in another order, and twice, as a cluster may whose worker dies; it answers in order."""

    def map(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
        found = {}
        for part in [*reversed(parts), *parts]:
            found[part.number] = work(part)
        return iter([found[part.number] for part in parts])


def differences(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """Where two bundles differ, in a few words."""
    names = [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
    return [f"{name}: {found}" for name in names for found in _apart(one.get(name), other.get(name))]


def _apart(one: bytes | None, other: bytes | None) -> list[str]:
    if one is None or other is None:
        return ["is in one only"]
    ours, theirs = one.decode().splitlines(), other.decode().splitlines()
    lines = [f"{a.strip()[:80]} | {b.strip()[:80]}" for a, b in zip(ours, theirs, strict=False) if a != b]
    return lines[:5] or [f"{len(ours)} lines and {len(theirs)}"]


def test_the_bundle_is_the_same_to_the_byte() -> None:
    data = gather_dataset(tiny_parts(), Backwards(), small_settings(), tiny_histories().end)
    parted, whole = train_on(data, small_settings(), folds=0).bundle.files(), tiny_trained().bundle.files()
    assert differences(parted, whole) == []


@pytest.mark.slow
def test_evaluated_out_of_time_too_and_as_of_an_earlier_instant() -> None:
    """The report, the comparisons and the figures are those of the whole; what was recorded later is not seen."""
    settings, at = small_settings(), instant("2025-06-01")
    parted = train_on(gather_dataset(tiny_parts(), LocalExecutor(), settings, at), settings, folds=1)
    whole = train(tiny_histories(), settings, at, folds=1)
    assert parted.bundle.files() == whole.bundle.files()
    assert parted.report == whole.report
    assert parted.comparisons == whole.comparisons


def test_rows_stand_in_the_order_of_the_whole() -> None:
    data, whole = gather_dataset(tiny_parts(), LocalExecutor(), small_settings(), tiny_histories().end), tiny_dataset()
    np.testing.assert_array_equal(data.matrix, whole.matrix)
    assert data.matrix.flags.f_contiguous == whole.matrix.flags.f_contiguous
    for one in (data, whole):
        assert len(one.snapshots) == len(one.matrix)
    names, others = (one.histories.account_ids[one.snapshots.account] for one in (data, whole))
    assert names.tolist() == others.tolist()
    np.testing.assert_array_equal(data.snapshots.as_of, whole.snapshots.as_of)
    np.testing.assert_array_equal(data.weight, whole.weight)


def drawn(settings: Settings, most: int) -> Settings:
    return replace(settings, slices=replace(settings.slices, most_snapshots=most))


def test_where_accounts_are_sampled_only_theirs_and_the_randomised_are_gathered() -> None:
    settings = drawn(small_settings(), 1000)
    data = gather_dataset(tiny_parts(), LocalExecutor(), settings, tiny_histories().end)
    assert len(data.matrix) < 0.5 * len(tiny_dataset().matrix)
    assert len(data.histories.account_ids) < len(tiny_histories().account_ids)
    parted = train_on(data, settings, folds=0).bundle
    assert parted.files() == train(tiny_histories(), settings, tiny_histories().end, folds=0).bundle.files()


def test_too_little_is_refused_with_the_same_words() -> None:
    at = instant("2022-02-01")
    with pytest.raises(NotEnoughData) as whole:
        train(tiny_histories(), small_settings(), at)
    with pytest.raises(NotEnoughData) as parted:
        gather_dataset(tiny_parts(), LocalExecutor(), small_settings(), at)
    assert str(parted.value) == str(whole.value)


def test_too_many_bad_rows_are_judged_over_all_parts() -> None:
    settings = small_settings()
    strict = replace(settings, source=replace(settings.source, max_bad_share=0.0))
    with pytest.raises(TooManyBadRows, match="more than the 0% allowed"):
        gather_dataset(tiny_parts(), LocalExecutor(), strict, tiny_histories().end)
