"""`ladder demo` does the whole job, and leaves nothing but its folder."""

from pathlib import Path

import pandas as pd
import pytest

import ladder
from training.model.champion import published

QUICK = """
[outcome]
further_horizons_days = []
[booster]
rounds = 5
[slices]
every_days = 90
most = 8
[uplift]
least_treated = 100000
"""


def test_the_demo_writes_into_its_folder_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, working = tmp_path / "shown", tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "quick.toml").write_text(QUICK)
    words = ["demo", "--accounts", "200", "--months", "36", "--config", str(tmp_path / "quick.toml"), "--no-serve"]
    assert ladder.main([*words, "--folder", str(folder)]) == 0
    assert list(working.iterdir()) == []
    assert {file.name for file in tmp_path.iterdir()} == {"shown", "working", "quick.toml"}
    kept = published(folder / "champion").name
    assert set(pd.read_parquet(folder / "scores" / "scores.parquet")["model_version"]) == {kept}
    assert list((folder / "mlruns").rglob("findings.json"))
    assert list((folder / "mlruns").rglob("MLmodel"))
