"""Arrow columns to a Parquet file laid out as Hive's writer, which Firehose uses, lays it out."""

from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from infra.local.firehose.settings import Parquet

_CODECS = {"SNAPPY": "snappy", "GZIP": "gzip", "UNCOMPRESSED": "none"}


def write_parquet(table: pa.Table, options: Parquet) -> bytes:
    """Return the file's bytes.

    INT96 timestamps and fixed-length decimals are what the Hive SerDe, Spark and Athena all read;
    files with exactly these flags were read back with the first two (hive-exec 2.3, Spark 4.0).
    """
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **_flags(options))
    body: bytes = sink.getvalue().to_pybytes()
    return body


def parquet_writer(stream: BinaryIO, schema: pa.Schema, options: Parquet) -> pq.ParquetWriter:
    """Return what writes the same form of file a row group at a time."""
    return pq.ParquetWriter(stream, schema, **_flags(options))


def _flags(options: Parquet) -> dict[str, Any]:
    return {
        "version": "1.0",
        "data_page_version": "1.0",
        "compression": _CODECS[options.compression],
        "use_dictionary": options.dictionary,
        "data_page_size": options.page_size,
        "use_deprecated_int96_timestamps": True,
        "store_decimal_as_integer": False,
    }
