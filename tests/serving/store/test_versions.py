"""A store is of a version: an older one is upgraded and answers the same, and no other one is opened silently."""

import importlib
import json
import pkgutil
import stat
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

import serving.store
from features.errors import StoreError
from features.instants import iso
from serving.api.app import create_app
from serving.api.model_holder import ModelHolder
from serving.api.security.key_store import list_keys
from serving.api.store_endpoints.store_service import StoreService
from serving.planning.accepted import accepted_plan
from serving.planning.plan import CONTRACT_COLUMNS
from serving.scoring.score_columns import INVESTMENT_SCORES as INVESTMENT_COLUMNS
from serving.scoring.score_columns import SCORES as SCORE_COLUMNS
from serving.store import versions
from serving.store.audit_log import changes, verify
from serving.store.database import METADATA, SCHEMA, connect, open_store, reading, writing
from serving.store.feedback.accepted_plans import accepted_plans
from serving.store.feedback.feedback import feedback_rows
from serving.store.feedback.overrides import Override, claims, overrides_of
from serving.store.feedback.verdicts import verdicts
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.previous_scores import former_of
from serving.store.scores.scoring_runs import ACCOUNTS, RUNS, SCORES, current_run
from serving.store.scores.timelines import timeline_of
from serving.store.summaries import summary_of
from serving.store.versions import CURRENT, MARK, NUMBER, REVISIONS, upgrade, version_of
from tests.databases import new_database
from tests.serving.client import Client
from tests.serving.store.old_stores import old_answers, old_file, old_postgresql, upgrade_to

BOOKKEEPING = {MARK, NUMBER}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a store that there is not yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ladder.db'}"
    return new_database(request.getfixturevalue("postgres_server"))


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a store of the program before migrations."""
    file = old_file(tmp_path)
    if request.param == "sqlite":
        return f"sqlite:///{file}"
    url = new_database(request.getfixturevalue("postgres_server"))
    old_postgresql(file, url)
    return url


def _upgrade(url: str) -> str | None:
    engine = connect(url)
    try:
        with writing(engine) as connection:
            return upgrade(connection, "the store")
    finally:
        engine.dispose()


def _version(url: str) -> str | None:
    engine = connect(url)
    try:
        with reading(engine) as connection:
            return version_of(connection, "the store")
    finally:
        engine.dispose()


def _read(url: str, statement: str) -> Any:
    engine = connect(url)
    schema = "" if url.startswith("sqlite") else f"{SCHEMA}."
    with reading(engine) as connection:
        found = connection.exec_driver_sql(statement.format(schema=schema)).scalar()
    engine.dispose()
    return found


def _execute(url: str, *statements: str) -> None:
    engine = connect(url)
    with writing(engine) as connection:
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def _layout(url: str) -> dict[str, Any]:
    """Columns, keys and indexes of every table."""
    engine = connect(url)
    with reading(engine) as connection:
        inspector, schema = sa.inspect(connection), versions.schema_of(connection)
        found = {
            name: {
                "columns": [
                    (column["name"], str(column["type"]), column["nullable"], column["default"])
                    for column in inspector.get_columns(name, schema)
                ],
                "key": inspector.get_pk_constraint(name, schema)["constrained_columns"],
                "unique": sorted(one["column_names"] for one in inspector.get_unique_constraints(name, schema)),
                "indexes": sorted(
                    (str(one["name"]), one["column_names"], bool(one["unique"]))
                    for one in inspector.get_indexes(name, schema)
                    if "duplicates_constraint" not in one
                ),
            }
            for name in inspector.get_table_names(schema)
            if name not in BOOKKEEPING
        }
    engine.dispose()
    return found


def test_the_revisions_make_the_tables_that_the_program_declares(
    url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    for module in pkgutil.iter_modules(serving.store.__path__, "serving.store."):
        importlib.import_module(module.name)
    open_store(url).dispose()
    declared = f"sqlite:///{tmp_path / 'declared.db'}"
    if not url.startswith("sqlite"):
        declared = new_database(request.getfixturevalue("postgres_server"))
    engine = connect(declared, make=True)
    with writing(engine) as connection:
        if connection.dialect.name != "sqlite":
            connection.execute(sa.schema.CreateSchema(SCHEMA))
        METADATA.create_all(connection)
    engine.dispose()
    assert _layout(url) == _layout(declared)


def test_the_program_knows_every_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(versions.__file__).with_name("migrations")))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS
    assert tuple(f"{number:04}" for number in range(1, len(REVISIONS) + 1)) == REVISIONS


def test_an_empty_store_is_made_at_the_programs_own_version(url: str) -> None:
    open_store(url).dispose()
    assert _version(url) == CURRENT


def test_an_older_store_is_refused_in_one_sentence_and_left_as_it_is(old_url: str) -> None:
    before = _layout(old_url)
    for _ in range(2):
        with pytest.raises(StoreError) as refusal:
            open_store(old_url)
        said = str(refusal.value)
        assert f"is a store of version 0001 and this program works with version {CURRENT}" in said
        assert "`ladder store upgrade --store " in said
        assert said.count(". ") == 0
    assert _layout(old_url) == before


def test_a_newer_store_is_refused_in_one_sentence(url: str) -> None:
    open_store(url).dispose()
    _execute(url, f"UPDATE {NUMBER} SET version_num = '0977'")
    with pytest.raises(
        StoreError, match=f"version 0977, made by a newer program, .* version {CURRENT}: install"
    ) as said:
        open_store(url)
    assert str(said.value).count(". ") == 0
    with pytest.raises(StoreError, match="made by a newer program"):
        _upgrade(url)
    assert _version(url) == "0977"


def test_the_program_before_would_refuse_an_upgraded_store(old_url: str) -> None:
    _upgrade(old_url)
    assert _read(old_url, f"SELECT version FROM {{schema}}{MARK}") == 2  # it knew 1 and refused whatever was higher


def test_upgrading_twice_changes_nothing_more(old_url: str) -> None:
    assert _upgrade(old_url) == "0001"
    layout = _layout(old_url)
    assert _upgrade(old_url) == CURRENT
    assert _layout(old_url) == layout


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(old_url: str) -> None:
    _execute(old_url, "CREATE TABLE audit_log (in_the_way INTEGER)")
    before = _layout(old_url)
    with pytest.raises(StoreError, match="audit_log"):
        _upgrade(old_url)
    assert _layout(old_url) == before
    assert _version(old_url) == "0001"


def test_an_old_store_has_only_the_tables_that_its_programs_used_and_gets_the_others(old_url: str, url: str) -> None:
    """`ladder demo` of the program before made no keys, feedback, overrides, plans, verdicts."""
    _execute(
        old_url, *(f"DROP TABLE {name}" for name in "keys feedback overrides plans plan_rows page_changes".split())
    )
    _upgrade(old_url)
    open_store(url).dispose()
    if old_url.split(":")[0] == url.split(":")[0]:
        assert _layout(old_url) == _layout(url)
    engine = open_store(old_url)
    with reading(engine) as connection:
        assert accepted_plans(connection) == []
        assert len(verdicts(connection)) == 3
    engine.dispose()


def test_a_store_that_is_older_than_the_first_version_is_refused_by_what_it_lacks(old_url: str) -> None:
    _execute(old_url, "ALTER TABLE runs DROP COLUMN claim_ratio")
    with pytest.raises(StoreError, match="cannot be upgraded: its table runs lacks the column claim_ratio"):
        _upgrade(old_url)
    assert _version(old_url) == "0001"


def test_a_service_of_the_program_before_goes_on_writing_its_log_until_it_is_restarted(old_url: str) -> None:
    _upgrade(old_url)
    _execute(
        old_url,
        "INSERT INTO page_changes (seq, at, who, key_id, what, about, detail) VALUES "
        "((SELECT max(seq) + 1 FROM page_changes), '2026-02-01 00:00:00', 'Anna', NULL, 'override', 'A00005', '{}')",
    )
    engine = open_store(old_url)
    with reading(engine) as connection:
        assert [(one.who, one.about) for one in changes(connection, "A00005")] == [("Anna", "A00005")]
    engine.dispose()


def test_a_run_that_kept_its_terms_among_its_options_keeps_them(url: str) -> None:
    """As programs between 0.1.0 and 0.2.0 wrote it."""
    engine = connect(url, make=True)
    options = json.dumps({"options": ["rebate", "visit"], "level": 0.8, "currency": "kr"})
    with writing(engine) as connection:
        upgrade_to(connection, "0002")
        values = {column.name: 1 for column in RUNS.columns if isinstance(column.type, sa.Integer)}
        dates = dict.fromkeys(("as_of", "written_at"), datetime(2026, 1, 1))
        connection.execute(RUNS.insert().values(**values, **dates, model_version="m", options=options))
        upgrade(connection, "the store")
    with reading(engine) as connection:
        current = current_run(connection)
    engine.dispose()
    assert current is not None
    assert (current.options, current.facts.level, current.facts.currency) == (("rebate", "visit"), 0.8, "kr")


def test_scores_of_before_the_next_order_was_told_hold_nothing_there(url: str) -> None:
    later = [column.name for column in SCORE_COLUMNS if column.since > 1]
    engine = connect(url, make=True)
    with writing(engine) as connection:
        upgrade_to(connection, "0003")
        connection.execute(SCORES.insert().values(account_id="A", rung="member", digest=7, changed_run=1))
        upgrade(connection, "the store")
        connection.execute(SCORES.update().values(next_order_on="2026-02-14", overdue_days=3, p_no_order=0.04))
    with reading(engine) as connection:
        row = connection.execute(SCORES.select()).mappings().one()
    engine.dispose()
    told = {"next_order_on": "2026-02-14", "overdue_days": 3, "p_no_order": 0.04}
    assert {name: row[name] for name in later} == dict.fromkeys(later) | told
    assert (row["rung"], row["digest"], row["changed_run"]) == ("member", 7, 1)


def test_opening_needs_no_turn_as_a_writer(url: str) -> None:
    """A worker that is restarted while a run is being written serves at once."""
    engine = open_store(url)
    with writing(engine) as connection:
        connection.execute(ACCOUNTS.insert().values(account_id="A", digest=1))
        again = open_store(url)
        with reading(again) as reader:
            assert reader.execute(ACCOUNTS.select()).all() == []
        again.dispose()
    engine.dispose()


def test_the_file_and_those_beside_it_are_nobody_elses_to_read(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'ladder.db'}")
    with reading(engine):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    engine.dispose()
    assert modes["ladder.db"] == 0o600
    assert set(modes.values()) == {0o600}


@pytest.fixture
def upgraded(old_url: str) -> Iterator[sa.Engine]:
    _upgrade(old_url)
    engine = open_store(old_url)
    yield engine
    engine.dispose()


def _plain(value: Any) -> Any:
    """As the recorded answers hold it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return None if isinstance(value, float) and value != value else value


def _override(override: Override) -> dict[str, Any]:
    return {
        field: {
            "value": one.value, "reason": one.reason, "made_by": one.made_by, "made_at": iso(one.made_at),
            "until": iso(one.until),
        } if (one := override.decisions.get(field)) is not None else None
        for field in ("recommended_investment", "will_switch")
    }  # fmt: skip


def _rows(frame: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _plain(frame.astype(object).where(frame.notna(), None).to_dict("records"))
    return rows


def test_an_upgraded_store_answers_lookups_and_plans_as_before(old_url: str) -> None:
    answers = old_answers()
    _upgrade(old_url)
    service = StoreService(old_url, lambda: int(answers["now"]))
    with Client(create_app(ModelHolder(), archive=service)) as client:
        asked = {"account_ids": [*answers["ids"], "nobody"], "horizons": True}
        found = client.post_json("/lookup", asked).json()
        later = [column.name for column in SCORE_COLUMNS if column.since > 1]
        of_option = [column.name for column in INVESTMENT_COLUMNS if column.since > 1]
        for result in found["results"]:
            if result["scores"] is not None:  # columns that came since hold nothing until the next run
                assert [result["scores"].pop(name) for name in later] == [None] * len(later)
            for option in result["investments"]:
                assert [option.pop(name) for name in of_option] == [None] * len(of_option)
        assert found == answers["lookup"]
        plan = client.post_json("/plan", {"budget": 20_000, "holdout": 0.2}).json()
    service.close()
    assert plan["totals"].pop("plan_id") != answers["plan"]["totals"].pop("plan_id")  # of its content, since then
    for row in plan["plan"]:
        assert [row.pop(name) for name in ("advice", "instead_of", "why")] == [None] * 3
    assert (plan["totals"].pop("claimed_low"), plan["totals"].pop("claimed_high")) == (None, None)
    assert plan["totals"].pop("tested") == 0
    assert set(plan["totals"].pop("not_the_best").values()) == {0}
    assert plan == answers["plan"]
    assert len(plan["plan"]) == 9


def test_an_upgraded_store_holds_what_managers_and_the_crm_told(upgraded: sa.Engine) -> None:
    answers = old_answers()
    with reading(upgraded) as connection:
        assert _plain(feedback_rows(connection, answers["now"])) == answers["feedback"]
        standing = overrides_of(connection, None, answers["now"])
        assert {account: _override(one) for account, one in standing.items()} == answers["overrides"]
        assert _rows(claims(connection)) == answers["claims"]
        found = [_plain(asdict(one)) for one in changes(connection)]
        assert [{name: one[name] for name in told} for one, told in zip(found, answers["changes"], strict=True)] == (
            answers["changes"]
        )
        assert all(one["seal"] for one in found)
        assert verify(connection).faults == []
        assert [_plain(asdict(one)) for one in verdicts(connection)] == answers["verdicts"]
        for told, one in zip(answers["accepted"], accepted_plans(connection), strict=True):
            kept, plan = accepted_plan(connection, one.plan_id)
            found = {"plan_id": kept.plan_id, "at": _plain(kept.at), "by": kept.by, "record": _plain(dict(kept.record))}
            rows = [
                {name: value for name, value in row.items() if name in CONTRACT_COLUMNS} for row in _rows(plan.rows)
            ]
            assert found | {"rows": rows} == told
    keys = [asdict(key) for key in list_keys(upgraded)]
    assert [{name: key[name] for name in told} for key, told in zip(keys, answers["keys"], strict=True)] == (
        answers["keys"]
    )


def test_an_upgraded_store_holds_what_the_page_shows(upgraded: sa.Engine) -> None:
    answers = old_answers()
    with reading(upgraded) as connection:
        current = current_run(connection)
        assert current is not None
        found = summary_of(connection, current.run_id)
        assert found is not None
        summary, model = found
        # Sums of lifetime values, and of whether the ladder pays, came later, as did the playbook.
        assert _plain(asdict(summary)) == {**answers["summary"], "loyalty": {}, "lifetime": {}}
        words: dict[str, Any] = {"benefits": [], "option_words": {}}
        # Its report was sentences, which are no longer read; money had no currency.
        assert _plain(asdict(model)) == {
            **answers["model"], "report": None, "currency": "", "playbook": [], "lifetime_years": 5,
            "discount_rate": 0.1, "rung_views": [], "playbook_from": "", **words,
        }  # fmt: skip
        assert (current.facts.level, current.facts.currency) == (answers["model"]["level"], "")
        for name, table in (("accounts", ACCOUNTS), ("standings", STANDINGS)):
            columns = [column for column in table.columns if column.name not in ("digest", "parent_account_id")]
            rows = connection.execute(sa.select(*columns)).mappings()
            told = {account: {"account_id": account, **row} for account, row in answers[name].items()}
            assert {row["account_id"]: _plain(dict(row)) for row in rows} == told
        former = {account: former_of(connection, account) for account in answers["ids"]}
        later = {"advice": None, "value_at_risk": None, "overdue_days": None}
        told = {account: one | later for account, one in answers["previous"].items()}
        assert {a: _plain(asdict(one)) for a, one in former.items() if one is not None} == told
        timelines = {account: timeline_of(connection, account) for account in answers["ids"]}
    digests = {a: sha256(json.dumps(one, sort_keys=True).encode()).hexdigest() for a, one in timelines.items()}
    assert digests == answers["timelines"]


def test_revisions_run_one_by_one_as_they_run_together(url: str) -> None:
    engine = connect(url, make=True)
    for revision in REVISIONS:
        with writing(engine) as connection:
            upgrade_to(connection, revision)
    engine.dispose()
    open_store(url).dispose()
