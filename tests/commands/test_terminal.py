"""Tables on the terminal: no word is broken, and what is too wide stands on its side."""

import os

import pytest

from commands.terminal import show_table


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda _: os.terminal_size((100, 40)))


def test_a_table_that_fits_keeps_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    show_table("Rungs", ["rung", "accounts"], [["member", "12"], ["shopper", "3"]])
    lines = capsys.readouterr().out.split()
    assert lines.index("accounts") < lines.index("member") < lines.index("shopper")


def test_a_table_too_wide_stands_on_its_side_and_breaks_no_word(capsys: pytest.CaptureFixture[str]) -> None:
    headings = ["manager", *(f"measurement-{k}" for k in range(19))]
    show_table(
        "Track record", headings, [["M01", *("1,234" for _ in range(19))], ["M02", *("5,678" for _ in range(19))]]
    )
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert ["manager", "M01", "M02"] in rows
    assert ["measurement-18", "1,234", "5,678"] in rows


def test_what_fits_in_no_way_runs_on_and_breaks_no_word(capsys: pytest.CaptureFixture[str]) -> None:
    wide = [[f"{100_000 + row}{column:06d}" for column in range(20)] for row in range(20)]
    show_table("Everything", [f"measurement-{k}" for k in range(20)], wide)
    words = capsys.readouterr().out.split()
    assert "100019000019" in words
    assert "measurement-19" in words


def test_what_is_rounded_to_zero_has_no_sign(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(
        "Surplus", ["day", "by", "interval"], [["2026-01-02", "-0.00", "-0.0% [-0.01, -0]"], ["a-0", "-0.001", ""]]
    )
    said = capsys.readouterr().out
    assert [line.split() for line in said.splitlines() if "0.0" in line] == [
        ["2026-01-02", "0.00", "0.0%", "[-0.01,", "0]"], ["a-0", "-0.001"],
    ]  # fmt: skip
