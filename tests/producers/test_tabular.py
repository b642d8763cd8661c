"""What a file is, told by its first bytes; what it is not, told to whoever gave it."""

import bz2
import io
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producers.errors import SourceError
from producers.sources.csv_file import CsvTable
from producers.sources.parquet_file import ParquetTable
from producers.sources.places import LocalFile
from producers.sources.tabular import open_table
from tests.exports import zipped

CSV = b"a,b\n1,2\n3,4\n"


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 3], "b": ["2", "4"]}), sink)
    return sink.getvalue()


def archive(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in names:
            file.writestr(name, CSV)
    return packed.getvalue()


def tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as file:
        entry = tarfile.TarInfo("a.csv")
        entry.size = len(CSV)
        file.addfile(entry, io.BytesIO(CSV))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (CSV, CsvTable), (b"\xef\xbb\xbf" + CSV, CsvTable), (zipped(CSV), CsvTable),
        (parquet(), ParquetTable),
    ],
    ids=["csv", "csv-with-mark", "gzip", "parquet"],
)  # fmt: skip
def test_a_file_is_opened_by_its_content(
    tmp_path: Path, content: bytes, kind: type[CsvTable | ParquetTable]
) -> None:
    """Whatever its name says, the same table comes out of it."""
    path = tmp_path / "export.dat"
    path.write_bytes(content)
    with open_table(LocalFile(path), skip=1) as table:
        assert isinstance(table, kind)
        assert list(table.columns) == ["a", "b"]
        assert [list(row.values) for row in table.rows()] == [["3", "4"]]
        assert table.bytes_read == len(content)


GIVE = "not CSV or Parquet; give a CSV, CSV.gz or Parquet file"
UNPACK = "not CSV or Parquet; unpack it and give the file in it"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; export it again"),
        (archive("a.csv"), f"is a zip archive, {UNPACK}"),
        (archive("[Content_Types].xml", "xl/workbook.xml"),
         "is an Excel workbook, not CSV or Parquet; save it as CSV and give that"),
        (CSV.decode().encode("utf-16"),
         "is UTF-16 text, not CSV or Parquet; save it as UTF-8 and give that"),
        (CSV.decode().encode("utf-16-le"), f"is UTF-16 text or no text at all, {GIVE}"),
        (CSV.decode().encode("utf-16-be"), f"is UTF-16 text or no text at all, {GIVE}"),
        (b'\xef\xbb\xbf\n {"a": 1}', f"is JSON, {GIVE}"),
        (b"[1]", f"is JSON, {GIVE}"),
        (b"<!DOCTYPE html>", "is HTML or XML (a login page, perhaps), not CSV or Parquet; "
         "download it again and look into it"),
        (bz2.compress(CSV), f"is compressed with bzip2, {UNPACK}"),
        (lzma.compress(CSV), f"is compressed with xz, {UNPACK}"),
        (b"\x28\xb5\x2f\xfd\x04", f"is compressed with Zstandard, {UNPACK}"),
        (tar(), f"is a tar archive, {UNPACK}"),
        (b"PARE\0", "is encrypted Parquet, not CSV or Parquet; export it without encryption"),
        (zipped(parquet()),
         f"is Parquet inside gzip, {UNPACK}"),
        (zipped(b"{}"), f"is JSON inside gzip, {GIVE}"),
        (zipped(tar()), f"is a tar archive inside gzip, {UNPACK}"),
        (zipped(zipped(CSV)), f"is gzip inside gzip, {UNPACK}"),
        (zipped(CSV)[:12], "the gzip file is damaged near line 0 (Compressed file ended "
         "before the end-of-stream marker was reached); fetch it again"),
    ],
)  # fmt: skip
def test_what_is_neither_csv_nor_parquet(tmp_path: Path, content: bytes, said: str) -> None:
    """The error says what it is and what to give instead."""
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError) as error:
        open_table(LocalFile(path))
    assert str(error.value) == f"{path}: {said}"


def test_without_pyarrow_parquet_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The functions on AWS have none; CSV needs none."""
    monkeypatch.setitem(sys.modules, "producers.sources.parquet_file", None)
    path = tmp_path / "export"
    path.write_bytes(parquet())
    with pytest.raises(SourceError, match=r"not installed; install finops-firehose\[local\]$"):
        open_table(LocalFile(path))
    path.write_bytes(CSV)
    with open_table(LocalFile(path)) as table:
        assert len(list(table.rows())) == 2


def test_a_file_whose_first_bytes_cannot_be_read(tmp_path: Path) -> None:
    """A failing disk is named."""

    class Disk(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _: object) -> int:
            raise OSError(5, "Input/output error")

    class Failing(LocalFile):
        def open(self) -> io.BufferedReader:
            return io.BufferedReader(Disk())

    with pytest.raises(SourceError, match=r"x\.csv: Input/output error; fetch it again$"):
        open_table(Failing(tmp_path / "x.csv"))
