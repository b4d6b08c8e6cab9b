"""The contract of findings and texts: every code that a module can produce has its row in both languages, with the
parameters that it is made with, and no row is without a producer.

What a module can produce is read from its source: every `Finding.of` names its code and its parameters as literals.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import training
from tests.paths import ROOT
from training.evaluation.cluster_bootstrap import LEVEL
from training.evaluation.evaluation import POOL
from training.evaluation.fairness import SIZE_NAMES
from training.model.findings import NOTE, OK, WARNING, Finding
from training.model.text.catalogue import ROWS, Writer, heading, holes, plain_formats, render
from training.model.text.formats import Formats
from training.model.text.kinds import KINDS, written
from training.model.text.names import NAMES
from training.model.text.row import Row
from training.model.text.words import LANGUAGES
from training.models.baselines import NEXT_RUNG, REVENUE, SWITCHING
from training.promotion.behavioural_tests import EXPECTATIONS
from training.promotion.segments import CHAMPION

PACKAGES = ("features", "training", "serving", "commands")
Produced = tuple[str, frozenset[str], str]
"""A code, its parameters, and where it is made."""


@cache
def produced() -> tuple[Produced, ...]:
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return tuple(one for file in files for one in _of_file(file))


def _of_file(file: Path) -> Iterator[Produced]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Finding.of":
            where = f"{file.relative_to(ROOT)}:{call.lineno}"
            home = next((f for f in reversed(functions) if f.lineno <= call.lineno <= (f.end_lineno or 0)), tree)
            params = frozenset(name for keyword in call.keywords for name in _names(keyword, home, where))
            for code in _codes(call.args[0], where):
                yield code, params, where


def _codes(node: ast.expr, where: str) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _codes(node.body, where)
        yield from _codes(node.orelse, where)
        return
    assert isinstance(node, ast.Constant), f"{where}: write the code as a literal"
    yield str(node.value)


def _names(keyword: ast.keyword, home: ast.AST, where: str) -> Iterator[str]:
    """A parameter's name, or those of the dictionary that stands for several."""
    if keyword.arg is not None:
        yield keyword.arg
        return
    assert isinstance(keyword.value, ast.Name), f"{where}: name a dictionary of this function"
    written = [
        node.value for node in ast.walk(home)
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [keyword.value.id]
    ]  # fmt: skip
    assert len(written) == 1, f"{where}: {keyword.value.id} is no dictionary of this function"
    assert isinstance(written[0], ast.Dict), f"{where}: write {keyword.value.id} as a dictionary"
    for key in written[0].keys:
        assert isinstance(key, ast.Constant), f"{where}: {keyword.value.id} names its parameters as literals"
        yield str(key.value)


def params_of(text: str) -> set[str]:
    return {hole for hole, _ in holes(text)}


@pytest.mark.parametrize("made", produced(), ids=lambda made: f"{made[2]} {made[0]}")
def test_every_finding_that_can_be_made_has_a_row_with_its_parameters(made: Produced) -> None:
    code, params, _ = made
    assert code in ROWS, f"{code} has no row in training/model/text/rows"
    assert params_of(whole(ROWS[code])) == params


def whole(row: Row) -> str:
    """Everything that a row says in English; a test holds that Dutch needs the same."""
    return row.texts[0] + (row.headings or ("",))[0]


def test_no_row_is_without_a_producer() -> None:
    assert set(ROWS) == {code for code, _, _ in produced()}


def test_codes_are_made_in_one_place_of_the_table() -> None:
    rows = [row.code for file in (Path(training.__file__).parent / "model/text/rows").glob("[a-z]*.py")
            for row in __import__(f"training.model.text.rows.{file.stem}", fromlist=["ROWS"]).ROWS]  # fmt: skip
    assert len(rows) == len(set(rows)) == len(ROWS)


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.code)
def test_a_row_reads_in_both_languages_and_is_safe_in_html(row: Row) -> None:
    for english, dutch in (row.texts, *([row.headings] if row.headings else [])):
        assert params_of(english) == params_of(dutch)
        for text in (english, dutch):
            assert text == text.strip() != ""
            assert not set("<>&") & set(text)
            assert not re.search(r"\b(?<!not )prove[sdn]?\b|\bproof\b|\b(?<!niet )bewezen\b|\bbewijst?\b", text)
            assert all(kind in (*KINDS, *NAMES, "account", "accounts") or "|" in kind for _, kind in holes(text))
        assert english != dutch or not re.search("[a-z]{4}", re.sub(r"\{[^}]*\}", "", english))


SAMPLES: dict[str, Any] = {
    "": "tickets", "account": "A1", "accounts": [["A1", "visit_programme"]], "list": ["a", "b"],
    "dates": ["2026-01-01"], "date": "2026-01-31", "tasks": ["switching"], "happenings": ["left"],
    "questions": ["rules"], "option": "visit_programme", "manager": None, "alone_features": [["a", True], ["b", False]],
    "segments": [["size", "under_10", "switching", 0.1, "champion", 200], ["country", "NL", "next_rung", 0.2, "x", 9]],
    "changes": [["rounds", 120, 100]], "moved": ["member", "advocate"],
}  # fmt: skip


def sample(text: str) -> dict[str, Any]:
    found = {}
    for hole, kind in holes(text):
        found[hole] = SAMPLES.get(kind, next(iter(NAMES[kind])) if kind in NAMES else 1 if "|" in kind else 0.25)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_is_told_with_its_values(language: str) -> None:
    for code, row in ROWS.items():
        params = sample(whole(row))
        for told in (
            render(Finding(code, NOTE, params), language, "€"),
            heading(Finding(code, NOTE, params), language),
        ):
            assert "{" not in told, told
            assert code not in told.split() or "_" not in code, told


def test_numbers_money_and_dates_are_those_of_the_reader() -> None:
    found = Finding.of("plan_brought_open", NOTE, gain=-1234.4, low=-9000, high=10.5, level=0.9, elapsed=0.4,
                       promised=2_000_000, verdict="less")  # fmt: skip
    assert render(found, "en", "€") == (
        "the list cannot be told from the hold-out: -€1,234 [90%: -€9,000 to €10] of margin less cost per account in "
        "the 40% of its horizon so far; promised €2,000,000: less than promised"
    )
    assert render(found, "nl", "€").replace("\u00a0", " ") == (
        "het plan is niet te onderscheiden van de controlegroep: -€ 1.234 [90 %: -€ 9.000 tot € 10] marge "
        "min kosten per account in de 40 % van de looptijd tot nu toe; beloofd was € 2.000.000: minder dan beloofd"
    )
    due = Finding.of("labels_due", NOTE, due="2026-06-30", left=1, seen=0.25, days=180)
    assert render(due, "en") == (
        "the next complete set of labels is due on 30 June 2026, in one day; 25% of its 180 days have been seen"
    )
    assert "30 juni 2026, over één dag" in render(due, "nl")


@pytest.mark.parametrize(
    ("level", "english", "dutch"),
    [
        (0.9, "nine times out of ten", "negen van de tien keer"),
        (0.8, "eight times out of ten", "acht van de tien keer"), (0.95, "19 times out of 20", "19 van de 20 keer"),
        (0.99, "99 times out of 100", "99 van de 100 keer"),
        (0.875, "in 87.5% of cases", "in 87,5\u00a0% van de gevallen"),
    ],
)  # fmt: skip
def test_an_interval_says_its_own_level(level: float, english: str, dutch: str) -> None:
    """Nine times out of ten was printed whatever `uplift.level` is."""
    assert (written("times", level, Formats("en")), written("times", level, Formats("nl"))) == (english, dutch)
    found = Finding.of("plan_interval", NOTE, level=level)
    assert english in render(found, "en")


def test_late_recording_says_both_figures_of_the_same_thing() -> None:
    """`42 % of the skill is left (25 % may go)` read as a contradiction."""
    found = Finding.of("late_loses", WARNING, task="switching", days=1, lost=0.58, low=0.45, high=0.71, level=LEVEL,
                       limit=0.25)  # fmt: skip
    assert render(found, "en").startswith(
        "with everything known a day later the model loses 58% of its skill [95%: 45% to 71%]; up to 25% is acceptable;"
    )
    assert heading(found, "en") == "Lives by the last days: leaving"


def test_a_claim_is_an_estimate_and_shows_nothing_more() -> None:
    told = render(Finding.of("plan_claim", NOTE, claim=990, ratio=0.99), "en", "$")
    assert told.startswith("claim $990: ")
    assert "our best estimate is that such a sum is worth 99% of itself" in told


def test_accounts_are_linked_and_everything_else_is_escaped() -> None:
    writer = Writer(
        plain_formats("en"), account=lambda one: f"<a>{one}</a>", escape=lambda text: text.replace("<", "&lt;")
    )
    found = Finding.of("plan_next", NOTE, money=5, gain=6, first=[["A<1", "o<p_t"]], more=0)
    assert writer.tell(found) == "the next 5 buys 6 of expected gain: <a>A<1</a> (o&lt;p t)"


@pytest.mark.parametrize("found", [
    Finding("of_a_later_program", OK, {"share": 0.5, "what": ["a"]}), Finding("labels_there", OK, {"since": 3}),
])  # fmt: skip
def test_a_finding_of_another_program_is_told_by_its_code_and_figures(found: Finding) -> None:
    for told in (render(found, "en"), heading(found, "nl")):
        assert found.code in told
        assert all(f"{key} {value}" in told for key, value in found.params.items())


def test_names_cover_what_modules_name() -> None:
    assert {one.code for one in EXPECTATIONS} == set(NAMES["expectation"])
    assert set(SIZE_NAMES) == set(NAMES["size"])
    assert {*NEXT_RUNG, *SWITCHING, *REVENUE, CHAMPION, POOL} == set(NAMES["baseline"])
    for kind, names in NAMES.items():
        for words in names.values():
            assert len(words) == len(LANGUAGES), kind
