"""Scores of a partitioned source are those of the source: the same rows, in the same order, of the same types."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.errors import NotEnoughData, TooManyBadRows
from features.instants import instant
from features.sources.partitioned import LocalExecutor
from serving.scoring import partitioned as module
from serving.scoring.batch import run_sums, score_frames, write_frames
from serving.scoring.partitioned import Written, score_parts
from serving.scoring.score_columns import TABLES
from serving.scoring.scoring import Scorer
from tests.parted import tiny_parts
from tests.trained import tiny_bundle, tiny_histories
from training.model.bundle import Bundle


def parted(out: Path, bundle: Bundle, at: int, form: str = "parquet", most_bad: float = 0.05) -> Written:
    return score_parts(
        tiny_parts(),
        LocalExecutor(),
        Scorer(bundle, "v1"),
        as_of=at,
        most_bad=most_bad,
        out=out,
        form=form,
        progress=lambda _, __: None,
    )


def whole(out: Path, bundle: Bundle, at: int, form: str = "parquet") -> None:
    frames = score_frames(Scorer(bundle, "v1"), tiny_histories(), at)
    write_frames(dict(zip(TABLES, frames, strict=True)), out, form)


@pytest.mark.parametrize("at_once", [7, 100_000])
def test_the_tables_are_those_of_the_whole(at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ACCOUNTS_AT_ONCE", at_once)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", at_once)
    at = instant("2025-12-01")
    written = parted(tmp_path / "parts", tiny_bundle(), at)
    whole(tmp_path / "whole", tiny_bundle(), at)
    counts = written.accounts, written.investments, written.horizons, written.reasons
    for name, rows in zip(TABLES, counts, strict=True):
        one, other = (tmp_path / folder / f"{name}.parquet" for folder in ("parts", "whole"))
        pd.testing.assert_frame_equal(pd.read_parquet(one), pd.read_parquet(other), check_exact=True)
        assert pq.read_table(one).equals(pq.read_table(other))
        assert pq.read_schema(one).equals(pq.read_schema(other), check_metadata=True)
        assert pq.read_metadata(one).num_rows == rows
    assert pd.read_parquet(tmp_path / "whole" / "scores.parquet")["rank"].notna().sum() > 20
    names = {f"{name}.parquet" for name in (*TABLES, "lifetime")} | {"loyalty.json"}
    assert {file.name for file in (tmp_path / "parts").iterdir()} == names
    sums = run_sums(
        score_frames(Scorer(tiny_bundle(), "v1"), tiny_histories(), at)[0], tiny_histories(), at, tiny_bundle().facts
    )
    for name, of in sums.items():
        assert of.keys() == written.sums[name].keys()
        for key, values in of.items():
            np.testing.assert_allclose(written.sums[name][key], values, rtol=1e-12)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_for_people_too(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ACCOUNTS_AT_ONCE", 50)
    at = instant("2025-12-01")
    parted(tmp_path / "parts", tiny_bundle(), at, form)
    whole(tmp_path / "whole", tiny_bundle(), at, form)
    for name in TABLES:
        one, other = (tmp_path / folder / f"{name}.{form}" for folder in ("parts", "whole"))
        if form == "csv":
            assert one.read_bytes() == other.read_bytes()
        else:
            pd.testing.assert_frame_equal(pd.read_excel(one), pd.read_excel(other))


def test_a_model_without_investments_writes_an_empty_table_of_them(tmp_path: Path) -> None:
    bundle, at = replace(tiny_bundle(), investments=()), instant("2025-12-01")
    assert parted(tmp_path / "parts", bundle, at).investments == 0
    whole(tmp_path / "whole", bundle, at)
    for name in TABLES:
        one, other = (tmp_path / folder / f"{name}.parquet" for folder in ("parts", "whole"))
        assert pq.read_table(one).equals(pq.read_table(other))
        assert pq.read_schema(one).equals(pq.read_schema(other), check_metadata=True)


def test_early_on_some_parts_know_nobody_yet(tmp_path: Path) -> None:
    first = int(tiny_histories().known_since.min()) + 1
    written = parted(tmp_path / "parts", tiny_bundle(), first)
    whole(tmp_path / "whole", tiny_bundle(), first)
    assert 0 < written.accounts < 30
    for name in TABLES:
        assert pq.read_table(tmp_path / "parts" / f"{name}.parquet").equals(
            pq.read_table(tmp_path / "whole" / f"{name}.parquet")
        )


def test_a_refusal_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughData, match="1999"):
        parted(tmp_path / "out", tiny_bundle(), instant("1999-01-01"))
    with pytest.raises(TooManyBadRows, match="more than the 0% allowed"):
        parted(tmp_path / "out", tiny_bundle(), instant("2025-12-01"), most_bad=0.0)
    assert not (tmp_path / "out").exists()
