"""No text of a file runs as a formula in a spreadsheet, whatever its locale, and our own files are read back whole."""

import unicodedata

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from features.spreadsheets import plain, plain_frame, unplain, unplain_frame


def unseen(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) in ("Cc", "Zs") or sign in "\xad\u180e\u200b\u200e\u202e\u2060"


BLANKS = "".join(sign for sign in map(chr, range(0x3001)) if sign not in "\t\r\n" and unseen(sign)) + "\ufeff"
SIGNS = tuple(sign for sign in map(chr, range(0x10000)) if unicodedata.normalize("NFKC", sign) in tuple("=+-@\u2212"))
TEXTS = st.text(st.sampled_from("=+-@'\"; \t\r\n|aé=＝1\u00a0\u3000\u200b\x0b\ufe66"), max_size=8)


@given(TEXTS)
def test_what_was_made_plain_comes_back(text: str) -> None:
    assert unplain(plain(text)) == text


@given(TEXTS | st.text(max_size=20))
def test_no_part_of_a_plain_text_begins_as_a_formula(text: str) -> None:
    for line in plain(text).replace("\r", "\n").replace("\t", "\n").replace("|", "\n").split("\n"):
        for cell in line.split(";"):
            assert not cell.strip(BLANKS + '"').startswith(SIGNS)


def test_no_sign_hides_behind_what_is_not_seen() -> None:
    assert len(BLANKS) > 80
    assert {"=", "\uff1d", "\ufe66", "\u2212"} <= set(SIGNS)
    for sign in SIGNS:
        assert plain(f"{sign}1") == f"'{sign}1"
    for blank in BLANKS:
        assert plain(f"{blank}=1") == f"{blank}'=1", hex(ord(blank))
        assert plain(f"Acme;{blank}@SUM(1)") == f"Acme;{blank}'@SUM(1)", hex(ord(blank))


def test_a_frame_keeps_its_numbers_and_comes_back() -> None:
    frame = pd.DataFrame({"id": ["=1", "A", None], "note": ["x;=2", "'@", "2026-01-01"], "gain": [-1.0, 2.0, 3.0]})
    changed = plain_frame(frame)
    assert changed["id"].tolist()[:2] == ["'=1", "A"]
    assert changed["note"].tolist() == ["x;'=2", "''@", "2026-01-01"]
    pd.testing.assert_frame_equal(unplain_frame(changed), frame)
