"""ladder store: upgrade, back up, restore and check the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from commands.options import DEFAULT_STORE, CommonOptions, Option, Store, UsageError
from commands.terminal import Figures, show_findings, show_table


@dataclass(frozen=True, kw_only=True)
class StoreOptions(CommonOptions):
    action: Annotated[Literal["upgrade", "backup", "restore", "check"], Option(positional=True, help="what to do")]
    store: Store = DEFAULT_STORE
    out: Annotated[Path | None, Option(metavar="FILE", help="of backup: the copy, made while a service goes on")] = None
    source: Annotated[Path | None, Option(flag="--from", metavar="FILE", help="of restore: what backup wrote")] = None
    force: Annotated[bool, Option(help="of restore: also over a store that holds rows, which are lost")] = False

    def __post_init__(self) -> None:
        if self.action == "backup" and self.out is None:
            raise UsageError("Say where the backup goes: --out FILE.")
        if self.action == "restore" and self.source is None:
            raise UsageError("Say what is restored: --from FILE, which `ladder store backup` wrote.")


def store_command(options: StoreOptions) -> Figures:
    """Do what is asked and return its figures.

    Raises
    ------
    StoreError
        If it cannot be done.
    """
    actions = {"upgrade": _upgrade, "backup": _back_up, "restore": _restore, "check": _check}
    return actions[options.action](options)


def _upgrade(options: StoreOptions) -> Figures:
    from serving.store.database import connect, label_of, writing
    from serving.store.versions import CURRENT, upgrade

    label, engine = label_of(options.store), connect(options.store)
    try:
        with writing(engine) as connection:
            before = upgrade(connection, label)
    finally:
        engine.dispose()
    if before == CURRENT:
        print(f"{label}: is of version {CURRENT} already")
    else:
        print(f"{label}: {'made' if before is None else f'upgraded from version {before}'} to version {CURRENT}")
    return {"from": before, "version": CURRENT}


def _back_up(options: StoreOptions) -> Figures:
    from serving.store.database import label_of
    from serving.store.maintenance.backup import back_up

    assert options.out is not None
    version = back_up(options.store, options.out)
    size = options.out.stat().st_size
    print(f"{label_of(options.store)}: version {version}, copied to {options.out} ({size / 1e6:,.1f} MB)")
    return {"version": version, "file": str(options.out), "bytes": size}


def _restore(options: StoreOptions) -> Figures:
    from serving.store.database import label_of
    from serving.store.maintenance.backup import restore
    from serving.store.versions import CURRENT

    assert options.source is not None
    version = restore(options.store, options.source, options.force)
    print(f"{label_of(options.store)}: restored from {options.source}, version {version}")
    if version != CURRENT:
        print(f"It is older than this program: `ladder store upgrade` brings it to version {CURRENT}.")
    return {"version": version}


def _check(options: StoreOptions) -> Figures:
    from serving.store.database import label_of
    from serving.store.maintenance.integrity import check_store
    from training.model.findings import BLOCKER

    found = check_store(options.store)
    print(f"{label_of(options.store)}: version {found.version}")
    show_table("Tables", ["table", "rows"], [[name, f"{rows:,}"] for name, rows in found.rows.items()])
    if found.findings:
        show_findings("Not as it should be", found.findings)
    wrong = sum(finding.severity == BLOCKER for finding in found.findings)
    rows = {f"rows_{name}": rows for name, rows in found.rows.items()}
    return {"version": found.version, "wrong": wrong, **rows}


def is_wrong(options: StoreOptions, figures: Figures) -> bool:
    """Tell whether `ladder store check` found what must be seen to."""
    return options.action == "check" and bool(figures["wrong"])
