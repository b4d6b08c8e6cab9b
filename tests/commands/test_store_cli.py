"""The commands that read and write the store, as people meet them."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from features.instants import instant
from serving.api.store_endpoints.store_service import StoreService
from serving.planning.accepted import accept_plan
from serving.planning.files import read_plan
from serving.store.database import open_store, reading, writing
from serving.store.feedback.verdicts import verdicts
from serving.store.scores.account_lookback import STANDINGS
from serving.store.scores.scoring_runs import ACCOUNTS, HORIZONS, INVESTMENT_SCORES, RUNS, SCORES
from serving.store.scores.timelines import TIMELINES
from tests.commands import test_cli
from tests.commands.test_cli import Run, Said, refused
from tests.serving.sites import Browser
from tests.trained import tiny

run, data, champion = test_cli.run, test_cli.data, test_cli.champion
URL = "sqlite:///ladder.db"


def wrong(said: Said) -> str:
    """What a wrong usage is told."""
    assert said.status == 2, said
    return said.err


def _held(url: str, table: sa.Table) -> list[tuple[Any, ...]]:
    engine = open_store(url, make=False)
    with reading(engine) as connection:
        rows = [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key.columns))]
    engine.dispose()
    return rows


def _tell(url: str, *events: dict[str, Any], day: str = "2025-12-05") -> None:
    """What the service was told on that day: the simulated supplier knows nothing later."""
    store_service = StoreService(url, lambda: instant(day))
    answer = json.loads(store_service.feedback(json.dumps({"events": events}).encode()))
    store_service.close()
    assert answer["stored"] == len(events), answer


def test_scores_go_to_the_store_changed_ones_only(run: Run, data: str, champion: str) -> None:
    first = run("score", "--data", data, "--to", URL, "--json")
    assert first.status == 0, first.err
    assert first.figures["changed"] == first.figures["accounts"] == 300
    assert first.figures["files"] == []
    assert "300 of 300 accounts changed, 0 removed" in first.out
    again = run("score", "--data", data, "--to", URL, "--out", "scores", "--json")
    assert (again.figures["changed"], again.figures["run"]) == (0, 2)
    assert Path("scores/scores.parquet").is_file()
    row = _held(URL, RUNS)[0]
    assert champion in row
    owners = dict(zip(*(tiny().tables["accounts"][name] for name in ("account_id", "owner")), strict=True))
    assert {row[0]: row[2] for row in _held(URL, ACCOUNTS)} == {k: None if pd.isna(v) else v for k, v in owners.items()}
    assert "Say where the scores go" in wrong(run("score", "--data", data))


def test_scores_of_parts_are_those_of_the_whole_in_the_store_too(run: Run, data: str, champion: str) -> None:
    assert champion
    assert run("partition", "--data", data, "--out", "parts", "--parts", "3").status == 0
    assert run("score", "--data", data, "--to", "sqlite:///whole.db").status == 0
    said = run("score", "--data", "parts", "--to", "sqlite:///parts.db")
    assert said.status == 0, said.err
    for table in (SCORES, INVESTMENT_SCORES, HORIZONS, ACCOUNTS, TIMELINES):
        assert len(_held("sqlite:///whole.db", table)) >= 300
        assert _held("sqlite:///parts.db", table) == _held("sqlite:///whole.db", table)
    standings = [[row[:-1] for row in _held(f"sqlite:///{name}.db", STANDINGS)] for name in ("parts", "whole")]
    assert standings[0] == standings[1]  # all but the similar accounts, which are looked for within a part


@pytest.mark.parametrize(
    "url", ["mysql://me:secret@host/x", "sqlite:///no/such/folder/ladder.db", "postgresql://u:secret@127.0.0.1:1/x"]
)
def test_a_store_that_cannot_be_used_is_refused_before_the_work(url: str, run: Run, data: str, champion: str) -> None:
    assert champion
    said = run("score", "--data", data, "--to", url)
    refused(said)
    assert "secret" not in said.err + said.out
    assert "accounts scored" not in said.out


def test_feedback_is_read_by_the_next_training_and_counted_once(run: Run, data: str, champion: str) -> None:
    assert champion
    made = tiny().tables["investments"].iloc[0]
    told = {"account_id": made["account_id"], "investment": made["investment"], "made_at": str(made["made_at"])}
    fresh = {"account_id": "A00001", "investment": "visit_programme", "made_at": "2025-11-03", "assignment": "random",
             "propensity": 0.9}  # fmt: skip
    orders = tiny().tables["orders"]
    last = orders.groupby("account_id")["ordered_at"].max()
    gone = str(last[last < "2025-11-30"].index[-1])
    left = {"account_id": gone, "outcome": "switched", "switched_at": "2025-12-01"}
    _tell(URL, told, fresh, left)
    for command in (("check",), ("train", "--config", "few.toml"), ("score", "--out", "o")):
        said = run(*command, "--data", data)
        assert said.status == 0, said.err
        told_so = said.out + said.err
        assert "investments: 2 rows of feedback, of which 1 stand in the source too" in told_so
        assert "switches: 1 rows of feedback" in told_so
    rung = pd.read_parquet("o/scores.parquet").set_index("account_id")["rung"]
    assert rung[gone] in ("suspect", "prospect")  # the switch wiped what came before
    Path("ladder.db").rename("elsewhere.db")
    assert run("score", "--data", data, "--out", "before", "--as-of", "2025-12-05").status == 0
    asked = ("score", "--data", data, "--as-of", "2025-12-05", "--store", "sqlite:///elsewhere.db", "--out", "then")
    assert run(*asked).status == 0  # told on that day, so not known at its midnight
    pd.testing.assert_frame_equal(pd.read_parquet("before/scores.parquet"), pd.read_parquet("then/scores.parquet"))
    assert "there is no such store" in refused(run("check", "--data", data, "--store", "sqlite:///none.db"))


def test_parts_read_feedback_too(run: Run, data: str, champion: str) -> None:
    assert champion
    _tell(URL, *({"account_id": f"A{k:05}", "investment": "rebate", "made_at": "2025-11-03"} for k in range(20)))
    assert run("partition", "--data", data, "--out", "parts", "--parts", "3").status == 0
    for source, out in ((data, "whole"), ("parts", "parted")):
        assert run("score", "--data", source, "--out", out).status == 0
    whole, parted = (pd.read_parquet(f"{out}/scores.parquet") for out in ("whole", "parted"))
    pd.testing.assert_frame_equal(whole, parted, check_exact=True)
    Path("ladder.db").rename("elsewhere.db")
    assert "20 rows of feedback" in run("score", "--data", data, "--to", "sqlite:///elsewhere.db").err
    assert run("score", "--data", data, "--out", "without").status == 0
    assert not whole.equals(pd.read_parquet("without/scores.parquet"))


def test_a_plan_from_the_store_knows_owners_and_decisions(run: Run, data: str, champion: str) -> None:
    assert champion
    assert run("score", "--data", data, "--to", URL, "--out", "scores").status == 0
    asked = ("plan", "--budget", "20000", "--holdout", "0")
    assert run(*asked, "--store", URL, "--out", "stored.csv").status == 0
    assert run(*asked, "--scores", "scores", "--data", data, "--out", "files.csv").status == 0
    stored, files = (pd.read_csv(f"{name}.csv", dtype={"account_id": str}) for name in ("stored", "files"))
    pd.testing.assert_frame_equal(stored, files)
    records = [json.loads(Path(f"{name}.csv.json").read_text()) for name in ("stored", "files")]
    assert records[0] == records[1]
    first = stored["account_id"].iloc[0]
    spared = {"event_id": "1", "account_id": first, "override": {"recommended_investment": "none"}, "reason": "no"}
    _tell(URL, spared, day=datetime.now().isoformat())
    said = run(*asked, "--store", URL, "--out", "spared.csv")
    assert "managers' decisions narrow the options of 1 accounts" in said.err
    assert first not in set(pd.read_csv("spared.csv", dtype={"account_id": str})["account_id"])
    assert "one of the two" in wrong(run(*asked, "--out", "x.csv"))
    assert "no batch scores yet" in refused(run(*asked, "--store", _empty("empty.db"), "--out", "x.csv"))


def _empty(name: str) -> str:
    open_store(f"sqlite:///{name}").dispose()
    return f"sqlite:///{name}"


def test_managers_are_held_against_what_happened(run: Run, data: str, champion: str) -> None:
    assert champion
    assert run("score", "--data", data, "--as-of", "2025-06-01", "--to", URL).status == 0
    assert "No manager has overruled" in run("monitor", "--data", data).out
    _tell(URL, *(
        {"account_id": f"A{k:05}", "override": {"will_switch": bool(k % 2)}, "reason": "so", "made_by": "Ans",
         "made_at": "2025-06-02"} for k in range(40)
    ))  # fmt: skip
    said = run("monitor", "--data", data, "--store", URL, "--json")
    assert said.status == 0, said.err
    assert "managers overruled the model about leaving 40 times" in said.out
    assert "Brier score (lower = better)" in said.out
    assert said.figures["overrides_judged"] == 40
    assert said.figures["brier_model"] < said.figures["brier_managers"]
    Path("ladder.db").rename("elsewhere.db")
    assert "overruled" not in run("monitor", "--data", data).out


def test_a_plan_that_was_accepted_is_judged_and_its_verdict_kept_for_the_page(
    run: Run, data: str, champion: str
) -> None:
    assert champion
    assert run("score", "--data", data, "--as-of", "2025-06-01", "--to", URL).status == 0
    assert run("plan", "--store", URL, "--budget", "20000", "--holdout", "0.3", "--out", "plan.csv").status == 0
    plan, engine = read_plan(Path("plan.csv")), open_store(URL)
    with writing(engine) as connection:
        assert accept_plan(connection, plan, instant("2025-06-02"), "Ans")
    said = run("monitor", "--data", data, "--store", URL, "--json")
    assert said.status == 0, said.err
    assert f"Accepted plan {plan.record['plan_id']}, made for 2025-06-01" in said.out
    with reading(engine) as connection:
        kept = [one for one in verdicts(connection) if one.kind == "plan"]
    engine.dispose()
    assert [one.name for one in kept] == [plan.record["plan_id"]]
    assert kept[0].figures["gain"] == said.figures["gain"]
    with Browser(URL) as browser:
        assert plan.record["plan_id"] in browser.open("/trust").text


def test_an_export_is_written_from_files_and_from_the_store(run: Run, data: str, champion: str) -> None:
    assert champion
    assert run("score", "--data", data, "--to", URL, "--out", "scores").status == 0
    for given in (("--scores", "scores"), ("--changed",), ("--store", URL), ()):
        said = run("export", "--crm", "hubspot", *given, "--out", "out.csv", "--json")
        assert said.status == 0, said.err
        assert said.figures["accounts"] == len(pd.read_csv("out.csv")) == 300
    run("score", "--data", data, "--to", URL)
    assert run("export", "--crm", "hubspot", "--changed", "--out", "out.csv", "--json").figures["accounts"] == 0
    assert Path("out-gone.csv").read_text() == "ladder_account_id\n"
    asked = ("export", "--crm", "dynamics", "--out", "o.csv")
    assert "stands alone" in wrong(run(*asked, "--scores", "scores", "--changed"))
    Path("ladder.db").rename("elsewhere.db")
    assert "Say where the scores are" in wrong(run(*asked))


def test_serving_puts_the_given_scores_and_accounts_into_the_store(
    run: Run, data: str, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []
    monkeypatch.setattr("serving.runtime.server.serve", lambda *given: served.append(given[2].store) or 0)
    assert run("serve").status == 0
    assert served == ["sqlite:///ladder.db"]
    assert _held(URL, RUNS) == []
    assert run("serve", "--data", data).status == 0
    assert len(_held(URL, ACCOUNTS)) == 300
    assert run("score", "--data", data, "--out", "scores").status == 0
    said = run("serve", "--scores", "scores", "--store", "sqlite:///own.db")
    assert said.status == 0, said.err
    assert "300 of 300 accounts changed" in said.out
    assert served[-1].endswith("/own.db")
    row = dict(zip(RUNS.columns.keys(), _held("sqlite:///own.db", RUNS)[0], strict=True))
    assert row["model_version"] == champion
    assert row["trained_until"] is not None  # it is the model that is served
    assert _held("sqlite:///own.db", TIMELINES) == []  # nothing was said of the source
    said = run("serve", "--scores", "scores", "--data", data, "--store", "sqlite:///own.db")
    assert "300 timelines changed" in said.out, said.err
    assert len(_held("sqlite:///own.db", TIMELINES)) == 300
    assert "no scores in nowhere" in refused(run("serve", "--scores", "nowhere"))


def test_the_store_is_named_by_the_environment_where_no_option_names_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LADDER_STORE", "sqlite:///elsewhere.db")
    assert run("keys", "create", "--name", "crm", "--scopes", "score").status == 0
    assert "crm" in run("keys", "list").out
    assert (Path("elsewhere.db").is_file(), Path("ladder.db").exists()) == (True, False)
    assert "crm" in run("keys", "list", "--store", "LADDER_STORE").out
    assert "crm" not in run("keys", "list", "--store", URL).out


def test_a_password_that_was_typed_is_noted_without_being_shown(run: Run) -> None:
    said = run("keys", "list", "--store", "postgresql://ladder:hunter2@127.0.0.1:1/x?connect_timeout=2")
    assert said.status == 1
    assert "can read the password on the command line" in said.err
    assert "hunter2" not in said.err + said.out
    assert "password" not in run("keys", "list", "--store", URL).err
