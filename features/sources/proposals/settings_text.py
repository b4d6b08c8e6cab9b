"""A proposal as the text of a settings file, with its evidence as remarks."""

import json
from collections.abc import Sequence

from features.sources.cleaning.column_names import listed
from features.sources.proposals.proposal import Proposal


def settings_text(proposal: Proposal, data: str, decided: Sequence[str] = ()) -> str:
    """Return the TOML that maps a source.

    data : as the command was given it.  decided : what was taken where the data leave a doubt, in sentences.
    """
    lines = [
        f"# How the tables of {data} are read, as `ladder init` understood them. Every line may be changed;",
        "# `ladder check --data ... --config ...` shows what comes of it.",
    ]
    if proposal.as_they_stand:
        lines.append(f"# As they stand: {listed(proposal.as_they_stand)}.")
    if proposal.unused:
        lines.append(f"# Nothing is made of: {listed(proposal.unused)}.")
    lines += [f"# Cannot be read: {error}" for error in proposal.unreadable]
    lines += [f"# Taken as the likeliest: {one}" for one in decided]
    if proposal.currencies:
        first, *others = proposal.currencies
        rates = ", ".join(f"{name} = ..." for name in others)
        lines += [
            "",
            f"# The orders are in {listed(proposal.currencies)}. Say what a unit of each other one is worth,",
            "# else they are refused; remove the mark before the lines.",
            "# [source]",
            f'# currency = "{first}"',
            f"# exchange_rates = {{ {rates} }}",
        ]
    for name, table in proposal.tables.items():
        lines += ["", *(f"# {remark}" for remark in table.evidence), f"[tables.{name}]"]
        assert table.mapping.query is not None
        lines += ["query = '''", table.mapping.query, "'''"] if "'''" not in table.mapping.query else [
            f"query = {json.dumps(table.mapping.query)}"
        ]  # fmt: skip
        if table.mapping.reading:
            inside = ", ".join(f'{column} = "{form}"' for column, form in table.mapping.reading.items())
            lines.append(f"reading = {{ {inside} }}")
    return "\n".join(line.replace("\r", " ") for line in lines) + "\n"
