"""`ladder serve` without keys says who is answered, before it answers anybody."""

from pathlib import Path

import pytest

from commands import serving
from serving.api.security.key_store import create_key
from serving.store.database import open_store
from tests.commands import test_cli
from tests.commands.test_cli import Run, refused

run = test_cli.run


def test_a_service_without_keys_says_whom_it_answers(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "serve_until_stopped", lambda *given: given[-1]("http://here"))
    store = f"sqlite:///{tmp_path / 'ladder.db'}"
    said = run("serve", "--store", store)
    assert said.status == 0, said.err
    for words in ("there are no keys", "HTTP/1.1 and leaves no trace", "ladder keys create"):
        assert words in said.err
    engine = open_store(store)
    create_key(engine, "crm", {"score"})
    engine.dispose()
    assert "Warning" not in run("serve", "--store", store).err


def test_without_keys_no_other_machine_is_listened_to(run: Run, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'ladder.db'}"
    for host in ("0.0.0.0", "::", "192.0.2.7"):
        assert "Make a key first" in refused(run("serve", "--store", store, "--host", host))
