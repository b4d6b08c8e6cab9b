"""No text of a file runs as a formula in a spreadsheet, whatever its locale, and our own files are read back whole."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from features.spreadsheets import plain, plain_frame, unplain, unplain_frame

TEXTS = st.text(st.sampled_from("=+-@'\"; \t\r\n|aé=＝1\u00a0"), max_size=8)


@given(TEXTS)
def test_what_was_made_plain_comes_back(text: str) -> None:
    assert unplain(plain(text)) == text


@given(TEXTS | st.text(max_size=20))
def test_no_part_of_a_plain_text_begins_as_a_formula(text: str) -> None:
    for line in plain(text).replace("\r", "\n").replace("\t", "\n").replace("|", "\n").split("\n"):
        for cell in line.split(";"):
            assert not cell.strip(' "\u00a0').startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


def test_a_frame_keeps_its_numbers_and_comes_back() -> None:
    frame = pd.DataFrame({"id": ["=1", "A", None], "note": ["x;=2", "'@", "2026-01-01"], "gain": [-1.0, 2.0, 3.0]})
    changed = plain_frame(frame)
    assert changed["id"].tolist()[:2] == ["'=1", "A"]
    assert changed["note"].tolist() == ["x;'=2", "''@", "2026-01-01"]
    pd.testing.assert_frame_equal(unplain_frame(changed), frame)
