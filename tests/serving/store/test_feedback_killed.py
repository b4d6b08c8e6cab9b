"""A process that is killed while it acknowledges has kept everything that it acknowledged."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from serving.store.database import open_store, reading
from serving.store.feedback.feedback import FEEDBACK
from tests.databases import new_database

_TELL = """
import json, sys
from serving.api.store_endpoints.store_service import StoreService
store_service, begin = StoreService(sys.argv[1]), int(sys.argv[2])
for k in range(begin, begin + 1_000_000):
    events = [{"event_id": f"{k}-{n}", "account_id": f"A{k}", "investment": "visit", "made_at": "2025-01-01"}
              for n in range(3)]
    answer = json.loads(store_service.feedback(json.dumps({"events": events}).encode()))
    assert answer["stored"] == 3, answer
    sys.stdout.write(f"{k}\\n")
    sys.stdout.flush()
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_kill_9_loses_nothing_that_was_acknowledged_and_keeps_no_half(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sqlite = f"sqlite:///{tmp_path / 'ladder.db'}"
    url = sqlite if kind == "sqlite" else new_database(request.getfixturevalue("postgres_server"))
    acknowledged: set[str] = set()
    for round_ in range(3):
        command = [sys.executable, "-c", _TELL, url, str(1_000_000 * round_)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(7 + 5 * round_):
            acknowledged.add(process.stdout.readline().strip())
        os.kill(process.pid, signal.SIGKILL)
        acknowledged.update(line.strip() for line in process.stdout)  # what was said before it died
        process.stdout.close()
        assert process.wait(20) == -signal.SIGKILL
    engine = open_store(url, make=False)
    with reading(engine) as connection:
        rows = connection.execute(sa.select(FEEDBACK.c.seq, FEEDBACK.c.event_id, FEEDBACK.c.content)).all()
    engine.dispose()
    kept = {row.event_id for row in rows}
    assert len(acknowledged) >= 7 * 3
    assert {f"{k}-{n}" for k in acknowledged for n in range(3)} <= kept
    assert {f"{event.split('-')[0]}-{n}" for event in kept for n in range(3)} == kept  # a request is whole or absent
    assert sorted(row.seq for row in rows) == list(range(1, len(rows) + 1))
    assert all(json.loads(row.content)["investment"] == "visit" for row in rows)
