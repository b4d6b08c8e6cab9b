"""The page that somebody reads who did not train the model."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.told import told
from tests.training.promotion.test_checks import (
    BETTER,
    EQUAL,
    UNREADABLE,
    WORSE,
    context,
    facts,
    full_evidence,
    money,
    paired,
    result,
    table,
)
from training.evaluation.cluster_bootstrap import Interval
from training.model.findings import NOTE, Finding
from training.model.footprint import Changed, Changes, Example
from training.model.text.catalogue import capitalised
from training.model.text.report_texts import REPORT_TEXTS
from training.promotion.checks import examine
from training.promotion.context import Evidence, PromotionContext
from training.promotion.paired_comparison import ITS_RECIPE
from training.promotion.report import render, verdict_of

RUNGS = (Changed("raving_fan", 40, 10, 4, 6), Changed("member", 60, 0, 0, 0))
CHANGES = Changes(RUNGS, Example(5000.0, 7, 8, 5, 900.0), 0.5)


def full() -> PromotionContext:
    """A model that everything is wrong with, against a champion."""
    tables = [table(task, 0.8, 0.7, WORSE, 0.5) for task in ("next_rung", "switching")]
    evidence = replace(full_evidence(), changes=CHANGES)
    hostile = facts(report=(Finding.of("not_judged", NOTE, message="<script>alert(1)</script>"),), currency="$")
    return replace(context(*tables, champion=facts(), of=hostile), evidence=evidence)


def page(of: PromotionContext, champion: int | None, version: int | None = None) -> str:
    return render(of, examine(of), "abc123", champion, version)


class PartitionSummary(HTMLParser):
    """Whether tags close in order, and what is in the tables."""

    VOID = ("meta", "br", "link")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables, self.captions, self.headings = 0, 0, 0
        self.unscoped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.headings += tag == "h1"
        if tag == "th" and dict(attrs).get("scope") not in ("col", "row"):
            self.unscoped.append(str(attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_accessible_and_asks_nobody_else() -> None:
    html = page(full(), 3)
    summarise_part = PartitionSummary()
    summarise_part.feed(html)
    assert summarise_part.open == []
    assert summarise_part.tables == summarise_part.captions >= 6
    assert (summarise_part.headings, summarise_part.unscoped) == (1, [])
    assert not re.search(r"https?://|src=|@import|url\(|<script", html)
    assert 'lang="en"' in html
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert "&lt;script&gt;" in html


def test_the_page_reads_in_dutch_throughout() -> None:
    of = full()
    html = render(of, examine(of), "abc123", 3, language="nl")
    summarise_part = PartitionSummary()
    summarise_part.feed(html)
    assert summarise_part.open == []
    assert 'lang="nl"' in html
    for key, (english, dutch) in REPORT_TEXTS.items():
        if english != dutch and len(english) > 12 and "{" not in english:
            assert english not in html, key
    for words in ("Mag dit model in gebruik?", "De controles", "staat in de weg", "peilingen op", "Hoe u teruggaat"):
        assert words in html
    assert "<code>ladder rollback</code> neemt het vorige model weer in gebruik (versie 3" in html


def test_a_refusal_says_why_and_who_stays() -> None:
    html = page(full(), 3, 4)
    assert "Version 3 should go on serving: a baseline is better: the next rung; a baseline is better: leaving" in html
    assert html.count("stands in the way") >= 4
    assert "version 4 (abc123)" in html
    assert html.index("stands in the way") < html.index("in order")


def test_it_says_what_changes_for_whom_and_what_money_it_is() -> None:
    html = page(full(), 3)
    assert "Of 100 accounts (a sample of 50% of all), 10 (10%) are recommended something else" in html
    same = "7 of them and the champion 8; 5 are the same"
    for words in ("raving fan", "with $5,000 to spend", same, "900 trials", "drawn by lot", "learnt from none of them"):
        assert words in html


def test_the_way_back_names_the_version_that_serves_now() -> None:
    assert "(version 3, as long as none came in between)" in page(full(), 3)
    assert "ladder rollback" in page(full(), 3)
    first = page(context(), None)
    assert "nothing to go back to" in first
    assert "ladder rollback" not in first


@pytest.mark.parametrize(
    ("evidence", "champion", "sentence", "tone"),
    [
        (Evidence(), None, "may serve: nothing stands in the way, and there is no other yet", "fair"),
        (
            Evidence(paired=paired(result("switching", "log_loss", BETTER))),
            3,
            "replace version 3: it does better",
            "fair",
        ),
        (Evidence(paired=paired(result("switching", "log_loss", EQUAL))), 3, "nothing stands in the way", "fair"),
        (Evidence(paired=paired(same=True)), 3, "the same recipe, 30 days more data", "fair"),
        (
            Evidence(paired=paired(result("switching", "log_loss", WORSE, ITS_RECIPE))),
            3,
            "Version 3 should go on",
            "bad",
        ),
        (Evidence(money=money(Interval(-20.0, -35.0, -5.0))), None, "This model should not serve", "bad"),
    ],
)
def test_the_verdict_is_one_sentence(evidence: Evidence, champion: int | None, sentence: str, tone: str) -> None:
    of = replace(context(champion=facts() if champion else None), evidence=evidence)
    said, found = verdict_of(examine(of), of, champion)
    assert sentence.lower() in told(said)
    assert found == tone  # fair: it was not judged out of time
    html = render(of, examine(of), "abc123", champion)
    assert f'<p class="verdict {tone}" role="status">{capitalised(told(said))}' in html
    assert "1 point to mind." in html


def test_what_cannot_be_asked_is_said() -> None:
    html = page(replace(context(), evidence=Evidence(unreadable=UNREADABLE)), 3)
    assert "Not compared: version 3 cannot be compared with: another catalogue." in html
    assert "what recommending brings cannot be judged" in html
