"""Whether a data subject is named in a file, whatever the file is packed in and however its id is written there."""

import bz2
import gzip
import html
import io
import json
import lzma
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from serving.store.subjects import Subject

MOST_BYTES = 1 << 30
"""Of a file that is looked into as a whole, and of what is packed in it."""
DEPTH = 4
"""Of archives within archives."""
PARQUET, ARROW, ZIP = b"PAR1", b"ARROW1", b"PK"
_STREAMS: dict[bytes, Callable[[io.BytesIO], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_ENDS = b",;\t\"'<>[]{}:| \r\n"


class UnseenError(Exception):
    """What cannot be looked into: too large, encrypted, damaged, or packed too deeply."""


def holds(content: bytes, subject: Subject) -> bool:
    """Return whether the subject is named: in a cell of a table, else anywhere in the bytes, packed ones too.

    Raises
    ------
    UnseenError
        If that cannot be told.
    """
    return any(_in_part(part, subject) for part in _parts(content, 0, [MOST_BYTES]))


def in_name(name: str, subject: Subject) -> bool:
    """Return whether the name of a file or a folder tells the id."""
    return subject.pattern is not None and subject.id in name


def table_of(content: bytes) -> pa.Table | None:
    """Return the table that is written there as Parquet or Arrow; None where none is."""
    try:
        if content.startswith(PARQUET):
            return pq.read_table(pa.BufferReader(content))
        if content.startswith(ARROW):
            return pa.ipc.open_file(pa.BufferReader(content)).read_all()
    except (pa.ArrowException, OSError):
        return None
    return None


def names_in(column: Any, name: str, subject: Subject) -> bool:
    """Return whether a column of a table names the subject.  name : its name."""
    kind = column.type
    if is_text(kind):
        plain = column.cast(pa.string())
        if subject.pattern is None:
            return bool(pc.any(pc.equal(plain, subject.id)).as_py())
        return any(pc.any(pc.match_substring(plain, one)).as_py() for one in subject.spellings)
    if pa.types.is_integer(kind):
        known = name == subject.column or name.endswith("_id")
        return known and bool(pc.any(pc.equal(column.cast(pa.string()), subject.id)).as_py())
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _in_bytes(repr(column.to_pylist()).encode("utf-8", "surrogatepass"), subject)
    return False


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column is of texts."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _parts(content: bytes, depth: int, left: list[int]) -> Iterator[bytes]:
    """Yield the content, and what is packed in it.  left : bytes that may still be unpacked."""
    yield content
    packed = _packed(content, left)
    for inner in packed:
        if depth >= DEPTH:
            raise UnseenError
        yield from _parts(inner, depth + 1, left)


def _packed(content: bytes, left: list[int]) -> Iterator[bytes]:
    """Yield the members of an archive, and their names."""
    try:
        opened = next((kind for magic, kind in _STREAMS.items() if content.startswith(magic)), None)
        if opened is not None:
            with opened(io.BytesIO(content)) as unpacked:
                yield _read(unpacked, left)
        elif content.startswith(ZIP) and zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for info in archive.infolist():
                    yield info.filename.encode("utf-8", "surrogateescape")
                    with archive.open(info) as member:
                        yield _read(member, left)
        elif content[257:262] == b"ustar":
            with tarfile.open(fileobj=io.BytesIO(content)) as tar:
                for entry in tar:
                    yield entry.name.encode("utf-8", "surrogateescape")
                    inside = tar.extractfile(entry) if entry.isfile() else None
                    if inside is not None:
                        yield _read(inside, left)
    except (OSError, EOFError, RuntimeError, NotImplementedError, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise UnseenError from error
    except tarfile.TarError as error:
        raise UnseenError from error


def _read(stream: Any, left: list[int]) -> bytes:
    content: bytes = stream.read(left[0] + 1)
    left[0] -= len(content)
    if left[0] < 0:
        raise UnseenError
    return content


def _in_part(content: bytes, subject: Subject) -> bool:
    table = table_of(content)
    if table is None:
        wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        return _in_bytes(content.decode("utf-16", "replace").encode() if wide else content, subject)
    return any(names_in(table.column(name), name, subject) for name in table.column_names)


def _in_bytes(content: bytes, subject: Subject) -> bool:
    """Return whether the id stands in the bytes; one of few digits as a whole cell only."""
    if subject.pattern is not None:
        return any(one in content for one in spelt(subject))
    one, at = subject.id.encode(), -1
    while (at := content.find(one, at + 1)) >= 0:
        before, after = content[at - 1 : at] if at else b"\n", content[at + len(one) : at + len(one) + 1] or b"\n"
        if before in _ENDS and after in _ENDS:
            return True
    return False


@cache
def spelt(subject: Subject) -> tuple[bytes, ...]:
    """Return how the id may be written: in JSON, CSV, XML, addresses; composed or not; in the usual encodings.

    >>> [one.decode() for one in spelt(Subject("account", "M&S"))[:4]]
    ['M&S', 'M&amp;S', 'M%26S', 'M\\x00&\\x00S\\x00']
    """
    plain = dict.fromkeys((subject.id, *(unicodedata.normalize(form, subject.id) for form in ("NFC", "NFD"))))
    texts: dict[str, None] = {}
    for text in plain:
        texts |= dict.fromkeys(
            (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], text.replace('"', '""'),
             html.escape(text), html.escape(text, quote=False), quote(text, safe=""), quote_plus(text))
        )  # fmt: skip
    found = [text.encode("utf-8", "surrogatepass") for text in texts]
    for text in plain:
        found += [text.encode(form, "surrogatepass") for form in ("utf-16-le", "utf-16-be")]
        found += [text.encode(form, "ignore") for form in ("latin-1", "cp1252") if _fits(text, form)]
    return tuple(dict.fromkeys(found))


def _fits(text: str, encoding: str) -> bool:
    try:
        return bool(text.encode(encoding))
    except UnicodeEncodeError:
        return False
