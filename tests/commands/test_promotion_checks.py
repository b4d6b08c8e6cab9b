"""Training's end at the command line: what the checks refuse, the report, and the way back. Nothing is trained here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import ladder
from commands.promotion import _incumbent
from commands.training import TrainingRequest, TrainingRun, conclude, figures_of
from tests.trained import small_settings, tiny_bundle, tiny_dataset, tiny_trained
from tests.training.tracking.tracking import empty_registry
from training.model.bundle import write_bundle
from training.model.findings import BLOCKER, WARNING, Finding, from_json
from training.promotion import checks as promotion
from training.promotion.checks import Check
from training.promotion.context import PromotionContext
from training.settings import Settings, read_written, write_settings
from training.tracking.registry import Registry


def refusing(_: PromotionContext | None) -> list[Finding]:
    return [Finding.of("misbehaves", BLOCKER, expectation="order_pays", accounts=9, change=-0.5, noise=-0.02)]


NEVER = Check("Never", refusing, "", "", "", (), "")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    return empty_registry(tmp_path)


def record(
    registry: Registry, settings: Settings | None = None, page: Path | None = None, **changes: Any
) -> Mapping[str, Any]:
    """What `ladder train` does once it has trained."""
    trained = replace(tiny_trained(), bundle=replace(tiny_bundle(), **changes))
    run = TrainingRun(trained, tiny_dataset(), settings or small_settings())
    request = TrainingRequest(registry.uri, Path("champion"), "exports/", promote=True, report=page)
    return figures_of(conclude(run, request))


def published() -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(Path("champion").rglob("*")) if file.is_file()}


def test_a_refused_promotion_leaves_champion_and_folder_untouched(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = replace(small_settings(), uplift=replace(small_settings().uplift, revenue_share={"rebate": 0.05}))
    assert record(registry, settings)["champion"] is True
    before = published()
    monkeypatch.setattr(promotion, "CHECKS", (*promotion.CHECKS, NEVER))
    assert record(registry, page=Path("report.html"), switching=None)["champion"] is False
    assert "`ladder promote 2` overrules it" in capsys.readouterr().out
    assert (registry.champion(), published()) == (1, before)

    html = " ".join(Path("report.html").read_text().split())
    assert "Version 1 should go on serving: behaves the wrong way" in html
    assert "version 2 (" in html
    assert "ladder rollback</code> makes the champion before it champion again (version 1," in html
    assert ladder.main(["promote", "2", "--report", "kept.html"]) == 0  # a person may overrule
    assert "Version 1 should go on serving" in Path("kept.html").read_text()
    assert registry.champion() == 2
    assert ladder.main(["rollback"]) == 0  # what the report said of the way back is so
    pointer = Path("champion/current")
    assert (registry.champion(), pointer.read_text().strip()) == (1, tiny_bundle().version)
    assert {name: content for name, content in published().items() if name in before} == before

    found = registry.text(2, "checks.json")
    assert found is not None
    assert refusing(None)[0] in from_json(json.loads(found))
    kept = registry.text(1, "settings.json")
    assert kept is not None
    assert read_written(kept) == settings
    assert registry.text(1, "nothing.txt") is None
    monkeypatch.setattr(Registry, "text", lambda *_: None)
    capsys.readouterr()
    assert ladder.main(["promote", "2", "--report", "none.html"]) == 1
    assert "without a report: leave --report out" in capsys.readouterr().err
    assert (registry.champion(), Path("none.html").exists()) == (1, False)


@dataclass
class Shelf:
    """A registry with one version.  kept : what stands in its files."""

    kept: str | None

    def champion(self) -> int:
        return 7

    def fetch(self, _: int, into: Path) -> Path:
        write_bundle(tiny_bundle(), into)
        return into

    def text(self, _: int, __: str) -> str | None:
        return self.kept


@pytest.mark.parametrize("kept", [None, '{"booster": {"wings": 2}}', "{", '{"booster": 2}'])
def test_settings_that_nobody_knows_any_more_are_no_recipe(kept: str | None) -> None:
    incumbent, why = _incumbent(Shelf(kept), 7)
    assert (incumbent.settings, incumbent.version, why) == (None, 7, None)


def test_the_recipe_of_a_champion_is_what_was_written() -> None:
    incumbent, _ = _incumbent(Shelf(write_settings(small_settings())), 7)
    assert incumbent.settings == small_settings()
    assert incumbent.bundle == tiny_bundle()


def test_a_champion_of_another_catalogue_cannot_be_asked_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(None)
    monkeypatch.setattr("features.catalog.catalog.fingerprint", lambda: "another")
    incumbent, why = _incumbent(shelf, 7)
    assert incumbent is None
    assert (why.code, why.severity, why.params["version"]) == ("champion_unreadable", WARNING, 7)
    assert "another" in why.params["message"]
