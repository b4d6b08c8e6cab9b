"""Where a command writes no terminal, a line tells how far it is and how long the rest will take."""

import io
import sys
import time

import pytest

from commands.progress_lines import TRAINING, Pace, in_words, lines_of, progress_bar


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_follows_the_pace_of_all_steps_together() -> None:
    clock = Clock()
    pace = Pace({"read": 10, "skipped": 20, "fit": 30, "check": 60}, clock)
    assert pace.line() == "0 s so far, the time left is not known yet"
    pace.advance("read", 0.0)
    clock.now += 5
    assert pace.seconds_left is None
    clock.now += 5
    pace.advance("read", 1.0)
    assert pace.seconds_left == pytest.approx(110.0)  # a second each
    pace.advance("fit", 0.0)
    assert pace.seconds_left == pytest.approx(90.0)  # what was skipped is not to come
    clock.now += 60
    pace.advance("fit", 1.0)  # twice as slow as is usual
    assert pace.seconds_left == pytest.approx(60 * 70 / 40)
    clock.now += 5
    assert pace.seconds_left == pytest.approx(100.0)  # while nothing is told, time passes
    assert pace.line() == "fit: 100%; 1 min 15 s so far, about 1 min 40 s left"
    clock.now += 1_000
    assert pace.seconds_left is None  # it was wrong, and says nothing rather than "0 s left"


def test_a_step_that_nobody_announced_is_told_by_itself() -> None:
    clock = Clock()
    pace = Pace({}, clock)
    clock.now += 30
    pace.advance("drift", 0.0)
    clock.now += 10
    pace.advance("drift", 0.25)
    assert pace.seconds_left == pytest.approx(30.0)
    assert "drift: 25%; 40 s so far, about 30 s left" in pace.line()


def test_durations_are_said_as_people_say_them() -> None:
    assert [in_words(s) for s in (0.4, 59.4, 59.6, 150, 3_600, 7_260)] == [
        "0 s", "59 s", "1 min 0 s", "2 min 30 s", "1 h 0 min", "2 h 1 min",
    ]  # fmt: skip


def test_a_line_is_written_whether_or_not_anything_is_told_and_none_once_it_is_over() -> None:
    out = io.StringIO()
    with lines_of(Pace(TRAINING), out, every_seconds=0.01):
        until = time.monotonic() + 30
        while out.getvalue().count("\n") < 2 and time.monotonic() < until:
            time.sleep(0.01)
    told = out.getvalue()
    assert told.count("so far, the time left is not known yet\n") >= 2
    time.sleep(0.05)
    assert out.getvalue() == told


def test_what_is_over_at_once_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as progress:
        progress("looking", 0.0)
    assert capsys.readouterr().err == ""


def test_a_terminal_has_a_bar_with_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar(TRAINING) as progress:
        progress("models", 0.5)
    assert "left" in terminal.getvalue()
    assert "models" in terminal.getvalue()
