"""Opens a file of rows by what is in it: its name may say anything."""

import zlib
from typing import TYPE_CHECKING

from producers.errors import SourceError
from producers.sources import SourceFile
from producers.sources.csv_file import GZIP_MAGIC, CsvTable

if TYPE_CHECKING:
    from producers.sources.parquet_file import ParquetTable

_HEAD = 4_096
"""Bytes that decide; a tar archive shows itself at byte 257."""

_PARQUET = b"PAR1"
_GIVE = "give a CSV, CSV.gz or Parquet file"
_UNPACK = "unpack it and give the file in it"
_UTF8 = "save it as UTF-8 and give that"
_AS_CSV = "save it as CSV and give that"
_OTHER_FORMATS = {
    b"PARE": ("encrypted Parquet", "export it without encryption"),
    b"\xff\xfe": ("UTF-16 text", _UTF8),
    b"\xfe\xff": ("UTF-16 text", _UTF8),
    b"\x28\xb5\x2f\xfd": ("compressed with Zstandard", _UNPACK),
    b"BZh": ("compressed with bzip2", _UNPACK),
    b"\xfd7zXZ\x00": ("compressed with xz", _UNPACK),
    b"\x04\x22\x4d\x18": ("compressed with LZ4", _UNPACK),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", _UNPACK),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", _AS_CSV),
    b"%PDF": ("a PDF", _GIVE),
    b"Obj\x01": ("Avro", _GIVE),
    b"ORC": ("ORC", _GIVE),
    b"ARROW1": ("Arrow", _GIVE),
}
_OTHER_IN_GZIP = {
    _PARQUET: ("Parquet", _UNPACK),
    GZIP_MAGIC: ("gzip", _UNPACK),
}
_OTHER_TEXTS = {
    b"{": ("JSON", _GIVE),
    b"[": ("JSON", _GIVE),
    b"<": ("HTML or XML (a login page, perhaps)", "download it again and look into it"),
}
_ZIP = b"PK\x03\x04"
_EXCEL = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/")
_BOM = b"\xef\xbb\xbf"


def open_table(file: SourceFile, skip: int = 0) -> "CsvTable | ParquetTable":
    """Open a CSV file (plain or gzipped) or a Parquet file; close it after use.

    Args:
        file: where it lies; read a little first, then opened again.
        skip: rows that the table's `rows` passes over.

    Raises:
        SourceError: it cannot be opened, or is neither; the error says what it is.
    """
    head = _head(file)
    if head.startswith(_PARQUET):
        return _parquet(file, skip)
    where = ""
    if head.startswith(GZIP_MAGIC):
        head, where = _inflated(head), " inside gzip"
    if found := _other_format(head, packed=bool(where)):
        what, next_step = found
        raise SourceError(f"{file}: is {what}{where}, not CSV or Parquet; {next_step}")
    return CsvTable(file, skip)


def _head(file: SourceFile) -> bytes:
    try:
        with file.open() as raw:
            return raw.read(_HEAD)
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror or error}; fetch it again") from error


def _parquet(file: SourceFile, skip: int) -> "ParquetTable":
    # Only now: pyarrow is large, and the functions on AWS have none.
    try:
        from producers.sources.parquet_file import ParquetTable
    except ModuleNotFoundError as error:
        raise SourceError(
            f"{file}: is Parquet, and pyarrow is not installed; install finops-firehose[local]"
        ) from error
    return ParquetTable(file, skip)


def _other_format(head: bytes, packed: bool) -> tuple[str, str] | None:
    """Return what it is and what to do, or None for what may be CSV."""
    for magic, found in {**_OTHER_FORMATS, **(_OTHER_IN_GZIP if packed else {})}.items():
        if head.startswith(magic):
            return found
    if head.startswith(_ZIP):
        # A zip archive begins with its first entry, whose name stands at byte 30.
        excel = head[30:].startswith(_EXCEL)
        return ("an Excel workbook", _AS_CSV) if excel else ("a zip archive", _UNPACK)
    if head[257:262] == b"ustar":
        return "a tar archive", _UNPACK
    if b"\0" in head[:2]:
        return "UTF-16 text or no text at all", _GIVE
    return _OTHER_TEXTS.get(head.removeprefix(_BOM).lstrip()[:1])


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, _HEAD)
    except zlib.error:
        # The table says where it is damaged.
        return b""
