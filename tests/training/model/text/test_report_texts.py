"""Every text of the page about a promotion is used, and reads in both languages."""

import re

import pytest

from tests.paths import ROOT
from training.model.text.catalogue import holes
from training.model.text.report_texts import REPORT_TEXTS

USERS = (
    "training/promotion/templates/report.html", "training/promotion/report.py", "training/evaluation/tables.py",
)  # fmt: skip
MADE = re.compile(r"severity\.|task\.|definition\.")
"""Keys that are put together from a code."""


def test_every_text_is_used_and_every_text_that_is_used_is_there() -> None:
    source = "\n".join((ROOT / user).read_text(encoding="utf-8") for user in USERS)
    used = {key for key in REPORT_TEXTS if f'"{key}"' in source or MADE.match(key)}
    assert used == set(REPORT_TEXTS)
    asked = set(re.findall(r'(?:say|report_text)\("([a-z_.]+)"', source))
    assert {key for key in asked if not key.endswith(".")} <= set(REPORT_TEXTS)


@pytest.mark.parametrize("key", REPORT_TEXTS)
def test_a_text_has_the_same_holes_in_both_languages_and_is_safe_in_html(key: str) -> None:
    english, dutch = REPORT_TEXTS[key]
    assert set(holes(english)) == set(holes(dutch))
    for text in (english, dutch):
        assert text == text.strip() != ""
        assert not set("<>&") & set(text)
