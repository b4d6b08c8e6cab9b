"""The running service and its document say the same: to a fuzzer, to a validator, and to a generated client."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from features.histories.histories import Histories
from serving.api.openapi import EXAMPLE, INSTANT, document
from serving.api.queries import score_query_of
from serving.api.security.key_store import create_key
from serving.runtime.server import Terms, running
from serving.store.database import open_store
from tests.serving.runs import fill, scored

BIN = Path(sys.executable).parent

_CALL = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ladder_client import AuthenticatedClient, Client
from ladder_client.api.default import healthz, score, version
from ladder_client.models import ErrorAnswer, ScoreAnswer, ScoreRequest, Version
url, key, example = sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
with AuthenticatedClient(base_url=url, token=key) as client:
    answer = score.sync(client=client, body=ScoreRequest.from_dict(example))
    assert isinstance(answer, ScoreAnswer), answer
    assert [result.status for result in answer.results] == ["ok", "ok"]
    assert 0 <= answer.results[0].scores.p_upgrade <= 1
    assert isinstance(version.sync(client=client), Version)
    wrong = score.sync(client=client, body=ScoreRequest(accounts=[], as_of="never"))
    assert isinstance(wrong, ErrorAnswer)
    assert wrong.error.code == "unreadable_time"
with Client(base_url=url) as stranger:
    refused = score.sync(client=stranger, body=ScoreRequest.from_dict(example))
    assert isinstance(refused, ErrorAnswer)
    assert refused.error.code == "key_missing"
    assert healthz.sync(client=stranger)
print(answer.results[0].scores.model_version)
"""


@pytest.fixture(scope="module")
def served(folder: Path, histories: Histories, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address of a service that wants keys and has batch scores, and a key that is good for everything."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    store = f"sqlite:///{tmp_path_factory.mktemp('store') / 'ladder.db'}"
    fill(store, scored(folder, histories))
    engine = open_store(store)
    key = create_key(engine, "fuzzer", {"score", "plan", "feedback", "admin"})
    engine.dispose()
    with running(folder, port, Terms(store=store, rate=1e6, burst=10**6)) as url:
        yield url, key


_ONLY_THE_STORE_KNOWS = """
[[operations]]
include-path = "/plan"
checks.positive_data_acceptance.expected-statuses = ["2xx", "422"]

[[operations]]
include-path = "/changes"
checks.positive_data_acceptance.expected-statuses = ["2xx", "422"]
"""
"""Whether there is such an option, such an owner or such a cursor no schema can say."""


_OPERATIONS = sum(map(len, document("1")["paths"].values()))


def _fuzz(served: tuple[str, str], cases: int, folder: Path, *, under: str = "", seed: int = 1) -> int:
    """Schemathesis in all its phases with all checks but two; returns how many cases there were.

    cases : of each operation and phase, at most.  under : the path that the document's paths are asked beneath.

    One asks that whatever breaks the schema is refused as a whole; here a bad account is told in its own result, and
    the accounts beside it are scored. The other asks for 405 on every undocumented method; GET /plan is a view of the
    managers' page, which is no part of the document, so that another test asks for it on the other paths.
    """
    url, key = served
    command = [str(BIN / "schemathesis"), "run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {key}"]
    command += [
        "--checks",
        "all",
        "--exclude-checks",
        "negative_data_rejection,unsupported_method",
        "--max-examples",
        str(cases),
    ]
    command += ["--generation-database", "none", "--seed", str(seed), "--workers", "1", "--no-color"]
    command += ["--url", url + under] if under else []
    (folder / "schemathesis.toml").write_text(_ONLY_THE_STORE_KNOWS)
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, "\n".join(line[:500] for line in done.stdout.splitlines())
    told = re.search(r"([0-9]+) generated, ([0-9]+) passed", done.stdout)
    assert told is not None, done.stdout
    return int(told[1])


def test_a_method_that_is_not_in_the_document_is_refused(served: tuple[str, str]) -> None:
    url, key = served
    for path, methods in document("1")["paths"].items():
        for method in {"get", "post", "put", "patch", "delete"} - methods.keys():
            if (method, path) == ("get", "/plan"):
                continue
            answer = httpx.request(method, url + path, headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 405, (method, path)


def test_a_fuzzer_that_reads_the_document_finds_nothing(served: tuple[str, str], tmp_path: Path) -> None:
    _fuzz(served, 8, tmp_path)


@pytest.mark.slow
def test_a_fuzzer_that_reads_the_document_finds_nothing_in_thousands_of_cases(
    served: tuple[str, str], tmp_path: Path
) -> None:
    """On /v1, with state: what one answer holds goes into later requests.  LADDER_FUZZ_CASES : how many, at least."""
    cases, made = int(os.environ.get("LADDER_FUZZ_CASES", "5000")), 0
    for seed in count(1):  # what takes no parameters is exhausted after a few
        made += _fuzz(served, -(-cases // _OPERATIONS), tmp_path, under="/v1", seed=seed)
        if made >= cases:
            break


def test_the_document_is_what_openapi_3_0_says() -> None:
    OpenAPIV30SpecValidator(document("1.0")).validate()


def test_a_generated_client_calls_the_running_service(served: tuple[str, str], tmp_path: Path) -> None:
    url, key = served
    (tmp_path / "openapi.json").write_text(json.dumps(document("1.0")))
    (tmp_path / "config.yaml").write_text("package_name_override: ladder_client\n")
    generate = [str(BIN / "openapi-python-client"), "generate", "--path", "openapi.json", "--meta", "none"]
    generate += ["--output-path", "ladder_client", "--fail-on-warning", "--config", "config.yaml"]
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    made = subprocess.run(generate, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    call = [sys.executable, "-c", _CALL, str(tmp_path), url, key, json.dumps(EXAMPLE)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"[0-9a-f]{12}\n", done.stdout)


@pytest.mark.parametrize(
    "text",
    ["1900-01-02", "2024-02-29", "2000-02-29", "2199-12-30", "2026-01-31T12:00Z", "2026-12-31T23:59:59.999999+14:00",
     "2026-01-31T00:00"],
)  # fmt: skip
def test_what_the_document_calls_an_instant_is_taken(text: str) -> None:
    assert re.search(INSTANT, text)
    assert score_query_of({"accounts": [], "as_of": text}).as_of is not None


@pytest.mark.parametrize(
    "text", ["1900-01-01", "2023-02-29", "2100-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-01-31 12:00", ""]
)
def test_what_is_no_instant_is_called_none(text: str) -> None:
    assert not re.search(INSTANT, text)
