"""How the site is built: `make docs` writes build/docs/ from the documents as they are.

The documents stay plain markdown that reads well on a code host. What only Sphinx understands is added while it reads:
the navigation, from the headings and links of docs/index.md, and the Python reference, from the modules that
docs/python.md names. The source folder is the repository, so that links between documents, benchmarks and files are the
same here and there.
"""

import re
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "Loyalty ladder"
author = "the Loyalty ladder developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
suppress_warnings = ["ref.python"]  # a short name in a signature that two modules have, such as Source
include_patterns = [
    *("docs/*.md", "docs/decisions/*.md", "benchmarks/*.md", "notebooks/*.md"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"),
]
exclude_patterns = [".*", "build", "demo", "mlruns", "mlartifacts", "tests", "features", "training", "serving"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
add_module_names = False

html_theme = "pydata_sphinx_theme"
html_title = project
html_show_sourcelink = html_copy_source = False
html_show_copyright = False
html_context = {"default_mode": "auto"}  # light or dark as the device is set
templates_path = ["_templates"]
html_sidebars = {"**": ["navigation.html"]}
html_theme_options = {
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "show_prev_next": False,
    "footer_start": [],
    "footer_end": [],
}

NAVIGATION = "docs/index"
PYTHON = "docs/python"
DECISIONS = "docs/decisions/README"
NAMED = r"\*?\w[\w*]*(?:, \*?\w[\w*]*)* : "
"""What a docstring tells the meaning of: `name, other : `."""


def _complete(_app: Sphinx, name: str, content: list[str]) -> None:
    if name == NAVIGATION:
        content[0] += navigation(content[0])
    elif name == PYTHON:
        content[0] += modules(content[0])
    elif name == DECISIONS:
        content[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"


def navigation(text: str) -> str:
    """A hidden table of contents for every heading of the front page, in the order of its links."""
    parts = []
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading = part.splitlines()[0]
        documents = re.findall(r"^- \[([^]]+)\]\(([^)#]+)\.md\)", part, re.MULTILINE)
        if documents:
            entries = "\n".join(f"{title} <{document}>" for title, document in documents)
            parts.append(f"\n```{{toctree}}\n:hidden:\n:caption: {heading}\n\n{entries}\n```\n")
    return "".join(parts)


GATHERED = "commands.own"
"""Names that other modules define, and are told there."""


def modules(text: str) -> str:
    """What autodoc tells of every module that the Python reference names."""
    named = [name for name in re.findall(r"^\| \[`([a-z_.]+)`\]", text, re.MULTILINE) if name != GATHERED]
    return "".join(f"\n## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```\n" for name in named)


def _docstring(_app: Sphinx, _what: str, _name: str, _of: object, _options: object, lines: list[str]) -> None:
    lines[:] = marked_up(lines)


def marked_up(lines: list[str]) -> list[str]:
    """A docstring of this house as reStructuredText: `name : meaning` becomes a list, a drawing stays as it is drawn.

    >>> marked_up(["Done.", "days, at : how long,", "    and when.  of : whom.", "Said."])
    ['Done.', '', '- ``days, at``: how long,', '  and when.', '- ``of``: whom.', '', 'Said.']
    """
    lines = [part for line in lines for part in re.split(rf"(?<=\.)  (?={NAMED})", line)]
    found: list[str] = []
    listed = drawn = False
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line in ("Parameters", "Attributes") and after.startswith("---"):
            found += [f".. rubric:: {line}", ""]
            continue
        if line.startswith("---") and found[-2:-1] and found[-2].startswith(".. rubric::"):
            continue
        named = re.match(rf"({NAMED})(.*)", line)
        if named:
            found += [*([] if listed else [""]), f"- ``{named[1][:-3]}``: {_plain(named[2])}"]
        elif listed and line.startswith("    "):
            found.append(f"  {_plain(line.strip())}")
        elif listed:
            found += ["", _plain(line)] if line else [line]
        elif line.startswith("    ") and not drawn and found and not found[-1]:
            found += ["::", "", line]
            drawn = True
        else:
            found.append(line if drawn or line.lstrip().startswith((">>>", "...")) else _plain(line))
        listed = bool(named) or (listed and line.startswith("    "))
        drawn = drawn and (line.startswith("    ") or not line)
    return found


def _plain(text: str) -> str:
    """Code between single marks as code, and a name that ends in an underscore as no reference."""
    text = re.sub(r"(?<!`)`([^`\n]+)`(?![`_])", r"``\1``", text)
    parts = re.split(r"(``[^`]*``)", text)
    return "".join(part if part[:2] == "``" else re.sub(r"(?<=\w)_(?!\w)", r"\\_", part) for part in parts)


def _skipped(_app: Sphinx, _what: str, name: str, _of: object, skip: bool, _options: object) -> bool:
    """scikit-learn writes these itself, with references into its own documentation."""
    return skip or re.fullmatch(r"set_\w+_request", name) is not None


def _front_door(app: Sphinx, error: Exception | None) -> None:
    """build/docs/index.html leads to the front page, which stands in a folder since the repository is the source."""
    if error is None and app.builder.format == "html":
        page = '<!doctype html><meta charset="utf-8"><title>Loyalty ladder</title>'
        page += '<meta http-equiv="refresh" content="0; url=docs/index.html"><a href="docs/index.html">Documents</a>\n'
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_lexer("cron", TextLexer)  # Pygments has none
    app.connect("source-read", _complete)
    app.connect("autodoc-process-docstring", _docstring, priority=400)  # before napoleon, which is at 500
    app.connect("autodoc-skip-member", _skipped)
    app.connect("build-finished", _front_door)
