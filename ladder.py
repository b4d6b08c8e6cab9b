"""The loyalty ladder: `ladder COMMAND` at a terminal, and the same from Python.

import ladder

source = ladder.read("exports/", "ladder.toml")
model = ladder.train(source)
scores = model.score(source).scores
"""

import sys

from commands.command_line import main
from commands.library import Model, Scores, Source, check, load, plan, read, train

__all__ = ["Model", "Scores", "Source", "check", "load", "main", "plan", "read", "train"]

if __name__ == "__main__":
    sys.exit(main())
