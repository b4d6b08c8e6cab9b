"""ladder export: scores as a CSV file that a CRM imports."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from commands.inputs import feedback_store
from commands.options import CommonOptions, CrmName, Feedback, Option, UsageError
from commands.terminal import Figures


@dataclass(frozen=True, kw_only=True)
class ExportOptions(CommonOptions):
    crm: Annotated[CrmName, Option(help="whose importer")]
    scores: Annotated[Path | None, Option(metavar="DIR", help="folder that `ladder score` wrote")] = None
    store: Feedback = None
    changed: Annotated[
        bool, Option(help="only what changed since the last export for this CRM; FILE-gone.csv names who is gone")
    ] = False
    language: Annotated[
        Literal["en", "nl"],
        Option(help="of the reasons in the store, English or Dutch; files have them in words already"),
    ] = "en"
    out: Annotated[Path, Option(metavar="FILE", help=".csv; FILE-1.csv, FILE-2.csv, ... if it is too large")]

    def __post_init__(self) -> None:
        if self.scores is not None and (self.store is not None or self.changed):
            raise UsageError("--scores DIR stands alone: --store and --changed are about the store.")


def export_command(options: ExportOptions) -> Figures:
    from serving.integrations.exports import export, export_gone, stored_scores
    from serving.scoring.batch import read_scores
    from serving.store.database import open_store, writing
    from serving.store.feedback.export_marks import mark_exported

    gone, files = list[str](), list[Path]()
    if options.scores is not None:
        done = export(read_scores(options.scores), options.crm, options.out, options.language)
        files += done.files
    else:
        url = feedback_store(options.store)
        if url is None:
            raise UsageError("Say where the scores are: --scores DIR or --store URL.")
        engine = open_store(url, make=False)
        try:
            stored = stored_scores(engine, options.crm, options.changed)
            done = export(stored.scores, options.crm, options.out, options.language)
            files += done.files
            if options.changed:
                files.append(export_gone(stored.gone, options.crm, options.out))
                gone = [*stored.gone]
            with writing(engine) as connection:  # last: what was not written is still to be exported
                mark_exported(connection, options.crm, stored.run_id, time.time_ns() // 1000)
        finally:
            engine.dispose()
    print(f"{done.accounts:,} accounts for {options.crm}: {', '.join(map(str, files))}")
    if gone:
        print(f"{len(gone):,} accounts are gone since the last export")
    if done.left_out:
        print(
            f"Note: {done.left_out:,} accounts are left out: their ids would be run as formulas or misread.",
            file=sys.stderr,
        )
    return {"accounts": done.accounts, "gone": len(gone), "left_out": done.left_out, "files": [*map(str, files)]}
