"""The page /docs: the OpenAPI document as plain, self-contained HTML without scripts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2


def page(document: Mapping[str, Any]) -> str:
    """Return the OpenAPI document as one HTML page, everything in it escaped."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True
    )
    templates.filters["indented"] = lambda example: json.dumps(example, indent=2)
    return templates.get_template("docs.html").render(document) + "\n"
