"""The same bytes from the same data, and nothing but the bytes that were written."""

import ast
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.errors import BundleError
from features.histories.histories import build_histories
from features.sources.source import source_from_rows
from serving.scoring.scoring import Scorer
from tests.paths import ROOT
from tests.trained import small_settings, tiny, tiny_bundle, tiny_histories
from training.model.bundle import MANIFEST, Bundle, Facts, Investment, read_bundle, write_bundle
from training.model.champion import publish, published
from training.pipeline import train


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(tiny_bundle(), tmp_path / "bundle")
    return tmp_path / "bundle"


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def test_a_bundle_comes_back_as_it_was(folder: Path) -> None:
    bundle = tiny_bundle()
    again, version = read_bundle(folder)
    assert version == bundle.version == again.version
    assert again.files() == bundle.files()
    for field in fields(Bundle):
        assert getattr(again, field.name) == getattr(bundle, field.name), field.name
    known = tiny_histories()
    one, other = (Scorer(b, "v").score(known, known.known_at(known.end)) for b in (bundle, again))
    for name, column in one.scores.items():
        pd.testing.assert_series_equal(pd.Series(column), pd.Series(other.scores[name]), check_exact=True)


def test_a_figure_that_is_not_there_survives_the_journey(tmp_path: Path) -> None:
    facts = replace(tiny_bundle().facts, figures={"switching_auc": float("nan"), "next_rung_log_loss": 0.5})
    write_bundle(replace(tiny_bundle(), facts=facts), tmp_path)
    assert read_bundle(tmp_path)[0].facts.figures == {"switching_auc": None, "next_rung_log_loss": 0.5}


def test_a_bundle_without_switching_effects_or_options_comes_back(tmp_path: Path) -> None:
    bundle = replace(tiny_bundle(), switching=None, upgrades={}, investments=())
    write_bundle(bundle, tmp_path)
    assert read_bundle(tmp_path)[0] == bundle


def test_more_than_ten_options_keep_their_own_effects(tmp_path: Path) -> None:
    options = tiny_bundle().investments
    effect = options[0].effects["revenue"]
    many = tuple(
        Investment(f"option {k}", 0, 1.0, "adjusted", (3,), {"revenue": replace(effect, size_offset=float(k))})
        for k in range(12)
    )
    write_bundle(replace(tiny_bundle(), investments=many), tmp_path)
    assert read_bundle(tmp_path)[0].investments == many


def test_a_folder_written_over_an_older_bundle_reads_as_the_newer(folder: Path) -> None:
    bundle = replace(tiny_bundle(), switching=None)
    version = write_bundle(bundle, folder)
    assert read_bundle(folder) == (bundle, version)


def digest(bundle: Bundle) -> str:
    return hashlib.sha256(b"".join(name.encode() + content for name, content in bundle.files().items())).hexdigest()


def test_the_same_data_settings_and_seed_give_the_same_bytes() -> None:
    shuffled = {name: rows.sample(frac=1, random_state=3) for name, rows in tiny().tables.items()}
    known = build_histories(source_from_rows(shuffled))
    again = train(known, small_settings(), known.end, folds=0).bundle
    assert again.facts == tiny_bundle().facts
    assert digest(again) == digest(tiny_bundle())


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_with_other_threads_gives_the_same_bytes(threads: str) -> None:
    program = (
        f"import os; os.cpu_count = lambda: {threads}\n"
        "from tests.trained import tiny_bundle\n"
        "from tests.training.model.test_bundle import digest\n"
        "print(digest(tiny_bundle()))\n"
    )
    more = {"OPENBLAS_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE", "PYTHONHASHSEED": threads}
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=os.environ | more, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == digest(tiny_bundle())


def test_another_seed_or_setting_is_another_version() -> None:
    known, settings = tiny_histories(), small_settings()
    other = replace(settings, booster=replace(settings.booster, seed=1))
    assert train(known, other, known.end, folds=0).bundle.version != tiny_bundle().version


def test_nothing_in_a_bundle_says_where_it_was_made(folder: Path) -> None:
    for path in folder.iterdir():
        content = path.read_text(encoding="utf-8")
        assert str(Path.home()) not in content or str(Path.home()) == "/"
        assert str(ROOT) not in content
        assert str(folder) not in content
    assert {path.suffix for path in folder.iterdir()} == {".json", ".txt"}


def test_every_changed_byte_is_refused(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        if path.name == MANIFEST:
            continue
        content = path.read_bytes()
        changed = bytearray(content)
        changed[len(content) // 2] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(BundleError, match="changed after it was written"):
            read_bundle(folder)
        path.write_bytes(content)
    read_bundle(folder)


def test_a_changed_byte_of_the_manifest_is_refused_or_another_version(folder: Path) -> None:
    content, version = (folder / MANIFEST).read_bytes(), tiny_bundle().version
    draw = random.Random(0)
    read = 0
    for _ in range(150):
        changed = bytearray(content)
        changed[draw.randrange(len(content))] = draw.randrange(32, 127)
        (folder / MANIFEST).write_bytes(bytes(changed))
        try:
            found = read_bundle(folder)[1]
        except BundleError:
            continue
        read += 1
        assert found != version or bytes(changed) == content
    assert read < 150


def test_a_missing_file_is_refused(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        path.unlink()
        with pytest.raises(BundleError, match=path.name.replace(".", r"\.")):
            read_bundle(folder)
        path.write_bytes(content)


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be read"):
        read_bundle(tmp_path)
    for content in (
        b"",
        b"[]",
        b"3",
        b"{",
        b"\xff",
        b"{}",
        b'{"format": 5}',
        b'{"format": 5, "name": "loyalty-ladder"}',
    ):
        (tmp_path / MANIFEST).write_bytes(content)
        with pytest.raises(BundleError):
            read_bundle(tmp_path)


def test_a_file_that_the_manifest_does_not_list_is_never_opened(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("tree")
    part = folder / "climbing.json"
    climbing = json.loads(part.read_text(encoding="utf-8"))
    climbing["text"] = "../outside.txt"
    part.write_text(json.dumps(climbing), encoding="utf-8")
    rewrite(folder, lambda m: m["files"].update({part.name: hashlib.sha256(part.read_bytes()).hexdigest()}))
    with pytest.raises(BundleError, match="does not list"):
        read_bundle(folder)


def test_a_bundle_made_before_managers_were_followed_follows_none(folder: Path) -> None:
    def earlier(manifest: dict[str, Any]) -> None:
        later = {"track_record", "acquisition", "line_margins"}
        for name in list(manifest["facts"]):
            if name.startswith("forecast_") or name in later:
                manifest["facts"].pop(name)
        manifest["facts"] |= {"forecast_common": 0.9, "forecast_factors": {}}

    rewrite(folder, earlier)
    facts = read_bundle(folder)[0].facts
    assert (facts.forecast_weight, facts.forecast_miss, facts.track_record, facts.line_margins) == (0.0, None, (), {})


def _other_catalogue(manifest: dict[str, Any]) -> None:
    manifest["facts"]["catalog"] = "0123456789abcdef"


def _other_format(manifest: dict[str, Any]) -> None:
    manifest["format"] = 1


def _earlier_format(manifest: dict[str, Any]) -> None:
    manifest["format"] = 4
    manifest["facts"]["report"] = ["grade of switching: clearly better than recency alone"]


def _sentences(manifest: dict[str, Any]) -> None:
    manifest["facts"]["report"] = ["grade of switching: clearly better than recency alone"]


def _other_name(manifest: dict[str, Any]) -> None:
    manifest["name"] = "loyalty-leader"


def _no_facts(manifest: dict[str, Any]) -> None:
    del manifest["facts"]


def _a_fact_too_many(manifest: dict[str, Any]) -> None:
    manifest["facts"]["colour"] = "blue"


def _facts_in_a_list(manifest: dict[str, Any]) -> None:
    manifest["facts"] = [1]


def _files_in_a_list(manifest: dict[str, Any]) -> None:
    manifest["files"] = ["next_rung.json"]


def _unlisted_predictor(manifest: dict[str, Any]) -> None:
    del manifest["files"]["revenue.json"]


def _a_rule_too_many(manifest: dict[str, Any]) -> None:
    manifest["facts"]["rules"]["luck"] = 7


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_other_catalogue, "0123456789abcdef"),
        (_other_format, "format"),
        (_earlier_format, "of format 7: its manifest says 4. Train the model anew, or use the program version"),
        (_sentences, "incomplete: ValueError at a finding has code, severity and params"),
        (_other_name, "no loyalty-ladder bundle"),
        (_no_facts, "facts"),
        (_a_fact_too_many, "colour"),
        (_facts_in_a_list, "incomplete"),
        (_files_in_a_list, "does not list"),
        (_unlisted_predictor, "does not list"),
        (_a_rule_too_many, "luck"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    change: Callable[[dict[str, Any]], None], words: str, folder: Path
) -> None:
    rewrite(folder, change)
    with pytest.raises(BundleError, match=words):
        read_bundle(folder)


def test_every_fact_is_plain_and_survives_json() -> None:
    facts = tiny_bundle().facts
    assert facts.trained_until == tiny_histories().end
    assert len(facts.peers) == 7
    assert len(facts.value_gaps) == 7
    assert len(facts.upgrade_basis) == 6
    assert sum(facts.trigger_shares) == pytest.approx(1, abs=1e-3)
    assert 0 < facts.margin_rate < 1
    assert {field.name for field in fields(Facts)} == set(json.loads(tiny_bundle().files()[MANIFEST].decode())["facts"])


def test_the_champion_is_published_whole_and_in_one_step(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "champion"
    with pytest.raises(BundleError, match="No champion"):
        published(home)
    first = publish(folder, home)
    assert published(home) == first
    assert publish(folder, home) == first
    other = replace(tiny_bundle(), switching=None)
    write_bundle(other, tmp_path / "other")
    second = publish(tmp_path / "other", home)
    assert published(home) == second
    assert read_bundle(published(home))[0] == other
    assert read_bundle(first)[0] == tiny_bundle()
    assert sorted(path.name for path in home.iterdir()) == sorted(["current", first.name, second.name])


def test_a_damaged_bundle_is_never_published(folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "champion"
    publish(folder, home)
    before = published(home)
    (folder / "revenue.json").write_bytes(b"{}")
    with pytest.raises(BundleError):
        publish(folder, home)
    assert published(home) == before
    assert not list(home.glob(".new*"))


SAFE = sorted(path for part in ("features", "serving", "training/model") for path in (ROOT / part).rglob("*.py"))
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "skops"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "read_pickle", "load_pickle"}


def dangers(code: str) -> list[str]:
    """Names of what could execute code from a file."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.split(".")[0] in FORBIDDEN_MODULES]
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FORBIDDEN_MODULES:
            found.append(str(node.module))
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", "") or (getattr(node.func, "attr", "") if name_of(node) != "re" else "")
            found += [name] if name in FORBIDDEN_CALLS else []
            found += [key.arg or "" for key in node.keywords if key.arg == "allow_pickle"]
    return found


def name_of(call: ast.Call) -> str:
    """The name before the dot of a call, if there is one."""
    return getattr(getattr(call.func, "value", None), "id", "")


@pytest.mark.parametrize("path", SAFE, ids=lambda path: str(path.relative_to(ROOT)))
def test_loading_executes_no_code(path: Path) -> None:
    assert dangers(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "code",
    ["import pickle", "from joblib import load", "eval('1')", "np.load('x', allow_pickle=True)", "pd.read_pickle(x)"],
)
def test_a_planted_danger_is_seen(code: str) -> None:
    assert dangers(code)


def test_a_bundle_is_small_enough_to_read() -> None:
    assert sum(len(content) for content in tiny_bundle().files().values()) < 3_000_000
