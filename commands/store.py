"""ladder store: the store upgraded, copied, put back, looked over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from commands.options import DEFAULT_STORE, CommonOptions, Option, Store, UsageError
from commands.terminal import Figures, show_list, show_table
from features.errors import StoreError

if TYPE_CHECKING:
    from serving.store.maintenance.integrity import StoreFault


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
        If it cannot be done, or something is wrong with the store.
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

    found, label = check_store(options.store), label_of(options.store)
    show_table(f"{label}, version {found.version}", ["table", "rows"], [[n, f"{r:,}"] for n, r in found.rows.items()])
    serious = [fault for fault in found.faults if fault.serious]
    if found.faults:
        show_list("Found", [fault_in_words(fault) for fault in found.faults])
    if serious:
        raise StoreError(f"{label} is not as it should be: {fault_in_words(serious[0])}")
    return {"version": found.version, **{f"rows_{name}": rows for name, rows in found.rows.items()}}


FAULT_TEXTS: Mapping[str, str] = {
    "older": "it is of version {what}, which this program does not work with: `ladder store upgrade`.",
    "newer": "it is of version {what}, made by a newer program: install that one.",
    "damaged": "it is damaged, {what}: `ladder store restore` the last backup.",
    "no_table": "its table {what} is not there: `ladder store restore` the last backup.",
    "no_column": "its column {what} is not there: `ladder store restore` the last backup.",
    "unknown_table": "it holds a table {what}, which is none of a store's: who made it should take it elsewhere.",
    "stray_rows": "{rows:,} rows belong to nothing by {what}: the next `ladder score --to` puts scores in order; "
    "else restore the last backup.",
    "readable_by_others": "others on this machine may read {what}: chmod 600 it.",
}
"""By code of `serving.store.maintenance.integrity`."""


def fault_in_words(fault: StoreFault) -> str:
    """Say what is wrong and what to do."""
    return FAULT_TEXTS[fault.code].format(what=fault.what, rows=fault.rows)
