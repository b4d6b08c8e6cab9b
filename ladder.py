"""The loyalty ladder: `ladder COMMAND` at a terminal, and the same from Python.

import ladder

source = ladder.read("exports/", "ladder.toml")
model = ladder.train(source)
scores = model.score(source).scores
"""

import sys
from importlib import import_module
from types import ModuleType

from commands.command_line import main
from commands.library import Model, Scores, Source, check, load, plan, read, train
from commands.workbench import (
    Simulated,
    Snapshots,
    contract,
    draw,
    effects,
    evaluate,
    evaluate_plan,
    features,
    findings,
    grades,
    rungs,
    simulate,
    snapshots,
    trials,
)

__all__ = [
    "Model", "Scores", "Simulated", "Snapshots", "Source", "check", "contract", "draw", "effects", "evaluate",
    "evaluate_plan", "features", "findings", "grades", "load", "main", "plan", "read", "rungs", "simulate", "snapshots",
    "train", "trials",
]  # fmt: skip


def __getattr__(name: str) -> ModuleType:
    """Load what is heavy when it is asked for: `ladder.own`, with which features and models of one's own are built."""
    if name == "own":
        return import_module("commands.own")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    sys.exit(main())
