"""ladder forget and ladder export-subject: erasure and access for an account or a contact; ladder retention."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.options import DEFAULT_STORE, CommonOptions, Option, Store, UsageError
from commands.terminal import Figures, show_table

if TYPE_CHECKING:
    from serving.store.subjects import Subject
    from training.settings.operating import GovernanceSettings

Account = Annotated[str | None, Option(metavar="ID", help="of the account")]
_BESIDE = ("", "-wal", "-shm", ".secret", ".forgotten")
"""How the names of a SQLite store's own files go on."""
Contact = Annotated[str | None, Option(metavar="ID", help="of the contact, as the source's contact_id")]


@dataclass(frozen=True, kw_only=True)
class ForgetOptions(CommonOptions):
    account: Account = None
    contact: Contact = None
    store: Store = DEFAULT_STORE
    folder: Annotated[
        tuple[Path, ...],
        Option(
            metavar="DIR",
            help="whose files (CSV, Excel, JSON, Parquet, and ZIP or gzip of these) are rewritten without it: exports, "
            "plans, monitoring, MLflow's artifacts; folders of scores in the working folder are rewritten anyhow",
        ),
    ] = ()
    report: Annotated[Path | None, Option(metavar="FILE", help="JSON: what was removed, left, and to be retrained")] = (
        None
    )

    def __post_init__(self) -> None:
        _check(self.account, self.contact)


@dataclass(frozen=True, kw_only=True)
class ExportSubjectOptions(CommonOptions):
    account: Account = None
    contact: Contact = None
    store: Store = DEFAULT_STORE
    out: Annotated[Path, Option(metavar="FILE", help="JSON: all rows of the store that are about it, by table")]

    def __post_init__(self) -> None:
        _check(self.account, self.contact)


@dataclass(frozen=True, kw_only=True)
class RetentionOptions(CommonOptions):
    store: Store = DEFAULT_STORE


def forget_command(options: ForgetOptions) -> Figures:
    """Erase a subject from the store and from files, and say what is left to do."""
    from serving.integrations.subject_files import forget_in_files
    from serving.store.audit_log import Author
    from serving.store.database import file_of, open_store, writing
    from serving.store.people.forgotten import keep_forgotten
    from serving.store.subjects import erase, sweep
    from training.settings import read_settings

    subject = _subject(options.account, options.contact)
    engine = open_store(options.store, make=False)
    try:
        kept_out = keep_forgotten(options.store, subject.kind, subject.id)
        with writing(engine) as connection:
            erased = erase(connection, subject, Author(), time.time_ns() // 1000)
    finally:
        engine.dispose()
    swept, own = sweep(options.store), file_of(options.store)
    champions = Path(read_settings(options.config).registry.champion_folder)
    store_files = [] if own is None else [own.with_name(own.name + end) for end in _BESIDE]
    folders = [*options.folder, *([champions] if champions.is_dir() else [])]
    files = forget_in_files(subject, erased.pseudonym, folders, Path(), store_files)
    rows = [[name, str(number), ""] for name, number in erased.removed.items()]
    rows += [[name, "", str(number)] for name, number in erased.changed.items()]
    show_table("In the store", ["table", "rows removed", "rows that name a pseudonym now"], rows)
    for name in files.changed:
        print(f"rewritten: {name}")
    places = [{**asdict(place), "to_do": _WAYS[place.kind].format(subject=subject)} for place in files.places]
    places += [{"path": name, "kind": "bundle", "to_do": _OF_BUNDLES} for name in files.bundles]
    for place in places:
        print(f"LEFT: {place['path']}: {place['to_do']}")
    todo = [_kept_out(subject, kept_out), *_to_do(erased.model_version, swept, own is None)]
    for line in todo:
        print(f"- {line}")
    told = {**asdict(erased), "files": {**asdict(files), "places": places}, "swept": swept, "to_do": todo}
    if options.report is not None:
        options.report.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    counts = {"removed": sum(erased.removed.values()), "changed": sum(erased.changed.values())}
    return {
        **counts,
        "files": len(files.changed),
        "left": len(files.left),
        "places": len(places),
        "bundles": len(files.bundles),
        "swept": swept,
    }


def _kept_out(subject: Subject, file: Path) -> str:
    return (
        f"Erase the {subject.kind} in the source too: until then every run leaves it out and says so, by the list of "
        f"digests in {file}, which belongs into the backups and to every machine that trains or scores."
    )


_WAYS = {
    "backup": "a copy of a store: `ladder forget --{subject.kind} ID --store sqlite:///PATH` erases it, else delete it",
    "dump": "of pg_dump, cannot be looked into: delete it if it is from before, or restore it, forget, back up anew",
    "mlflow": "MLflow's: name its folder with --folder if it is a table or JSON, else delete the run and `mlflow gc`",
    "database": "a database of another program, which holds the id: erase it there",
    "archive": "an archive that was not rewritten: name its folder with --folder (ZIP, gzip), else unpack it",
    "name": "the name itself tells the id: rename it or delete it",
    "unseen": "not looked into (a link, too large, encrypted or damaged): look yourself",
    "file": "holds the id: delete it, or name its folder with --folder if it is a table or JSON",
}
"""Advice for the places that are left, by the kinds of `subject_files`."""
_OF_BUNDLES = "a model whose files tell of it: train anew, and delete this one when nobody needs it to roll back"


def _to_do(version: str | None, swept: bool, server: bool) -> list[str]:
    found = [
        "Train anew without it (`ladder retrain`): models hold sums and trees, no rows, and yet they learnt from it"
        + (f"; the scores are of {version}." if version else "."),
        "What stands elsewhere was not looked at: backups on other machines, MLflow's server, files handed to others.",
    ]
    if server:
        found.append("PostgreSQL's write-ahead log and its archive hold it until they are recycled.")
    if not swept:
        found.append("Others hold old pages of the store open: stop the service and run this once more.")
    return found


def export_subject_command(options: ExportSubjectOptions) -> Figures:
    """Write down all that the store holds of a subject."""
    from serving.store.database import open_store, reading
    from serving.store.subjects import collect

    subject = _subject(options.account, options.contact)
    engine = open_store(options.store, make=False)
    try:
        with reading(engine) as connection:
            found = collect(connection, subject)
    finally:
        engine.dispose()
    whole = {"subject": {"kind": subject.kind, "id": subject.id}, "tables": found}
    options.out.touch(mode=0o600)
    options.out.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    rows = sum(map(len, found.values()))
    print(f"{rows:,} rows of {len(found)} tables written to {options.out}")
    return {"rows": rows, "tables": len(found), "file": str(options.out)}


def retention_command(options: RetentionOptions) -> Figures:
    """Remove what the settings say is kept no longer."""
    from training.settings import read_settings

    return remove_old(options.store, read_settings(options.config).governance)


def remove_old(store: str, kept: GovernanceSettings) -> Figures:
    """Remove from a store what is kept no longer, and say how many rows of which table."""
    from serving.store.database import label_of, open_store, writing
    from serving.store.retention import Terms, apply

    engine = open_store(store, make=False)
    try:
        with writing(engine) as connection:
            gone = apply(connection, Terms(kept.feedback_days, kept.audit_days, kept.runs_days), time.time_ns() // 1000)
    finally:
        engine.dispose()
    if gone:
        rows = [[name, f"{n:,}"] for name, n in gone.items()]
        show_table("Removed, since it is kept no longer", ["table", "rows"], rows)
    else:
        print(f"Nothing in {label_of(store)} is older than [governance] says; nothing was removed")
    return dict(gone)


def _check(account: str | None, contact: str | None) -> None:
    if (account is None) == (contact is None) or not (account or contact):
        raise UsageError("Say whom: --account ID or --contact ID.")


def _subject(account: str | None, contact: str | None) -> Subject:
    from serving.store.subjects import Subject

    return Subject("account", account) if account is not None else Subject("contact", str(contact))
