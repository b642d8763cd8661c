"""CSV files, plain or gzipped, row by row with the line and the original text of each."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from producers.errors import SourceError

_GZIP_MAGIC = b"\x1f\x8b"
_OTHER_FORMATS = {
    b"PAR1": "Parquet",
    b"PK\x03\x04": "a zip archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
_MAX_FIELD = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: its first line in the file, its values, and the text it was read from.

    Bytes that are not UTF-8 stand in `text` as surrogate escapes, so that nothing is lost.
    """

    line: int
    values: list[str]
    text: str


def sha256(path: Path) -> str:
    """Return the hash of a file's bytes.

    Raises:
        SourceError: the file is missing, a folder, or may not be read.
    """
    if not path.exists():
        raise SourceError(f"{path}: no such file; check the path")
    if path.is_dir():
        raise SourceError(f"{path}: is a folder; name one CSV file in it")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}; check its permissions") from error


def read_csv(path: Path) -> Iterator[CsvRow]:
    """Yield the rows of a CSV file, the header first; blank lines are not rows.

    Raises:
        SourceError: not CSV text, or a gzip file that is damaged.
    """
    csv.field_size_limit(_MAX_FIELD)
    with path.open("rb") as raw:
        lines = _Lines(io.TextIOWrapper(_inflated(path, raw), "utf-8-sig", "surrogateescape", ""))
        reader = csv.reader(lines, strict=False)
        try:
            for values in reader:
                row = lines.taken(values)
                if values:
                    yield row
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SourceError(
                f"{path}: the gzip file is damaged near line {reader.line_num} ({error}); "
                "fetch it again"
            ) from error
        except csv.Error as error:
            raise SourceError(
                f"{path}: not readable as CSV at line {reader.line_num} ({error}); "
                "is it the right file?"
            ) from error


class _Lines:
    """Hands lines to the csv module and remembers those of the row being read."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._current: list[str] = []
        self._line = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self._current.append(line)
        return line

    def taken(self, values: list[str]) -> CsvRow:
        row = CsvRow(self._line, values, "".join(self._current).rstrip("\r\n"))
        self._line += len(self._current)
        self._current = []
        return row


def _inflated(path: Path, raw: BinaryIO) -> BinaryIO:
    head = raw.read(4)
    raw.seek(0)
    for magic, what in _OTHER_FORMATS.items():
        if head.startswith(magic):
            raise SourceError(f"{path}: is {what}, not CSV; give a CSV or CSV.gz file")
    return cast(BinaryIO, gzip.open(raw)) if head.startswith(_GZIP_MAGIC) else raw
