"""A training to record: small, of made-up figures, with the bundle of the tests' tiny supplier."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from tests.trained import small_settings, tiny_bundle
from training.effects.uplift import InvestmentEffect
from training.evaluation.cluster_bootstrap import Interval
from training.evaluation.curves import Budget, Curves, Importance, Overlap, Part, Targeting, Transitions
from training.evaluation.evaluation import OURS, Comparison, Row
from training.evaluation.metrics import Band
from training.model.bundle import Bundle
from training.model.findings import NOTE, Finding
from training.pipeline import Trained
from training.tracking.provenance import Provenance
from training.tracking.registry import Registry
from training.tracking.run_records import TrainingRecord, training_record
from training.tracking.runs import ModelForm

HALF = Interval(0.5, 0.4, 0.6)
ORIGINS = ("2025-01-01", "2025-03-02")


def comparison(task: str = "switching", simplest: str = "recency") -> Comparison:
    """Two origins, every curve filled."""
    scores = {simplest: {"log_loss": 0.7}, OURS: {"log_loss": 0.5}}
    parts = tuple(Part(origin, 40, scores, Interval(0.2, 0.1, 0.3)) for origin in ORIGINS)
    few = Part("member", 3, scores, None)
    return Comparison(
        task, "log_loss",
        (Row(simplest, {"log_loss": 0.7, "auc": float("nan")}, Interval(0.2, 0.1, 0.3)),
         Row(OURS, {"log_loss": 0.5, "auc": 0.8}, None)),
        ORIGINS, 80, {"log_loss": 0.55}, (Band(0.0, 0.1, 0.05, Interval(0.06, 0.02, 0.1), 80),), {"set_size": HALF},
        {"log_loss": HALF}, parts, (*parts, few), ((0.0, 0.0), (0.1, 0.4), (1.0, 1.0)),
        Transitions(((1.0,) * 7,) * 7, ((1.0,) * 7,) * 7) if task == "next_rung" else None,
    )  # fmt: skip


def curves() -> Curves:
    """One of each."""
    money = tuple(Interval(float(k), k - 1.0, k + 1.0) for k in range(2))
    return Curves(
        (Overlap("visit", 0.4, (0.5, 0.5), (0.9, 0.1)),),
        (Targeting("visit", (0.5, 1.0), money, HALF, HALF),),
        Budget((0.0, 10.0), (0.0, 5.0), money),
        (Importance("switching", ("a", "b"), (0.5, 0.2), (0.9, -0.9)),),
    )


GRADE = Finding.of("grade_none", NOTE, task="switching")
LOT = Finding.of("uplift_by_lot", NOTE, investment="visit", exposed=50, controls=60)


def trained(bundle: Bundle | None = None) -> Trained:
    """A training whose tables and curves are made up."""
    effect = InvestmentEffect(
        "visit", 1, 700.0, "randomised", {}, (2, 3), 90.0, 50.0, 130.0, (LOT,)
    )  # fmt: skip
    tables = (comparison("next_rung", "persistence"), comparison())
    return Trained(bundle or tiny_bundle(), tables, (GRADE,), 960, 300, (effect,), curves())


def record(bundle: Bundle | None = None) -> TrainingRecord:
    """Return its record for the tracker."""
    made = Provenance("c0ffee", "3.11.7", {"numpy": "2.4.6"})
    return training_record(
        trained(bundle),
        small_settings(),
        provenance=made,
        where="exports/",
        files={"switching.txt": "found"},
        metrics={"tuned": 1.0},
    )


def form() -> ModelForm:
    """The service's own; imported late, as the command line does."""
    from serving.integrations.pyfunc_model import INPUTS, OUTPUTS, PARAMS, example

    return ModelForm(INPUTS, OUTPUTS, PARAMS, example())


def put(registry: Registry, folder: Path, bundle: Bundle | None = None) -> int:
    """Record it there with one picture, and return the version."""
    plots = folder / "plots"
    plots.mkdir(parents=True, exist_ok=True)
    (plots / "one.png").write_bytes(b"a picture")
    return registry.record(
        bundle or tiny_bundle(), record(bundle), plots=plots, form=form(), experiment="loyalty-ladder"
    )


@cache
def _empty_store() -> Path:
    """Made once: MLflow takes seconds for a new store's tables."""
    file = Path(tempfile.mkdtemp(prefix="ladder-tests-")) / "mlflow.db"
    Registry(f"sqlite:///{file}").champion()
    return file


def empty_registry(folder: Path) -> Registry:
    """A registry of its own in that folder, which should be the working folder, for what is logged."""
    shutil.copy(_empty_store(), folder / "mlflow.db")
    return Registry(f"sqlite:///{folder / 'mlflow.db'}")
