"""CSV files, plain or gzipped, row by row with the line and the original text of each."""

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice, tee
from typing import Any, BinaryIO, NamedTuple, Self, cast

from producers.errors import SourceError
from producers.sources import SourceFile

GZIP_MAGIC = b"\x1f\x8b"
"""The first bytes of every gzip file, whatever its name."""

_MAX_TEXT = 16 * 1024 * 1024
"""Characters of a line and of a field; a file without line ends must not fill the memory."""

_BUFFER = 256 * 1024


class CsvRow(NamedTuple):
    """One row: its first line in the file, its values, and the text it was read from.

    Bytes that are not UTF-8 stand in `text` as surrogate escapes, so that nothing is lost.
    """

    line: int
    values: Sequence[str]
    text: str


class CsvTable:
    """A CSV file, open; its columns are the cells of its first row, without outer spaces.

    Read once, from the start to the end, holding a row at a time. Close it, or use `with`.

    Args:
        file: where it lies.
        skip: rows after the header that `rows` passes over.

    Raises:
        SourceError: it cannot be opened, is empty, has no header line or is not CSV text.
    """

    def __init__(self, file: SourceFile, skip: int = 0) -> None:
        csv.field_size_limit(_MAX_TEXT)
        self._file = file
        self._skip = skip
        self._line = 0
        with ExitStack() as opened:
            self._raw = _Counted(file, opened.enter_context(file.open()))
            buffered = io.BufferedReader(self._raw, _BUFFER)
            head = buffered.peek(len(GZIP_MAGIC))
            content: BinaryIO = buffered
            # By content: exports are renamed, and browsers unpack without telling.
            if head.startswith(GZIP_MAGIC):
                content = cast(BinaryIO, opened.enter_context(gzip.open(buffered)))
            self._text = opened.enter_context(
                io.TextIOWrapper(content, "utf-8-sig", "surrogateescape", newline="")
            )
            self._lines = self._checked_lines()
            header = next(filter(None, self._parsed(self._lines)), None)
            if header is None:
                what = "has no header line" if head else "is empty"
                raise SourceError(f"{file}: {what}; export it again")
            self.columns: Sequence[str] = tuple(cell.strip() for cell in header)
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; closing it again does nothing."""
        self._opened.close()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file that were read so far, as they are stored."""
        return self._raw.bytes_read

    def rows(self) -> Iterator[CsvRow]:
        """Yield the rows after the header and the skipped ones, once; blank lines are not rows.

        Raises:
            SourceError: not CSV text, or a gzip file that is damaged.
        """
        deque(islice(filter(None, self._parsed(self._lines)), self._skip), maxlen=0)
        first = self._line + 1
        # The parser takes a row's lines from one end and the row's text is cut from the other.
        ahead, originals = tee(self._lines)
        for values in self._parsed(ahead):
            text = next(originals)
            if count := self._line - first:
                text += "".join(islice(originals, count))
            if values:
                yield CsvRow(first, values, text.rstrip("\r\n"))
            first = self._line + 1

    def _parsed(self, lines: Iterator[str]) -> Iterator[list[str]]:
        try:
            yield from csv.reader(lines, strict=False)
        except csv.Error as error:
            raise SourceError(
                f"{self._file}: not readable as CSV at line {self._line} ({error}); "
                "is it the right file?"
            ) from error

    def _checked_lines(self) -> Iterator[str]:
        try:
            for line in iter(partial(self._text.readline, _MAX_TEXT), ""):
                self._line += 1
                if "\0" in line:
                    raise self._no_text("holds a NUL byte")
                if len(line) == _MAX_TEXT:
                    raise self._no_text(f"is longer than {_MAX_TEXT:,} characters")
                yield line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SourceError(
                f"{self._file}: the gzip file is damaged near line {self._line} ({error}); "
                "fetch it again"
            ) from error

    def _no_text(self, why: str) -> SourceError:
        return SourceError(
            f"{self._file}: not readable as CSV, line {self._line} {why}; is it the right file?"
        )


class _Counted(io.RawIOBase):
    """Counts the bytes that are read from a file, and says it where reading fails."""

    def __init__(self, file: SourceFile, raw: BinaryIO) -> None:
        self._file = file
        self._raw = raw
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._raw.read(len(buffer))
        except OSError as error:
            raise SourceError(
                f"{self._file}: {error.strerror or error} after {self.bytes_read:,} bytes; "
                "fetch it again"
            ) from error
        buffer[: len(data)] = data
        self.bytes_read += len(data)
        return len(data)
