"""The pages of the reference, each written from the code that it describes: `make reference` writes them all.

They are committed, so that they can be read without building anything; tests/docs/test_reference.py fails when one is
out of date.
"""

import argparse
import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

import ladder
from commands.command_line import COMMANDS
from commands.options import CommonOptions
from commands.parser import Argument, arguments_of
from docs import architecture
from features import errors
from features.catalog import catalog
from features.schema import Column, Kind, Missing, Table
from features.tables import REFERENCE_TABLES, TABLES
from serving.api.errors import ANSWERED, Answered
from serving.api.openapi import document
from serving.api.store_endpoints.store_schemas import PlanRow
from serving.scoring.score_columns import TABLES as TABLES_OF_SCORES
from serving.scoring.score_columns import ScoreColumn
from training.promotion import checks as promotion
from training.settings import reference as settings
from training.settings.playbook import ADVICE, ALWAYS_KNOWN, FACTS, PlayRow, default_plays

FOLDER = Path(__file__).parent
NOTE = "Written from the code by `make reference`; a test fails when this page is out of date."
LIBRARY = (
    "ladder.read", "ladder.Source", "ladder.Source.tables", "ladder.Source.set_aside", "ladder.check", "ladder.train",
    "ladder.Model", "ladder.Model.report", "ladder.Model.comparisons", "ladder.Model.score", "ladder.Model.save",
    "ladder.Model.register", "ladder.Model.draw", "ladder.Scores", "ladder.load", "ladder.plan", "ladder.rungs",
    "ladder.features", "ladder.contract", "ladder.snapshots", "ladder.Snapshots", "ladder.Snapshots.features",
    "ladder.Snapshots.outcomes", "ladder.evaluate", "ladder.grades", "ladder.draw", "ladder.trials", "ladder.effects",
    "ladder.evaluate_plan", "ladder.findings", "ladder.simulate", "ladder.Simulated", "ladder.Simulated.carry_out",
    "ladder.own",
)  # fmt: skip
"""What `import ladder` has."""
PUBLIC = (
    "commands.library",
    "commands.workbench",
    "commands.own",
    "features.tables",
    "features.sources.source",
    "features.histories.histories",
    "features.histories.snapshots",
    "features.histories.views",
    "features.ladder.rules",
    "features.catalog.declarations",
    "features.catalog.catalog",
    "features.errors",
    "training.settings",
    "training.simulator.simulation",
    "training.data.dataset",
    "training.pipeline",
    "training.estimators",
    "training.evaluation.evaluation",
    "training.evaluation.metrics",
    "training.effects.uplift_metrics",
    "training.model.bundle",
    "training.tracking.registry",
    "serving.scoring.scoring",
    "serving.planning.plan",
    "serving.api.openapi",
)
"""Modules that a program of one's own may count on, in the order in which an order travels through them."""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table of markdown."""
    names = [*head]
    yield f"| {' | '.join(names)} |"
    yield "| --- " * len(names) + "|"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(text: object) -> str:
    return f"`{text}`"


def commands() -> str:
    """Every command with its options."""
    lines = [
        "# Commands",
        "",
        f"One program, `ladder`. {NOTE}",
        "",
        "Exit status: 0 = done, 1 = refused with one clear message, 2 = wrong usage, 3 = retraining is advised (only",
        "of `ladder monitor --exit-code`), 70 = a fault of the program itself, 130 = interrupted.",
        "",
        "Every command takes:",
        "",
        *_options(arguments_of(CommonOptions)),
    ]
    everywhere = {one.name for one in arguments_of(CommonOptions)}
    for name, command in COMMANDS.items():
        lines += ["", f"## `ladder {name}`", "", f"{command.text[0].upper()}{command.text[1:]}."]
        own = [one for one in arguments_of(command.options) if one.name not in everywhere]
        if own:
            lines += ["", *_options(own)]
    return "\n".join(lines) + "\n"


def _options(arguments: Iterable[Argument]) -> Iterator[str]:
    return table(("option", "default", "meaning"), map(_option, arguments))


def _option(one: Argument) -> tuple[str, str, str]:
    nothing = one.default in (None, ()) or one.kind == "switch"
    shown = "**required**" if one.required else "" if nothing else _code(one.default)
    meaning = one.option.help
    if one.choices:
        meaning += f"; one of {', '.join(map(_code, one.choices))}"
    if one.kind == "list":
        meaning += "; may be repeated"
    return _code(f"{one.flag} {one.option.metavar or ''}".rstrip()), shown, meaning


def endpoints() -> str:
    """The service's endpoints, from the OpenAPI document that it serves."""
    api = document("")
    schemas = api["components"]["schemas"]
    meant: dict[str, str] = {}
    lines = [
        "# Endpoints",
        "",
        f"What `ladder serve` answers, from the OpenAPI document that it serves at `/openapi.json`. {NOTE}",
        "",
        api["info"]["description"],
    ]
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            lines += ["", f"## `{method.upper()} {path}`", "", operation.get("description", f"{operation['summary']}.")]
            lines += ["", *table(("", "holds"), _contents(operation)), ""]
            refusals = [status for status in operation["responses"] if status != "200"]
            if refusals:
                meant |= {status: operation["responses"][status]["description"] for status in refusals}
                lines += [f"Else [{', '.join(refusals)}](#statuses)."]
            example = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
            if example is not None:
                lines += ["", "```json", json.dumps(example, indent=1, ensure_ascii=False), "```"]
    lines += ["", "## Statuses", "", "Every refusal is an [ErrorAnswer](#erroranswer) in JSON.", ""]
    lines += table(("status", "meaning"), ((_code(status), meant[status]) for status in sorted(meant)))
    lines += [
        "",
        "## What the bodies hold",
        "",
        "Rows are those of [the tables](tables.md), times as text in ISO 8601.",
    ]
    for name, schema in schemas.items():
        if name not in _ROWS:
            lines += ["", f"### {name}", "", schema.get("description", ""), ""]
            lines += table(("field", "type", "meaning"), _fields(schema))
    return "\n".join(lines) + "\n"


_ROWS = {"AccountRow": "accounts", **{f"{declared.name.capitalize()}Row": declared.name for declared in TABLES}}
"""Schema of a table's rows -> the table, which has a page of its own."""


def _contents(operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for asked in operation.get("parameters", ()):
        yield (
            _code(asked["name"]),
            f"{_type(asked['schema'])}: {asked['description'][0].lower()}{asked['description'][1:]}",
        )
    if "requestBody" in operation:
        yield "request", _type(operation["requestBody"]["content"]["application/json"]["schema"])
    answer = operation["responses"]["200"]
    for kind, content in answer["content"].items():
        held = _type(content["schema"]) if kind == "application/json" else _code(kind)
        yield "answer", f"{held}: {answer['description'][0].lower()}{answer['description'][1:]}"


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, field in schema["properties"].items():
        yield _code(name), _type(field), field.get("description", "")


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        rows = _ROWS.get(name)
        return f"[{name}](#{name.lower()})" if rows is None else f"[{rows}](tables.md#{rows})"
    parts = [_type(part) for part in schema.get("allOf", schema.get("oneOf", schema.get("anyOf", ())))]
    if parts:
        said = " or ".join(parts)
    elif "enum" in schema:
        said = " / ".join(_code(value) for value in schema["enum"] if value is not None)
    elif schema.get("type") == "array":
        said = f"list of {_type(schema['items'])}" if schema.get("items") else "list"
    else:
        said = schema.get("type", "anything")
    return f"{said} or null" if schema.get("nullable") else said


def tables() -> str:
    """The fourteen tables that a source may hold, and those that tell how to read them."""
    lines = [
        "# Tables",
        "",
        f"What a source may hold. Only `orders` is required; everything else enriches. {NOTE}",
        "",
        "A source is a folder with a file for each table (`orders.csv`, `Orders.xlsx`, `orders.parquet`, ...), one",
        "such file, or a database's URL: [sources](sources.md) tells what is read and how. A date is its midnight,",
        "money is in one currency. What does not keep to this is set aside with a reason, never lost silently:",
        "`ladder check`. Other names are mapped under `[tables]` in the settings.",
    ]
    for declared in (*TABLES, *REFERENCE_TABLES):
        lines += [
            "",
            f"## {declared.name}",
            "",
            f"{declared.meaning[0].upper()}{declared.meaning[1:]}.{_keys(declared)}",
            "",
        ]
        lines += table(("column", "holds", "meaning", "empty means"), (_column(declared, c) for c in declared.columns))
    return "\n".join(lines) + "\n"


def _keys(declared: Table) -> str:
    key = f" Primary key: `{declared.key}`." if declared.key else ""
    return key + (f" Its time: `{declared.time}`." if declared.time else "")


def _column(declared: Table, column: Column) -> tuple[str, str, str, str]:
    held = " / ".join(map(_code, column.values)) if column.values else column.kind.value
    if column.kind is Kind.NUMBER and column.low is not None:
        held = f"number, {column.low:,.0f} .. {column.high:,.0f}"
    elif column.kind is Kind.MONEY and column.low == 0:
        held = "money, 0 or more"
    meaning = column.meaning
    if column.known_from is not None:
        meaning += f"; unknown unless `{column.known_from}` lies before as_of"
    empty = "unknown"
    if column.required:
        empty = Missing.BAD.value
    elif column.name == "recorded_at" or (column.kind is Kind.TIME and declared.time == column.name):
        empty = column.missing.value if column.missing is not Missing.NEVER else "its own time"
    elif column.kind is Kind.TIME:
        empty = column.missing.value
    return f"**{_code(column.name)}**" if column.required else _code(column.name), held, meaning, empty


def scores() -> str:
    """The columns of what is written for every account, and for every account and option."""
    lines = [
        "# Scores",
        "",
        f"The columns of the files that `ladder score` and `ladder plan` write, with unit and direction. {NOTE}",
        "",
        "Chances lie in 0..1. Money is in the source's currency. Days are days of 24 hours. Over HTTP the same fields",
        "have the same names.",
    ]
    texts = {
        "scores": "One row for every account known at as_of.",
        "investment_scores": "One row for every account and option.",
        "horizons": "One row for every account and horizon, the main one among them.",
        "reasons": "One row for every account and reason, for programs: the scores' `reasons` tell the same in words.",
    }
    heading = ("column", "holds", "unit", "higher is", "meaning")
    for name, columns in TABLES_OF_SCORES.items():
        lines += ["", f"## {name}", "", texts[name], "", *table(heading, map(_score_column, columns))]
    lines += ["", "## plan", "", "One row for every selected account.", ""]
    lines += table(("column", "holds", "meaning"), _columns(PlanRow))
    return "\n".join(lines) + "\n"


def _score_column(column: ScoreColumn) -> tuple[str, ...]:
    held = " / ".join(map(_code, column.values)) or column.kind.value
    if column.nullable:
        held += " or null"
    return (
        _code(column.name),
        held,
        column.unit.value,
        column.direction.value.removeprefix("higher is "),
        column.meaning,
    )


_SAME_EVERYWHERE = {"account_id": "Whose row this is."}
_NAMES = {str: "text", float: "number", int: "whole number", bool: "true / false"}


def _columns(model: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        yield _code(name), _held(field.annotation), field.description or _SAME_EVERYWHERE[name]


def _held(annotation: Any) -> str:
    """What a column's type says, in words."""
    if annotation in _NAMES:
        return _NAMES[annotation]
    values = get_args(annotation)
    if type(None) in values:
        return " or ".join([*(_held(value) for value in values if value is not type(None)), "null"])
    if values and isinstance(values[0], str):
        return " / ".join(map(_code, values))
    return f"list of {_held(values[0])}"


def tree() -> str:
    """Every error that a user can meet."""
    lines = ["# Errors", "", f"{NOTE}", "", (errors.__doc__ or "").strip().split("\n\n")[0], "", "```text"]
    drawn = (errors.__doc__ or "").split("\n\n")[1]
    lines += [line.removeprefix("    ") for line in drawn.splitlines()] + ["```", ""]
    lines += ["\n\n".join((errors.__doc__ or "").strip().split("\n\n")[2:])]
    lines += ["", 'Over HTTP an error is `{"error": {"code", "message", "field"?}}`: [the endpoints](endpoints.md).']
    lines += ["What a client can cause, or the service meets while it answers, has a status and a code:", ""]
    lines += table(("error", "status", "code"), (_answered(*row) for row in ANSWERED.items()))
    return "\n".join(lines) + "\n"


def _answered(error: type[errors.LadderError], told: Answered) -> tuple[str, str, str]:
    return _code(error.__name__), _code(told.status), "its own" if told.code is None else _code(told.code)


_PLAYBOOK = """# The playbook

What to do, what to say, to whom and by when, by rung, trigger, customer type and advice. The column `playbook` of the
scores holds the key of the play that holds. {note}

Of all plays that fit an account the one that says most of whom it is for holds. Of those that say equally much, one
that names a trigger comes first, then advice, then a customer type; of equals the narrower, then the first. A trigger
counts where there is a sign of it; of a former customer it is the recorded reason of its last switch. Plays for former
customers are for nobody else, and others not for them.

## Your own

Write plays among the settings, or copy [the program's own](../training/settings/playbook.toml) beside them, change
what you like, and name the file (`playbook.file`, from the folder of the settings).

```toml
[[playbook.plays]]
key = "member_privileges"
rungs = ["member"]
do_en = "Invite them to the spring dinner[, before {act_by}]"
do_nl = "Nodig ze uit voor het voorjaarsdiner[, vóór {act_by}]"
say_en = "We should like to thank you, {account}, at our table."
say_nl = "We bedanken u graag, {account}, aan onze tafel."
whom_en = "the decider"
whom_nl = "de beslisser"
within_days = 30
```

`do_de`, `say_de` and `whom_de` say it in German; without all three German readers get the English texts.

A play with a key that stands below replaces that one; others are added, and come first among equals. With
`base = "none"` yours alone hold. A mistake is refused when the settings are read, with the play's line and key, and
what to write. German (`do_de`, `say_de`, `whom_de`) may be left out, all three together: it is told in English then.

**Whose playbook holds.** It is text and no model, so a change needs no training. Where settings say anything of plays,
theirs hold in whatever is started with them; else those that the model was trained with; else the program's own.

- `ladder train` and `retrain` keep the settings' plays with the model.
- `ladder score`, `retrain` and Python's `score` choose every account's play, by `--config`. The plays are kept with the
  scores, in `run.json` and in the store, and it is printed whose they are.
- `ladder serve`: page, work list and hand-outs look a text up by the play's key: in `--config`, else in what is kept
  with the scores, else in the model. Who has which play was decided when they were scored; plays that only a new run
  can choose are named at the start. `POST /score` chooses at once, by `--config`, else the model's.

A text may hold facts between
braces: {facts}. A part between [ and ] is left out where one of its facts is not known; outside of it
stand only {always}.

## The program's own
"""


def playbook() -> str:
    """The plays that hold where nobody wrote others."""
    facts, always = (", ".join(f"`{{{fact}}}`" for fact in some) for some in (FACTS, ALWAYS_KNOWN))
    lines = _PLAYBOOK.replace("{note}", NOTE).replace("{facts}", facts).replace("{always}", always).splitlines()
    rows = (
        (_code(play.key), _for_whom(play), play.do_en, play.say_en, str(play.within_days)) for play in default_plays()
    )
    return "\n".join([*lines, "", *table(("play", "for", "what to do", "what to say", "days"), rows)]) + "\n"


def _for_whom(play: PlayRow) -> str:
    said = (play.rungs, play.triggers, play.customer_types, () if len(play.advice) == len(ADVICE) else play.advice)
    words = [", ".join(f"`{name}`" for name in names) for names in said if names]
    return "; ".join(["former customers", *words] if play.former else words)


_LIBRARY_PAGE = """## `import ladder`

What the commands do, on values instead of files: nothing is registered, and nothing is written in the working folder.

```python
import ladder

faster = {"booster": {"rounds": 20}, "slices": {"every_days": 90}, "outcome": {"further_horizons_days": []}}
source = ladder.read("source/", faster)  # a folder, a file, a database; settings as in ladder.toml, or its name
print(ladder.check(source).ladder)
model = ladder.train(source, folds=0)  # without folds nothing is judged out of time
scores = model.score(source, language="nl")
print(scores.scores[["account_id", "rung", "next_rung", "expected_revenue"]].head())
print(ladder.plan(scores, budget=20_000, model=model).record)
```

Frames go in by the name of their table: of pandas, Polars or Arrow, or any that hands its columns over as Arrow does.
Their cells are understood as those of files are, and `settings` maps them by the same queries. Frames come back in the
library that they came in.

```python
import pandas as pd

rows = [("10", "13-02-2025", "1.250,50"), ("11", "14-02-2025", "3,00")]
orders = pd.DataFrame(rows, columns=["Klant", "Datum", "Bedrag"])
query = 'select "Klant" as account_id, "Datum" as ordered_at, "Bedrag" as revenue from orders'
print(ladder.read({"orders": orders}, {"tables": {"orders": {"query": query}}}).tables["orders"])
```

A model that serves, or one that was saved:

```python
model.save("my-model")
print(ladder.load("my-model").report[0])  # or ladder.load("models:/loyalty-ladder@champion")
```

What a data scientist asks beyond that: rungs and features on any day, what came of them, and what an investment was
followed by. `ladder.own` has what features, members and estimators of one's own are built with.

```python
print(ladder.rungs(source, as_of=["2024-06-01", "2025-06-01"]).groupby("as_of")["rung"].value_counts())
snapshots = ladder.snapshots(source)
print(snapshots.features.shape, snapshots.outcomes["switched"].mean())
known = ladder.features(source, as_of="2025-06-01", like=snapshots)
estimator = ladder.own.RungClassifier(rounds=5).fit(snapshots.features.iloc[:, 2:], snapshots.outcomes["next_rung"])
print(estimator.predict(known.iloc[:5, 2:]))
```
"""


def python() -> str:
    """What a program of one's own may count on: the functions of `import ladder`, and modules."""
    said = f"What a program of one's own may count on. {NOTE} The built site has every class and function below."
    lines = ["# Python", "", said, "", *_LIBRARY_PAGE.splitlines()]
    lines += ["", *table(("", "what it does"), ((_code(name), _first_sentence(name)) for name in LIBRARY))]
    lines += [
        "",
        "## Modules",
        "",
        "Below that:",
        "",
        "```python",
        "from features.histories.histories import build_histories",
        "from features.sources.source import read_source",
        "",
        'histories = build_histories(read_source("source/"))',
        "print(len(histories.account_ids), histories.end)",
        "```",
        "",
    ]
    rows = ((f"[`{name}`](../{_file(name)})", _first_line(name)) for name in PUBLIC)
    return "\n".join([*lines, *table(("module", "what it holds"), rows)]) + "\n"


def _first_sentence(name: str) -> str:
    """The first line of what is documented at a dotted name of `ladder`."""
    found: Any = ladder
    for part in name.removeprefix("ladder.").split("."):
        found = getattr(found, part)
    return (found.__doc__ or "").strip().partition("\n")[0]


def _file(name: str) -> str:
    """A module's file, from the root; of a package, its first one."""
    return Path(importlib.import_module(name).__file__ or "").relative_to(FOLDER.parent).as_posix()


def _first_line(name: str) -> str:
    return (importlib.import_module(name).__doc__ or "").strip().splitlines()[0]


PAGES: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "endpoints": endpoints,
    "tables": tables,
    "scores": scores,
    "settings": settings.document,
    "promotion": promotion.document,
    "features": catalog.document,
    "errors": tree,
    "python": python,
    "architecture": architecture.document,
    "playbook": playbook,
}
"""Name of the page in docs/ -> what writes it."""


SETTINGS_FILE = FOLDER.parent / "conf" / "ladder.toml"
"""Written with the page of the settings."""


def main() -> None:
    """Write every page, or only the one that is named, into docs/."""
    parser = argparse.ArgumentParser(description="Write the pages of the reference from the code.")
    parser.add_argument("pages", nargs="*", help=f"of {', '.join(PAGES)}; else all")
    for name in parser.parse_args().pages or PAGES:
        (FOLDER / f"{name}.md").write_text(PAGES[name](), encoding="utf-8")
        if name == "settings":
            SETTINGS_FILE.write_text(settings.settings_file(), encoding="utf-8")


if __name__ == "__main__":
    main()
