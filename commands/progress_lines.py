"""How far a command is and how long the rest will take: a bar on a terminal, else a line every ten seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, TypeAlias

if TYPE_CHECKING:
    from rich.progress import TaskID

Progress: TypeAlias = Callable[[str, float], None]
"""Told what is done, and which share of it."""

EVERY_SECONDS = 10.0
LEAST_DONE = 0.05
"""The share of the work that must be done before it tells how long the rest will take."""
TRAINING: Mapping[str, float] = {
    "features and outcomes": 2, "evaluation": 35, "models": 35, "further horizons": 18, "checks": 10,
}  # fmt: skip
"""The steps of a training in their order, with what each usually takes: only the ratios count."""


class Pace:
    """How far the work is.

    steps : those to come in their order -> what each usually takes; a step that is not among them stands for itself.
    clock : seconds.
    """

    def __init__(self, steps: Mapping[str, float], clock: Callable[[], float] = time.monotonic) -> None:
        self._steps, self._clock = steps, clock
        self._began = self._told = clock()
        self._begun_step = self._began
        self._shares: dict[str, float] = {}
        self._step = ""

    def advance(self, step: str, share: float) -> None:
        """Take in that so much of a step is done."""
        self._told = self._clock()
        if step not in self._shares:
            self._begun_step = self._told
        self._step, self._shares[step] = step, share

    @property
    def seconds_left(self) -> float | None:
        """Return how long it will take yet, at the pace so far; None where nobody can know yet."""
        done, all_of_it, since = self._shares.get(self._step, 0.0), 1.0, self._begun_step
        if self._step in self._steps:
            names = list(self._steps)
            to_come = names[names.index(self._step) :]
            done = sum(weight * self._done(name, to_come) for name, weight in self._steps.items())
            all_of_it = done + sum(self._steps[name] * (1 - self._shares.get(name, 0.0)) for name in to_come)
            since = self._began
        if done < LEAST_DONE * all_of_it:
            return None
        left = (self._told - since) * all_of_it / done - (self._clock() - since)
        return left if left > 0 or done >= all_of_it else None

    def _done(self, name: str, to_come: list[str]) -> float:
        """Return the share of a step that was done; a step that was begun before this one is over."""
        if name not in self._shares:
            return 0.0
        return self._shares[name] if name in to_come else 1.0

    def line(self) -> str:
        """Return where the work stands, as `models: 40 %; 1 min 20 s so far, about 2 min left`."""
        left, so_far = self.seconds_left, f"{in_words(self._clock() - self._began)} so far"
        told = f"{so_far}, {'the time left is not known yet' if left is None else f'about {in_words(left)} left'}"
        return f"{self._step}: {self._shares.get(self._step, 0.0):.0%}; {told}" if self._step else told


def in_words(seconds: float) -> str:
    """Return a duration as people say it, as `1 min 20 s`."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


@contextmanager
def progress_bar(steps: Mapping[str, float] | None = None) -> Iterator[Progress]:
    """Yield a function that is told of progress, and show it on standard error.

    On a terminal there is a bar, which vanishes when the work is done; elsewhere a line every ten seconds.

    steps : all that are to come, by which the time left is told for all of them together.
    """
    if sys.stderr.isatty():
        with _bar() as advance:
            yield advance
        return
    pace = Pace(steps or {})
    with lines_of(pace, sys.stderr):
        yield pace.advance


@contextmanager
def lines_of(pace: Pace, out: TextIO, every_seconds: float = EVERY_SECONDS) -> Iterator[None]:
    """Write where the work stands, every so many seconds, as long as it lasts."""
    ended = threading.Event()

    def write() -> None:
        while not ended.wait(every_seconds):
            print(pace.line(), file=out, flush=True)

    writer = threading.Thread(target=write, name="progress", daemon=True)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=1.0)
            bar.update(tasks[what], completed=share)

        yield advance
