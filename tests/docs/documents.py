"""The documents as tests read them: fenced blocks with their language and mark, code in the text, tables."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ROOT

DOCS = ROOT / "docs"
DOCUMENTS = (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
FENCE = re.compile(
    r"^(?P<margin> *)```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^(?P=margin)``` *$", re.MULTILINE | re.DOTALL
)
MARK = re.compile(r"<!-- (?P<mark>[^\n]*?) -->\s*\Z")
"""A remark that only readers of the source see, right above a block: `<!-- not run: needs a cluster -->`."""


@dataclass(frozen=True)
class Block:
    """One fenced block.  line : where it begins.  mark : the remark right above it, or nothing."""

    document: Path
    line: int
    language: str
    text: str
    mark: str

    @property
    def name(self) -> str:
        """As a test is called by it."""
        return f"{self.document.name}:{self.line}"


def blocks(document: Path) -> list[Block]:
    """Every fenced block of the document, in order."""
    return blocks_of(document, document.read_text(encoding="utf-8"))


def blocks_of(document: Path, text: str) -> list[Block]:
    """The same of a text.

    >>> [block] = blocks_of(Path("x"), "a\\n<!-- not run: why -->\\n```sh\\nls\\n```\\n")
    >>> block.line, block.language, block.text, block.mark
    (3, 'sh', 'ls\\n', 'not run: why')
    """
    found = []
    for match in FENCE.finditer(text):
        before = text[: match.start()]
        mark = MARK.search(before)
        line = before.count("\n") + 1
        found.append(Block(document, line, match["language"], match["text"], mark["mark"] if mark else ""))
    return found


def python_blocks(document: Path) -> list[str]:
    """The text of every program, in order."""
    return [block.text for block in blocks(document) if block.language == "python"]


def prose(document: Path) -> str:
    """The document without its fenced blocks."""
    return FENCE.sub("", document.read_text(encoding="utf-8"))


def calls(text: str) -> Iterator[list[str]]:
    """The words of every program that lines of a shell call, without variables set before them and without comments.

    >>> list(calls("$ A=1 make x && ./bin/ladder plan --budget 3 | tail  # why\\nls \\\\\\n -l\\necho 'a\\nb'"))
    [['make', 'x'], ['./bin/ladder', 'plan', '--budget', '3'], ['tail'], ['ls', '-l'], ['echo', 'a\\nb']]
    """
    begun = ""
    for line in text.replace("\\\n", " ").splitlines():
        begun += line.removeprefix("$ ")
        try:
            words = _words(begun)
        except ValueError:  # a quotation goes on in the next line
            begun += "\n"
            continue
        begun = ""
        call: list[str] = []
        for word in (*words, ";"):
            if word and set(word) <= set("();|&"):
                if call:
                    yield call
                call = []
            elif call or not re.fullmatch(r"[A-Z_]+=.*", word):
                call.append(word)
    assert not begun, f"a quotation does not end: {begun}"


def _words(line: str) -> list[str]:
    reader = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    reader.whitespace_split = True
    return [*reader]


def table_rows(document: Path) -> list[list[str]]:
    """The cells of every row of every table, heads left out."""
    lines = document.read_text(encoding="utf-8").splitlines()
    rows = [
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("| ") and "| ---" not in after
    ]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows if not row.startswith("| ---")]
