"""What MLflow's page shows of our experiment: tables of the runs that are worth comparing, kept with the experiment.

MLflow keeps a saved view of the runs' page as a tag of the experiment; it stands in the menu "Views" of that page, and
`#/experiments/ID/runs?viewStateShareKey=NAME` opens it. `workflowType` in the address goes before what the reader's
browser remembers, which is language models until somebody chooses *Model training* there; the kind of the experiment, a
tag, does not decide that.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

TRAININGS = "trainings"
"""The name of the first view in an address."""
_KIND, _NOTE, _VIEW = "mlflow.experimentKind", "mlflow.note.content", "mlflow.sharedViewState."
_SCORES = (
    "switching_log_loss", "switching_auc", "next_rung_log_loss", "revenue_mae", "accounts", "snapshots",
)  # fmt: skip


def runs_page(server: str, experiment: str, view: str = TRAININGS) -> str:
    """Return the address of a table of runs.  server : of MLflow's page.  experiment : its id."""
    return (
        f"{server.rstrip('/')}/#/experiments/{experiment}/runs?viewStateShareKey={view}&workflowType=machine_learning"
    )


def _columns(metrics: Sequence[str], params: Sequence[str], tags: Sequence[str]) -> list[str]:
    named = (("metrics", metrics), ("params", params), ("tags", tags))
    return [f"{kind}.`{name}`" for kind, names in named for name in names]


def _view(name: str, search: str, columns: list[str]) -> str:
    state: dict[str, Any] = {
        "searchFilter": search, "orderByKey": "attributes.start_time", "orderByAsc": False, "startTime": "ALL",
        "lifecycleFilter": "Active", "datasetsFilter": [], "modelVersionFilter": "All Runs",
        "selectedColumns": ["attributes.`Duration`", *columns], "columnOrder": columns, "columnWidths": {},
        "runsHiddenMode": "SHOW_ALL", "viewMaximized": False, "runListHidden": False, "groupBy": None,
        "groupsExpanded": {}, "hideEmptyCharts": True, "useGroupedValuesInCharts": True,
    }  # fmt: skip
    return json.dumps({"name": name, "createdAt": 0, "updatedAt": 0, "state": json.dumps(state)})


EXPERIMENT_TAGS: Mapping[str, str] = {
    _KIND: "custom_model_development",
    _NOTE: "Every run of `ladder train` and `ladder monitor`. The menu *Views* of the runs' page has their tables.",
    f"{_VIEW}{TRAININGS}": _view(
        "Trainings",
        "tags.kind = 'training'",
        _columns(_SCORES, ("outcome.horizon_days", "source"), ("version", "as_of", "definition", "data", "settings")),
    ),
    f"{_VIEW}models": _view(
        "Every model beside its baselines",
        "tags.kind = 'model'",
        _columns(("log_loss", "auc", "mae", "snapshots"), ("task", "horizon_days", "definition"), ("as_of", "data")),
    ),
    f"{_VIEW}monitoring": _view(
        "Monitoring",
        "tags.kind = 'monitor'",
        _columns(
            ("columns_broken", "columns_drifted", "outcomes_moved", "parts_off", "label_share_seen"),
            (),
            ("advice", "as_of", "bundle"),
        ),
    ),
}
"""Tags of the experiment that this program makes."""
THEIRS = (_KIND, _NOTE)
"""Those of them that stay as somebody has set them."""
