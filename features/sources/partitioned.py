"""A partitioned source: one folder per part, each with whole accounts and a complete set of tables.

    DIR/partitions.json        how many parts, by which hash, how many rows each must hold; written last
    DIR/part-00000/orders.parquet ...

The part of an account depends on its id alone, so that everything about an account is in one part.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.atomic_write import write_whole
from features.errors import SourceUnreadable
from features.instants import IntArray
from features.sources.connectors import first_line
from features.sources.forgotten import Forgotten
from features.tables import TABLE

FORMAT = 1
MANIFEST = "partitions.json"
HASH = "the first 8 bytes of blake2b(account_id as UTF-8), big-endian, modulo parts; no account: part 0"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """One part of a partitioned source.

    rows : table -> how many raw rows its file must hold.
    added : table -> raw columns of rows that are not in the files, such as feedback.
    until : microseconds, the end of the day of the export; None where nobody knew.
    forgotten : whose rows do not count; None = nobody's.
    """

    number: int
    folder: Path
    rows: Mapping[str, int]
    added: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    until: int | None = None
    forgotten: Forgotten | None = None


@dataclass(frozen=True)
class Partitions:
    """A partitioned source.

    split_keys : table -> how many of its primary keys stand in more than one part. Read whole, one row of each stays;
        read by parts, one row in every part does.
    constant_prices : whether its money was brought to the prices of one time when it was cut.
    """

    folder: Path
    parts: tuple[Part, ...]
    split_keys: Mapping[str, int]
    constant_prices: bool = False

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables: the same in every part."""
        return tuple(self.parts[0].rows)

    def check_prices(self, deflator: Mapping[int, float]) -> None:
        """Refuse a price index that came after the source was cut.

        Raises
        ------
        SourceUnreadable
            If there is one, and the money of the parts is not in constant prices.
        """
        if deflator and not self.constant_prices:
            raise SourceUnreadable(
                f"{self.folder} was cut without [source] deflator, and its money is in the prices of its days. Run "
                "`ladder partition` anew with these settings, into another folder, or leave the deflator away."
            )

    def notes(self) -> tuple[str, ...]:
        """Say what differs from reading the source whole; empty where its keys are clean."""
        return tuple(
            f"{count:,} {TABLE[name].key}s of {name} stand in more than one part, with different accounts: read by "
            "parts, one row in every part is kept; read whole, one row of all"
            for name, count in self.split_keys.items()
        )


class Executor(Protocol):
    """What works on the parts: this process, or the workers of a cluster."""

    def map(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
        """Yield work(part) for each part, in order; `work` may run more than once for a part."""
        ...


class LocalExecutor:
    """This process, which works on one part after the other, so that only one is in memory."""

    def map(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
        """Yield work(part) for each part, in order."""
        return map(work, parts)


def part_numbers(account_ids: Iterable[str | None], parts: int) -> IntArray:
    """Return the part of each account, 0 .. parts - 1.

    It is the same on every machine, whatever other accounts there are.

    >>> part_numbers(["A00001", "A00002", None], 8).tolist()
    [3, 6, 0]
    """
    digests = (b"" if name is None else hashlib.blake2b(name.encode(), digest_size=8).digest() for name in account_ids)
    return np.array([int.from_bytes(digest, "big") % parts for digest in digests], np.int64)


def write_manifest(
    folder: Path,
    rows: Sequence[Mapping[str, int]],
    split_keys: Mapping[str, int],
    until: int | None = None,
    *,
    constant_prices: bool = False,
) -> None:
    """Declare the parts of a folder complete.

    rows : for each part, table -> number of rows.  until : microseconds, the end of the day of the export.
    """
    content = {
        "format": FORMAT, "hash": HASH, "parts": len(rows), "rows": list(rows), "split_keys": split_keys,
        "until": until, "constant_prices": constant_prices,
    }  # fmt: skip
    write_whole(folder / MANIFEST, json.dumps(content, indent=1) + "\n")


def part_folder(folder: Path, number: int) -> Path:
    """Return the folder of a part."""
    return folder / f"part-{number:05d}"


def read_partitions(location: str | Path) -> Partitions | None:
    """Read the manifest of a partitioned source; None if the location is no such folder.

    Raises
    ------
    SourceUnreadable
        If partitioning was interrupted, the manifest is damaged, or a part is missing.
    """
    folder = Path(location)
    if "://" in str(location) or not folder.is_dir():
        return None
    if not (folder / MANIFEST).is_file():
        if part_folder(folder, 0).is_dir():
            raise SourceUnreadable(
                f"{folder} holds parts but no {MANIFEST}, which is written last: its partitioning was interrupted. "
                "Remove the folder and run `ladder partition` again."
            )
        return None
    folder = folder.resolve()  # the workers may have been started elsewhere
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if content["format"] != FORMAT or content["hash"] != HASH or content["parts"] != len(content["rows"]) != 0:
            raise ValueError("of another format")
        rows = [{str(name): int(count) for name, count in part.items()} for part in content["rows"]]
        split_keys = {str(name): int(count) for name, count in content["split_keys"].items()}
        until = None if content.get("until") is None else int(content["until"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceUnreadable(
            f"{folder / MANIFEST} cannot be used: {first_line(error)}. Run `ladder partition` anew into another folder."
        ) from None
    parts = tuple(Part(number, part_folder(folder, number), held, until=until) for number, held in enumerate(rows))
    for part in parts:
        if not part.folder.is_dir():
            raise SourceUnreadable(f"{part.folder} is missing; the source has {len(parts)} parts. Partition it anew.")
    return Partitions(folder, parts, split_keys, bool(content.get("constant_prices")))


def read_part_table(part: Part, name: str, columns: Sequence[str] | None = None) -> dict[str, Any]:
    """Read the raw columns of one table of a part.

    columns : their names; None = all.

    Raises
    ------
    SourceUnreadable
        If the file is missing, unreadable, or holds another number of rows than the manifest says.
    """
    file = part.folder / f"{name}.parquet"
    try:
        data = pq.ParquetFile(file).read(columns=columns)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceUnreadable(f"part {part.number}: {file} cannot be read: {first_line(error)}") from error
    if len(data) != part.rows[name]:
        raise SourceUnreadable(
            f"part {part.number}: {file} holds {len(data):,} rows, and {MANIFEST} says {part.rows[name]:,}; "
            "partition the source anew"
        )
    return {column: data.column(column) for column in data.column_names}
