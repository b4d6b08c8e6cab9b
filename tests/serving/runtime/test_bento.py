"""A bento built here serves elsewhere, where nothing of ours is installed."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from serving.api.app import answer_score
from serving.api.openapi import EXAMPLE
from serving.scoring.scoring_service import ScoringService
from tests.paths import ROOT
from training.model.champion import publish

BIN = Path(sys.executable).parent


def test_a_bento_asks_for_what_the_package_asks_for() -> None:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = content["project"]["dependencies"] + content["project"]["optional-dependencies"]["serve"]
    assert content["tool"]["bentoml"]["build"]["python"]["packages"] == wanted


def _run(*command: str | Path, cwd: Path, home: Path) -> None:
    environment = os.environ | {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def _answer(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    try:
        with urlopen(Request(url, body, {"Content-Type": "application/json"}), timeout=20) as response:
            return response.status, response.read()
    except HTTPError as error:
        return error.code, error.read()
    except (URLError, OSError):
        return 0, b""


@pytest.mark.slow
def test_a_bento_serves_on_a_machine_that_has_only_what_it_asks_for(
    folder: Path, scoring_service: ScoringService, tmp_path: Path
) -> None:
    source, home, clean = tmp_path / "source", tmp_path / "home", tmp_path / "clean"
    source.mkdir()
    home.mkdir()
    for name in ("features", "training", "serving"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "ladder.py"):
        shutil.copy(ROOT / name, source)
    publish(folder, source / "champion")
    _run(BIN / "bentoml", "build", ".", cwd=source, home=home)
    shutil.rmtree(source)
    (bento,) = (path for path in (home / "bentos" / "loyalty_ladder").iterdir() if path.is_dir())
    _run(BIN / "uv", "venv", "--quiet", "--python", sys.executable, clean, cwd=tmp_path, home=home)
    asked = bento / "env" / "python" / "requirements.txt"
    _run(BIN / "uv", "pip", "install", "--quiet", "--python", clean / "bin" / "python", "-r", asked,
         cwd=tmp_path, home=home)  # fmt: skip
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [clean / "bin" / "bentoml", "serve", f"loyalty_ladder:{bento.name}", "--port", str(port)]
    environment = {"PATH": str(clean / "bin"), "BENTOML_HOME": str(home), "HOME": str(tmp_path)}
    process = subprocess.Popen([*command, "--host", "127.0.0.1"], cwd=tmp_path, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 120
        while _answer(f"{url}/readyz")[0] != 200:
            assert process.poll() is None
            assert time.monotonic() < until, "it never got ready"
            time.sleep(0.3)
        status, content = _answer(f"{url}/score", json.dumps(EXAMPLE).encode())
    finally:
        process.terminate()
        process.wait(60)
    assert status == 200
    assert json.loads(content) == json.loads(answer_score(scoring_service, json.dumps(EXAMPLE).encode()))
