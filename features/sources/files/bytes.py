"""The bytes of a file as UTF-8 text: unpacked, and decoded by what they are."""

import codecs
import gzip
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

CHUNK = 4 * 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
MIXED = "utf-8 with others"
"""UTF-8 but for a few bytes, which are Windows-1252: two programs wrote the file."""
NAMES = {
    MIXED: "UTF-8, and where it is not, as Windows-1252",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}


class Bytes:
    """A file, or a member of an archive.  member : its name in the archive, if any."""

    def __init__(self, path: Path, member: str | None = None) -> None:
        self.path, self.member = path, member

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Yield the unpacked bytes."""
        if self.member is not None:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as content:
                yield content
        elif self.path.suffix.lower() == ".gz" and _is_gzip(self.path):  # a browser may have unpacked it
            with gzip.open(self.path, "rb") as content:
                yield cast(IO[bytes], content)
        else:
            with self.path.open("rb") as content:
                yield content

    @contextmanager
    def as_utf8(self, encoding: str, skip: int = 0) -> Iterator[pa.NativeFile]:
        """Yield the content as UTF-8.  skip : lines to leave out at its beginning."""
        with self.open() as content:
            stream: pa.NativeFile = pa.PythonFile(content, mode="r")
            if encoding == MIXED:
                stream = pa.PythonFile(_Mended(content), mode="r")
            elif encoding not in ("utf-8", "utf-8-sig"):
                stream = pa.transcoding_input_stream(stream, encoding, "utf-8")
            if skip:
                stream = pa.PythonFile(_AfterLines(stream, skip), mode="r")
            yield stream

    def lines(self, encoding: str) -> Iterator[str]:
        """Yield the lines as text, with their ends."""
        with self.open() as content:
            yield from codecs.getreader("utf-8" if encoding == MIXED else encoding)(content, "replace")


class _AfterLines:
    """A stream that begins after so many lines."""

    def __init__(self, stream: pa.NativeFile, skip: int) -> None:
        self._stream, self._kept, self.closed = stream, b"", False
        while skip:
            at = self._kept.find(b"\n")
            if at < 0:
                more = stream.read(CHUNK)
                if not more:
                    break
                self._kept += more
            else:
                self._kept, skip = self._kept[at + 1 :], skip - 1

    def read(self, size: int = -1) -> bytes:
        if self._kept:
            part, self._kept = (self._kept, b"") if size < 0 else (self._kept[:size], self._kept[size:])
            return part
        return cast(bytes, self._stream.read(None if size < 0 else size))

    def close(self) -> None:
        self.closed = True


class _Mended:
    """A stream of UTF-8 in which what is not UTF-8 is Windows-1252."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._cut, self._ready, self.closed = stream, b"", b"", False

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._ready) < size:
            more = self._stream.read(CHUNK)
            chunk = self._cut + more
            whole = _whole(chunk) if more else len(chunk)
            self._cut, self._ready = chunk[whole:], self._ready + mended(chunk[:whole]).encode()
            if not more:
                break
        size = len(self._ready) if size < 0 else size
        part, self._ready = self._ready[:size], self._ready[size:]
        return part

    def close(self) -> None:
        self.closed = True


def _whole(chunk: bytes) -> int:
    """Return how many bytes end before a sign that may be cut."""
    for back in range(1, min(4, len(chunk)) + 1):
        if chunk[-back] >= 0xC0:
            return len(chunk) - back
        if chunk[-back] < 0x80:
            break
    return len(chunk)


def mended(text: bytes) -> str:
    """Return text as UTF-8, and what is not UTF-8 as Windows-1252."""
    parts: list[str] = []
    begin = 0
    while True:
        try:
            return "".join([*parts, text[begin:].decode()])
        except UnicodeDecodeError as error:
            parts.append(text[begin : begin + error.start].decode())
            parts.append(text[begin + error.start : begin + error.end].decode("cp1252", "replace"))
            begin += error.end


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as content:
        return content.read(2) == b"\x1f\x8b"


_WIDE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")


def encoding_of(content: Bytes) -> tuple[str, str]:
    """Return the encoding of a text, and the first line that proves that it is not UTF-8, empty where it is.

    A byte order mark tells; else valid UTF-8 is UTF-8, noughts in every other place are UTF-16, and what is left is
    Windows-1252, or Latin-1 where it has bytes that Windows leaves open. Where most signs of several bytes are UTF-8
    all the same, the file is UTF-8 with others among it.
    """
    with content.open() as raw:
        head = raw.read(CHUNK)
        mark = next((name for bom, name in _MARKS if head.startswith(bom)), None)
        if mark is not None:
            return mark, ""
        sample = head[:4096]
        if sample[1::2].count(0) > len(sample) // 4:
            return "utf-16-le", ""
        if sample[0::2].count(0) > len(sample) // 4:
            return "utf-16-be", ""
        decoder, chunk, odd, lines = codecs.getincrementaldecoder("utf-8")(), head, b"", 0
        encoding, wide, high = "utf-8", 0, 0
        while chunk:
            if not chunk.isascii():
                several = _WIDE.findall(chunk)
                wide, high = wide + len(several), high + _high(chunk) - sum(map(len, several))
            if encoding == "utf-8":
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    encoding = "cp1252"
                    at = max(error.start, 0)
                    begin, end = chunk.rfind(b"\n", 0, at) + 1, chunk.find(b"\n", at)
                    odd = chunk[begin : end if end >= 0 else at + 40]
                    lines += chunk.count(b"\n", 0, at) + 1
                else:
                    lines += chunk.count(b"\n")
            if encoding == "cp1252" and any(byte in chunk for byte in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")):
                encoding = "latin-1"
            chunk = raw.read(CHUNK)
    if odd and wide > high:
        encoding = MIXED
        return encoding, f"line {lines}: {mended(odd).strip()[:60]}"
    return encoding, f"line {lines}: {odd.decode(encoding, 'replace').strip()[:60]}" if odd else ""


def _high(chunk: bytes) -> int:
    """Return how many bytes are not ASCII."""
    return len(chunk) - len(chunk.translate(None, bytes(range(128, 256))))
