"""Which playbook holds: the settings' own where they have one, else the one that was kept with the model.

It is text and no model: no other score depends on it, so a change needs no training.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from commands.terminal import Figures
from features.atomic_write import write_whole

if TYPE_CHECKING:
    from training.model.bundle import Bundle
    from training.model.playbook import Play
    from training.settings import Settings

FROM = {
    "settings": "of the settings",
    "training": "of the settings that the model was trained with",
    "program": "the program's own",
}
MOST_NAMED = 5


def own_plays(settings: Settings) -> tuple[Play, ...]:
    """Return the settings' own plays, and the program's that they leave; empty where they say nothing of plays."""
    from training.model.playbook import play_of
    from training.settings.playbook import PlaybookSettings

    if settings.playbook == PlaybookSettings():
        return ()
    return tuple(play_of(asdict(row)) for row in settings.playbook.rows)


def with_playbook(bundle: Bundle, settings: Settings) -> Bundle:
    """Return the bundle with the settings' playbook, where they have one; else as it is."""
    from serving.scoring.advice.playbook import with_plays

    return with_plays(bundle, own_plays(settings))


def tell_playbook(bundle: Bundle) -> Figures:
    """Print which playbook holds, and return it as a figure."""
    facts = bundle.facts
    print(f"Playbook: {len(facts.playbook)} plays, {FROM[facts.playbook_from]}")
    return {"plays": len(facts.playbook), "from": facts.playbook_from}


def write_plays(file: Path, settings: Settings, scored_with: Sequence[Play]) -> str:
    """Write down for the service's processes which plays go before those kept with the scores, and which after.

    scored_with : plays of a folder of scores, whose run in the store may know none.
    """
    told = {
        "settings": [asdict(play) for play in own_plays(settings)], "scores": [asdict(play) for play in scored_with],
    }  # fmt: skip
    write_whole(file, json.dumps(told))
    return str(file)


def tell_served(settings: Settings, store: str) -> None:
    """Print where the page's texts come from, and which plays no account can have before it is scored anew."""
    from serving.store.database import open_store, reading
    from serving.store.scores.scoring_runs import current_run
    from serving.store.summaries import summary_of

    own = own_plays(settings)
    if not own:
        return
    engine = open_store(store)
    try:
        with reading(engine) as connection:
            current = current_run(connection)
            kept = None if current is None else summary_of(connection, current.run_id)
    finally:
        engine.dispose()
    print(f"Playbook: {len(own)} plays, {FROM['settings']}; their texts hold on the page at once")
    known = {play.chosen_by for play in (() if kept is None else kept[1].playbook)}
    new = [play.key for play in own if play.chosen_by not in known] if known else []
    if new:
        some = ", ".join(new[:MOST_NAMED]) + (", ..." if len(new) > MOST_NAMED else "")
        print(
            f"{len(new)} of them ({some}) are new, or for other accounts or days than when the accounts were scored: "
            "`ladder score` with the same --config chooses them."
        )
