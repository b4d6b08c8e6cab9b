"""ladder audit: the audit log as JSON lines, and whether it is what was written."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from commands.options import DEFAULT_STORE, CommonOptions, Option, Store, UsageError
from commands.terminal import Figures

if TYPE_CHECKING:
    import sqlalchemy as sa

    from serving.store.audit_log import Anchor, Change


@dataclass(frozen=True, kw_only=True)
class AuditOptions(CommonOptions):
    store: Store = DEFAULT_STORE
    since: Annotated[
        str | None, Option(metavar="T", help="only what was changed then or later, UTC, as 2026-01-31; else everything")
    ] = None
    verify: Annotated[
        bool, Option(help="hold every row against its seal and the row before it; status 1 if one is not what it was")
    ] = False
    anchor: Annotated[
        tuple[str, ...],
        Option(metavar="N:SEAL", help="with --verify: what an earlier look printed; must still be there"),
    ] = ()

    anchors: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="with --verify: a file of such, kept elsewhere; all must still be there, and one is added if so",
        ),
    ] = None

    def __post_init__(self) -> None:
        if self.verify and self.since is not None:
            raise UsageError("--verify looks over the whole log: leave --since away.")
        if (self.anchor or self.anchors) and not self.verify:
            raise UsageError("--anchor and --anchors go with --verify.")


def audit_command(options: AuditOptions) -> Figures:
    """Do what is asked.  Raises SettingsError for a time that cannot be read, StoreError where there is no store."""
    from serving.store.database import open_store, reading

    engine = open_store(options.store, make=False)
    try:
        with reading(engine) as connection:
            if options.verify:
                kept = [] if options.anchors is None else _kept(options.anchors)
                figures = _verify(connection, [_anchor(text) for text in (*options.anchor, *kept)])
                if options.anchors is not None and not figures["faults"] and figures["anchor"] not in ("none", *kept):
                    with options.anchors.open("a", encoding="ascii") as lines:
                        lines.write(f"{figures['anchor']}\n")
                return figures
            return _print(connection, options.since)
    finally:
        engine.dispose()


def _kept(file: Path) -> list[str]:
    """Return the anchors in a file; none before the first."""
    return file.read_text(encoding="ascii").split() if file.exists() else []


def is_not_whole(options: AuditOptions, figures: Figures) -> bool:
    """Tell whether `ladder audit --verify` found a fault."""
    return options.verify and bool(figures["faults"])


def _print(connection: sa.Connection, since: str | None) -> Figures:
    from features.instants import instant
    from serving.store.audit_log import changes_since

    at = None if since is None else instant(since)
    rows = 0
    for change in changes_since(connection, at):
        print(json.dumps(_line(change), ensure_ascii=False))
        rows += 1
    return {"rows": rows}


def _line(change: Change) -> dict[str, object]:
    told = asdict(change)
    return {"seq": told.pop("seq"), "at": change.at.isoformat(timespec="microseconds") + "Z", **{
        name: told[name] for name in ("who", "key_id", "what", "about", "before", "after", "detail", "seal")
    }}  # fmt: skip


def _verify(connection: sa.Connection, anchors: list[Anchor]) -> Figures:
    from serving.store.audit_log import verify

    found = verify(connection, anchors)
    for fault in found.faults:
        print(f"row {fault.seq}: {_WORDS[fault.kind]}", file=sys.stderr)
    last = "none" if found.last is None else f"{found.last.seq}:{found.last.seal}"
    whole = "is not what was written" if found.faults else "is whole"
    print(f"The audit log {whole}: {found.rows:,} rows, the last one {last}")
    return {"rows": found.rows, "faults": len(found.faults), "anchor": last}


_WORDS = {
    "altered": "says something else than what was written",
    "broken": "does not follow the row before it: one was changed, put in or taken out",
    "unsealed": "is not sealed: an earlier program wrote it, or a hand",
    "cut": "is the last one that was written, and it is not there as it was",
    "anchor": "has another seal than the anchor says: the log was sealed anew",
}


def _anchor(text: str) -> Anchor:
    from serving.store.audit_log import Anchor

    number, _, seal = text.partition(":")
    if not number.isdecimal() or len(seal) != 64:
        raise UsageError(f"--anchor {text} is none: it is N:SEAL, as `ladder audit --verify` prints it.")
    return Anchor(int(number), seal)
