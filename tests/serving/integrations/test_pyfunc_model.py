"""mlflow.pyfunc takes the histories of POST /score and gives the same bits, also served by MLflow itself."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pytest

from features.errors import InvalidRequest
from features.histories.histories import Histories
from features.instants import iso
from serving.api.app import answer_score
from serving.integrations.flat_rows import flat_rows
from serving.integrations.pyfunc_model import INPUTS, OUTPUTS, PARAMS, PyfuncModel, _load_pyfunc, example
from serving.scoring.scoring_service import ScoringService
from tests.serving import builders
from tests.serving.client import Client
from training.simulator.simulation import Simulation
from training.tracking.runs import LOADER, ModelForm, signature
from training.tracking.tracker import connected

FORM = ModelForm(INPUTS, OUTPUTS, PARAMS, example())


@pytest.fixture(scope="module")
def saved(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle as MLflow keeps it, with the signature and the example that a training gives it."""
    home = tmp_path_factory.mktemp("pyfunc")
    with connected(f"sqlite:///{home / 'mlflow.db'}") as (mlflow, _):
        mlflow.pyfunc.save_model(
            home / "model", loader_module=LOADER, data_path=str(folder), pip_requirements=[],
            signature=signature(mlflow, FORM), input_example=FORM.example,
        )  # fmt: skip
    return home / "model"


@pytest.fixture(scope="module")
def model(saved: Path) -> Any:
    with connected(f"sqlite:///{saved.parent / 'mlflow.db'}") as (mlflow, _):
        return mlflow.pyfunc.load_model(str(saved))


def figures(result: dict[str, Any]) -> dict[str, Any]:
    """A result of the service, flat, as OUTPUTS has it."""
    return {**dict.fromkeys(OUTPUTS), **(result["scores"] or {}), **{k: v for k, v in result.items() if k != "scores"}}


def rows(answer: pd.DataFrame) -> list[dict[str, Any]]:
    return [{name: None if value != value else value for name, value in row.items()} for row in _records(answer)]


def _records(answer: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for k in range(len(answer)):
        yield {str(name): answer[name].iloc[k] for name in answer}


def test_pyfunc_and_http_give_the_same_bits(tiny: Simulation, histories: Histories, model: Any, client: Client) -> None:
    accounts = list(builders.payloads(tiny.tables).values())[:60]
    accounts += [{"account_id": "broken", "orders": 5}, {"account_id": "empty", "orders": [], "tickets": []}]
    asked = {"as_of": iso(histories.end), "explain": True, "horizons": True, "language": "nl"}
    expected = client.post("/score", json={**asked, "accounts": accounts}).json()["results"]
    answer = model.predict(pd.DataFrame(accounts), params=asked)
    assert list(answer.columns) == list(OUTPUTS)
    assert rows(answer) == [figures(result) for result in expected]
    assert set(answer["status"]) >= {"ok", "error"}
    assert answer["expected_revenue"].dtype == "float64"


def test_flat_rows_and_frames_by_table_give_what_nested_ones_give(
    tiny: Simulation, histories: Histories, scoring_service: ScoringService, model: Any
) -> None:
    asked = {"as_of": iso(histories.end)}
    nested = pd.DataFrame(list(builders.payloads(tiny.tables).values())[:40])
    ids = set(nested["account_id"])
    frames = {
        name: table[table["account_id"].astype(str).isin(ids)]
        for name, table in tiny.tables.items() if "account_id" in table
    }  # fmt: skip
    expected = model.predict(nested, params=asked).set_index("account_id").sort_index()
    for answer in (
        model.predict(flat_rows(frames), params=asked),
        model.predict(frames, params=asked),
        PyfuncModel(scoring_service).predict(frames, asked),
    ):
        found = answer.set_index("account_id").sort_index()
        pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))


ORDERS = pd.DataFrame({"account_id": ["1", "1", "2"], "ordered_at": ["2025-09-18", "2025-11-04", "2025-09-20"],
                       "revenue": [950.0, 1200.0, 5.0]})  # fmt: skip
FORMS: dict[str, Any] = {
    "Arrow": pa.Table.from_pandas(ORDERS), "columns": ORDERS.to_dict("list"), "rows": ORDERS.to_dict("records"),
    "the account in the index": ORDERS.set_index("account_id"), "whole numbers": ORDERS.astype({"account_id": int}),
    "decimals": ORDERS.assign(revenue=[Decimal("950"), Decimal("1200"), Decimal("5")]),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_table_comes_in_any_form(form: str, scoring_service: ScoringService) -> None:
    own, asked = PyfuncModel(scoring_service), {"as_of": "2026-01-01"}
    country = pd.DataFrame({"account_id": ["1", "2"], "country": ["NL", "DE"]})
    expected = own.predict({"orders": ORDERS, "accounts": country}, asked)
    assert expected["status"].tolist() == ["ok", "ok"]
    pd.testing.assert_frame_equal(own.predict({"orders": FORMS[form], "accounts": country}, asked), expected)


def test_mlflow_hands_a_mapping_on_whatever_it_maps(model: Any) -> None:
    one = model.predict({"orders": ORDERS}, params={"as_of": "2026-01-01"})
    assert list(one["account_id"]) == ["1", "2"]
    assert set(one["status"]) <= {"ok", "warning"}
    nested = {"account_id": ["1", "2"], "orders": [rows.to_dict("records") for _, rows in ORDERS.groupby("account_id")]}
    for given in (
        {"orders": ORDERS.to_dict("records")}, {"orders": pa.Table.from_pandas(ORDERS)}, nested,
        {**nested, "account_id": np.array(["1", "2"])}, pd.DataFrame(nested),
    ):  # fmt: skip
        answer = model.predict(given, params={"as_of": "2026-01-01"})
        assert rows(answer) == rows(one)
    assert model.predict({"orders": ORDERS.iloc[:0]}, params={"as_of": "2026-01-01"}).empty
    with pytest.raises(Exception, match=r"columns of a table \(ordered_at, revenue\), and no column 'table'"):
        model.predict({"ordered_at": ["2025-09-18"], "revenue": [9.0]})


def test_mlflow_lets_ids_that_are_numbers_and_dates_in(model: Any) -> None:
    flat = pd.DataFrame({"table": "orders", **ORDERS.assign(account_id=[1, 1, 2]).to_dict("list")})
    dated = model.predict(flat.assign(as_of=pd.Timestamp("2026-01-01")))
    assert dated["account_id"].tolist() == ["1", "2"]
    told = model.predict(flat.astype({"account_id": str}), params={"as_of": "2026-01-01"})
    pd.testing.assert_frame_equal(pd.DataFrame(dated), pd.DataFrame(told))


def test_accounts_come_in_a_list_or_with_their_ids_in_the_index(scoring_service: ScoringService) -> None:
    own = PyfuncModel(scoring_service)
    nested = example()
    expected = own.predict(nested)
    pd.testing.assert_frame_equal(own.predict(nested.to_dict("records")), expected)
    by_account = own.predict(nested.set_index("account_id"))
    assert by_account.index.tolist() == by_account["account_id"].tolist() == ["NEW-1", "NEW-2"]
    told = own.predict(nested, {"explain": np.bool_(True), "as_of": pd.Timestamp("2026-01-01")})
    assert told["reasons"].map(len).gt(0).any()


@pytest.mark.parametrize("given", [None, "orders", np.zeros(3), ORDERS["revenue"], {"orders": None}, [5]])
def test_what_is_no_table_is_refused(given: Any, scoring_service: ScoringService) -> None:
    with pytest.raises(InvalidRequest, match="is no table: give a DataFrame"):
        PyfuncModel(scoring_service).predict(given)
    with pytest.raises(InvalidRequest, match="as_of must be a date or time"):
        PyfuncModel(scoring_service).predict(example().assign(as_of=[[1], [2]]))


def test_flat_rows_that_do_not_say_of_which_table_are_refused(scoring_service: ScoringService) -> None:
    own = PyfuncModel(scoring_service)
    orders = pd.DataFrame({"account_id": ["K1"], "ordered_at": ["2025-01-01"], "revenue": [5.0]})
    with pytest.raises(InvalidRequest, match="no column 'table' that says of which"):
        own.predict(orders)
    with pytest.raises(InvalidRequest, match="'sales' is no table; there are accounts, contacts"):
        own.predict({"sales": orders})
    assert list(own.predict({"orders": orders}, {"as_of": "2025-02-01"})["status"]) == ["ok"]


def test_the_batch_s_bits_too_for_more_accounts_than_a_request_may_hold(
    tiny: Simulation, histories: Histories, scoring_service: ScoringService, model: Any
) -> None:
    accounts = pd.DataFrame(list(builders.payloads(tiny.tables).values()))
    assert len(accounts) > 200
    answer = model.predict(accounts, params={"as_of": iso(histories.end)}).set_index("account_id")
    batch = scoring_service.scorer.score(
        histories, histories.known_at(histories.end), explain=False, horizons=False
    ).scores
    found = answer.loc[batch["account_id"]]
    for name in ("p_upgrade", "p_switch", "expected_revenue", "upgrade_uplift", "expected_gain", "rank"):
        pd.testing.assert_series_equal(
            found[name].reset_index(drop=True), pd.Series(batch[name], name=name), check_exact=True
        )


def test_a_column_as_of_goes_before_the_parameter_and_the_index_stays(
    model: Any, scoring_service: ScoringService
) -> None:
    orders = [{"ordered_at": "2025-01-10", "revenue": 100.0}, {"ordered_at": pd.Timestamp("2025-03-10"), "revenue": 70}]
    given = pd.DataFrame(
        {"account_id": ["A", "B", "C"], "orders": [orders] * 3, "as_of": ["2025-02-01", "2025-06-01", None]},
        index=[7, 8, 9],
    )
    answer = model.predict(given, params={"as_of": "2025-05-01"})
    assert answer["as_of"].to_dict() == {7: "2025-02-01", 8: "2025-06-01", 9: "2025-05-01"}
    plain = [{**row, "ordered_at": str(row["ordered_at"])[:10]} for row in orders]
    asked = {"as_of": "2025-06-01", "explain": False, "accounts": [{"account_id": "B", "orders": plain}]}
    expected = json.loads(answer_score(scoring_service, json.dumps(asked).encode()))["results"][0]["scores"]
    assert answer.loc[8, "expected_revenue"] == expected["expected_revenue"]
    with pytest.raises(InvalidRequest, match="as_of"):
        model.predict(given.drop(columns="as_of"), params={"as_of": "yesterday"})
    with pytest.raises(InvalidRequest, match="language"):
        model.predict(given, params={"language": "fr"})


def test_what_is_unknown_is_null_in_json_and_nan_in_a_frame(folder: Path) -> None:
    answer = _load_pyfunc(str(folder)).predict(example())
    records = answer.to_dict(orient="records")
    json.dumps(records, allow_nan=False)
    unknown = [name for name in answer if answer[name].dtype == "float64" and answer[name].isna().any()]
    assert unknown
    assert all(None in [record[name] for record in records] for name in unknown)


_CLEAN = """
import mlflow, json
model = mlflow.pyfunc.load_model({path!r})
answer = model.predict(model.input_example)
print(json.dumps(answer.to_dict(orient="records"), allow_nan=False))
"""


def test_it_loads_by_its_name_in_a_clean_process_elsewhere(saved: Path, tmp_path: Path, model: Any) -> None:
    command = [sys.executable, "-c", _CLEAN.format(path=str(saved))]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=_environment())
    assert said.returncode == 0, said.stderr[-2000:]
    assert json.loads(said.stdout.splitlines()[-1]) == model.predict(example()).to_dict(orient="records")


def _environment() -> dict[str, str]:
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": programs, "MLFLOW_DISABLE_TELEMETRY": "true"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(saved: Path, port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(saved), "--env-manager", "local"]
    process = psutil.Popen(
        [*command, "-p", str(port)], env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/ping").status_code == 200:
                    break
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.5)
        yield
    finally:
        for one in [*process.children(recursive=True), process]:
            one.terminate()
        process.wait(20)


@pytest.mark.slow
def test_mlflow_s_own_server_answers_the_same(saved: Path, scoring_service: ScoringService) -> None:
    accounts = [{k: v for k, v in row.items() if k != "as_of"} for row in example().to_dict("records")]
    params = {"as_of": "2026-01-01", "explain": True}
    port = free_port()
    with served(saved, port):
        url = f"http://127.0.0.1:{port}/invocations"
        answer = httpx.post(url, json={"dataframe_records": accounts, "params": params}, timeout=60)
        wrong = httpx.post(url, json={"dataframe_records": accounts, "params": {"as_of": "soon"}}, timeout=60)
    assert answer.status_code == 200, answer.text
    expected = json.loads(answer_score(scoring_service, json.dumps({**params, "accounts": accounts}).encode()))[
        "results"
    ]
    assert answer.json()["predictions"] == [figures(result) for result in expected]
    assert wrong.status_code == 400
