"""A run in the store: every bit of it, changed rows only, old or new and nothing between."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import SettingsError, StoreError
from features.histories.histories import Histories
from features.instants import instant
from serving.scoring.advice.reason_table import reason_texts
from serving.scoring.batch import score_frames, write_frames
from serving.scoring.scoring import Scorer
from serving.store.database import open_store, reading
from serving.store.scores import scoring_runs as results
from serving.store.scores.previous_scores import PREVIOUS
from serving.store.scores.result_files import facts_of, read_folder
from serving.store.scores.scoring_runs import (
    ACCOUNTS,
    HORIZONS,
    INVESTMENT_SCORES,
    OF_RUN,
    PROFILE_COLUMNS,
    RUNS,
    SCORES,
    Frames,
    current_run,
    write_run,
)
from tests.databases import new_database
from tests.serving.runs import profiles, put, scored
from training.model.bundle import read_bundle
from training.model.reasons import Reason, read_reasons
from training.model.text.words import render_reason, render_reasons
from training.simulator.simulation import Simulation

TABLES = {"scores": SCORES, "investment_scores": INVESTMENT_SCORES, "horizons": HORIZONS}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    sqlite = f"sqlite:///{tmp_path / 'ladder.db'}"
    url = sqlite if request.param == "sqlite" else new_database(request.getfixturevalue("postgres_server"))
    engine = open_store(url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def frames(folder: Path, histories: Histories) -> Frames:
    return scored(folder, histories)


def _held(engine: sa.Engine, table: sa.Table) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        order = list(table.primary_key.columns)
        return [dict(row) for row in connection.execute(table.select().order_by(*order)).mappings()]


def test_a_run_keeps_the_level_and_the_currency_of_its_model(
    engine: sa.Engine, frames: Frames, folder: Path
) -> None:  # fmt: skip
    bundle = read_bundle(folder)[0]
    put(engine, frames, None, replace(bundle, facts=replace(bundle.facts, level=0.8, currency="kr")))
    with reading(engine) as connection:
        current = current_run(connection)
    assert current is not None
    assert (current.facts.level, current.facts.currency) == (0.8, "kr")
    assert current.options == tuple(sorted(frames["investment_scores"]["investment"].unique()))


def test_reasons_are_kept_as_data_whatever_the_language_of_the_run(
    engine: sa.Engine, frames: Frames, folder: Path, histories: Histories
) -> None:
    put(engine, frames)
    dutch = dict(
        zip(frames, score_frames(Scorer(*read_bundle(folder)), histories, histories.end, language="nl"), strict=True)
    )
    assert put(engine, dutch).changed == 0
    held = {row["account_id"]: row["reasons"] for row in _held(engine, SCORES)}
    for language, run in (("en", frames), ("nl", dutch)):
        scores = run["scores"]
        told = dict(zip(scores["account_id"], map(json.loads, scores["reasons"]), strict=True))
        assert {account: render_reasons(text, language) for account, text in held.items()} == told
    assert {type(reason) for text in held.values() for reason in read_reasons(text)} == {Reason}


def test_a_run_without_the_table_of_reasons_keeps_its_sentences(engine: sa.Engine, frames: Frames) -> None:
    put(engine, {name: frame for name, frame in frames.items() if name != "reasons"})
    told = dict(zip(frames["scores"]["account_id"], frames["scores"]["reasons"], strict=True))
    held = {row["account_id"]: row["reasons"] for row in _held(engine, SCORES)}
    assert held == told
    assert all(render_reasons(text, "nl") == json.loads(text) for text in held.values())
    assert put(engine, frames).changed > 200  # from sentences to data


def _without(frames: Frames, gone: str) -> Frames:
    return {name: frame[frame["account_id"] != gone] for name, frame in frames.items()}


def _bits(value: Any) -> Any:
    """Floats by their bits, so that -0.0 is not 0.0."""
    return value.hex() if isinstance(value, float) else value


def test_every_figure_is_kept_to_the_last_bit(engine: sa.Engine, frames: Frames) -> None:
    written = put(engine, frames)
    assert (written.run_id, written.changed, written.removed) == (1, len(frames["scores"]), 0)
    for name, table in TABLES.items():
        keys = [column.name for column in table.primary_key.columns]
        wanted = frames[name].drop(columns="reasons", errors="ignore").sort_values(keys).to_dict("records")
        held = _held(engine, table)
        assert len(held) == len(wanted) > 0
        for row, one in zip(held, wanted, strict=True):
            told = {column: None if pd.isna(cell) else cell for column, cell in one.items() if column in row}
            assert {column: _bits(row[column]) for column in told} == {c: _bits(v) for c, v in told.items()}
            assert one.keys() - row.keys() <= set(OF_RUN)
    with reading(engine) as connection:
        current = current_run(connection)
    assert current is not None
    assert current.facts == facts_of(frames["scores"])
    assert current.options == tuple(sorted(frames["investment_scores"]["investment"].unique()))
    assert (current.facts.level, current.facts.currency) == (None, "")  # its model was not at hand


@pytest.mark.parametrize("value", [0.1 + 0.2, 0.0, 5e-324, 1.7976931348623157e308, -1 / 3, 2.0**53 + 2])
def test_no_double_is_too_odd(engine: sa.Engine, frames: Frames, value: float) -> None:
    odd = {name: frame.assign(expected_revenue=value) if name != "investment_scores" else frame.assign(gain=value)
           for name, frame in frames.items()}  # fmt: skip
    put(engine, odd)
    assert {_bits(row["expected_revenue"]) for row in _held(engine, SCORES)} == {value.hex()}
    assert {_bits(row["gain"]) for row in _held(engine, INVESTMENT_SCORES)} == {value.hex()}


def test_the_same_run_again_writes_nothing(engine: sa.Engine, frames: Frames, tiny: Simulation) -> None:
    put(engine, frames, profiles(tiny))
    before = [_held(engine, table) for table in (*TABLES.values(), ACCOUNTS)]
    again = put(engine, frames, profiles(tiny))
    assert (again.changed, again.removed) == (0, 0)
    assert [_held(engine, table) for table in (*TABLES.values(), ACCOUNTS)] == before
    assert len(_held(engine, RUNS)) == 2


def test_only_what_changed_is_written_and_who_vanished_goes(engine: sa.Engine, frames: Frames) -> None:
    put(engine, frames)
    first, second, third = frames["scores"]["account_id"].iloc[:3]
    changed = {name: frame.copy() for name, frame in _without(frames, first).items()}
    changed["scores"].loc[changed["scores"]["account_id"] == second, "p_upgrade"] = 0.25
    options = changed["investment_scores"]
    options.loc[(options["account_id"] == third) & (options["investment"] == "rebate"), "cost"] = 501.0
    written = put(engine, changed)
    assert (written.changed, written.removed) == (2, 1)
    runs = {row["account_id"]: row["changed_run"] for row in _held(engine, SCORES)}
    assert {account for account, run in runs.items() if run == 2} == {second, third}
    assert first not in runs
    for table in (INVESTMENT_SCORES, HORIZONS):
        assert {row["account_id"] for row in _held(engine, table)} == runs.keys()
    assert [r["cost"] for r in _held(engine, INVESTMENT_SCORES) if r["account_id"] == third][1] == 501.0


def test_another_as_of_alone_changes_no_account(engine: sa.Engine, frames: Frames) -> None:
    put(engine, frames)
    later = {name: frame.assign(as_of=pd.Timestamp("2030-01-01")) for name, frame in frames.items()}
    assert put(engine, later).changed == 0
    with reading(engine) as connection:
        current = current_run(connection)
    assert current is not None
    assert current.facts.as_of == instant("2030-01-01")


def test_a_run_that_fails_leaves_the_one_before(engine: sa.Engine, frames: Frames) -> None:
    put(engine, frames)
    before = _held(engine, SCORES)

    def broken() -> Iterator[Frames]:
        yield {
            name: frame.assign(expected_revenue=1.0) if name == "scores" else frame for name, frame in frames.items()
        }
        raise StoreError("the plug was pulled")

    with pytest.raises(StoreError, match="plug"):
        write_run(engine, facts_of(frames["scores"]), broken())
    assert _held(engine, SCORES) == before


def test_a_reader_sees_the_old_run_until_the_new_one_is_there(engine: sa.Engine, frames: Frames) -> None:
    put(engine, frames)
    begun, go = Event(), Event()

    def slowly() -> Iterator[Frames]:
        yield {
            name: frame.assign(expected_revenue=1.0) if name == "scores" else frame for name, frame in frames.items()
        }
        begun.set()
        assert go.wait(20)

    writer = Thread(target=write_run, args=(engine, facts_of(frames["scores"]), slowly()))
    writer.start()
    assert begun.wait(20)
    meanwhile = {row["expected_revenue"] for row in _held(engine, SCORES)}
    go.set()
    writer.join(20)
    assert meanwhile != {1.0}
    assert {row["expected_revenue"] for row in _held(engine, SCORES)} == {1.0}


def test_scores_that_contradict_themselves_are_refused(tmp_path: Path, frames: Frames) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'ladder.db'}")
    scores = frames["scores"]
    with pytest.raises(SettingsError, match="an account twice"):
        put(engine, {**frames, "scores": pd.concat([scores, scores.iloc[:1]])})
    with pytest.raises(SettingsError, match="which the scores do not"):
        put(engine, {**frames, "scores": scores.iloc[1:]})
    assert _held(engine, RUNS) == []
    engine.dispose()


def test_accounts_have_their_owner_and_lose_it_when_the_source_does(
    tmp_path: Path, frames: Frames, tiny: Simulation
) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'ladder.db'}")
    known = profiles(tiny)
    put(engine, frames, known)
    given = tiny.tables["accounts"].set_index("account_id")
    for row in _held(engine, ACCOUNTS):
        for name in set(PROFILE_COLUMNS) & set(given.columns):
            cell = given.loc[row["account_id"], name]
            assert row[name] == (None if pd.isna(cell) else cell)
    put(engine, frames, known.iloc[1:].assign(owner="nobody"))
    held = _held(engine, ACCOUNTS)
    assert len(held) == len(known) - 1
    assert {row["owner"] for row in held} == {"nobody"}
    put(engine, frames, None)
    assert _held(engine, ACCOUNTS) == held
    engine.dispose()


def test_reasons_of_an_account_without_scores_are_refused(engine: sa.Engine, frames: Frames) -> None:
    stray = frames["reasons"].assign(account_id="stray")
    with pytest.raises(SettingsError, match="reasons holds account stray"):
        put(engine, {**frames, "reasons": stray})


@pytest.mark.parametrize("form", ["parquet", "csv", "xlsx"])
def test_reasons_read_from_a_folder_are_those_that_were_written(form: str, tmp_path: Path, frames: Frames) -> None:
    few = frames["reasons"].head(40).copy()
    few.loc[few.index[:4], "feature"] = "country_code"
    few.loc[few.index[:4], "value"] = np.nan
    few.loc[few.index[:3], "value_text"] = ["NA", "007", "null"]  # Namibia, a number as a name; the fourth is missing
    write_frames({**frames, "reasons": few}, tmp_path, form)
    (read,) = read_folder(tmp_path)[1]
    whose = np.arange(len(few))
    was, are = (list(map(read_reasons, reason_texts(table, whose, len(few)))) for table in (few, read["reasons"]))
    assert [reasons[0].value for reasons in are[:4] if isinstance(reasons[0], Reason)] == ["NA", "007", "null", None]
    for (one,), (other,) in zip(was, are, strict=True):
        assert isinstance(one, Reason)
        assert isinstance(other, Reason)
        assert render_reason(one, "nl") == render_reason(other, "nl")
        assert other.strength == pytest.approx(one.strength, rel=1e-12)


@pytest.mark.parametrize(("form", "at_once"), [("parquet", 100_000), ("parquet", 70), ("parquet", 7), ("csv", 100_000)])
def test_a_folder_read_again_is_the_run_that_was_written(
    form: str, at_once: int, tmp_path: Path, frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_frames(frames, tmp_path / "scores", form)
    engine = open_store(f"sqlite:///{tmp_path / 'ladder.db'}")
    put(engine, frames)
    monkeypatch.setattr("serving.store.scores.result_files.ACCOUNTS_AT_ONCE", at_once)
    facts, chunks = read_folder(tmp_path / "scores")
    assert facts == facts_of(frames["scores"])
    parts = list(chunks)
    assert len(parts) == -(-len(frames["scores"]) // at_once)
    written = write_run(engine, facts, parts)
    # pandas reads a CSV's numbers to the last bit but for very few
    assert written.changed == 0 if form == "parquet" else written.changed < written.accounts
    engine.dispose()


def test_any_bit_of_an_account_changes_its_digest(frames: Frames) -> None:
    scores = frames["scores"].head(1)
    columns = [column.name for column in SCORES.columns if column.name not in ("account_id", "digest", "changed_run")]
    usual = results._digests(scores, SCORES)
    for name in columns:
        cell = scores[name].iloc[0]
        other = (
            "else"
            if isinstance(SCORES.c[name].type, sa.Text)
            else 3.5
            if pd.isna(cell)
            else np.nextafter(float(cell), np.inf)
        )
        if name == "rank":
            other = 77
        changed = scores.assign(**{name: [other]})
        assert results._digests(changed, SCORES) != usual, name


def _of_accounts(frames: Frames, count: int, prefix: str) -> Frames:
    """A run of so many accounts whose ids begin with the prefix: copies of the run's own."""
    scores = frames["scores"]
    copied = -(-count // len(scores))
    made: dict[str, pd.DataFrame] = {}
    for name, frame in frames.items():
        copies = [frame.assign(account_id=f"{prefix}{k}-" + frame["account_id"]) for k in range(copied)]
        made[name] = pd.concat(copies, ignore_index=True)
    kept = set(made["scores"]["account_id"].iloc[:count])
    return {name: frame[frame["account_id"].isin(kept)].reset_index(drop=True) for name, frame in made.items()}


def _chunked(frames: Frames, accounts: int) -> list[Frames]:
    ids = frames["scores"]["account_id"]
    groups = [set(ids.iloc[begin : begin + accounts]) for begin in range(0, len(ids), accounts)]
    return [{name: frame[frame["account_id"].isin(group)] for name, frame in frames.items()} for group in groups]


def _accounts_in(engine: sa.Engine, *tables: sa.Table) -> list[set[str]]:
    return [{row["account_id"] for row in _held(engine, table)} for table in tables]


@pytest.mark.parametrize(("count", "at_once"), [(2, 2), (2, 1), (6_001, 2_500)])
def test_a_run_that_shares_no_account_with_the_one_before_leaves_its_own_rows_and_exactly_those(
    engine: sa.Engine, frames: Frames, count: int, at_once: int
) -> None:
    before, after = _of_accounts(frames, count, "old"), _of_accounts(frames, count, "new")
    write_run(engine, facts_of(before["scores"]), _chunked(before, at_once))
    written = write_run(engine, facts_of(after["scores"]), _chunked(after, at_once))
    assert (written.accounts, written.changed, written.removed) == (count, count, count)
    wanted = set(after["scores"]["account_id"])
    assert _accounts_in(engine, SCORES, INVESTMENT_SCORES, HORIZONS) == [wanted] * 3
    assert len(_held(engine, INVESTMENT_SCORES)) == len(after["investment_scores"])
    assert _held(engine, PREVIOUS) == []


@pytest.mark.parametrize("replaced_last", [True, False])
def test_replacing_every_former_account_in_one_chunk_keeps_what_the_other_chunks_wrote(
    engine: sa.Engine, frames: Frames, replaced_last: bool
) -> None:
    before, fresh = _of_accounts(frames, 3, "old"), _of_accounts(frames, 4, "new")
    put(engine, before)
    changed = {**before, "scores": before["scores"].assign(expected_revenue=1.0)}
    both = [fresh, changed] if replaced_last else [changed, fresh]
    write_run(engine, facts_of(before["scores"]), both)
    former, wanted = set(before["scores"]["account_id"]), set(fresh["scores"]["account_id"])
    assert _accounts_in(engine, SCORES, INVESTMENT_SCORES, HORIZONS) == [former | wanted] * 3
    assert _accounts_in(engine, PREVIOUS) == [former]


def test_profiles_that_share_no_account_with_those_before_replace_them(
    engine: sa.Engine, frames: Frames, tiny: Simulation
) -> None:
    known = profiles(tiny)
    put(engine, frames, known)
    put(engine, frames, known.assign(account_id="new-" + known["account_id"]))
    assert _accounts_in(engine, ACCOUNTS) == [set("new-" + known["account_id"])]
